import type { System } from '../system.ts';
import { evaluateKang2021 } from './evaluate.ts';
import { metricsOf } from './metrics.ts';
import { predictKang2021 } from './predict.ts';
import { PRESETS, SYSTEM } from './recipe.ts';
import { reproduction } from './reproduction.ts';
import { writeResults } from './results.ts';
import { recipeWith } from './settings.ts';
import { trainKang2021 } from './train.ts';

/** Kang 2021 as the registry has it. */
export const kang2021: System = {
  name: SYSTEM.name,
  presets: Object.keys(PRESETS),
  settings: Object.keys(PRESETS.paper),
  plan: (preset, settings) => {
    const recipe = recipeWith(preset, settings);
    return (request) => trainKang2021({ ...request, preset, recipe });
  },
  evaluate: async ({ out, ...request }) => {
    const evaluation = await evaluateKang2021(request);
    await writeResults(request.engine, request.run, evaluation, out);
    return { ...evaluation, metrics: metricsOf(evaluation) };
  },
  explains: true,
  predict: ({ engine, run, files, out, onProgress }) => predictKang2021(engine, run, files, out, onProgress),
  reproduction,
};
