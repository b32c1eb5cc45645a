/** A film of a screened woman at any size, drawn as a mammogram alone. */
import { RandomStream } from '@mammoscope/random';
import { framed, type LesionTruth, lesionTruth, referenceOf, toGreyLevels, workingGrid } from './breast-images.ts';
import { BreastShape, type BreastView } from './breast-shape.ts';
import { DM_EXPOSURE, expose } from './detector.ts';
import { addBall, type BallInView, lesionInView } from './lesion-view.ts';
import type { ImageGrid, PhantomPreset } from './presets.ts';
import { enlarged } from './screening-cluster.ts';
import type { ScreenedCluster, ScreenedWoman } from './screening-woman.ts';
import { type BreastTextures, BreastTissue, drawTextures, type GridPlane } from './tissue.ts';
import { project } from './tomosynthesis.ts';
import { bodyOf } from './woman.ts';

/** A cluster as a film shows it: its box, mask and calcifications. */
export interface SeenCluster extends ScreenedCluster, LesionTruth {
  readonly balls: readonly BallInView[];
}

/** A film and what is on it. */
export interface ScreeningFilm {
  /** [heightPx * widthPx], grey levels 0..65535, 0 only where there is no breast; the chest wall at the left for L. */
  readonly plane: Float32Array;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly spacingMm: number;
  /** Clusters that are in sight, with their boxes. */
  readonly lesions: readonly SeenCluster[];
}

/** The field of view of all sizes. */
const FIELD_MM = { height: 233, width: 179 } as const;
/** Pixels up to this size see calcifications as they are; in larger ones they are drawn as much larger. */
const SEEN_MM = 0.2;
const SLABS = { slices: 15, sliceMm: 4 } as const;

/** The preset of a film of so many rows. */
export function screeningPreset(heightPx: number): PhantomPreset {
  const spacingMm = FIELD_MM.height / heightPx;
  const grid: ImageGrid = { heightPx, widthPx: Math.round(FIELD_MM.width / spacingMm), spacingMm };
  return {
    dm: grid,
    dbt: { ...grid, ...SLABS },
    cube: { size: 64, voxelMm: 2 },
    tilePx: spacingMm > 0.7 ? 128 : spacingMm > 0.35 ? 256 : 512,
    latticePx: spacingMm > 0.35 ? 1 : 2,
  };
}

/** The textures that both views of a woman's breast have in common. */
export const screeningTextures = (woman: ScreenedWoman, heightPx: number): BreastTextures =>
  drawTextures(woman, woman.side, screeningPreset(heightPx));

/** The clusters of a view, without drawing any film; those out of sight are left out. */
export function screeningLesions(woman: ScreenedWoman, view: BreastView, heightPx: number): SeenCluster[] {
  const { dm } = screeningPreset(heightPx);
  const shape = new BreastShape(bodyOf(woman, woman.side), view);
  const factor = Math.max(1, dm.spacingMm / SEEN_MM);
  return woman.clusters.flatMap((cluster) => {
    const seen = lesionInView(shape, { ...enlarged(cluster.lesion, factor), place: cluster.lesion.place });
    const truth = lesionTruth(seen, shape, dm, woman.side);
    return truth ? [{ ...cluster, ...truth, balls: seen.balls }] : [];
  });
}

/** Draws one view of the imaged breast. `textures` are what screeningTextures gave. */
export function drawScreeningFilm(
  woman: ScreenedWoman,
  view: BreastView,
  { heightPx, textures }: { readonly heightPx: number; readonly textures: BreastTextures },
): ScreeningFilm {
  const preset = screeningPreset(heightPx);
  const { side, seed, patient } = woman;
  const { dm, dbt } = preset;
  const shape = new BreastShape(bodyOf(woman, side), view);
  const grid = workingGrid(dm, shape, 0);
  const tissue = new BreastTissue(woman, side, shape, textures, { preset, grid });
  const depths = Array.from({ length: dbt.slices }, (_, i) => (i + 0.5 - dbt.slices / 2) * dbt.sliceMm);
  const [plane] = project(tissue, depths, dbt.sliceMm, [0]) as [GridPlane];
  const lesions = screeningLesions(woman, view, heightPx);
  for (const { balls } of lesions) for (const ball of balls) addBall(plane, shape, ball);
  const noise = (row: number) => new RandomStream(seed, 'phantom-screening-noise', patient, view, row);
  expose(plane, { ...DM_EXPOSURE, reference: referenceOf(shape) }, noise);
  toGreyLevels(plane, tissue.half, shape);
  return {
    plane: framed(plane, dm, side, new Float32Array(dm.widthPx * dm.heightPx)),
    ...dm,
    lesions,
  };
}
