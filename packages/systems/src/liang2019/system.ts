import type { System } from '../system.ts';
import { evaluateLiang2019 } from './evaluate.ts';
import { featureFolder } from './feature-cache.ts';
import { predictLiang2019 } from './predict.ts';
import { PRESETS, SYSTEM } from './recipe.ts';
import { reproduction } from './reproduction.ts';
import { metricsOf, writeResults } from './results.ts';
import { recipeWith } from './settings.ts';
import { trainLiang2019 } from './train.ts';

/** Liang 2019 as the registry has it. */
export const liang2019: System = {
  name: SYSTEM.name,
  presets: Object.keys(PRESETS),
  settings: Object.keys(PRESETS.paper),
  plan: (preset, settings) => {
    const recipe = recipeWith(preset, settings);
    return (request) => trainLiang2019({ ...request, preset, recipe });
  },
  evaluate: async ({ out, ...request }) => {
    const cacheFolder = featureFolder();
    const evaluation = await evaluateLiang2019({ ...request, cacheFolder });
    await writeResults({ ...request, cacheFolder }, evaluation, out);
    return { ...evaluation, metrics: metricsOf(evaluation) };
  },
  predict: (request) => predictLiang2019(request),
  reproduction,
};
