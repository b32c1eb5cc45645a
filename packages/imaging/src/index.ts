export {
  type AugmentationOptions,
  type AugmentationParameters,
  applyAugmentation,
  augmentationStream,
  type BorderFill,
  type DrawRange,
  drawAugmentation,
  type InverseMap,
  inverseMap,
  NO_AUGMENTATION,
} from './augment.ts';
export { IMAGING_ERROR_CODES, ImagingError, type ImagingErrorCode } from './errors.ts';
export { type ImportMiasOptions, importMias, type MiasImport, type MiasNote } from './import-mias.ts';
export { type Manifest, type ReadManifestOptions, readManifest } from './manifest.ts';
export {
  type CheckManifestOptions,
  checkManifest,
  type ManifestCheck,
  type ManifestCounts,
  type ManifestSummary,
  pixelSha256,
  readManifestImage,
} from './manifest-check.ts';
export { type CsvCells, formatCsv, manifestPath, writeManifest } from './manifest-file.ts';
export { describeProblem, LISTED_PROBLEMS, ManifestError, type ManifestProblem } from './manifest-problem.ts';
export {
  type BoxPx,
  LATERALITIES,
  type Laterality,
  type ManifestRow,
  MODALITIES,
  type Modality,
  SPLITS,
  type Split,
  VIEWS,
  type View,
} from './manifest-row.ts';
export { minMaxNormalise, zScoreNormalise } from './normalise.ts';
export { DEFAULT_MAX_PIXELS, type GreyImage, type ReadImageOptions, readImage } from './read-image.ts';
export { resizeBilinear } from './resize.ts';
export { type SplitFractions, type SplitOptions, type SplitRow, splitByPatient } from './split.ts';
export { writePng8, writePng16 } from './write-png.ts';
