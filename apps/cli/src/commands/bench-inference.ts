import { INFERENCE_MODELS, inferenceModel, runInferenceCase } from '@mammoscope/systems';
import type { Command } from 'commander';
import { listOption, positiveNumber, print } from '../options.ts';
import { formatTable } from '../table.ts';
import {
  type EngineBenchFlags,
  eachAlone,
  engineCommand,
  SPEED_COLUMNS,
  speedCells,
  threadsPart,
} from './bench-options.ts';

interface InferenceBenchFlags extends EngineBenchFlags {
  readonly model: readonly string[];
  readonly size: number;
}

/** `bench inference` */
export function benchInferenceCommand(): Command {
  return engineCommand(
    'inference',
    'exported networks on single images, as a share of the MatMul ceiling of the same process',
    'a tenth of the images',
  )
    .option('--model <names>', 'networks, separated by commas', listOption, [...INFERENCE_MODELS])
    .option('--size <px>', 'side of the image', positiveNumber, 224)
    .action(benchInference);
}

async function benchInference(flags: InferenceBenchFlags): Promise<void> {
  const { model, size: sizePx, steps } = flags;
  const results = await eachAlone(
    model.map(inferenceModel),
    (name) => runInferenceCase(name, { sizePx, runs: 10 * steps, ...threadsPart(flags) }),
    { flags, parts: (name) => ['inference', '--model', name, '--size', `${sizePx}`] },
  );
  const lines = results.map((r) => [`${r.model}, 1 x 3 x ${r.sizePx} x ${r.sizePx}`, ...speedCells(r, 1)]);
  print(flags.json, results, formatTable(['exported network', ...SPEED_COLUMNS], lines));
}
