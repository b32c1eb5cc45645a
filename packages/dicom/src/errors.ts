/** Every code a DicomError can carry, with what it means. Codes are stable; sentences may change. */
export const DICOM_ERROR_CODES = {
  'file-missing': 'no file of that name, or it is not a regular file',
  'file-unreadable': 'the operating system refused to read the file',
  'file-executable': 'the preamble makes the file a program as well as an image',
  'not-dicom': 'no DICOM file: the prefix DICM or the file meta information is missing',
  'syntax-unknown': 'a transfer syntax that is not read',
  truncated: 'a length, an offset or a sequence runs past the end of the file',
  malformed: 'the bytes contradict PS3.5: a value representation, an item, a value, an order',
  'header-too-large': 'more elements, levels or bytes before the pixel data than the limits',
  'pixel-data-missing': 'the object has no pixel data',
  'image-invalid': 'the attributes of the image contradict each other or the pixel data',
  'image-unsupported': 'an image of a kind that is not read: bit depth, samples, photometric interpretation',
  'frames-missing': 'fewer frames in the pixel data than NumberOfFrames',
  'groups-missing': 'functional groups that are missing, or not one for each frame',
  'frame-corrupt': 'the compressed bytes of a frame contradict the header or their own format',
  'frame-timeout': 'a frame took longer to decode than the limit',
  'file-closed': 'a frame was asked of a file that has been closed',
  'value-invalid': 'an attribute that was to be written has a value that PS3.5 does not allow',
  'reading-invalid': 'results to be written that contradict themselves or the images that they are of',
} as const;

/** One of the keys of DICOM_ERROR_CODES. */
export type DicomErrorCode = keyof typeof DICOM_ERROR_CODES;

/** The one error class of this package: a stable code and a sentence that names the file and the tag. */
export class DicomError extends Error {
  readonly code: DicomErrorCode;

  constructor(code: DicomErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DicomError';
    this.code = code;
  }
}
