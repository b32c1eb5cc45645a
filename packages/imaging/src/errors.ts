/** Every code an ImagingError can carry, with what it means. Codes are stable; sentences may change. */
export const IMAGING_ERROR_CODES = {
  'file-missing': 'no file of that name, or it is not a regular file',
  'file-empty': 'the file has zero bytes',
  'file-unreadable': 'the operating system refused to read the file',
  'format-unsupported': 'not a file of a format that is read, or a variant of one that is not',
  'image-truncated': 'the file ends before the image does',
  'image-corrupt': 'the bytes contradict the format (checksum, header, value out of range)',
  'image-too-large': 'more pixels, or more bytes, than the limit',
  'image-colour': 'the red, green and blue channels differ: not a grey image',
  'image-transparent': 'an alpha channel that is not opaque everywhere',
  'image-orientation': 'metadata asks viewers to turn or mirror the stored pixels',
  'value-not-finite': 'a pixel is NaN or infinite',
  'tag-invalid': 'a DICOM attribute that is malformed, outside its range or at odds with the pixels',
  'sources-disagree': 'two sources contradict each other, such as a tag and the pixels, and nobody said which wins',
  'slices-unusable': 'slices that cannot be ranked: fewer than two, all alike, or of different sizes',
  'mask-empty': 'no breast was found in the image',
  'region-empty': 'the mask of a region of interest has no voxel',
  'bit-depth': 'the image is not of the bit depth that its manifest declares',
  'manifest-invalid': 'a manifest with one or more problems, each with its line',
  'split-impossible': 'the rows cannot be split by patient as asked',
  'mias-invalid': 'a mini-MIAS folder without a usable Info.txt',
  'data-set-invalid': 'a folder without the label files or images of the data set that it is said to be',
  'column-unclear': 'a table with several columns, or none, that may be what a manifest needs',
  'option-invalid': 'an argument outside its range',
} as const;

/** One of the keys of IMAGING_ERROR_CODES. */
export type ImagingErrorCode = keyof typeof IMAGING_ERROR_CODES;

/** The one error class of this package: a stable code and a sentence that names the file and what to do. */
export class ImagingError extends Error {
  readonly code: ImagingErrorCode;

  constructor(code: ImagingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ImagingError';
    this.code = code;
  }
}
