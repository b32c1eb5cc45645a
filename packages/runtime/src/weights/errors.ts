/** Every code a WeightsError can carry, with what it means. Codes are stable; sentences may change. */
export const WEIGHTS_ERROR_CODES = {
  'file-unreadable': 'the file is missing, is no regular file, or the operating system refused to read it',
  'file-unsupported': 'a file whose ending is not one of the formats that are read',
  'file-too-large': 'the file is larger than the limit',
  'file-not-written': 'the operating system refused to write the file; the previous one is untouched',
  'safetensors-malformed': 'the bytes are not a safetensors file: length, header, offsets',
  'tensor-dtype': 'an element type that is not read or cannot be used here',
  'tensor-mismatch': 'a tensor is missing, unexpected, or of another shape',
  'onnx-malformed': 'the bytes are not an ONNX model, or an initialiser contradicts its own shape',
  'onnx-unsupported': 'an initialiser that is not read: external or sparse data, another element type',
  'checkpoint-malformed': 'a safetensors file without the state that a checkpoint carries',
} as const;

/** One of the keys of WEIGHTS_ERROR_CODES. */
export type WeightsErrorCode = keyof typeof WEIGHTS_ERROR_CODES;

/** An error in reading, writing or loading weights: a stable code and a sentence that names file and tensor. */
export class WeightsError extends Error {
  readonly code: WeightsErrorCode;

  constructor(code: WeightsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WeightsError';
    this.code = code;
  }
}
