import { type BreastMask, breastMask, wholeMask } from './breast/breast-mask.ts';
import type { Decision } from './decision.ts';
import type { DicomFacts } from './dicom-facts.ts';
import { ImagingError } from './errors.ts';
import { growBox } from './geometry/crop.ts';
import { type PixelSpacingMm, pixelSpacing, spacingDecision } from './geometry/pixel-spacing.ts';
import type { Placement } from './geometry/placement.ts';
import { resampleTo } from './geometry/resample.ts';
import { planeLevels } from './grey-levels/level-table.ts';
import { minMaxNormalise, zScoreNormalise } from './grey-levels/normalise.ts';
import { pixelPadding } from './grey-levels/padding.ts';
import { type Polarity, polarity } from './grey-levels/photometric.ts';
import { storedRange } from './grey-levels/stored-values.ts';
import type { VoiChoice } from './grey-levels/voi-lut.ts';
import type { BoxPx } from './manifest-row.ts';
import type { Laterality, View } from './manifest-terms.ts';
import { imageLie, type LieOptions } from './orientation/image-lie.ts';
import { mammographyView } from './orientation/mammography-view.ts';
import {
  cutWalk,
  type Orientation,
  orientBox,
  orientedSize,
  orientWalk,
  walkedValues,
  wholeWalk,
} from './orientation/orientation.ts';
import type { Plane } from './plane.ts';

/** What is asked of the pipeline beyond what a file says. */
export interface PrepareOptions extends LieOptions {
  readonly voi?: VoiChoice;
  /** What a manifest says, where no tag does. */
  readonly view?: View;
  readonly spacing?: PixelSpacingMm;
  /** 'whole' takes the image as it is for the breast: a patch, a specimen, a test pattern. */
  readonly breast?: 'found' | 'whole';
  /** The working side of the breast's mask (see breastMask). */
  readonly maskSidePx?: number;
  /** Pixels kept around the breast's box, or the whole image; 0 unless told. */
  readonly crop?: { readonly marginPx: number } | 'none';
  /** Spacing in mm to resample to; as stored unless told. */
  readonly targetMm?: number;
  /** z-score unless told; 'none' leaves 0 to 1. */
  readonly normalise?: 'z-score' | 'min-max' | 'none';
}

/** An image of which everything is decided and nothing moved. */
export interface LaidImage {
  /** After grey levels and polarity, 0 black to 1 white. */
  readonly display: Plane;
  /** On `display`. */
  readonly mask: BreastMask;
  /** Whether pixels hold the padding value; the mask leaves them out, with a rim as wide as it is coarse. */
  readonly isPadded: boolean;
  readonly laterality: Laterality | undefined;
  readonly view: View | undefined;
  readonly modifiers: readonly string[];
  /** Of what is cut out, at its stored spacing. */
  readonly placement: Placement;
  /** As stored, where it is known. */
  readonly spacing: PixelSpacingMm | undefined;
  /** One of each step, in their order. */
  readonly decisions: readonly Decision[];
}

/** An image as a network sees it, with everything that was done to it. */
export interface PreparedImage extends Omit<LaidImage, 'spacing' | 'isPadded'> {
  readonly plane: Plane;
}

/**
 * From stored values to what a network sees, every step with its decision: padding, modality LUT, VOI LUT, polarity, breast mask,
 * view, chest wall, laterality, upright, orientation, crop, spacing, normalisation. The order is that of DICOM's
 * grayscale pipeline (PS3.4, N.2) and then of the eye. Throws ImagingError: tag-invalid, value-not-finite, sources-disagree,
 * mask-empty, option-invalid.
 * @param stored values as the file holds them
 */
export function prepareImage(stored: Plane, facts: DicomFacts = {}, options: PrepareOptions = {}): PreparedImage {
  return movedImage(layImage(stored, facts, options), options);
}

/** All decisions of prepareImage, for those who want none of the pixels. Throws as it does. */
export function layImage(stored: Plane, facts: DicomFacts, options: PrepareOptions): LaidImage {
  const { display, padding, decisions } = greyLevels(stored, facts, options);
  const { breast = 'found', maskSidePx: workingSidePx, crop = { marginPx: 0 } } = options;
  const mask = breast === 'whole' ? wholeMask(display) : breastMask(display, { padding, workingSidePx });
  const { view, modifiers, decision: viewDecision } = mammographyView(facts, options.prefer);
  const { orientation, ...lie } = imageLie(display, mask, facts, view ?? options.view, options);
  const { width, height } = orientedSize(display, orientation);
  const breastBox = orientBox(mask.boxPx, stored.width, stored.height, orientation);
  const cropPx: BoxPx = crop === 'none' ? [0, 0, width, height] : growBox(breastBox, crop.marginPx, width, height);
  const [outWidth, outHeight] = [cropPx[2] - cropPx[0], cropPx[3] - cropPx[1]];
  const found = pixelSpacing(facts, options.spacing);
  return {
    display,
    mask,
    isPadded: padding !== undefined,
    laterality: lie.laterality,
    view: view ?? options.view,
    modifiers,
    placement: { width: stored.width, height: stored.height, orientation, cropPx, outWidth, outHeight },
    spacing: found.spacing,
    decisions: [
      ...decisions,
      maskDecision(mask, breast),
      viewDecision,
      ...lie.decisions,
      cropDecision(cropPx, crop, mask),
      spacingDecision(found, options.targetMm),
      normalisationDecision(options.normalise),
    ],
  };
}

