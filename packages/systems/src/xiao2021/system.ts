import type { System } from '../system.ts';
import { evaluateXiao2021 } from './evaluate.ts';
import { predictXiao2021 } from './predict.ts';
import { PRESETS, SYSTEM } from './recipe.ts';
import { reproduction } from './reproduction.ts';
import { metricsOf, writeResults } from './results.ts';
import { recipeWith } from './settings.ts';
import { trainXiao2021 } from './train.ts';

/** Xiao 2021 as the registry has it. */
export const xiao2021: System = {
  name: SYSTEM.name,
  presets: Object.keys(PRESETS),
  settings: Object.keys(PRESETS.paper),
  plan: (preset, settings) => {
    const recipe = recipeWith(preset, settings);
    return (request) => trainXiao2021({ ...request, preset, recipe });
  },
  evaluate: async ({ out, ...request }) => {
    const evaluation = await evaluateXiao2021(request);
    await writeResults(request.run, evaluation, out);
    return { ...evaluation, models: evaluation.lesion.models, metrics: metricsOf(evaluation) };
  },
  predict: predictXiao2021,
  reproduction,
};
