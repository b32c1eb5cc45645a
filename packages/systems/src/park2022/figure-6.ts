/**
 * Figure 6: "From left to right: input images, patch maps indicating the locations of cropped ROI patches as blue squares, saliency maps
 * for benign category, saliency maps for malignant category, and the cropped patches with the two highest attention scores", for every
 * modality of a breast; and of a volume all slices as a film.
 */
import { type ManifestImage, type ManifestRow, openManifestImage, type Plane } from '@mammoscope/imaging';
import type { Film, Panel, SaliencyExample } from '@mammoscope/report';
import { MODALITY_NAMES } from './evaluated-units.ts';
import {
  dataUri,
  encoded,
  type GreyRange,
  greyPanel,
  greyRange,
  inColour,
  type PanelView,
  panelView,
  sideBySide,
  withBoxes,
  withMap,
} from './saliency-pictures.ts';
import { memberSaliency, projected } from './saliency-planes.ts';
import {
  FINDINGS,
  type Finding,
  type MemberScores,
  type PerFinding,
  type ScoredImage,
  type ScoredPatch,
} from './scored-cases.ts';

/** Rows of panels, and of the slices of a film, which are fewer where there are many slices: a JPEG has 65,535 rows at most. */
const PANEL_PX = 360;
const FILM_PX = 280;
const MOST_ROWS = 65_000;

/** Patches that are shown: "the two highest attention scores". */
const SHOWN_PATCHES = 2;

/** What is drawn of one image. */
export interface DrawnImage {
  readonly name: string;
  readonly panels: readonly Panel[];
  readonly film?: Film;
  /** The panels but for the patches beside each other, as PNG: figure 6 as a file. */
  readonly figure: Buffer;
}

/** An image with its maps, and how it is drawn. */
interface Opened {
  readonly image: ScoredImage;
  readonly file: ManifestImage;
  /** The ensemble's maps, [D, h, w]. */
  readonly maps: PerFinding<Float32Array>;
  readonly largest: PerFinding<number>;
  readonly range: GreyRange;
  /** Whose patches are shown: the best by validation AUC. */
  readonly best: MemberScores;
  /** Counted from 0: where the malignant map is highest. */
  readonly slice: number;
  /** Its stored values. */
  readonly plane: Plane;
}

/** Of an image that has saliency maps; undefined of another. */
export function drawnImage(image: ScoredImage, row: ManifestRow): Promise<DrawnImage | undefined> {
  return drawn(image, row, async (opened) => ({
    ...(await panelsOf(opened)),
    ...(image.grid.slices > 1 ? { film: await filmOf(opened) } : {}),
  }));
}

/** The figure alone, for which a few slices are read and no film of all. */
export function drawnFigure(image: ScoredImage, row: ManifestRow): Promise<Buffer | undefined> {
  return drawn(image, row, async (opened) => figureOf(await picturesOf(opened)));
}

async function drawn<T>(
  image: ScoredImage,
  row: ManifestRow,
  draw: (opened: Opened) => Promise<T>,
): Promise<T | undefined> {
  const maps = await ensembleMaps(image);
  const [best] = image.members;
  if (!maps || !best) return undefined;
  const file = await openManifestImage(row);
  try {
    const largest = { benign: largestOf(maps.benign), malignant: largestOf(maps.malignant) };
    const slice = highestSlice(largest.malignant > 0 ? maps.malignant : maps.benign, image);
    const isInverted = file.facts(slice).PhotometricInterpretation === 'MONOCHROME1';
    const plane = await file.stored(slice);
    return await draw({ image, file, maps, largest, range: greyRange(plane, isInverted), best, slice, plane });
  } finally {
    await file.close();
  }
}

async function ensembleMaps(image: ScoredImage): Promise<PerFinding<Float32Array> | undefined> {
  const [benign, malignant] = await Promise.all(
    FINDINGS.map(async (finding) => (await memberSaliency(image, finding)).get(image.ensemble.member)),
  );
  return benign && malignant ? { benign, malignant } : undefined;
}

const largestOf = (maps: Float32Array): number => maps.reduce((most, value) => Math.max(most, value), 0);

/** The slice with the highest value, the first of several. */
export function highestSlice(maps: Float32Array, { grid: { rows, columns } }: Pick<ScoredImage, 'grid'>): number {
  return Math.floor(maps.indexOf(largestOf(maps)) / (rows * columns));
}

/** By attention, highest first. */
const byAttention = ({ patches }: MemberScores): ScoredPatch[] => patches.toSorted((a, b) => b.attention - a.attention);

const sliceWords = ({ grid: { slices } }: ScoredImage, slice: number) =>
  slices > 1 ? `slice ${slice + 1} of ${slices}` : '';

/** The panels but for the patches. */
async function picturesOf({ image, plane, maps, largest, range, best }: Opened) {
  const { grid } = image;
  const view = panelView(grid.box, PANEL_PX);
  const grey = await greyPanel(plane, view, range);
  const boxes = best.patches.map(({ box }) => box);
  const mapPanel = (finding: Finding) =>
    withMap(grey, view, { ...grid, map: projected(maps[finding], grid), largest: largest[finding] });
  return { view, pictures: [inColour(grey), withBoxes(inColour(grey), view, boxes), ...FINDINGS.map(mapPanel)] };
}