/** What was decided of an image, done. */
export function movedImage(
  { spacing, isPadded: _, ...laid }: LaidImage,
  { targetMm, normalise = 'z-score' }: Pick<PrepareOptions, 'targetMm' | 'normalise'>,
): PreparedImage {
  const { display, placement } = laid;
  const turned = orientWalk(wholeWalk(display.width, display.height), placement.orientation);
  const walk = cutWalk(turned, placement.cropPx);
  const cut = { width: walk.width, height: walk.height, data: walkedValues(display.data, walk) };
  const plane = normalised(resampled(cut, placement.orientation, spacing, targetMm), normalise);
  return { ...laid, plane, placement: { ...placement, outWidth: plane.width, outHeight: plane.height } };
}

function greyLevels(stored: Plane, facts: DicomFacts, { voi, prefer }: PrepareOptions) {
  const range = storedRange(stored.data, facts);
  const padding = pixelPadding(stored.data, facts);
  const { data, decisions } = planeLevels(stored.data, facts, range, voi);
  const { width, height } = stored;
  const { value, decision } = polarity({ width, height, data }, facts, padding.mask, prefer);
  return {
    display: { width, height, data: shown(data, value, padding.mask) },
    padding: padding.mask,
    decisions: [range.decision, padding.decision, ...decisions, decision],
  };
}

/** Levels from 0 black to 1 white, padding black. */
function shown(levels: Float32Array, polarity: Polarity, padding: Uint8Array | undefined): Float32Array {
  const isWhite = polarity === 'least is white';
  if (!padding && !isWhite) return levels;
  const data = new Float32Array(levels.length);
  for (let i = 0; i < data.length; i++) {
    const level = levels[i] as number;
    data[i] = padding?.[i] ? 0 : isWhite ? 1 - level : level;
  }
  return data;
}

function maskDecision(
  { areaPx, width, height, hasAir, air, otherParts }: BreastMask,
  breast: NonNullable<PrepareOptions['breast']>,
): Decision {
  if (breast === 'whole') {
    const evidence = [{ source: 'user', name: 'breast', value: 'whole image' }] as const;
    return { step: 'breast mask', choice: 'the whole image', reason: 'the user says so', evidence };
  }
  const share = `${((100 * areaPx) / (width * height)).toFixed(1)} % of the image`;
  return {
    step: 'breast mask',
    choice: share,
    reason: hasAir ? 'the largest part brighter than air' : 'the image has no air: the breast fills it',
    evidence: [
      {
        source: 'pixels',
        name: 'air level, noise, threshold',
        value: [air.level, air.noise, air.threshold].map((x) => x.toFixed(4)).join(', '),
      },
      { source: 'pixels', name: 'separation of air and breast', value: air.separation.toFixed(3) },
      { source: 'pixels', name: 'other bright parts left out', value: `${otherParts}` },
    ],
  };
}

function cropDecision(cropPx: BoxPx, crop: NonNullable<PrepareOptions['crop']>, { boxPx }: BreastMask): Decision {
  const reason =
    crop === 'none' ? 'the user wants the whole image' : `the box of the breast with ${crop.marginPx} px around it`;
  const evidence = [{ source: 'pixels', name: 'box of the breast as stored', value: boxPx.join(', ') }] as const;
  return {
    step: 'crop',
    choice: `${cropPx[2] - cropPx[0]} x ${cropPx[3] - cropPx[1]} from ${cropPx[0]}, ${cropPx[1]}`,
    reason,
    evidence,
  };
}

function resampled(
  plane: Plane,
  { transpose }: Orientation,
  spacing: PixelSpacingMm | undefined,
  targetMm: number | undefined,
): Plane {
  if (targetMm === undefined) return plane;
  if (!spacing) {
    throw new ImagingError(
      'option-invalid',
      `the image cannot be resampled to ${targetMm} mm, because no tag gives its spacing: give the spacing in mm`,
    );
  }
  return resampleTo(plane, transpose ? { rowMm: spacing.columnMm, columnMm: spacing.rowMm } : spacing, targetMm);
}

const normalisationDecision = (wanted: PrepareOptions['normalise']): Decision => ({
  step: 'normalisation',
  choice: wanted ?? 'z-score',
  reason: wanted ? 'the user chose it' : 'exposure differs from image to image',
  evidence: [],
});

function normalised(plane: Plane, kind: 'z-score' | 'min-max' | 'none'): Plane {
  const by = { 'z-score': zScoreNormalise, 'min-max': minMaxNormalise, none: (data: Float32Array) => data };
  return { ...plane, data: by[kind](plane.data) };
}
