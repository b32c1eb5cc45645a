/** A cluster of calcifications with the tissue around it, as a mammogram and a tomosynthesis show it: what networks that read regions of interest are tried on. */
import { RandomStream } from '@mammoscope/random';
import { ATTENUATION_PER_MM as MU } from './attenuation.ts';
import type { Point } from './breast-shape.ts';
import { type CalcificationCluster, drawCluster } from './calcification-cluster.ts';
import { DM_EXPOSURE, expose, projectionExposure } from './detector.ts';
import { drawTrait } from './lesion.ts';
import { addBall, type BallInView } from './lesion-view.ts';
import { powerLawNoise } from './power-law-noise.ts';
import type { GridPlane, MassInView } from './tissue.ts';
import { marginRows, PROJECTION_TANGENTS, PROJECTIONS, project, type Slabs, shiftAndAdd } from './tomosynthesis.ts';

/** Size of a region: square slices, the cluster in their middle. */
export interface ClusterRoiGrid {
  readonly sizePx: number;
  readonly spacingMm: number;
  readonly slices: number;
  readonly sliceMm: number;
}

/** A cluster in a woman's breast; both views show the same calcifications from two sides. */
export interface ClusterCase {
  readonly seed: number;
  /** Index in the cohort, from 0. */
  readonly patient: number;
  readonly label: 'benign' | 'malignant';
  readonly cluster: CalcificationCluster;
  /** Shares of gland in the tissue, its mean and its contrast, and the exponent of its power spectrum. */
  readonly tissue: { readonly gland: number; readonly contrast: number; readonly beta: number };
}

/** What clusters of a cohort are like. */
export interface ClusterCaseOptions {
  /** 0 to 1, see drawLesion. */
  readonly difficulty: number;
  /** See drawCluster. */
  readonly extentsMm?: readonly [least: number, largest: number];
}

/** A region in one view; grey levels 0 to 65535, brighter is denser. */
export interface ClusterRoi {
  /** [sizePx, sizePx] */
  readonly dm: Float32Array;
  /** [slices, sizePx, sizePx], slice 0 next to the detector. */
  readonly dbt: Float32Array;
  /** The box of the calcifications in a slice [x1, y1, x2, y2], in pixels. */
  readonly box: readonly [number, number, number, number];
  /** The first and the last slice that hold a calcification. */
  readonly sliceFirst: number;
  readonly sliceLast: number;
}

/** Tissue above and below the stack counts as one slab each: it is out of focus everywhere. */
const BREAST_MM = 50;

/** Draws number `patient` of a cohort; she does not depend on how many there are. Labels take turns. RangeError for a difficulty outside 0 to 1. */
export function drawClusterCase(
  patient: number,
  seed: number,
  { difficulty, extentsMm }: ClusterCaseOptions,
): ClusterCase {
  if (!(difficulty >= 0 && difficulty <= 1)) throw new RangeError(`difficulty must be from 0 to 1, got ${difficulty}`);
  const random = new RandomStream(seed, 'phantom-cluster', patient);
  const label = patient % 2 === 0 ? 'malignant' : 'benign';
  return {
    seed,
    patient,
    label,
    cluster: drawCluster(random, drawTrait(random, label, difficulty), extentsMm),
    tissue: { gland: random.uniform(0.15, 0.6), contrast: random.uniform(0.05, 0.2), beta: random.uniform(2.8, 3.2) },
  };
}

/** Images the cluster of a case in one view. */
export function drawClusterRoi(woman: ClusterCase, view: 'CC' | 'MLO', size: ClusterRoiGrid): ClusterRoi {
  const balls = ballsInView(woman, view, size.sizePx * size.spacingMm);
  const { slices, sliceMm } = size;
  const nearest = (w: number) => Math.min(slices - 1, Math.max(0, Math.floor(w / sliceMm + slices / 2)));
  const reach = balls.map((ball) => ball.at[2]);
  return {
    ...drawRegion(woman, view, size, { balls }),
    box: boxOf(balls, size),
    sliceFirst: nearest(Math.min(...reach)),
    sliceLast: nearest(Math.max(...reach)),
  };
}

