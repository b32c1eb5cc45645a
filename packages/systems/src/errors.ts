/** What a user can get wrong in running a system; each ends with exit code 2. */
export const SYSTEM_ERROR_CODES = {
  'run-missing': 'the folder holds no run, or a part of it is missing',
  'run-exists': 'the folder holds a run already',
  'run-mismatch': 'the run was made with another manifest, network or setting',
  'option-invalid': 'a setting that the recipe does not have, or a value outside its range',
  'data-unusable': 'the images at hand cannot be trained on or evaluated',
  'table-invalid':
    'a table of scores, ratings or findings is missing, or lacks a column or value that a statistic needs',
} as const;

export type SystemErrorCode = keyof typeof SYSTEM_ERROR_CODES;

export class SystemError extends Error {
  readonly code: SystemErrorCode;
  constructor(code: SystemErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SystemError';
    this.code = code;
  }
}
