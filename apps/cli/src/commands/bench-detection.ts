import { DETECTION_CASES, detectionCase, runDetectionCase } from '@mammoscope/systems';
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

interface DetectionBenchFlags extends EngineBenchFlags {
  readonly case?: string;
  readonly size: number;
}

/** `bench detection` */
export function benchDetectionCommand(): Command {
  return engineCommand(
    'detection',
    'the detector of boxes on a film: a training step and inference, as a share of the MatMul ceiling',
    'steps, or films',
  )
    .option('--case <name>', `only one case: ${DETECTION_CASES.join(', ')}`)
    .option('--size <px>', 'height of the film', positiveNumber, 1024)
    .action(benchDetection);
}

async function benchDetection(flags: DetectionBenchFlags): Promise<void> {
  const { case: name, size: heightPx, steps } = flags;
  const results = await eachAlone(
    name === undefined ? DETECTION_CASES : [detectionCase(name)],
    (each) => runDetectionCase(each, { heightPx, runs: steps, ...threadsPart(flags) }),
    { flags, parts: (each) => ['detection', '--case', each, '--size', `${heightPx}`] },
  );
  const lines = results.map((r) => [r.title, ...speedCells(r)]);
  print(flags.json, results, formatTable(['detector', ...SPEED_COLUMNS], lines));
}
