import { basename, resolve } from 'node:path';
import { readManifest } from '@mammoscope/imaging';
import { reproduce, reproductionOf, SystemError, systems } from '@mammoscope/systems';
import { Argument, Command, Option } from 'commander';
import { interruptible } from '../interruption.ts';
import {
  collect,
  commandLine,
  jsonOption,
  listOption,
  positiveNumber,
  print,
  threadsOption,
  wholeNumber,
} from '../options.ts';
import { partsProgress } from '../progress.ts';
import { parseWeights, weightsOption, weightsWords } from '../weights-option.ts';

interface ReproduceFlags {
  readonly data?: string;
  readonly classes?: readonly string[];
  readonly preset: string;
  readonly set?: readonly string[];
  readonly weights?: readonly string[];
  readonly seed: number;
  readonly seeds?: number;
  readonly folds?: number;
  readonly processes?: number;
  readonly threads?: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** Systems whose comparison is written down. */
const reproducible = () => Object.values(systems).filter(({ reproduction }) => reproduction !== undefined);

/** `reproduce <system>` */
export function reproduceCommand(): Command {
  return new Command('reproduce')
    .description(
      "run a paper's whole comparison, on your images or on a phantom made for it, and write its tables with the published figures beside yours; interrupted, the same command goes on",
    )
    .addArgument(new Argument('<system>', 'the system').choices(reproducible().map(({ name }) => name)))
    .option('--data <manifest>', 'manifest of your images (CSV); a phantom cohort is drawn unless given')
    .option('--classes <names>', 'classes of your images, negative first, separated by commas', listOption)
    .addOption(new Option('--preset <name>', 'set of values of the recipe').choices(presetNames()).default('tiny'))
    .option('--set <key=value>', 'change one value of the recipe (repeatable), see train --help', collect)
    .addOption(weightsOption())
    .option('--seed <n>', 'the first seed', wholeNumber, 0)
    .option('--seeds <n>', 'repetitions, each with a seed of its own (1 unless given)', positiveNumber)
    .option('--folds <k>', 'cross-validation of your images by patient instead', positiveNumber)
    .option('--processes <n>', 'networks trained at a time', positiveNumber)
    .addOption(threadsOption())
    .option('--out <folder>', 'folder of the comparison (reproduce-<system> unless given)')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope reproduce xiao2021 --preset tiny --out comparison')
    .action((system: string, flags: ReproduceFlags) => run(system, flags));
}

const presetNames = () => [...new Set(reproducible().flatMap(({ presets }) => presets))];

async function run(system: string, flags: ReproduceFlags): Promise<void> {
  reproductionOf(system);
  requireTogether(flags);
  const { data: path, classes, preset, seed, folds, processes, threads } = flags;
  const data = path === undefined ? undefined : await readManifest(path, classes ? { classes } : {});
  const out = resolve(flags.out ?? `reproduce-${system}`);
  const summary = await interruptible((signal) =>
    reproduce({
      ...{ system, preset, out, signal },
      settings: flags.set ?? [],
      seeds: Array.from({ length: flags.seeds ?? 1 }, (_, i) => seed + i),
      weights: (flags.weights ?? []).map(parseWeights),
      command: canonicalCommand(system, flags),
      onEvent: partsProgress(process.stderr),
      ...(data ? { data } : {}),
      ...(folds === undefined ? {} : { folds }),
      ...(processes === undefined ? {} : { processes }),
      ...(threads === undefined ? {} : { threads }),
    }),
  );
  print(flags.json, summary, `report: ${summary.report}\ntables: ${summary.tables}`);
}

/** What makes sense with the user's images only. */
function requireTogether({ data, classes, folds, seeds }: ReproduceFlags): void {
  const refuse = (sentence: string) => {
    throw new SystemError('option-invalid', sentence);
  };
  if (data === undefined && classes) refuse('--classes names those of your images: give them with --data');
  if (data === undefined && folds !== undefined)
    refuse('--folds deals your images, a phantom has women of its own for every seed: give --data, or --seeds instead');
  if (folds !== undefined && seeds !== undefined)
    refuse('--folds and --seeds are two ways to repeat: give one of them');
  if (folds === 1) refuse('--folds 1 leaves no patient to train on: give 2 or more');
}

/** As `train` has it. */
function canonicalCommand(system: string, flags: ReproduceFlags): string {
  return commandLine([
    ...['mammoscope', 'reproduce', system, '--preset', flags.preset],
    ...(flags.data === undefined ? [] : ['--data', basename(flags.data)]),
    ...(flags.classes ? ['--classes', flags.classes.join(',')] : []),
    ...(flags.set ?? []).flatMap((setting) => ['--set', setting]),
    ...weightsWords(flags.weights),
    ...['--seed', String(flags.seed)],
    ...(flags.seeds === undefined ? [] : ['--seeds', String(flags.seeds)]),
    ...(flags.folds === undefined ? [] : ['--folds', String(flags.folds)]),
  ]);
}
