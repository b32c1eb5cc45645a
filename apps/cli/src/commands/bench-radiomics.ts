import { runRadiomicsBench } from '@mammoscope/systems';
import type { Command } from 'commander';
import { print } from '../options.ts';
import { formatTable } from '../table.ts';
import { type BenchFlags, timedCommand } from './bench-options.ts';

/** `bench radiomics` */
export function benchRadiomicsCommand(): Command {
  return timedCommand('radiomics', 'every radiomic feature of a region of the size of Xiao 2021', 'runs').action(
    benchRadiomics,
  );
}

async function benchRadiomics({ steps, json }: BenchFlags): Promise<void> {
  const result = await runRadiomicsBench(steps);
  const { width, height, depth, features, firstSeconds, leastSeconds, medianSeconds, processorSeconds } = result;
  const seconds = [firstSeconds, leastSeconds, medianSeconds, processorSeconds].map((value) => value.toFixed(2));
  const head = ['region', 'features', 'first s', 'least s', 'median s', 'processor s'];
  print(json, result, formatTable(head, [[`${width} x ${height} x ${depth}`, `${features}`, ...seconds]]));
}
