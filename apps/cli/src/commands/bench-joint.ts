import {
  backboneName,
  classifierName,
  FEATURE_BACKBONES,
  HEADS,
  runFeaturesCase,
  runHeadCase,
} from '@mammoscope/systems';
import type { Command } from 'commander';
import { listOption, positiveNumber, print, wholeNumber } from '../options.ts';
import { formatTable } from '../table.ts';
import {
  type EngineBenchFlags,
  eachAlone,
  engineCommand,
  SPEED_COLUMNS,
  speedCells,
  threadsPart,
} from './bench-options.ts';

interface FeaturesBenchFlags extends EngineBenchFlags {
  readonly model: readonly string[];
  readonly size: number;
}

interface HeadsBenchFlags extends EngineBenchFlags {
  readonly case?: string;
  readonly model: string;
  readonly size: number;
  readonly grid: number;
}

/** `bench features` */
export function benchFeaturesCommand(): Command {
  return engineCommand(
    'features',
    'frozen backbones of Liang 2019 on single images, as a share of the MatMul ceiling',
    'images',
  )
    .option('--model <names>', 'backbones, separated by commas', listOption, [...FEATURE_BACKBONES])
    .option('--size <px>', 'side of the image', positiveNumber, 832)
    .action(benchFeatures);
}

/** `bench heads` */
export function benchHeadsCommand(): Command {
  return engineCommand('heads', 'training steps of the classifiers of Liang 2019 on kept features', 'steps of each')
    .option('--case <name>', `only one classifier: ${HEADS.join(', ')}`)
    .option('--model <name>', 'the backbone whose features they are', FEATURE_BACKBONES[0])
    .option('--size <px>', 'side of the image', positiveNumber, 832)
    .option(
      '--grid <px>',
      'cells a side that maps are averaged to before FC1; 0, as in the paper, for none',
      wholeNumber,
      6,
    )
    .action(benchHeads);
}

async function benchFeatures(flags: FeaturesBenchFlags): Promise<void> {
  const { model, size: sizePx, steps } = flags;
  const results = await eachAlone(
    model.map(backboneName),
    (name) => runFeaturesCase(name, { sizePx, runs: steps, ...threadsPart(flags) }),
    { flags, parts: (name) => ['features', '--model', name, '--size', `${sizePx}`] },
  );
  const lines = results.map((r) => [`${r.backbone}, ${r.sizePx} px, to ${r.map.join(' x ')}`, ...speedCells(r)]);
  print(flags.json, results, formatTable(['features', ...SPEED_COLUMNS], lines));
}

async function benchHeads(flags: HeadsBenchFlags): Promise<void> {
  const { case: name, model, size: sizePx, grid: gridPx, steps } = flags;
  const options = { backbone: backboneName(model), gridPx, sizePx, runs: steps, ...threadsPart(flags) };
  const part = ['--model', model, '--size', `${sizePx}`, '--grid', `${gridPx}`];
  const results = await eachAlone(
    name === undefined ? HEADS : [classifierName(name)],
    (each) => runHeadCase(each, options),
    { flags, parts: (each) => ['heads', '--case', each, ...part] },
  );
  const lines = results.map((r) => [
    `${r.classifier}, ${r.backbone} at ${r.sizePx} px, ${(r.weights / 1e6).toFixed(1)} M weights`,
    ...speedCells(r),
    (r.trainingSeconds / 60).toFixed(1),
  ]);
  print(
    flags.json,
    results,
    formatTable(['step of 32 pairs', ...SPEED_COLUMNS, 'minutes for 300 pairs, 100 epochs'], lines),
  );
}
