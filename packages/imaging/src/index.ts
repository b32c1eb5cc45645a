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
export type { AirLevel } from './breast/air-level.ts';
export type { BinaryImage } from './breast/binary-image.ts';
export { type BreastMask, type BreastMaskOptions, breastMask } from './breast/breast-mask.ts';
export { chestWallByMask } from './breast/chest-wall.ts';
export { pectoralSide } from './breast/pectoral-side.ts';
export { FIELD_NAMES, type Field } from './data-sets/column-match.ts';
export type { DataSet, Exclusion, Origin } from './data-sets/data-set.ts';
export { dicomModality, isSyntheticView } from './data-sets/dicom-folder.ts';
export { type ImageHeader, imageHeader } from './data-sets/image-header.ts';
export {
  DATA_SETS,
  type DataSetImport,
  type DataSetName,
  type ImportOptions,
  importDataSet,
} from './data-sets/import-data-set.ts';
export { type ImportMiasOptions, importMias, type MiasImport, type MiasNote } from './data-sets/mini-mias.ts';
export {
  type Claim,
  type Decision,
  type Evidence,
  IMAGE_STEPS,
  type ImageStep,
  type Preferences,
  settle,
} from './decision.ts';
export type { CodeItem, DicomFacts, FrameFacts, LutItem, ViewCodeItem } from './dicom-facts.ts';
export { IMAGING_ERROR_CODES, ImagingError, type ImagingErrorCode } from './errors.ts';
export { drawContactSheet, type SheetOptions } from './explain/contact-sheet.ts';
export { type Explanation, explanationPage, explanationTiles } from './explain/explanation.ts';
export type { Tile } from './explain/tile.ts';
export { type FocusSlice, focusSlice } from './focus-slice/focus-slice.ts';
export { imagesBelow } from './formats/image-files.ts';
export type { ImageStack } from './formats/image-stack.ts';
export { openImage } from './formats/open-image.ts';
export { DEFAULT_MAX_PIXELS, type GreyImage, type ReadImageOptions, readImage } from './formats/read-image.ts';
export { type NiftiVolume, writeNifti } from './formats/write-nifti.ts';
export { writeNpy16 } from './formats/write-npy.ts';
export { writePng8, writePng16 } from './formats/write-png.ts';
export { blackBorderBox } from './geometry/black-border.ts';
export { cropPlane, growBox, windowPlane } from './geometry/crop.ts';
export { cropToWindow, GMIC_WINDOWS, gmicWindow, type WindowPlace } from './geometry/gmic-window.ts';
export { type PixelSpacingMm, pixelSpacing } from './geometry/pixel-spacing.ts';
export { boxOnPrepared, boxOnStored, type Placement } from './geometry/placement.ts';
export { resampleSize, resampleTo } from './geometry/resample.ts';
export { resizeBilinear } from './geometry/resize.ts';
export {
  centredVolumeBox,
  cropVolume,
  maximumIntensityProjection,
  type VolumeBox,
  type VolumeSize,
  XIAO_VOLUME,
} from './geometry/volume-crop.ts';
export { minMaxNormalise, zScoreNormalise } from './grey-levels/normalise.ts';
export { stretchedTo8Bits } from './grey-levels/stretch.ts';
export { VOI_LUT_FUNCTIONS, type VoiChoice, type VoiLutFunction, windowed } from './grey-levels/voi-lut.ts';
export { type Manifest, type ReadManifestOptions, readManifest } from './manifest.ts';
export {
  type CheckManifestOptions,
  checkManifest,
  isBadImage,
  type ManifestCheck,
  type ManifestCounts,
  type ManifestSummary,
  pixelSha256,
} from './manifest-check.ts';
export { type CsvCells, formatCsv, manifestPath, writeManifest } from './manifest-file.ts';
export {
  boxOnSeen,
  type ManifestImage,
  openManifestImage,
  readManifestImage,
  type SeenOptions,
  type SeenPlane,
} from './manifest-image.ts';
export { describeProblem, LISTED_PROBLEMS, ManifestError, type ManifestProblem } from './manifest-problem.ts';
export type { BoxPx, ManifestRow } from './manifest-row.ts';
export {
  LATERALITIES,
  type Laterality,
  MODALITIES,
  type Modality,
  SPLITS,
  type Split,
  VIEWS,
  type View,
} from './manifest-terms.ts';
export type { AnatomicalDirections, Side } from './orientation/anatomical-direction.ts';
export type { LieOptions } from './orientation/image-lie.ts';
export { type MammographyView, mammographyView, viewText } from './orientation/mammography-view.ts';
export {
  AS_STORED,
  composeOrientations,
  describeOrientation,
  type GridWalk,
  inverseOrientation,
  MIRRORED,
  ORIENTATIONS,
  type Orientation,
  orientBox,
  orientPlane,
} from './orientation/orientation.ts';
export { VIEW_CODES, VIEW_MODIFIER_CODES } from './orientation/view-codes.ts';
export type { Plane } from './plane.ts';
export { type PreparedImage, type PrepareOptions, prepareImage } from './prepare-image.ts';
export type { Aggregation } from './radiomics/aggregation.ts';
export {
  DEFAULT_BINS,
  type FeatureOptions,
  type FeatureVector,
  RADIOMICS_IMAGES,
  type RadiomicsImage,
  radiomicsFeatures,
  regionFeatures,
} from './radiomics/feature-vector.ts';
export { type GlcmFeatures, glcmFeatures } from './radiomics/glcm.ts';
export { type GlrlmFeatures, glrlmFeatures } from './radiomics/glrlm.ts';
export { type GlszmFeatures, glszmFeatures } from './radiomics/glszm.ts';
export { type Discretisation, discretise, type GreyLevels } from './radiomics/grey-levels.ts';
export { type HistogramFeatures, histogramFeatures } from './radiomics/histogram.ts';
export { type IntensityFeatures, intensityFeatures } from './radiomics/intensity.ts';
export { type MorphologyFeatures, morphologyFeatures } from './radiomics/morphology.ts';
export { type Morphology2dFeatures, morphology2dFeatures } from './radiomics/morphology-2d.ts';
export { type NgldmFeatures, ngldmFeatures } from './radiomics/ngldm.ts';
export { type NgtdmFeatures, ngtdmFeatures } from './radiomics/ngtdm.ts';
export { type RadiomicsRegion, type RegionOptions, radiomicsRegion, valuesInside } from './radiomics/region.ts';
export { type WaveletBand, waveletBands } from './radiomics/wavelet.ts';
export {
  type DynamicImage,
  type DynamicImageOptions,
  dynamicImage,
  type FeatureMap,
  type Frame,
  type FrameSource,
  featuresOf,
  pixelValues,
} from './rank-pooling/dynamic-image.ts';
export type { Samples } from './rank-pooling/gram-range.ts';
export {
  approximateRankPool,
  approximateRankWeights,
  type PooledSlices,
  type RankPooling,
  type RankPoolingOptions,
  rankPool,
} from './rank-pooling/rank-pooling.ts';
export type { SliceSource } from './rank-pooling/slice-band.ts';
export { type StackFramesOptions, stackFrames } from './rank-pooling/stack-frames.ts';
export {
  countValues,
  cutRegion,
  orientRegion,
  paintRegion,
  type RegionValues,
  regionPlane,
  type SeenRegion,
} from './seen-region.ts';
export {
  type FoldOptions,
  foldsByPatient,
  type SplitFractions,
  type SplitOptions,
  type SplitRow,
  splitByPatient,
} from './split.ts';
