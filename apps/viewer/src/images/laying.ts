/** How an image is to be hung: settled between its tags and its pixels by packages/imaging, or not at all, with the reason. */
import type { DataSet } from '@mammoscope/dicom/browser';
import {
  AS_STORED,
  type BoxPx,
  composeOrientations,
  type DicomFacts,
  ImagingError,
  type Laterality,
  MIRRORED,
  mendedFacts,
  type Orientation,
  orientBox,
  orientedSize,
  pixelSpacing,
  prepareImage,
  type View,
} from '@mammoscope/imaging/browser';
import { greyMapping, type Window } from './grey-mapping.ts';
import type { StoredFrame } from './lay-out.ts';

/** An image that was looked at. */
export interface Laying {
  /** What brings stored pixels to where they hang: upright, the chest wall of a right breast on the right. */
  readonly orientation: Orientation;
  /** Whether small stored values are bright. */
  readonly leastIsWhite: boolean;
  /** Of the hung image. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** mm between pixels of the hung image; undefined where the file does not say. */
  readonly columnMm: number | undefined;
  readonly rowMm: number | undefined;
  readonly spacingReason: string;
  /** EstimatedRadiographicMagnificationFactor, where the spacing was divided by it. */
  readonly magnification: number | undefined;
  readonly laterality: Laterality | undefined;
  readonly view: View | undefined;
  /** Of the breast on the hung image. */
  readonly boxPx: BoxPx;
  readonly window: Window;
  /** Why the image is not hung; undefined where it is. */
  readonly unhung: string | undefined;
  /** What was decided, in the words of `image explain`. */
  readonly decisions: readonly { readonly step: string; readonly choice: string; readonly reason: string }[];
}

/** Sides are told on every k-th pixel, so that 14 million take a blink; padding stays what it is. */
const WORKING_SIDE_PX = 768;
/** Air above this share of the window is no air: a window was chosen that shows it. */
const MOST_AIR = 0.2;

/** Looks at one frame of an image. Of what cannot be established the reason is given; nothing is thrown for it, and nothing guessed. */
export function layImage(frame: StoredFrame, meta: DataSet): Laying {
  const facts = mendedFacts(meta);
  const step = Math.max(1, Math.ceil(Math.max(frame.columns, frame.rows) / WORKING_SIDE_PX));
  const spacing = spacingOf(facts);
  try {
    const small = everyNth(frame, step);
    const prepared = prepareImage(small, facts, { crop: 'none', normalise: 'none', chestWall: 'left' });
    const { laterality, view, decisions } = prepared;
    const leastIsWhite = decisions.some(({ choice }) => choice === 'least is white');
    const unhung = spacing.fault ?? whyUnhung(decisions, laterality, view);
    const upright = prepared.placement.orientation;
    const hung = laterality === 'R' ? composeOrientations(upright, MIRRORED) : upright;
    const orientation = unhung === undefined ? hung : AS_STORED;
    const [x1, y1, x2, y2] = prepared.mask.boxPx;
    const box: BoxPx = [x1 * step, y1 * step, Math.min(frame.columns, x2 * step), Math.min(frame.rows, y2 * step)];
    const { window } = greyMapping(facts, leastIsWhite);
    const { level, noise, threshold } = prepared.mask.air;
    const air = prepared.mask.hasAir ? Math.min(threshold, level + 3 * noise) : 0;
    return {
      ...placed(frame, orientation, box, spacing),
      leastIsWhite,
      laterality,
      view,
      window: air > 0 && air < MOST_AIR ? { ...window, low: window.low + air * (window.high - window.low) } : window,
      unhung,
      decisions: decisions.map(({ step: name, choice, reason }) => ({ step: name, choice, reason })),
    };
  } catch (error) {
    if (!(error instanceof ImagingError)) throw error;
    return unlaid(frame, facts, spacing, error.message);
  }
}

function whyUnhung(
  decisions: readonly { readonly step: string; readonly choice: string; readonly reason: string }[],
  laterality: Laterality | undefined,
  view: View | undefined,
): string | undefined {
  const unknown = decisions.find(({ step, choice }) => choice === 'unknown' && /^(chest wall|laterality)$/.test(step));
  if (unknown) return `the ${unknown.step} is unknown: ${unknown.reason}`;
  if (laterality === undefined) return 'the laterality is unknown: no tag names a side';
  return view === undefined ? 'the view is unknown: the file has neither ViewCodeSequence nor ViewPosition' : undefined;
}

/** The image as it is stored, in the polarity that its tags name. */
function unlaid(frame: StoredFrame, facts: DicomFacts, spacing: Spacing, unhung: string): Laying {
  const leastIsWhite = facts.PhotometricInterpretation === 'MONOCHROME1';
  const whole: BoxPx = [0, 0, frame.columns, frame.rows];
  const shared = { leastIsWhite, laterality: undefined, view: undefined, unhung, decisions: [] };
  const place = placed(frame, AS_STORED, whole, spacing);
  try {
    return { ...place, ...shared, window: greyMapping(facts, leastIsWhite).window };
  } catch (error) {
    if (!(error instanceof ImagingError)) throw error;
    return { ...place, ...shared, window: { low: 0, high: 65535 }, unhung: `${unhung}; ${error.message}` };
  }
}

interface Spacing {
  readonly rowMm: number | undefined;
  readonly columnMm: number | undefined;
  readonly spacingReason: string;
  readonly magnification: number | undefined;
  readonly fault: string | undefined;
}

function spacingOf(facts: DicomFacts): Spacing {
  const magnification = facts.EstimatedRadiographicMagnificationFactor;
  try {
    const { spacing, reason } = pixelSpacing(facts);
    return {
      rowMm: spacing?.rowMm,
      columnMm: spacing?.columnMm,
      spacingReason: reason,
      magnification: reason.includes('divided by the magnification') ? magnification : undefined,
      fault: undefined,
    };
  } catch (error) {
    if (!(error instanceof ImagingError)) throw error;
    const none = { rowMm: undefined, columnMm: undefined, magnification: undefined };
    return { ...none, spacingReason: error.message, fault: error.message };
  }
}

function placed({ columns, rows }: StoredFrame, orientation: Orientation, boxPx: BoxPx, spacing: Spacing) {
  const { width, height } = orientedSize({ width: columns, height: rows }, orientation);
  const { rowMm, columnMm, spacingReason, magnification } = spacing;
  const { transpose } = orientation;
  return {
    orientation,
    widthPx: width,
    heightPx: height,
    columnMm: transpose ? rowMm : columnMm,
    rowMm: transpose ? columnMm : rowMm,
    spacingReason,
    magnification,
    boxPx: orientBox(boxPx, columns, rows, orientation),
  };
}

function everyNth({ columns, rows, data }: StoredFrame, step: number) {
  const [width, height] = [Math.ceil(columns / step), Math.ceil(rows / step)];
  const values = new Float32Array(width * height);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to++) values[to] = data[y * step * columns + x * step] as number;
  return { width, height, data: values };
}
