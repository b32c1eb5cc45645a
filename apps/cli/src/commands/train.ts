import { basename, resolve } from 'node:path';
import { readManifest } from '@mammoscope/imaging';
import { isNetworkName, type NetworkName, networks } from '@mammoscope/nn';
import type { Device } from '@mammoscope/runtime';
import { PRESETS, recipeWith, SystemError, trainKang2021 } from '@mammoscope/systems';
import { Argument, Command, Option } from 'commander';
import { collect, deviceOption, listOption, openEngine, threadsOption, wholeNumber } from '../options.ts';
import { trainingProgress } from '../progress.ts';

interface TrainFlags {
  readonly data: string;
  readonly out: string;
  readonly preset: string;
  readonly set: readonly string[];
  readonly classes?: readonly string[];
  readonly weights: readonly string[];
  readonly seed: number;
  readonly resume?: boolean;
  readonly device: Device | 'auto';
  readonly threads?: number;
}

/** `train <system> --data manifest.csv --out run` */
export function trainCommand(): Command {
  return new Command('train')
    .description('train a system on the images of a manifest and write a run folder')
    .addArgument(new Argument('<system>', 'the system').choices(['kang2021']))
    .requiredOption('--data <manifest>', 'manifest of the images (CSV)')
    .requiredOption('--out <folder>', 'folder of the run, to be made')
    .addOption(
      new Option('--preset <name>', 'set of values of the recipe').choices(Object.keys(PRESETS)).default('small'),
    )
    .option('--set <key=value>', 'change one value of the recipe (repeatable)', collect, [])
    .option('--classes <names>', 'classes, negative first, separated by commas', listOption)
    .option('--weights <network=file>', 'start a network from a .safetensors or .onnx file (repeatable)', collect, [])
    .option('--seed <n>', 'seed of every random choice', wholeNumber, 0)
    .option('--resume', 'go on with the run that the folder holds')
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      '\nExample:\n  ./mammoscope train kang2021 --data manifest.csv --classes normal,microcalcification --preset tiny --out run',
    )
    .action((system: string, flags: TrainFlags) => train(system, flags));
}

async function train(system: string, flags: TrainFlags): Promise<void> {
  const recipe = recipeWith(flags.preset, flags.set);
  const weights = new Map(flags.weights.map(parseWeights));
  const manifest = await readManifest(flags.data, flags.classes ? { classes: flags.classes } : {});
  const engine = await openEngine(flags.device, flags.threads);
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(130);
    process.stderr.write('\nstopping after this batch; press Ctrl-C again to leave at once\n');
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  try {
    await trainKang2021({
      engine,
      manifest,
      out: resolve(flags.out),
      preset: flags.preset,
      recipe,
      seed: flags.seed,
      command: canonicalCommand(system, flags),
      resume: flags.resume ?? false,
      weights,
      signal: stop.signal,
      events: trainingProgress(process.stderr),
    });
  } finally {
    process.off('SIGINT', interrupt);
    await engine.close();
  }
  process.stderr.write(`trained; now: ./mammoscope evaluate ${flags.out} --data ${flags.data}\n`);
}

function parseWeights(text: string): [NetworkName, string] {
  const at = text.indexOf('=');
  const network = text.slice(0, Math.max(at, 0));
  if (!isNetworkName(network))
    throw new SystemError(
      'option-invalid',
      `--weights ${text}: write it as network=file, with one of ${Object.keys(networks).join(', ')}`,
    );
  return [network, resolve(text.slice(at + 1))];
}

/** The command line with nothing in it that two equal runs would differ in: no folders, no --out, no --resume. */
function canonicalCommand(system: string, flags: TrainFlags): string {
  return [
    `mammoscope train ${system} --data ${basename(flags.data)}`,
    `--preset ${flags.preset}`,
    ...flags.set.map((setting) => `--set ${setting}`),
    ...(flags.classes ? [`--classes ${flags.classes.join(',')}`] : []),
    ...flags.weights.map((text) => `--weights ${text.slice(0, text.indexOf('=') + 1)}${basename(text)}`),
    `--seed ${flags.seed}`,
    `--device ${flags.device}`,
  ].join(' ');
}
