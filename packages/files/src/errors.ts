/** What can go wrong with the files that are written, with stable codes. */
export const FILE_ERROR_CODES = {
  'file-not-written': 'the operating system refused to write the file; the previous one is untouched',
} as const;

export type FileErrorCode = keyof typeof FILE_ERROR_CODES;

export class FileError extends Error {
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FileError';
    this.code = code;
  }
}
