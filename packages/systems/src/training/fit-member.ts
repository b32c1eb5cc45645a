/** A fit in the folder of a run's member: what recipe and folder decide of it, and what is written when it is done. */
import type { Engine, FitEvents, FitOptions, FitState } from '@mammoscope/runtime';
import { damagedRun } from '../run/damaged-run.ts';
import { holdsFile, type MemberFiles } from '../run/run-record.ts';
import { writeHistory } from './history.ts';
import type { TrainingRecipe } from './recipe.ts';
import { scheduleOf } from './schedule.ts';

/** Where a member is fitted. */
export interface FitPlace {
  readonly engine: Engine;
  readonly seed: number;
  readonly files: MemberFiles;
  readonly resume: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly events?: FitEvents | undefined;
}

/** The options of a fit that recipe and place decide. */
export type PlacedFit = Pick<
  FitOptions,
  | 'engine'
  | 'seed'
  | 'schedule'
  | 'scheduleFigure'
  | 'epochs'
  | 'patience'
  | 'lastPath'
  | 'bestPath'
  | 'resume'
  | 'signal'
  | 'events'
>;

/**
 * Fits a member by runtime's `fit`, or by what calls it, going on with the checkpoint in its folder where the place says so, and writes its
 * history. Throws as they, and SystemError 'run-missing' or 'run-mismatch' for a checkpoint that is damaged or of another network.
 */
export async function fitMember(
  recipe: TrainingRecipe,
  { engine, seed, files, resume, signal, events }: FitPlace,
  fitted: (options: PlacedFit) => Promise<FitState>,
): Promise<FitState> {
  const { scheduleFigure, epochs, patience } = recipe;
  const state = await fitted({
    ...{ engine, seed, schedule: scheduleOf(recipe), scheduleFigure, epochs, patience },
    ...{ lastPath: files.last, bestPath: files.best, resume: resume && (await holdsFile(files.last)) },
    ...(signal && { signal }),
    ...(events && { events }),
  }).catch((error) => {
    throw damagedRun(files.last, error);
  });
  await writeHistory(files.history, state.history);
  return state;
}
