/** A run of any system: its folder, its record, and its networks trained one after the other. */
import type { Graph } from '@mammoscope/nn';
import { chooseWays, type Engine, TrainingError } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';
import { makeFolder } from '../run/make-folder.ts';
import { holdsRun, type RunRecord, readRunRecord, writeRunRecord } from '../run/run-record.ts';
import { requireSameRun } from '../run/same-run.ts';
import { graphsOf, type PhasedStep, type TrainingStep } from './step.ts';

/** Where a run is made and who watches it. */
export interface RunOptions {
  readonly engine: Engine;
  readonly out: string;
  readonly resume: boolean;
  /** Members to be trained; all unless given. */
  readonly only?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onTiming?: ((done: number, total: number) => void) | undefined;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** What a system has to say of its run. */
export interface SystemRun<Member extends string, Step extends TrainingStep | PhasedStep = TrainingStep> {
  /** run.json but for the lowerings. */
  readonly record: RunRecord;
  /** The networks, in the order in which they are trained. */
  readonly members: readonly Member[];
  /** Throws where images or weights are wrong: whatever can be known before the first network is trained. */
  readonly check: () => Promise<void>;
  readonly step: (member: Member) => Step;
  readonly train: (member: Member, step: Step, lowerings: ReadonlyMap<string, string>) => Promise<void>;
}

/** The record of the run to go on with; null where a new one begins. SystemError 'run-exists' unless it may be resumed. `recipeOf` reads its recipe, also that of an older version. */
export async function runToResume(
  { out, resume, onNote }: RunOptions,
  recipeOf: (record: RunRecord['recipe']) => object,
): Promise<RunRecord | null> {
  const found = (await holdsRun(out)) ? await readRunRecord(out) : null;
  const begun = found && { ...found, recipe: { ...recipeOf(found.recipe) } };
  if (begun && !resume) throw runExists(out);
  if (resume && !begun) onNote?.(`${out} holds no run yet: a new one begins`);
  return begun;
}

/** A folder that is not to be written into. */
export const runExists = (out: string): SystemError =>
  new SystemError(
    'run-exists',
    `${out} holds a run already: choose another folder with --out, or go on with that run by --resume`,
  );

/** What a run is begun with. */
export interface BegunRun extends Pick<SystemRun<string>, 'record' | 'check'> {
  /** Everything that it computes; asked for once the check has passed. */
  readonly graphs: () => readonly Graph[];
}

/** Checks a run and writes run.json with the ways that its graphs are computed in: the complete record, and these ways. */
export async function beginRun(
  { engine, out, signal, onTiming }: RunOptions,
  begun: RunRecord | null,
  { record, check, graphs }: BegunRun,
): Promise<{ readonly record: RunRecord; readonly lowerings: ReadonlyMap<string, string> }> {
  if (begun) requireSameRun(out, begun, record);
  await check();
  await makeFolder(out);
  const lowerings = await chooseWays(engine, graphs(), {
    fixed: new Map(Object.entries(begun?.lowerings ?? {})),
    onTiming: (done, total) => {
      stopWhenAborted(signal, 'before training began');
      onTiming?.(done, total);
    },
  });
  const complete = begun ?? {
    ...record,
    lowerings: Object.fromEntries([...lowerings].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  if (!begun) await writeRunRecord(out, complete);
  return { record: complete, lowerings };
}

/** Begins a run, or goes on with it, and trains each network. */
export async function trainRun<Member extends string, Step extends TrainingStep | PhasedStep = TrainingStep>(
  options: RunOptions,
  begun: RunRecord | null,
  { record, members, check, step, train }: SystemRun<Member, Step>,
): Promise<RunRecord> {
  const steps = new Map<Member, Step>();
  const graphs = () => {
    for (const member of members) steps.set(member, step(member));
    return [...steps.values()].flatMap(graphsOf);
  };
  const { record: complete, lowerings } = await beginRun(options, begun, { record, check, graphs });
  for (const [member, memberStep] of steps) {
    if (options.only?.includes(member) === false) continue;
    stopWhenAborted(options.signal, `before ${member}`);
    await train(member, memberStep, lowerings);
  }
  return complete;
}

/** TrainingError 'interrupted' once the user has asked to stop. */
export function stopWhenAborted(signal: AbortSignal | undefined, when: string): void {
  if (signal?.aborted)
    throw new TrainingError('interrupted', `interrupted ${when}; repeat the command with --resume to go on`);
}
