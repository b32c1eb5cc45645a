/** One breast in one view: a mammogram, the slices of its tomosynthesis, and the truth of both. */
import { RandomStream } from '@mammoscope/random';
import { ATTENUATION_PER_MM as MU } from './attenuation.ts';
import { BreastShape, type BreastSide, type BreastView } from './breast-shape.ts';
import { DM_EXPOSURE, expose, projectionExposure } from './detector.ts';
import { addBall, type LesionInView, lesionDepths, lesionInView, lesionMask } from './lesion-view.ts';
import { type ImageGrid, PHANTOM_PRESETS, type PhantomPreset, type PhantomPresetName } from './presets.ts';
import { type BreastTextures, BreastTissue, drawTextures, type GridPlane } from './tissue.ts';
import { HALF_ANGLE_DEG, marginRows, PROJECTION_TANGENTS, PROJECTIONS, project, shiftAndAdd } from './tomosynthesis.ts';
import { bodyOf, type Woman } from './woman.ts';

/** A box [x1, y1, x2, y2] in pixels from the top left corner. */
export type PhantomBox = readonly [x1: number, y1: number, x2: number, y2: number];

/** Where a lesion is in an image. */
export interface LesionTruth {
  readonly box: PhantomBox;
  /** 1 where the lesion is, [heightPx * widthPx]. */
  readonly mask: Uint8Array;
}

/** Where a lesion is in a view. Slices count from 0 at the detector. */
export interface ViewTruth {
  readonly dm: LesionTruth;
  readonly dbt: LesionTruth & { readonly focusSlice: number; readonly sliceFirst: number; readonly sliceLast: number };
}

/**
 * The images of one view, grey levels 0..65535, brighter is denser, 0 only where there is no breast; the chest wall at the left for L
 * and at the right for R.
 */
export interface BreastImages {
  readonly preset: PhantomPreset;
  /** [heightPx * widthPx] of preset.dm. */
  readonly dm: Float32Array;
  /** What the detector of the mammogram counted, proportional to photons: 65535 is air, and tissue is below. Where asked for. */
  readonly raw?: Float32Array;
  /**
   * Slices from the detector up, each [heightPx * widthPx] of preset.dbt, to be asked for once. One array is filled anew
   * for every slice. RangeError where the breast was drawn without DBT, or the slices were taken already.
   */
  readonly slices: () => Generator<Float32Array, void>;
  /** Present in the breast that has the lesion. */
  readonly truth?: ViewTruth;
}

/** Which view, at what size. */
export interface ViewOptions {
  readonly side: BreastSide;
  readonly view: BreastView;
  readonly preset: PhantomPresetName;
}

/** What to draw of a breast; without `dbt` only the mammogram, which takes a fraction of the time. */
export interface BreastImagesOptions extends ViewOptions {
  readonly dbt?: boolean;
  readonly raw?: boolean;
  /** What drawTextures gave for this breast and preset, where both views are drawn. */
  readonly textures?: BreastTextures;
}

/** A box of the slices of a view. */
export interface RegionOptions extends ViewOptions, Pick<BreastImagesOptions, 'textures'> {
  readonly box: PhantomBox;
}

/** Depths of a preset's slices, in mm from the middle of the stack, the one nearest to the detector first. */
function sliceDepths({ dbt: { slices, sliceMm } }: PhantomPreset): number[] {
  return Array.from({ length: slices }, (_, i) => (i + 0.5 - slices / 2) * sliceMm);
}

/** Where a view shows the woman's lesion, without drawing any image; undefined in the other breast. */
export function lesionTruthOf(woman: Woman, { side, view, preset: name }: ViewOptions): ViewTruth | undefined {
  const preset: PhantomPreset = PHANTOM_PRESETS[name];
  if (woman.lesion?.side !== side) return undefined;
  const shape = new BreastShape(bodyOf(woman, side), view);
  const lesion = lesionInView(shape, woman.lesion);
  const [dm, dbt] = [preset.dm, preset.dbt].map((grid) => lesionTruth(lesion, shape, grid, side));
  if (!dm || !dbt) return undefined;
  const { focus, first, last } = lesionDepths(lesion, sliceDepths(preset), HALF_ANGLE_DEG);
  return { dm, dbt: { ...dbt, focusSlice: focus, sliceFirst: first, sliceLast: last } };
}

