import { GMIC_CASES, gmicCase, runGmicCase } from '@mammoscope/systems';
import type { Command } from 'commander';
import { positiveNumber, print } from '../options.ts';
import { formatTable } from '../table.ts';
import {
  type EngineBenchFlags,
  eachAlone,
  engineCommand,
  SPEED_COLUMNS,
  speedCells,
  threadsPart,
} from './bench-options.ts';

interface GmicBenchFlags extends EngineBenchFlags {
  readonly case?: string;
  readonly size: number;
}

/** `bench gmic` */
export function benchGmicCommand(): Command {
  return engineCommand(
    'gmic',
    'a slice through the global network of 3D-GMIC and back, as a share of the MatMul ceiling; multiply-adds of a volume',
    'slices',
  )
    .option('--case <name>', `only one case: ${GMIC_CASES.join(', ')}`)
    .option('--size <px>', 'height of the slice', positiveNumber, 2116)
    .action(benchGmic);
}

async function benchGmic(flags: GmicBenchFlags): Promise<void> {
  const { case: name, size: heightPx, steps } = flags;
  const results = await eachAlone(
    name === undefined ? GMIC_CASES : [gmicCase(name)],
    (each) => runGmicCase(each, { heightPx, runs: steps, ...threadsPart(flags) }),
    { flags, parts: (each) => ['gmic', '--case', each, '--size', `${heightPx}`] },
  );
  const lines = results.map((r) => [r.title, ...speedCells(r), r.volumeGmacs.toFixed(0)]);
  print(flags.json, results, formatTable(['slice of 3D-GMIC', ...SPEED_COLUMNS, 'GMACs of a volume'], lines));
}
