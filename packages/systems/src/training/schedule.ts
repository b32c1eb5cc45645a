import {
  constantSchedule,
  cosineSchedule,
  plateauSchedule,
  type Schedule,
  type ScheduleState,
  stepSchedule,
  warmUp,
} from '@mammoscope/nn';
import type { TrainingRecipe } from './recipe.ts';

/** The learning rate of a recipe, a tick an epoch. */
export function scheduleOf(recipe: TrainingRecipe): Schedule {
  const { warmUpEpochs } = recipe;
  const after = scheduleAfterWarmUp(recipe);
  return warmUpEpochs === 0 ? after : plain(warmUp(after, { length: warmUpEpochs, start: 1 / (warmUpEpochs + 1) }));
}

function scheduleAfterWarmUp({
  learningRate,
  epochs,
  warmUpEpochs,
  schedule,
  scheduleEpochs,
  scheduleFactor,
}: TrainingRecipe): Schedule {
  const rates = [learningRate];
  switch (schedule) {
    case 'constant':
      return constantSchedule(rates);
    case 'cosine':
      return cosineSchedule(rates, { length: epochs - warmUpEpochs });
    case 'step':
      return stepSchedule(rates, { size: scheduleEpochs, gamma: scheduleFactor });
    case 'plateau': // PyTorch lets `patience` epochs pass and reduces after the next
      return plain(plateauSchedule(rates, { patience: scheduleEpochs - 1, factor: scheduleFactor }));
  }
}

/** A schedule whose state the caller only keeps and hands back: what it gets is what it gave. */
function plain<S extends ScheduleState>({ initial, advance }: Schedule<S>): Schedule {
  return { initial, advance: (state, figure) => advance(state as S, figure) };
}