/** Whose tissue a region shows. */
export type RegionTissue = Pick<ClusterCase, 'seed' | 'patient' | 'tissue'>;

/** What lies in a region, in view coordinates: x along the rows from the left, u up and w away from the detector from the middle. */
export interface RegionContent {
  readonly balls: readonly BallInView[];
  readonly mass?: MassInView;
}

/** Images tissue with something in it as a mammogram and a tomosynthesis. */
export function drawRegion(
  woman: RegionTissue,
  view: 'CC' | 'MLO',
  { sizePx, spacingMm, slices, sliceMm }: ClusterRoiGrid,
  { balls, mass }: RegionContent,
): Pick<ClusterRoi, 'dm' | 'dbt'> {
  const depths = Array.from({ length: slices }, (_, i) => (i + 0.5 - slices / 2) * sliceMm);
  const margin = marginRows(BREAST_MM, spacingMm);
  const grid = { widthPx: sizePx, heightPx: sizePx + 2 * margin, spacingMm };
  const at = { uToRow: (u: number, { heightPx }: { heightPx: number }) => heightPx / 2 - 0.5 - u / spacingMm };
  const noise = (image: string) => (row: number) =>
    new RandomStream(woman.seed, 'phantom-cluster-noise', woman.patient, view, image, row);
  const stackMm = slices * sliceMm;
  const beyond = (BREAST_MM + stackMm) / 4; // the middle of what is above the stack, or below
  const slabs = stackMm < BREAST_MM ? [-beyond, ...depths, beyond] : depths;
  const planes = project(blockOfTissue(woman, view, grid, stackMm, mass), slabs, sliceMm, PROJECTION_TANGENTS);
  const reference = 0.055 * BREAST_MM;
  const dm = cutRows(planes[(PROJECTIONS - 1) / 2] as GridPlane, margin, sizePx);
  for (const ball of balls) addBall(dm, at, ball);
  expose(dm, { ...DM_EXPOSURE, reference }, noise('dm'));
  const dbt = new Float32Array(slices * sizePx * sizePx);
  for (const [i, plane] of planes.entries()) {
    const tangent = PROJECTION_TANGENTS[i] as number;
    for (const ball of balls) addBall(plane, at, ball, ball.at[2] * tangent);
    expose(plane, { ...projectionExposure(PROJECTIONS), reference }, noise(`projection ${i}`));
  }
  const slice = emptyPlane({ ...grid, heightPx: sizePx });
  for (const [k, w] of depths.entries()) {
    shiftAndAdd(planes, w, margin, slice);
    dbt.set(greyLevels(slice.values), k * sizePx * sizePx);
  }
  return { dm: greyLevels(dm.values), dbt };
}

/** Depth is half as long as seen from the side: the breast is compressed. */
const FLATTENING = 0.5;

/** A place relative to the lesion in view coordinates: x along the rows, u up, w away from the detector. MLO turns the breast by 45 degrees. */
export function turnedToView([x, y, z]: Point, view: 'CC' | 'MLO', flatten: number): Point {
  const angle = view === 'CC' ? 0 : Math.PI / 4;
  return [x, y * Math.cos(angle) + z * Math.sin(angle), flatten * (z * Math.cos(angle) - y * Math.sin(angle))];
}

/** The calcifications of a cluster in the middle of a region. */
export function ballsInView(
  { cluster }: Pick<ClusterCase, 'cluster'>,
  view: 'CC' | 'MLO',
  sideMm: number,
): BallInView[] {
  return cluster.calcifications.flatMap(({ atMm, balls, density }) => {
    const [x, u, w] = turnedToView(atMm, view, FLATTENING);
    return balls.map(({ offsetMm, radiusMm }) => {
      const [dx, du, dw] = turnedToView(offsetMm, view, 1);
      const at: Point = [sideMm / 2 + x + dx, u + du, w + dw];
      return { at, radiusMm, gainPerMm: density * (MU.calcification - MU.fat) };
    });
  });
}

