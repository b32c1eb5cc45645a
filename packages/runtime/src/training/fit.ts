import {
  ACCUMULATOR_PREFIX,
  type HostStep,
  hostStateNames,
  LOSS_OUTPUT,
  type LoweredGraph,
  type Optimiser,
  RANDOM_INPUT_PREFIX,
  type Schedule,
  type ScheduleState,
  sizeOf,
  type TensorData,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { type JsonValue, readCheckpoint, writeCheckpoint } from '../checkpoint/checkpoint.ts';
import type { Engine, Session } from '../session/engine.ts';
import { float32Tensor, type StateDict } from '../weights/state-dict.ts';
import { TrainingError } from './errors.ts';

/** What one epoch came to. */
export interface EpochRecord {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly valLoss: number;
  readonly valAuc: number;
  readonly learningRate: number;
}

/** Everything that decides how training goes on, kept in the checkpoint beside the tensors. */
export interface FitState {
  /** Epochs and, within the one at hand, batches that are done; `step` counts updates from the start. */
  readonly epoch: number;
  readonly batch: number;
  readonly step: number;
  /** Sum of the losses of this epoch's batches. */
  readonly lossSum: number;
  readonly schedule: ScheduleState;
  readonly history: readonly EpochRecord[];
  readonly finished: boolean;
}

/** What happens while training, for a progress display. */
export interface FitEvents {
  readonly onBatch?: (progress: {
    readonly epoch: number;
    readonly batch: number;
    readonly batches: number;
    readonly loss: number;
  }) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
}

/** How a network is trained. */
export interface FitOptions {
  readonly engine: Engine;
  /**
   * A training step: inputs image, labels, the optimiser's scalars and random numbers; output the loss. With `apply`,
   * the graph that adds up the gradients of a micro-batch.
   */
  readonly step: LoweredGraph;
  /** Opens what runs a step, where that is more than one graph, such as a detector's two phases; `step` then says what it keeps. */
  readonly open?: () => Promise<Session>;
  /** Updates the parameters by the gradients of `microBatches` runs of `step` (see buildAccumulation). */
  readonly apply?: LoweredGraph;
  /** Parts that a batch is computed in, one after the other; 1 unless given. */
  readonly microBatches?: number;
  readonly optimiser: Optimiser;
  /** The update on the host, when the step gives gradients instead of updating parameters itself. */
  readonly hostStep?: HostStep;
  /** Advanced once an epoch with the figure that `scheduleFigure` picks. */
  readonly schedule: Schedule;
  readonly scheduleFigure: 'trainLoss' | 'valLoss' | 'valAuc';
  readonly seed: number;
  readonly epochs: number;
  /** Epochs without a smaller validation loss before training stops; or without a larger validation AUC, as `patienceFigure` says. */
  readonly patience: number;
  /** 'valLoss' unless given. */
  readonly patienceFigure?: 'valLoss' | 'valAuc';
  readonly batches: number;
  /** The inputs of a micro-batch, numbered from 0 in every epoch; must depend on the arguments alone. */
  readonly batchInputs: (epoch: number, microBatch: number) => Promise<ReadonlyMap<string, TensorData>>;
  /** Figures of the validation images with the weights at hand; where the loss is no number the AUC is not looked at. */
  readonly validate: () => Promise<{ readonly loss: number; readonly auc: number }>;
  /** Files of the last state and of the weights with the best validation AUC. */
  readonly lastPath: string;
  readonly bestPath: string;
  /** Names of the values that make the network: weights and running statistics. */
  readonly networkValues: readonly string[];
  readonly resume: boolean;
  readonly signal?: AbortSignal;
  readonly events?: FitEvents;
}

/** Shapes of all values that a step keeps: parameters, running statistics, optimiser state, sums of gradients. */
export function residentShapes({
  step,
  apply,
  optimiser,
  hostStep,
}: Pick<FitOptions, 'step' | 'apply' | 'optimiser' | 'hostStep'>): Map<string, readonly number[]> {
  const parameters = [...step.parameters, ...(apply?.parameters ?? [])];
  const shapes = new Map<string, readonly number[]>(parameters.map(({ name, shape }) => [name, shape]));
  if (hostStep)
    for (const [state, parameter] of hostStateNames(hostStep, optimiser))
      shapes.set(state, shapes.get(parameter) as readonly number[]);
  return shapes;
}

/** Of those what a checkpoint holds: sums of gradients are zero whenever a batch is done. */
function savedShapes(options: FitOptions): Map<string, readonly number[]> {
  return new Map([...residentShapes(options)].filter(([name]) => !name.startsWith(ACCUMULATOR_PREFIX)));
}

/**
 * Trains until the epochs are done or the validation loss, or AUC, has not improved for `patience` epochs. The state is saved
 * after every epoch, and on an abort after the batch at hand; with `resume` it goes on from there and, on a CPU, ends
 * with the same bytes as a run that was never stopped. TrainingError 'loss-not-finite', 'interrupted'.
 */
export async function fit(options: FitOptions): Promise<FitState> {
  const { engine, step, apply, hostStep, schedule, signal, events } = options;
  let state: FitState = {
    epoch: 0,
    batch: 0,
    step: 0,
    lossSum: 0,
    schedule: schedule.initial,
    history: [],
    finished: false,
  };
  if (options.resume) state = await restore(options);
  if (state.finished) return state;
  const parts = options.microBatches ?? 1;
  const sessions: Session[] = [];
  try {
    const session = await (options.open?.() ?? engine.load(step, apply ? undefined : hostStep));
    sessions.push(session);
    const applying = apply ? await engine.load(apply, hostStep) : null;
    if (applying) sessions.push(applying);
    while (!state.finished) {
      let next = inputsAhead(options, state.epoch, state.batch * parts);
      while (state.batch < options.batches) {
        const { epoch, batch } = state;
        const scalars = scalarsOf(options, state);
        let loss = 0;
        for (let part = 0; part < parts; part++) {
          const random = randomInputs(options, state.step * parts + part);
          const running = session.run(new Map([...(await next), ...scalars, ...random]));
          next = inputsAhead(options, epoch, batch * parts + part + 1); // prepared while the step runs
          loss += Number((await running).get(`out:${LOSS_OUTPUT}`)?.[0]) / parts;
          if (!Number.isFinite(loss))
            throw lossNotFinite(`the loss is ${loss} in epoch ${epoch + 1}, batch ${batch + 1}`, epoch);
        }
        await applying?.run(scalars);
        state = { ...state, batch: batch + 1, step: state.step + 1, lossSum: state.lossSum + loss };
        events?.onBatch?.({ epoch, batch, batches: options.batches, loss: state.lossSum / state.batch });
        if (signal?.aborted && state.batch < options.batches) {
          await save(options, state);
          throw new TrainingError(
            'interrupted',
            `interrupted in epoch ${epoch + 1}; the state is saved, go on with --resume`,
          );
        }
      }
      state = await endEpoch(options, state);
      events?.onEpoch?.(state.history.at(-1) as EpochRecord);
      if (signal?.aborted && !state.finished)
        throw new TrainingError(
          'interrupted',
          `interrupted after epoch ${state.epoch}; the state is saved, go on with --resume`,
        );
    }
  } finally {
    for (const session of sessions) await session.release().catch(() => undefined);
  }
  return state;
}

/** The inputs of a micro-batch. An image that cannot be read is reported when they are awaited, not while another runs. */
function inputsAhead(
  { batches, microBatches = 1, batchInputs }: FitOptions,
  epoch: number,
  microBatch: number,
): ReturnType<FitOptions['batchInputs']> {
  const inputs = microBatch < batches * microBatches ? batchInputs(epoch, microBatch) : Promise.resolve(new Map());
  inputs.catch(() => undefined);
  return inputs;
}

function lossNotFinite(what: string, epochsDone: number): TrainingError {
  const saved = epochsDone === 0 ? 'nothing is saved yet' : `epoch ${epochsDone} is saved`;
  return new TrainingError(
    'loss-not-finite',
    `${what}: use a smaller learning rate (--set learningRate=...), or check the images; ${saved}`,
  );
}

async function endEpoch(options: FitOptions, state: FitState): Promise<FitState> {
  const { engine, schedule, bestPath, networkValues } = options;
  const { loss, auc } = await options.validate();
  if (!Number.isFinite(loss))
    throw lossNotFinite(`the validation loss is ${loss} after epoch ${state.epoch + 1}`, state.epoch);
  const best = bestOf(state.history);
  const record: EpochRecord = {
    epoch: state.epoch + 1,
    trainLoss: state.lossSum / options.batches,
    valLoss: loss,
    valAuc: auc,
    learningRate: state.schedule.rates[0] as number,
  };
  const history = [...state.history, record];
  if (best === null || auc > best.valAuc || (auc === best.valAuc && loss < best.valLoss)) {
    await writeCheckpoint(bestPath, {
      tensors: await networkState(engine, networkValues),
      state: { epoch: record.epoch, valAuc: auc, valLoss: loss },
    });
  }
  const done: FitState = {
    epoch: state.epoch + 1,
    batch: 0,
    step: state.step,
    lossSum: 0,
    schedule: schedule.advance(state.schedule, record[options.scheduleFigure]),
    history,
    finished:
      state.epoch + 1 >= options.epochs ||
      epochsWithoutImprovement(history, options.patienceFigure) >= options.patience,
  };
  await save(options, done);
  return done;
}

/** The epoch whose weights are kept: the largest validation AUC, among equals the smaller loss, then the earlier one. */
export function bestOf(history: readonly EpochRecord[]): EpochRecord | null {
  return history.reduce<EpochRecord | null>((best, record) => {
    const better =
      best === null || record.valAuc > best.valAuc || (record.valAuc === best.valAuc && record.valLoss < best.valLoss);
    return better ? record : best;
  }, null);
}

/** Epochs since the validation loss was smallest, or the validation AUC largest. */
export function epochsWithoutImprovement(
  history: readonly EpochRecord[],
  figure: FitOptions['patienceFigure'] = 'valLoss',
): number {
  const costs = history.map(({ valLoss, valAuc }) => (figure === 'valLoss' ? valLoss : -valAuc));
  return costs.length - 1 - costs.indexOf(Math.min(...costs));
}

async function save(options: FitOptions, state: FitState): Promise<void> {
  const { engine, lastPath } = options;
  const tensors = await networkState(engine, [...savedShapes(options).keys()]);
  await writeCheckpoint(lastPath, { tensors, state: state as unknown as JsonValue });
}

async function restore(options: FitOptions): Promise<FitState> {
  const { engine, lastPath } = options;
  const { tensors, state } = await readCheckpoint(lastPath, savedShapes(options));
  await engine.put(
    new Map(
      [...tensors].map(([name, { shape, data }]) => [
        name,
        { dtype: 'float32' as const, shape, data: data as Float32Array },
      ]),
    ),
  );
  return state as unknown as FitState;
}

async function networkState(engine: Engine, names: readonly string[]): Promise<StateDict> {
  return new Map(
    [...(await engine.get(names))].map(([name, { shape, data }]) => [name, float32Tensor(shape, data as Float32Array)]),
  );
}

/** The optimiser's scalars of the step at hand. */
function scalarsOf({ optimiser }: FitOptions, state: FitState): Map<string, TensorData> {
  const scalars = Object.entries(optimiser.scalars(state.step + 1, state.schedule.rates));
  return new Map(scalars.map(([name, value]) => [name, Float32Array.of(value)]));
}

/** The random numbers that a run of the step asks for; runs are counted from the start. */
function randomInputs({ step, seed }: FitOptions, run: number): Map<string, TensorData> {
  const ports = step.inputs.filter(({ name }) => name.startsWith(RANDOM_INPUT_PREFIX));
  return new Map(
    ports.map(({ name, shape }) => {
      const stream = new RandomStream(seed, 'dropout', name, run);
      return [name, Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform())];
    }),
  );
}
