export { DecoderPool, type DecoderPoolOptions, sharedDecoderPool } from './codecs/decoder-pool.ts';
export type { DicomFile, Frame, FramesOptions } from './dicom-file.ts';
export { DICOM_ERROR_CODES, DicomError, type DicomErrorCode } from './errors.ts';
export { type FrameTiming, timeFrame } from './frame-timing.ts';
export {
  ATTRIBUTES,
  type AttributeName,
  type DataSet,
  IDENTITY_ATTRIBUTES,
  type Identity,
} from './header/attributes.ts';
export { type OpenDicomOptions, openDicom } from './open-dicom.ts';
export type { RowRange } from './pixels/frame-rows.ts';
export type { ImagePixel } from './pixels/image-pixel.ts';
export type { StoredValues } from './pixels/stored-values.ts';
export type {
  Algorithm,
  Finding,
  FindingKind,
  Lesion,
  OperatingPoint,
  Place,
  Reading,
  Task,
} from './results/findings.ts';
export { type ResultMaker, type ResultTime, STATEMENT } from './results/result-modules.ts';
export {
  type FramePicture,
  type ResultObject,
  type ResultRequest,
  resultObjects,
  type Saliency,
} from './results/result-objects.ts';
export { type SourceImage, sourceImage } from './results/source-image.ts';
export type { Point } from './structured-report/content-item.ts';
export { TRANSFER_SYNTAXES, type TransferSyntax } from './transfer-syntax.ts';
export type { BreastPosition } from './write/breast-position.ts';
export { CODE_TABLE } from './write/codes.ts';
export { encodeDataSet, type WrittenDataSet } from './write/data-set.ts';
export { dicomBytes, fileHead, type PixelPiece } from './write/dicom-bytes.ts';
export type { Examination, Exposure, Instance, PixelGrid } from './write/examination.ts';
export { type Mammogram, mammogram } from './write/mammogram.ts';
export { type Tomosynthesis, tomosynthesis } from './write/tomosynthesis.ts';
export { uidOf } from './write/uid.ts';
export { WRITTEN_ATTRIBUTES } from './write/written-attributes.ts';
