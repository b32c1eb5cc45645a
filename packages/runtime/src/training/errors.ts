/** What can go wrong while a network trains, with stable codes. */
export const TRAINING_ERROR_CODES = {
  'loss-not-finite': 'the loss is no longer a number',
  'batch-too-large': 'there are fewer training images than one batch takes',
  interrupted: 'training was interrupted; what was done is saved',
} as const;

export type TrainingErrorCode = keyof typeof TRAINING_ERROR_CODES;

export class TrainingError extends Error {
  readonly code: TrainingErrorCode;
  constructor(code: TrainingErrorCode, message: string) {
    super(message);
    this.name = 'TrainingError';
    this.code = code;
  }
}
