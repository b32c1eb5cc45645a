export { DecoderPool, type DecoderPoolOptions, sharedDecoderPool } from './codecs/decoder-pool.ts';
export { type DicomFile, type Frame, type FramesOptions, type OpenDicomOptions, openDicom } from './dicom-file.ts';
export { DICOM_ERROR_CODES, DicomError, type DicomErrorCode } from './errors.ts';
export { type FrameTiming, timeFrame } from './frame-timing.ts';
export { ATTRIBUTES, type AttributeName, type DataSet } from './header/attributes.ts';
export type { ImagePixel } from './pixels/image-pixel.ts';
export type { StoredValues } from './pixels/stored-values.ts';
export { TRANSFER_SYNTAXES, type TransferSyntax } from './transfer-syntax.ts';
