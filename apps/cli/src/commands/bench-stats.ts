import { runStatsBench } from '@mammoscope/systems';
import type { Command } from 'commander';
import { print } from '../options.ts';
import { formatTable } from '../table.ts';
import { type BenchFlags, timedCommand } from './bench-options.ts';

/** `bench stats` */
export function benchStatsCommand(): Command {
  return timedCommand('stats', 'the statistics of a large study', 'runs of each').action(benchStats);
}

function benchStats({ steps, json }: BenchFlags): void {
  const results = runStatsBench(steps);
  const lines = results.map((r) => [r.title, r.leastSeconds.toFixed(2), r.medianSeconds.toFixed(2)]);
  print(json, results, formatTable(['statistic', 'least s', 'median s'], lines));
}
