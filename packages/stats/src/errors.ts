/** Every code that this package throws, with what it means; docs/errors.md lists the same codes. */
export const statsErrors = {
  'stats/length': 'Two columns that describe the same cases differ in length.',
  'stats/score': 'A score is missing, NaN or infinite.',
  'stats/label': 'A label is neither 0, 1, false nor true.',
  'stats/classes': 'A class has too few cases for the method.',
  'stats/level': 'A confidence level lies outside the open interval from 0 to 1.',
  'stats/argument': 'Another argument lies outside its range.',
} as const;

/** One of the stable codes of {@link statsErrors}. */
export type StatsErrorCode = keyof typeof statsErrors;

/** What this package throws on bad input: a stable `code` and one sentence that says what to change. */
export class StatsError extends Error {
  readonly code: StatsErrorCode;

  constructor(code: StatsErrorCode, message: string) {
    super(message);
    this.name = 'StatsError';
    this.code = code;
  }
}