/** Gland in fat: one periodic tile of power-law noise, taken from another place for every slab, blended with what all slabs share. */
function blockOfTissue(
  { seed, patient, tissue }: RegionTissue,
  view: string,
  grid: GridPlane['grid'],
  stackMm: number,
  mass: MassInView | undefined,
): Slabs {
  const { widthPx, heightPx } = grid;
  const random = new RandomStream(seed, 'phantom-cluster-tissue', patient, view);
  const side = Math.max(widthPx, heightPx);
  const [shared, own] = [powerLawNoise(random, side, tissue.beta), powerLawNoise(random, side, tissue.beta)];
  const filled = new Int32Array(heightPx).fill(widthPx);
  return {
    grid,
    filled,
    reachMm: BREAST_MM,
    slab(values, w, slabMm, index) {
      const place = new RandomStream(seed, 'phantom-cluster-slab', patient, view, index);
      const [dx, dy] = [place.integer(0, side - 1), place.integer(0, side - 1)];
      const thickMm = Math.abs(w) > stackMm / 2 ? (BREAST_MM - stackMm) / 2 : slabMm;
      for (let i = 0; i < values.length; i++) {
        const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
        const [ox, oy] = [fold(x + dx, side), fold(y + dy, side)];
        const level = Math.SQRT1_2 * ((shared[y * side + x] as number) + (own[oy * side + ox] as number));
        const gland = Math.min(1, Math.max(0, tissue.gland + tissue.contrast * level));
        values[i] = thickMm * (MU.fat + gland * (MU.gland - MU.fat));
      }
      if (mass && thickMm === slabMm) addMassToSlab({ grid, values, filled }, mass, w, slabMm);
      return values;
    },
  };
}

/** Replaces tissue by a mass where that attenuates more, as BreastTissue does. */
function addMassToSlab(
  { grid, values }: GridPlane,
  { coverage, density }: MassInView,
  w: number,
  slabMm: number,
): void {
  const { widthPx, heightPx, spacingMm } = grid;
  const full = (MU.fat + (MU.mass - MU.fat) * density) * slabMm;
  for (let i = 0; i < values.length; i++) {
    const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
    const there = values[i] as number;
    const share = coverage((x + 0.5) * spacingMm, (heightPx / 2 - 0.5 - y) * spacingMm, w);
    values[i] = there + share * Math.max(0, full - there);
  }
}

/** A place on a tile that is mirrored at its ends, so that it has no seam. */
function fold(at: number, side: number): number {
  const place = at % (2 * side);
  return place < side ? place : 2 * side - 1 - place;
}

const emptyPlane = (grid: GridPlane['grid']): GridPlane => ({
  grid,
  values: new Float32Array(grid.widthPx * grid.heightPx),
  filled: new Int32Array(grid.heightPx),
});

/** The middle rows of a plane, copied. */
function cutRows({ grid, values }: GridPlane, margin: number, heightPx: number): GridPlane {
  const { widthPx } = grid;
  return {
    grid: { ...grid, heightPx },
    values: values.slice(margin * widthPx, (margin + heightPx) * widthPx),
    filled: new Int32Array(heightPx).fill(widthPx),
  };
}

/** Line integrals of BREAST_MM of fat are black, of as much gland with calcifications white. */
function greyLevels(values: Float32Array): Float32Array {
  const low = 0.9 * MU.fat * BREAST_MM;
  const scale = 65535 / (1.3 * MU.gland * BREAST_MM - low);
  return values.map((value) => Math.round(Math.min(65535, Math.max(0, (value - low) * scale))));
}

function boxOf(balls: readonly BallInView[], { sizePx, spacingMm }: ClusterRoiGrid): ClusterRoi['box'] {
  const columns = balls.map(({ at }) => at[0] / spacingMm);
  const rows = balls.map(({ at }) => sizePx / 2 - at[1] / spacingMm);
  const inside = (value: number) => Math.min(sizePx, Math.max(0, value));
  const [x1, y1] = [Math.floor(Math.min(...columns)) - 1, Math.floor(Math.min(...rows)) - 1].map(inside) as [
    number,
    number,
  ];
  const [x2, y2] = [Math.ceil(Math.max(...columns)) + 1, Math.ceil(Math.max(...rows)) + 1].map(inside) as [
    number,
    number,
  ];
  return [x1, y1, x2, y2];
}
