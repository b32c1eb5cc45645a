import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { readManifest } from '@mammoscope/imaging';
import type { Device } from '@mammoscope/runtime';
import {
  type RunRecord,
  SystemError,
  systemOf,
  systems,
  type TrainRequest,
  trainInProcesses,
  trainingSummary,
} from '@mammoscope/systems';
import { Argument, Command, Option } from 'commander';
import { interruptible } from '../interruption.ts';
import {
  collect,
  commandLine,
  deviceOption,
  jsonOption,
  listOption,
  openEngine,
  positiveNumber,
  print,
  quoted,
  threadsOption,
  wholeNumber,
} from '../options.ts';
import { partsProgress, trainingProgress } from '../progress.ts';
import { parseWeights, weightsOption, weightsWords } from '../weights-option.ts';

interface TrainFlags {
  readonly data: string;
  readonly out: string;
  readonly preset: string;
  readonly set?: readonly string[];
  readonly classes?: readonly string[];
  readonly weights?: readonly string[];
  readonly seed: number;
  readonly resume?: boolean;
  readonly device: Device | 'auto';
  readonly threads?: number;
  readonly processes?: number;
  readonly json?: boolean;
}

/** `train <system> --data manifest.csv --out run` */
export function trainCommand(): Command {
  return new Command('train')
    .description('train a system on the images of a manifest and write a run folder')
    .addArgument(new Argument('<system>', 'the system').choices(Object.keys(systems)))
    .requiredOption('--data <manifest>', 'manifest of the images (CSV)')
    .requiredOption('--out <folder>', 'folder of the run, to be made')
    .addOption(new Option('--preset <name>', 'set of values of the recipe').choices(presetNames()).default('small'))
    .option('--set <key=value>', 'change one value of the recipe (repeatable); the keys are below', collect)
    .option('--classes <names>', 'classes, negative first, separated by commas', listOption)
    .addOption(weightsOption())
    .option('--seed <n>', 'seed of every random choice', wholeNumber, 0)
    .option('--resume', 'go on with the run that the folder holds')
    .addOption(deviceOption())
    .addOption(threadsOption())
    .option(
      '--processes <n>',
      'networks trained at a time, each in a process of its own (1 unless given)',
      positiveNumber,
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\n${settingsHelp()}\n\nExample:\n  ./mammoscope train kang2021 --data manifest.csv --classes normal,microcalcification --preset tiny --out run`,
    )
    .action((system: string, flags: TrainFlags) => train(system, flags));
}

/** The presets that one system or another has. */
const presetNames = () => [...new Set(Object.values(systems).flatMap(({ presets }) => presets))];

const settingsHelp = () =>
  Object.values(systems)
    .map(({ name, settings }) => `Keys of --set: ${settings.join(', ')} (${name}).`)
    .join('\n');

async function train(system: string, flags: TrainFlags): Promise<void> {
  const planned = systemOf({ system }).plan(flags.preset, flags.set ?? []);
  const out = resolve(flags.out);
  const record = await interruptible((signal) =>
    (flags.processes ?? 1) > 1
      ? trainByProcesses(system, flags, { out, signal })
      : trainHere(planned, system, flags, { out, signal }),
  );
  if (flags.json) print(true, { run: out, ...(await trainingSummary(out, record)) }, '');
  process.stderr.write(`trained; now: ./mammoscope evaluate ${quoted(flags.out)} --data ${quoted(flags.data)}\n`);
}

/** Where a run goes, and how it is stopped. */
interface Place {
  readonly out: string;
  readonly signal: AbortSignal;
}

async function trainHere(
  planned: (request: TrainRequest) => Promise<RunRecord>,
  system: string,
  flags: TrainFlags,
  { out, signal }: Place,
): Promise<RunRecord> {
  const manifest = await readManifest(flags.data, flags.classes ? { classes: flags.classes } : {});
  const engine = await openEngine(flags.device, flags.threads);
  try {
    return await planned({
      ...{ engine, manifest, out, signal },
      seed: flags.seed,
      command: canonicalCommand(system, flags),
      resume: flags.resume ?? false,
      weights: new Map(flags.weights?.map(parseWeights)),
      events: trainingProgress(process.stderr),
    });
  } finally {
    await engine.close();
  }
}

/** The cores are divided among the processes unless threads are given. */
async function trainByProcesses(system: string, flags: TrainFlags, { out, signal }: Place): Promise<RunRecord> {
  const { preset, seed, data, classes, processes = 1, resume = false } = flags;
  if (flags.device !== 'cpu')
    throw new SystemError(
      'option-invalid',
      `--processes ${processes} share the cores: leave out --device ${flags.device}`,
    );
  const manifest = await readManifest(data, classes ? { classes } : {});
  return trainInProcesses(
    {
      ...{ system, preset, seed, out, manifest: manifest.path, classes: manifest.classes },
      settings: flags.set ?? [],
      weights: (flags.weights ?? []).map(parseWeights),
      threads: flags.threads ?? Math.max(1, Math.floor(availableParallelism() / processes)),
      command: canonicalCommand(system, flags),
    },
    { processes, resume, signal, onEvent: partsProgress(process.stderr) },
  );
}

/** The command line with nothing in it that two equal runs would differ in: no folders, no --out, no --resume. */
function canonicalCommand(system: string, flags: TrainFlags): string {
  const words = [
    ...['mammoscope', 'train', system, '--data', basename(flags.data), '--preset', flags.preset],
    ...(flags.set ?? []).flatMap((setting) => ['--set', setting]),
    ...(flags.classes ? ['--classes', flags.classes.join(',')] : []),
    ...weightsWords(flags.weights),
    ...['--seed', String(flags.seed), '--device', flags.device],
    ...(flags.threads ? ['--threads', String(flags.threads)] : []),
  ];
  return commandLine(words);
}
