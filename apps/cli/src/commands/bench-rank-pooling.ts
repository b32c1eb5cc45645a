import { runRankPoolingCase } from '@mammoscope/systems';
import type { Command } from 'commander';
import { positiveNumber, print } from '../options.ts';
import { formatTable } from '../table.ts';
import { type EngineBenchFlags, engineCommand, threadsPart } from './bench-options.ts';

interface RankPoolingBenchFlags extends EngineBenchFlags {
  readonly size: number;
  readonly slices: number;
}

/** `bench rank-pooling` */
export function benchRankPoolingCommand(): Command {
  return engineCommand('rank-pooling', 'exact rank pooling of a volume in memory, and its memory', 'runs')
    .option('--size <px>', 'side of a slice', positiveNumber, 1024)
    .option('--slices <n>', 'slices of the volume', positiveNumber, 82)
    .action(benchRankPooling);
}

async function benchRankPooling(flags: RankPoolingBenchFlags): Promise<void> {
  const { size: sizePx, slices, steps, json } = flags;
  const result = await runRankPoolingCase({ sizePx, slices, runs: steps, ...threadsPart(flags) });
  const times = [result.leastMs, result.medianMs, result.approximateMs].map((ms) => ms.toFixed(0));
  const solved = [result.objective.toPrecision(6), result.dualityGap.toPrecision(2)];
  const memory = [result.volumeMiB, result.peakMiB, result.addedMiB].map((mib) => mib.toFixed(0));
  const head = [
    ...['volume', 'least ms', 'median ms', 'approximate ms', 'objective', 'duality gap'],
    ...['volume MiB', 'peak MiB', 'added MiB'],
  ];
  print(json, [result], formatTable(head, [[`${sizePx} x ${sizePx} x ${slices}`, ...times, ...solved, ...memory]]));
}
