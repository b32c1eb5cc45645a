import { type Choices, type Declaration, lower, type Optimiser, sizeOf, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { type Engine, type FitEvents, type FitOptions, type FitState, fit, residentShapes } from '@mammoscope/runtime';
import { damagedRun } from '../run/damaged-run.ts';
import { holdsFile, type MemberFiles } from '../run/run-record.ts';
import { writeHistory } from './history.ts';
import type { TrainingRecipe } from './recipe.ts';
import { scheduleOf } from './schedule.ts';
import type { TrainingStep } from './step.ts';

/** A network to be trained: what differs from system to system. */
export interface NetworkTraining<Example> {
  /** Its name in the run; the order of the examples depends on it. */
  readonly name: string;
  readonly step: TrainingStep;
  readonly optimiser: Optimiser;
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** First values of weights and running statistics. */
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly examples: readonly Example[];
  /** The inputs that some of the examples are in an epoch; must depend on the arguments alone. */
  readonly inputs: (examples: readonly Example[], epoch: number) => Promise<ReadonlyMap<string, TensorData>>;
  readonly validate: FitOptions['validate'];
}

/** Where and how it is trained: the same for all networks of a run. */
export interface TrainingPlace {
  readonly engine: Engine;
  readonly recipe: TrainingRecipe;
  readonly seed: number;
  readonly files: MemberFiles;
  readonly lowerings: Choices;
  readonly resume: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly events?: FitEvents | undefined;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Batches of an epoch; what does not fill the last one is left out, another part each epoch. */
export const batchesOf = (examples: number, { batch }: TrainingRecipe): number => Math.floor(examples / batch);

/** Trains one network to the end, or goes on with it, and writes its checkpoints and history. */
export async function trainNetwork<Example>(
  { name, step, optimiser, declarations, values, examples, inputs, validate }: NetworkTraining<Example>,
  { engine, recipe, seed, files, lowerings, resume, signal, events }: TrainingPlace,
): Promise<FitState> {
  const { batch, accumulate, epochs, patience, scheduleFigure } = recipe;
  const part = batch / accumulate;
  const graphs = { ...loweredStep(step, engine, lowerings), optimiser };
  await engine.put(residentValues(residentShapes(graphs), values));
  const state = await fit({
    engine,
    ...graphs,
    microBatches: accumulate,
    schedule: scheduleOf(recipe),
    scheduleFigure,
    seed,
    epochs,
    patience,
    batches: batchesOf(examples.length, recipe),
    batchInputs: (epoch, microBatch) => {
      const order = new RandomStream(seed, 'order', name, epoch).shuffle(examples);
      return inputs(order.slice(microBatch * part, (microBatch + 1) * part), epoch);
    },
    validate,
    lastPath: files.last,
    bestPath: files.best,
    networkValues: [...declarations.keys()],
    resume: resume && (await holdsFile(files.last)),
    ...(signal ? { signal } : {}),
    events: events ?? {},
  }).catch((error) => {
    throw damagedRun(files.last, error);
  });
  await writeHistory(files.history, state.history);
  return state;
}

/** The graphs of a step as the engine runs them. What both keep has one layout, so that no update converts it. */
function loweredStep({ graph, apply, hostStep }: TrainingStep, { target }: Engine, lowerings: Choices) {
  const step = lower(graph, target, lowerings);
  const inputs = new Map(step.parameters.map(({ name, layout }) => [name, layout]));
  return {
    step,
    ...(apply ? { apply: lower(apply, target, lowerings, { inputs }) } : {}),
    ...(hostStep ? { hostStep } : {}),
  };
}

/** The first values of everything that a training step keeps: weights as given, zeros for the rest. */
function residentValues(shapes: ReadonlyMap<string, readonly number[]>, weights: ReadonlyMap<string, Float32Array>) {
  return new Map(
    [...shapes].map(([name, shape]) => [
      name,
      { dtype: 'float32' as const, shape, data: weights.get(name) ?? new Float32Array(sizeOf(shape)) },
    ]),
  );
}