/** Draws and images one breast of a woman in one view. Both modalities are of the same compression, so they match in place. */
export function drawBreastImages(
  woman: Woman,
  { side, view, preset: name, dbt = true, raw: isRaw = false, textures }: BreastImagesOptions,
): BreastImages {
  const preset: PhantomPreset = PHANTOM_PRESETS[name];
  const shape = new BreastShape(bodyOf(woman, side), view);
  const stackMm = preset.dbt.slices * preset.dbt.sliceMm;
  const depths = sliceDepths(preset);
  const margin = marginRows(stackMm, preset.dbt.spacingMm);
  const grid = workingGrid(preset.dbt, shape, margin);
  const lesion = woman.lesion?.side === side ? lesionInView(shape, woman.lesion) : undefined;
  const drawn = textures ?? drawTextures(woman, side, preset);
  const tissue = new BreastTissue(woman, side, shape, drawn, { preset, grid, mass: lesion?.mass });
  const planes = project(tissue, depths, preset.dbt.sliceMm, dbt ? PROJECTION_TANGENTS : [0]);
  const frontal = planes[(planes.length - 1) / 2] as GridPlane;
  const noise = (image: string) => (row: number) =>
    new RandomStream(woman.seed, 'phantom-noise', woman.patient, side, view, image, row);

  const dmGrid = workingGrid(preset.dm, shape, 0);
  const dmPlane = resampled(frontal, dmGrid);
  const dmHalf = resampled({ grid, values: tissue.half, filled: tissue.filled }, dmGrid);
  for (const ball of lesion?.balls ?? []) addBall(dmPlane, shape, ball);
  expose(dmPlane, { ...DM_EXPOSURE, reference: referenceOf(shape) }, noise('dm'));
  const frame = () => new Float32Array(preset.dm.widthPx * preset.dm.heightPx);
  const raw = isRaw ? toCounts(framed(dmPlane, preset.dm, side, frame())) : undefined;
  toGreyLevels(dmPlane, dmHalf.values, shape);
  const truth = lesionTruthOf(woman, { side, view, preset: name });

  let taken = !dbt;
  return {
    preset,
    dm: framed(dmPlane, preset.dm, side, frame()),
    ...(raw ? { raw } : {}),
    *slices() {
      if (taken) throw new RangeError('slices are there once, and only of a breast that was drawn with DBT');
      taken = true;
      const image = new Float32Array(preset.dbt.widthPx * preset.dbt.heightPx);
      const view3d = { preset, shape, lesion, tissue, planes, margin };
      for (const slice of reconstructed(view3d, (i) => noise(`projection ${i}`)))
        yield framed(slice, preset.dbt, side, image);
    },
    ...(truth ? { truth } : {}),
  };
}

/** What a tomosynthesis is reconstructed of. */
interface ProjectedView {
  readonly preset: PhantomPreset;
  readonly shape: BreastShape;
  readonly lesion: LesionInView | undefined;
  readonly tissue: BreastTissue;
  readonly planes: readonly GridPlane[];
  /** Rows of the planes above and below the slices. */
  readonly margin: number;
}

/** Exposes the projections, and gives the slices from the detector up, in one plane that is filled anew. */
function* reconstructed(
  { preset, shape, lesion, tissue, planes, margin }: ProjectedView,
  noise: (projection: number) => (row: number) => RandomStream,
): Generator<GridPlane, void> {
  for (const [i, plane] of planes.entries()) {
    const tangent = PROJECTION_TANGENTS[i] as number;
    for (const ball of lesion?.balls ?? []) addBall(plane, shape, ball, ball.at[2] * tangent);
    expose(plane, { ...projectionExposure(PROJECTIONS), reference: referenceOf(shape) }, noise(i));
  }
  const { grid } = tissue;
  const heightPx = grid.heightPx - 2 * margin;
  const half = tissue.half.subarray(margin * grid.widthPx, (margin + heightPx) * grid.widthPx);
  const slice = {
    grid: { ...grid, heightPx },
    values: new Float32Array(heightPx * grid.widthPx),
    filled: new Int32Array(heightPx),
  };
  for (const w of sliceDepths(preset)) {
    shiftAndAdd(planes, w, margin, slice);
    toGreyLevels(slice, half, shape);
    yield slice;
  }
}

/** Line integral behind which the fluence of an exposure is given. */
export const referenceOf = ({ body }: BreastShape): number => 0.055 * body.thicknessMm;

/**
 * The slices of a box of a tomosynthesis, at a fraction of the work of whole ones: the same breast and lesion, with fine texture and
 * noise of their own. Each is [(y2 - y1) * (x2 - x1)]; one array is filled anew for every slice.
 */
export function* drawRegionSlices(
  woman: Woman,
  { side, view, preset: name, box: [x1, y1, x2, y2], textures }: RegionOptions,
): Generator<Float32Array, void> {
  const preset: PhantomPreset = PHANTOM_PRESETS[name];
  const { widthPx, heightPx, spacingMm, slices, sliceMm } = preset.dbt;
  const shape = new BreastShape(bodyOf(woman, side), view);
  const margin = marginRows(slices * sliceMm, spacingMm);
  // Columns are drawn from the chest wall, wherever that is in the image.
  const [near, far] = side === 'L' ? [x1, x2] : [widthPx - x2, widthPx - x1];
  const grid = {
    widthPx: far,
    heightPx: y2 - y1 + 2 * margin,
    spacingMm,
    middleRow: heightPx / 2 - y1 + margin,
  };
  const lesion = woman.lesion?.side === side ? lesionInView(shape, woman.lesion) : undefined;
  const tissue = new BreastTissue(woman, side, shape, textures ?? drawTextures(woman, side, preset), {
    preset,
    grid,
    mass: lesion?.mass,
  });
  const planes = project(tissue, sliceDepths(preset), sliceMm, PROJECTION_TANGENTS);
  const noise = (i: number) => (row: number) =>
    new RandomStream(woman.seed, 'phantom-region-noise', woman.patient, side, view, i, row);
  const image = new Float32Array((far - near) * (y2 - y1));
  for (const { values } of reconstructed({ preset, shape, lesion, tissue, planes, margin }, noise)) {
    for (let row = 0; row < y2 - y1; row++) {
      const line = image.subarray(row * (far - near), (row + 1) * (far - near));
      line.set(values.subarray(row * far + near, (row + 1) * far));
      if (side === 'R') line.reverse();
    }
    yield image;
  }
}

