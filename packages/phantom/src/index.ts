export { type ComplexArray, fft, fft2d } from './fft.ts';
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
