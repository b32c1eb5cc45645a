import { type Choices, type Declaration, lower, type Optimiser, sizeOf, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { type Engine, type FitOptions, type FitState, fit, residentShapes } from '@mammoscope/runtime';
import { type FitPlace, fitMember } from './fit-member.ts';
import type { TrainingRecipe } from './recipe.ts';
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
export interface TrainingPlace extends FitPlace {
  readonly recipe: TrainingRecipe;
  readonly lowerings: Choices;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Batches of an epoch; what does not fill the last one is left out, another part each epoch. */
export const batchesOf = (examples: number, { batch }: TrainingRecipe): number => Math.floor(examples / batch);

/** Trains one network to the end, or goes on with it, and writes its checkpoints and history. */
export async function trainNetwork<Example>(
  { name, step, optimiser, declarations, values, examples, inputs, validate }: NetworkTraining<Example>,
  place: TrainingPlace,
): Promise<FitState> {
  const { engine, recipe, seed, lowerings } = place;
  const part = recipe.batch / recipe.accumulate;
  const graphs = { ...loweredStep(step, engine, lowerings), optimiser };
  await engine.put(residentValues(residentShapes(graphs), values));
  return fitMember(recipe, place, (options) =>
    fit({
      ...options,
      ...graphs,
      microBatches: recipe.accumulate,
      batches: batchesOf(examples.length, recipe),
      batchInputs: (epoch, microBatch) => {
        const order = new RandomStream(seed, 'order', name, epoch).shuffle(examples);
        return inputs(order.slice(microBatch * part, (microBatch + 1) * part), epoch);
      },
      validate,
      networkValues: [...declarations.keys()],
    }),
  );
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
