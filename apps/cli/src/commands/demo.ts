import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readManifest } from '@mammoscope/imaging';
import type { Device } from '@mammoscope/runtime';
import { demoData, evaluateKang2021, metricsOf, recipeWith, trainKang2021, writeResults } from '@mammoscope/systems';
import { Command } from 'commander';
import { interruptible } from '../interruption.ts';
import { deviceOption, jsonOption, openEngine, print, threadsOption, wholeNumber } from '../options.ts';
import { trainingProgress } from '../progress.ts';
import { evaluationTable } from './evaluate.ts';

interface DemoFlags {
  readonly out?: string;
  readonly resume?: boolean;
  readonly seed: number;
  readonly device: Device | 'auto';
  readonly threads?: number;
  readonly json?: boolean;
}

/** `demo` */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'train a network on mammogram patches, measure it on unseen patients and write a report (about two minutes)',
    )
    .option('--out <folder>', 'folder of the run (a new temporary one unless given)')
    .option('--resume', 'go on with the run that --out holds')
    .option('--seed <n>', 'seed of every random choice', wholeNumber, 0)
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nTrains on real patches when MAMMOSCOPE_DATA names a folder that has them, else on patches that it draws.\n\nExample:\n  ./mammoscope demo',
    )
    .action(demo);
}

async function demo({ out, resume = false, seed, device, threads, json }: DemoFlags): Promise<void> {
  const started = performance.now();
  const folder = out ? resolve(out) : await mkdtemp(join(tmpdir(), 'mammoscope-demo-'));
  const run = join(folder, 'run');
  const data = await demoData(join(folder, 'data'), process.env.MAMMOSCOPE_DATA, seed);
  process.stderr.write(
    data.kind === 'real'
      ? `training on real patches: ${data.manifest}\n`
      : 'training on patches drawn for this demo (set MAMMOSCOPE_DATA to use real ones)\n',
  );
  process.stderr.write(`folder: ${folder}\n`);
  const manifest = await readManifest(data.manifest, { classes: data.classes });
  const engine = await openEngine(device, threads);
  try {
    await interruptible((signal) =>
      trainKang2021({
        engine,
        manifest,
        out: run,
        preset: 'tiny',
        recipe: recipeWith('tiny', []),
        seed,
        command: `mammoscope demo --seed ${seed} --device ${device}${threads ? ` --threads ${threads}` : ''}`,
        resume,
        weights: new Map(),
        signal,
        events: trainingProgress(process.stderr),
      }),
    );
    const evaluation = await evaluateKang2021({ engine, run, manifest, cutoffFrom: 'validation' });
    await writeResults(engine, run, evaluation, run);
    const report = join(run, 'report.html');
    print(json, { ...metricsOf(evaluation), report }, `${evaluationTable(evaluation)}\n\nreport: ${report}`);
    process.stderr.write(`done in ${((performance.now() - started) / 1000).toFixed(0)} s. Not a medical device.\n`);
  } finally {
    await engine.close();
  }
}
