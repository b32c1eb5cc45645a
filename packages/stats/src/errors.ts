/** Every code that this package throws, with what it means; docs/errors.md lists the same codes. */
export const statsErrors = {
  'stats/length': 'Two columns that describe the same cases differ in length.',
  'stats/score': 'A score is missing, NaN or infinite.',
  'stats/label': 'A label is neither 0, 1, false nor true.',
  'stats/classes': 'A class has too few cases for the method.',
  'stats/probability': 'A score that must be a probability lies outside [0, 1].',
  'stats/cluster': 'A cluster of cases lies in more than one stratum.',
  'stats/variance': 'The data have no variance where the method needs one.',
  'stats/replicates': 'Too few bootstrap replicates have a value.',
  'stats/separation': 'Outcomes are separated perfectly, so that a log odds has no finite estimate.',
  'stats/convergence': 'An iterative fit did not settle, or its working correlation left its range.',
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
