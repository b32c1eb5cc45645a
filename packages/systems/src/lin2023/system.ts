import type { System } from '../system.ts';
import { evaluateLin2023 } from './evaluate.ts';
import { metricsOf } from './metrics.ts';
import { predictLin2023 } from './predict.ts';
import { PRESETS, SYSTEM } from './recipe.ts';
import { reproduction } from './reproduction.ts';
import { summaryModels, writeResults } from './results.ts';
import { recipeWith, SETTING_KEYS } from './settings.ts';
import { trainLin2023 } from './train.ts';

/** Lin 2023 as the registry has it. */
export const lin2023: System = {
  name: SYSTEM.name,
  presets: Object.keys(PRESETS),
  settings: SETTING_KEYS,
  plan: (preset, settings) => {
    const recipe = recipeWith(preset, settings);
    return (request) => trainLin2023({ ...request, preset, recipe });
  },
  evaluate: async ({ out, ...request }) => {
    const evaluation = await evaluateLin2023(request);
    await writeResults(request.engine, request.run, evaluation, out);
    return {
      models: summaryModels(evaluation),
      rows: evaluation.films.map(({ film }) => film),
      dataset: evaluation.dataset,
      metrics: metricsOf(evaluation),
    };
  },
  predict: (request) => predictLin2023(request),
  reproduction,
};
