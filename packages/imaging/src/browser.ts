/** What a browser takes of this package: everything from stored values to a prepared image, and nothing that touches files. */
export { type Decision, IMAGE_STEPS } from './decision.ts';
export { type DicomFacts, mendedFacts } from './dicom-facts.ts';
export { ImagingError } from './errors.ts';
export { windowPlane } from './geometry/crop.ts';
export { type FoundSpacing, type PixelSpacingMm, pixelSpacing } from './geometry/pixel-spacing.ts';
export { resizeBilinear } from './geometry/resize.ts';
export { modalityLut } from './grey-levels/modality-lut.ts';
export { minMaxNormalise, zScoreNormalise } from './grey-levels/normalise.ts';
export { storedRange } from './grey-levels/stored-values.ts';
export { voiLut } from './grey-levels/voi-lut.ts';
export type { BoxPx } from './manifest-row.ts';
export type { Laterality, View } from './manifest-terms.ts';
export { breastLaterality } from './orientation/laterality.ts';
export { mammographyView } from './orientation/mammography-view.ts';
export {
  AS_STORED,
  composeOrientations,
  inverseOrientation,
  MIRRORED,
  type Orientation,
  orientBox,
  orientedSize,
  orientPlane,
} from './orientation/orientation.ts';
export type { Plane } from './plane.ts';
export { type PreparedImage, prepareImage } from './prepare-image.ts';
