/** Every code a WeightsError can carry, with what it means. Codes are stable; sentences may change. */
export const WEIGHTS_ERROR_CODES = {
  'file-unreadable': 'the file is missing, is no regular file, or the operating system refused to read it',
  'file-unsupported': 'a file whose ending is not one of the formats that are read',
  'file-too-large': 'the file is larger than the limit',
  'safetensors-malformed': 'the bytes are not a safetensors file: length, header, offsets',
  'pytorch-malformed': 'the bytes are not a file of torch.save: archive, pickle, storages',
  'pytorch-unsupported':
    'a PyTorch file that holds other things than tensors, or none, or is in a form that is not read',
  'tensor-dtype': 'an element type that is not read or cannot be used here',
  'tensor-mismatch': 'a tensor is missing, unexpected, or of another shape',
  'onnx-malformed': 'the bytes are not an ONNX model, or an initialiser contradicts its own shape',
  'onnx-unsupported': 'an initialiser that is not read: external or sparse data, another element type',
  'download-failed': 'a published file could not be downloaded: no network, no such file, a broken connection',
  'download-mismatch': 'a downloaded file is not the published one: its SHA-256 differs',
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
