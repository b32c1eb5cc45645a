import { ImagingError } from './errors.ts';

/** One thing wrong with a manifest. */
export interface ManifestProblem {
  /** Line of the CSV file, the header being 1; absent where the problem is the whole file's. */
  readonly line?: number;
  /** One sentence that names the value, what was required and what to do. */
  readonly message: string;
}

/** How many problems an error lists at once. */
export const LISTED_PROBLEMS = 20;

/** Code manifest-invalid: the first 20 problems, in the order of the file, and how many there are. */
export class ManifestError extends ImagingError {
  readonly problems: readonly ManifestProblem[];
  readonly problemCount: number;

  constructor(path: string, problems: readonly ManifestProblem[]) {
    const ordered = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
    const listed = ordered.slice(0, LISTED_PROBLEMS);
    const sentences = listed.map((problem) => describeProblem(path, problem));
    const [only] = sentences;
    const first = problems.length > listed.length ? `, the first ${listed.length} of them` : '';
    const many = `${path} has ${problems.length} problems${first}:\n- ${sentences.join('\n- ')}`;
    super('manifest-invalid', problems.length === 1 && only ? only : many);
    this.name = 'ManifestError';
    this.problems = listed;
    this.problemCount = problems.length;
  }
}

/** The sentence for people: file, line, problem. */
export function describeProblem(path: string, problem: ManifestProblem): string {
  return problem.line === undefined
    ? `${path}: ${problem.message}`
    : `${path}, line ${problem.line}: ${problem.message}`;
}
