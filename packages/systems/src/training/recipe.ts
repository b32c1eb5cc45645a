/** How the networks of any system are trained: the part of a recipe that all papers have in common. */
import * as z from 'zod';

/** Everything that decides how one network is trained, but for its data and its loss. */
export interface TrainingRecipe {
  /** Images of one update. */
  readonly batch: number;
  /** Equal parts that a batch is computed in, to save memory; their gradients are averaged. Batch statistics are a part's. */
  readonly accumulate: number;
  /** Compute each block again in the backward pass instead of keeping its inner values, to save memory. */
  readonly recompute: boolean;
  readonly epochs: number;
  /** Epochs without a smaller validation loss before training stops. */
  readonly patience: number;
  readonly learningRate: number;
  /** The rate rises linearly over these first epochs, being k / (warmUpEpochs + 1) of learningRate in the k-th. */
  readonly warmUpEpochs: number;
  /** How the rate goes on from there: 'cosine' falls to zero at the last epoch; for the others see the values below. */
  readonly schedule: 'constant' | 'plateau' | 'step' | 'cosine';
  /** 'plateau': epochs without improvement before the rate is reduced; 'step': epochs from one reduction to the next. */
  readonly scheduleEpochs: number;
  /** 'plateau' and 'step': what the rate is multiplied by. */
  readonly scheduleFactor: number;
  /** 'plateau': what has to fall by a ten-thousandth to count as improvement. */
  readonly scheduleFigure: 'trainLoss' | 'valLoss';
  /** L2 penalty, added to the gradient. */
  readonly weightDecay: number;
  /** Largest L2 norm of all gradients together; 0 for no limit. */
  readonly clipNorm: number;
}

/** What a paper that is silent on them gets: every batch at once, one learning rate, no clipping. */
export const PLAIN_TRAINING = {
  accumulate: 1,
  recompute: false,
  warmUpEpochs: 0,
  schedule: 'constant',
  scheduleEpochs: 10,
  scheduleFactor: 0.1,
  scheduleFigure: 'valLoss',
  clipNorm: 0,
} as const satisfies Partial<TrainingRecipe>;

const whole = z.number().int().positive();

/** The rule of each value on its own. */
export const trainingSchema: { readonly [K in keyof TrainingRecipe]: z.ZodType<TrainingRecipe[K]> } = {
  batch: whole,
  accumulate: whole,
  recompute: z.boolean(),
  epochs: whole,
  patience: whole,
  learningRate: z.number().positive(),
  warmUpEpochs: z.number().int().min(0),
  schedule: z.enum(['constant', 'plateau', 'step', 'cosine']),
  scheduleEpochs: whole,
  scheduleFactor: z.number().gt(0).lt(1),
  scheduleFigure: z.enum(['trainLoss', 'valLoss']),
  weightDecay: z.number().min(0),
  clipNorm: z.number().min(0),
};

/** The values that each schedule looks at. */
export const SCHEDULE_VALUES: Readonly<Record<TrainingRecipe['schedule'], readonly (keyof TrainingRecipe)[]>> = {
  constant: [],
  cosine: [],
  step: ['scheduleEpochs', 'scheduleFactor'],
  plateau: ['scheduleEpochs', 'scheduleFactor', 'scheduleFigure'],
};

/**
 * The first contradiction between values, as the rest of a sentence that begins with what was set; null where there is
 * none. `changed` are the values that the user set: one that the schedule does not look at is a mistake.
 */
export function trainingConflict(recipe: TrainingRecipe, changed: ReadonlySet<string>): string | null {
  const { batch, accumulate, epochs, warmUpEpochs, schedule } = recipe;
  if (batch % accumulate !== 0)
    return `a batch of ${batch} images cannot be split into ${accumulate} equal parts: let accumulate divide batch`;
  if (warmUpEpochs >= epochs)
    return `a warm-up of ${warmUpEpochs} epochs leaves none of ${epochs} for the full learning rate: let warmUpEpochs be less than epochs`;
  const idle = SCHEDULE_VALUES.plateau.find((key) => changed.has(key) && !SCHEDULE_VALUES[schedule].includes(key));
  if (idle === undefined) return null;
  const users = Object.entries(SCHEDULE_VALUES).flatMap(([name, keys]) => (keys.includes(idle) ? [name] : []));
  return `the schedule is ${schedule}, which has no ${idle}: set schedule=${users.join(' or schedule=')} too, or leave ${idle} out`;
}
