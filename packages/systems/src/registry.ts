import { SystemError } from './errors.ts';
import { kang2021 } from './kang2021/system.ts';
import { liang2019 } from './liang2019/system.ts';
import { lin2023 } from './lin2023/system.ts';
import { park2022 } from './park2022/system.ts';
import type { Reproduction } from './reproduce/reproduction.ts';
import type { RunRecord } from './run/run-record.ts';
import type { System } from './system.ts';
import { xiao2021 } from './xiao2021/system.ts';

/** Every system by its name, which run.json holds and the command line takes. */
export const systems: Readonly<Record<string, System>> = { kang2021, xiao2021, liang2019, lin2023, park2022 };

/** The system that a run is of; SystemError 'run-missing' where this version does not have it. */
export function systemOf({ system }: Pick<RunRecord, 'system'>): System {
  const found = Object.hasOwn(systems, system) ? systems[system] : undefined;
  if (found) return found;
  throw new SystemError(
    'run-missing',
    `run.json is of the system "${system}", this version has ${Object.keys(systems).join(', ')}: use the version that trained it`,
  );
}

/** SystemError 'option-invalid' for a system whose comparison this version does not have. */
export function reproductionOf(system: string): Reproduction {
  const { reproduction } = systemOf({ system });
  if (reproduction) return reproduction;
  throw new SystemError(
    'option-invalid',
    `${system} has no comparison that can be reproduced yet: use train and evaluate`,
  );
}
