import { SystemError } from '../errors.ts';
import type { RunRecord } from '../run/run-record.ts';

/** The network that the paper's figures 2 and 3 explain. */
const EXPLAINED = 'inceptionresnetv2';

/** The member that a report explains: the one asked for, or the paper's, or the first. SystemError 'option-invalid' for none of the run's. */
export function explainedMember({ members }: Pick<RunRecord, 'members'>, asked?: string): string {
  if (asked === undefined) return members.includes(EXPLAINED) ? EXPLAINED : (members[0] as string);
  if (members.includes(asked)) return asked;
  throw new SystemError(
    'option-invalid',
    `--explain ${asked}: the run has ${members.join(', ')}; name one of these, or leave it out for ${explainedMember({ members })}`,
  );
}