/** The columns of a grid that the breast can reach, and more rows above and below. */
export function workingGrid(
  { widthPx, heightPx, spacingMm }: ImageGrid,
  shape: BreastShape,
  margin: number,
): ImageGrid {
  const reach = Math.ceil((shape.body.depthMm + 8) / spacingMm);
  return { widthPx: Math.min(widthPx, reach), heightPx: heightPx + 2 * margin, spacingMm };
}

/** A plane on another grid with the same middle row and the same chest wall, bilinear. */
function resampled({ grid, values, filled }: GridPlane, to: ImageGrid): GridPlane {
  const result = { grid: to, values: new Float32Array(to.widthPx * to.heightPx), filled: new Int32Array(to.heightPx) };
  const scale = to.spacingMm / grid.spacingMm;
  for (let row = 0; row < to.heightPx; row++) {
    const y = (row + 0.5 - to.heightPx / 2) * scale + grid.heightPx / 2 - 0.5;
    const y0 = Math.min(grid.heightPx - 2, Math.max(0, Math.floor(y)));
    const fy = Math.min(1, Math.max(0, y - y0));
    const last = Math.max(filled[y0] as number, filled[y0 + 1] as number);
    const count = last === 0 ? 0 : Math.min(to.widthPx, Math.ceil((last + 1) / scale));
    result.filled[row] = count;
    for (let column = 0, at = row * to.widthPx; column < count; column++, at++) {
      const x = (column + 0.5) * scale - 0.5;
      const x0 = Math.min(grid.widthPx - 2, Math.max(0, Math.floor(x)));
      const fx = Math.min(1, Math.max(0, x - x0));
      const from = y0 * grid.widthPx + x0;
      const below = from + grid.widthPx;
      result.values[at] =
        (1 - fy) * ((1 - fx) * (values[from] as number) + fx * (values[from + 1] as number)) +
        fy * ((1 - fx) * (values[below] as number) + fx * (values[below + 1] as number));
    }
  }
  return result;
}

/** How much of the thickness that is missing at the rim is made up for. */
const RIM_COMPENSATION = 0.7;

/**
 * Line integrals to grey levels, in place: linear, with the rim brightened as the processing for presentation of clinical
 * systems does, so that the skin can be seen. Fat is at about a fifth of the scale and fibroglandular tissue near its end.
 */
export function toGreyLevels(
  { grid: { widthPx }, values, filled }: GridPlane,
  half: Float32Array,
  { body: { thicknessMm } }: BreastShape,
): void {
  const low = RIM_COMPENSATION * MU.fat * thicknessMm;
  const scale = 65535 / (1.05 * MU.gland * thicknessMm - low);
  for (const [row, count] of filled.entries()) {
    for (let at = row * widthPx; at < row * widthPx + count; at++) {
      if (half[at] === 0) {
        values[at] = 0;
        continue;
      }
      const missing = thicknessMm - 2 * (half[at] as number);
      const grey = ((values[at] as number) + RIM_COMPENSATION * MU.fat * missing - low) * scale;
      values[at] = grey < 1 ? 1 : grey > 65535 ? 65535 : grey;
    }
  }
}

/** Minus logarithms of photons over those in air to counts, in place. */
function toCounts(values: Float32Array): Float32Array {
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    values[at] = value === 0 ? 65535 : Math.min(65534, 65535 * Math.exp(-value));
  }
  return values;
}

/** A plane in the frame of a whole image, mirrored for the right breast. */
export function framed(
  { grid, values }: GridPlane,
  { widthPx, heightPx }: ImageGrid,
  side: BreastSide,
  into: Float32Array,
): Float32Array {
  for (let row = 0; row < heightPx; row++) {
    const line = into.subarray(row * widthPx, (row + 1) * widthPx).fill(0);
    line.set(values.subarray(row * grid.widthPx, (row + 1) * grid.widthPx));
    if (side === 'R') line.reverse();
  }
  return into;
}

/** Where a lesion is in an image of a grid, mirrored for the right breast; undefined where it is out of sight. */
export function lesionTruth(
  lesion: LesionInView,
  shape: BreastShape,
  grid: ImageGrid,
  side: BreastSide,
): LesionTruth | undefined {
  const found = lesionMask(lesion, shape, grid);
  if (!found || side === 'L') return found;
  const { mask, box } = found;
  const { widthPx } = grid;
  for (let row = 0; row < grid.heightPx; row++) mask.subarray(row * widthPx, (row + 1) * widthPx).reverse();
  return { mask, box: [widthPx - box[2], box[1], widthPx - box[0], box[3]] };
}
