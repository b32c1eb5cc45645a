/** Which image hangs where: the protocol of screening, four views of the current study and of a prior one. */
import type { Laterality, View } from '@mammoscope/imaging/browser';
import type { ImageKind } from '../images/image-facts.ts';

/** The four views of screening, in the order in which they hang: right and left back to back. */
export const SCREENING_VIEWS = ['RCC', 'LCC', 'RMLO', 'LMLO'] as const;
export type ScreeningView = (typeof SCREENING_VIEWS)[number];

/** What decides where an image hangs. */
export interface Hangable {
  readonly kind: ImageKind;
  readonly isRaw: boolean;
  readonly laterality: Laterality | undefined;
  readonly view: View | undefined;
  readonly modifiers: readonly string[];
}

/** The images of one view that are toggled in place: mammogram, synthesised view, tomosynthesis. */
export type Hung<T> = Readonly<Record<ScreeningView, readonly T[]>>;

/** A study as it hangs, and what has no place in the four views: other projections, magnifications, images without a side. */
export interface HungStudy<T> {
  readonly views: Hung<T>;
  readonly others: readonly T[];
}

const ORDER: readonly ImageKind[] = ['DM', 'SYNTHETIC2D', 'DBT', 'OTHER'];
/** Modifiers that make another image of a view: it is looked at apart. */
const APART: ReadonlySet<string> = new Set(['M', 'S', 'TAN', 'ID', 'CV', 'AT', 'RL', 'RM', 'RI', 'RS', 'IMF', 'AX']);

/** The view of screening that an image is of; undefined for every other. */
export function screeningView({ laterality, view, modifiers }: Hangable): ScreeningView | undefined {
  if (!laterality || !(view === 'CC' || view === 'MLO') || modifiers.some((each) => APART.has(each))) return undefined;
  return `${laterality}${view}`;
}

/** Hangs the images of a study. Images for processing are left out where an image for presentation is of the same view and kind. */
export function hang<T extends Hangable>(images: readonly T[]): HungStudy<T> {
  const of = (view: ScreeningView) => {
    const here = images.filter((image) => image.kind !== 'OTHER' && screeningView(image) === view);
    const seen = here.filter(({ isRaw, kind }) => !isRaw || !here.some((other) => !other.isRaw && other.kind === kind));
    return seen.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  };
  const views = { RCC: of('RCC'), LCC: of('LCC'), RMLO: of('RMLO'), LMLO: of('LMLO') };
  const hung = new Set(Object.values(views).flat());
  const isShadowed = (image: T) => image.isRaw && screeningView(image) !== undefined;
  return { views, others: images.filter((image) => !hung.has(image) && !isShadowed(image)) };
}

/** What a pane is for. */
export interface PanePlace {
  readonly view: ScreeningView;
  readonly isPrior: boolean;
}

/** Names of the layouts, by the key that chooses them. */
export const LAYOUT_NAMES = {
  one: 'One',
  cc: 'CC',
  mlo: 'MLO',
  four: 'Four',
  prior: 'Prior',
} as const;
export type LayoutName = keyof typeof LAYOUT_NAMES;

/** A room wider than high by this has four views beside each other: breasts are higher than wide. */
const WIDE = 1.15;

/** Columns of a layout in a room of a size. */
export function columnsOf(name: LayoutName, widthPx: number, heightPx: number): number {
  if (name === 'one') return 1;
  if (name === 'prior') return 4;
  return name === 'four' && widthPx > WIDE * heightPx ? 4 : 2;
}

/** The panes of a layout, row by row; of one view the one in focus. */
export function layoutOf(name: LayoutName, focus: ScreeningView, isPrior: boolean): readonly PanePlace[] {
  const current = (views: readonly ScreeningView[]) => views.map((view) => ({ view, isPrior }));
  if (name === 'one') return current([focus]);
  if (name === 'cc') return current(['RCC', 'LCC']);
  if (name === 'mlo') return current(['RMLO', 'LMLO']);
  if (name === 'four') return current(SCREENING_VIEWS);
  return [false, true].flatMap((prior) => SCREENING_VIEWS.map((view) => ({ view, isPrior: prior })));
}
