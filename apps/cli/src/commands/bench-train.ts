import { runTrainCase, TRAIN_CASES } from '@mammoscope/systems';
import type { Command } from 'commander';
import { print } from '../options.ts';
import { formatTable } from '../table.ts';
import {
  type EngineBenchFlags,
  eachAlone,
  engineCommand,
  SPEED_COLUMNS,
  speedCells,
  threadsPart,
} from './bench-options.ts';

interface TrainBenchFlags extends EngineBenchFlags {
  readonly case?: string;
}

const CASES = Object.keys(TRAIN_CASES);

/** `bench train` */
export function benchTrainCommand(): Command {
  return engineCommand(
    'train',
    'whole training steps, as a share of the MatMul ceiling of the same process, and their memory',
    'steps of each case',
  )
    .option('--case <name>', `only one case: ${CASES.join(', ')}`)
    .action(benchTrain);
}

async function benchTrain(flags: TrainBenchFlags): Promise<void> {
  const results = await eachAlone(
    flags.case === undefined ? CASES : [flags.case],
    (name) => runTrainCase(name, flags.steps, threadsPart(flags).threads),
    { flags, parts: (name) => ['train', '--case', name] },
  );
  const lines = results.map((r) => [r.title, ...speedCells(r), r.imagesPerSecond.toFixed(1), r.stepMiB.toFixed(0)]);
  print(flags.json, results, formatTable(['training step', ...SPEED_COLUMNS, 'images/s', 'step MiB'], lines));
}