const figureOf = ({ view, pictures }: Awaited<ReturnType<typeof picturesOf>>): Promise<Buffer> =>
  encoded(sideBySide(pictures, view), { width: pictures.length * view.width, height: view.height }, 'png');

async function panelsOf(opened: Opened) {
  const { image, file, largest, range, best, slice } = opened;
  const { grid, ensemble } = image;
  const { view, pictures } = await picturesOf(opened);
  const where = sliceWords(image, slice);
  const captions = [
    ['image', where].filter(Boolean).join(', '),
    `${best.patches.length} patches${grid.slices > 1 ? ' of all slices' : ''}`,
    ...FINDINGS.map(
      (finding) =>
        `${finding}: saliency up to ${largest[finding].toFixed(2)}${grid.slices > 1 ? ', largest of all slices' : ''}; p ${ensemble.scores.full[finding].toFixed(3)}`,
    ),
  ];
  const own = await Promise.all(
    pictures.map(async (pixels, i) => ({ caption: captions[i] as string, dataUri: await panelUri(pixels, view) })),
  );
  const figure = await figureOf({ view, pictures });
  const shown: Panel[] = [];
  for (const patch of byAttention(best).slice(0, SHOWN_PATCHES))
    shown.push(await patchPanel(file, image, patch, range));
  return { name: MODALITY_NAMES[image.modality], panels: [...own, ...shown], figure };
}

const panelUri = async (pixels: Uint8Array, view: PanelView) => dataUri(await encoded(pixels, view, 'png'), 'png');

async function patchPanel(
  file: ManifestImage,
  image: ScoredImage,
  { slice, box, attention }: ScoredPatch,
  range: GreyRange,
): Promise<Panel> {
  const view = panelView(box, PANEL_PX);
  const pixels = inColour(await greyPanel(await file.stored(slice), view, range));
  const where = sliceWords(image, slice);
  return {
    caption: `patch${where && ` of ${where}`}, attention ${attention.toFixed(2)}`,
    dataUri: await panelUri(pixels, view),
  };
}

/** Every slice with its patches and both maps, one above the other. */
async function filmOf({ image, file, maps, largest, range, best, slice }: Opened): Promise<Film> {
  const { grid } = image;
  const { slices, rows, columns } = grid;
  const view = panelView(grid.box, Math.min(FILM_PX, Math.floor(MOST_ROWS / slices)));
  const frames: Uint8Array[] = [];
  for (let at = 0; at < slices; at++) {
    const plane: Plane = await file.stored(at);
    const grey = await greyPanel(plane, view, range);
    const boxes = best.patches.filter((patch) => patch.slice === at).map(({ box }) => box);
    const part = (finding: Finding) => maps[finding].subarray(at * rows * columns, (at + 1) * rows * columns);
    const overlaid = FINDINGS.map((finding) =>
      withMap(grey, view, { ...grid, map: part(finding), largest: largest[finding] }),
    );
    frames.push(sideBySide([withBoxes(inColour(grey), view, boxes), ...overlaid], view));
  }
  const widthPx = 3 * view.width;
  const strip = Buffer.concat(frames);
  return {
    ...{ slices, widthPx, heightPx: view.height, columns: ['slice and patches', ...FINDINGS] },
    dataUri: dataUri(await encoded(strip, { width: widthPx, height: view.height * slices }, 'jpeg'), 'jpeg'),
    marked: markedSlices(image, best, slice),
  };
}

/** The slice with the highest malignant saliency, those of the patches attended to most, and where lesions are. */
function markedSlices({ lesions }: ScoredImage, best: MemberScores, slice: number): Film['marked'] {
  return [
    { slice: slice + 1, reason: 'highest saliency' },
    ...byAttention(best)
      .slice(0, SHOWN_PATCHES)
      .map(({ slice: own, attention }) => ({ slice: own + 1, reason: `patch, attention ${attention.toFixed(2)}` })),
    ...lesions.flatMap(({ finding, sliceFirst, sliceLast }) =>
      sliceFirst === undefined || sliceLast === undefined
        ? []
        : [{ slice: Math.floor((sliceFirst + sliceLast) / 2) + 1, reason: `middle of a ${finding} lesion` }],
    ),
  ];
}

/** A breast in one view, by all modalities that show it. */
export async function saliencyExample(
  title: string,
  text: string,
  images: readonly ScoredImage[],
  rowOf: (image: ScoredImage) => ManifestRow,
): Promise<{ readonly example: SaliencyExample; readonly figures: ReadonlyMap<string, Buffer> } | undefined> {
  const figures = new Map<string, Buffer>();
  const rows: SaliencyExample['rows'][number][] = [];
  for (const image of images) {
    const drawn = await drawnImage(image, rowOf(image));
    if (!drawn) continue;
    const { figure, ...row } = drawn;
    rows.push(row);
    figures.set(image.modality, figure);
  }
  return rows.length > 0 ? { example: { title, text, rows }, figures } : undefined;
}
