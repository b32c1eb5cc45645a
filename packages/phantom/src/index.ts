export {
  type BreastImages,
  type BreastImagesOptions,
  drawBreastImages,
  drawRegionSlices,
  type LesionTruth,
  lesionTruthOf,
  type PhantomBox,
  type ViewOptions,
  type ViewTruth,
} from './breast-images.ts';
export { BREAST_VIEWS, type BreastSide, type BreastView } from './breast-shape.ts';
export type { Ball, Calcification, CalcificationCluster } from './calcification-cluster.ts';
export {
  type ClusterCase,
  type ClusterCaseOptions,
  type ClusterRoi,
  type ClusterRoiGrid,
  drawClusterCase,
  drawClusterRoi,
} from './cluster-roi.ts';
export { type ComplexArray, fft, fft2d } from './fft.ts';
export type { Lesion } from './lesion.ts';
export type { Mass, Spicule } from './mass.ts';
export { drawMassCase, drawMassRoi, type MassCase } from './mass-roi.ts';
export {
  type CohortPatch,
  drawPatch,
  drawPatchCohort,
  drawTissue,
  PATCH_KINDS,
  type PatchCohortOptions,
  type PatchKind,
  type PatchOptions,
  type PatchTissue,
} from './patches.ts';
export { powerLawNoise } from './power-law-noise.ts';
export { type ImageGrid, PHANTOM_PRESETS, type PhantomPreset, type PhantomPresetName } from './presets.ts';
export { CANCER_TYPES, type CancerTraits, type CancerType, type ErStatus } from './screening-cluster.ts';
export {
  drawScreeningFilm,
  type ScreeningFilm,
  type SeenCluster,
  screeningLesions,
  screeningPreset,
  screeningTextures,
} from './screening-film.ts';
export { drawScreenedWoman, type PlacedCluster, type ScreenedCluster, type ScreenedWoman } from './screening-woman.ts';
export { withSeenLesion } from './seen-lesion.ts';
export { type BreastTextures, drawTextures } from './tissue.ts';
export { HALF_ANGLE_DEG, PROJECTIONS } from './tomosynthesis.ts';
export {
  BREAST_LABELS,
  type BreastDensity,
  type BreastLabel,
  bodyOf,
  DEFAULT_DIFFICULTY,
  DENSITIES,
  drawWoman,
  type Woman,
  type WomanOptions,
} from './woman.ts';
