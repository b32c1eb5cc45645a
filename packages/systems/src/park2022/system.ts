import type { System } from '../system.ts';
import { evaluatePark2022 } from './evaluate.ts';
import { predictPark2022 } from './predict.ts';
import { PRESETS, SYSTEM } from './recipe.ts';
import { reproduction } from './reproduction.ts';
import { recipeWith } from './settings.ts';
import { recordFailure, trainPark2022 } from './train.ts';
import { isTrial } from './trials.ts';

/** Park 2022 as the registry has it. */
export const park2022: System = {
  name: SYSTEM.name,
  presets: Object.keys(PRESETS),
  settings: Object.keys(PRESETS.paper),
  plan: (preset, settings) => {
    const recipe = recipeWith(preset, settings);
    return (request) => trainPark2022({ ...request, preset, recipe });
  },
  evaluate: evaluatePark2022,
  predict: predictPark2022,
  reproduction,
  recordFailure: async (run, member, reason) => {
    if (!isTrial(member)) return false;
    await recordFailure(run, member, reason);
    return true;
  },
};
