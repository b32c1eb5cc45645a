import { type ClassifierName, classifiers, isClassifierName, isNetworkName } from '@mammoscope/nn';
import type { Device } from '@mammoscope/runtime';
import { SystemError } from '@mammoscope/systems';
import { Command, Option } from 'commander';
import { describeNetwork } from '../network-summary.ts';
import { deviceOption, inputOption, jsonOption, openEngine, positiveNumber, print, wholeNumber } from '../options.ts';
import { formatTable } from '../table.ts';

/** Inputs where none are asked for, by what a network takes. */
const SHOWN = { images: [1, 3, 224, 224], volumes: [1, 3, 16, 112, 112] } as const;
const PROBED = { images: [4, 3, 96, 96], volumes: [2, 3, 8, 56, 56] } as const;
const inputOf = (name: ClassifierName, shapes: typeof SHOWN | typeof PROBED): readonly number[] =>
  isNetworkName(name) ? shapes.images : shapes.volumes;

/** `model list`, `model show`, `model probe`. */
export function modelCommand(): Command {
  const model = new Command('model')
    .description('list networks, show their size, compare them with other builds')
    .addHelpText('after', '\nExample:\n  ./mammoscope model list');
  model
    .command('list')
    .description('names, parameters and multiply-adds of all networks')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope model list')
    .action(({ json }: { json?: boolean }) => list(json));
  model
    .command('show')
    .description('parameters, multiply-adds and activation memory of a network')
    .argument('<model>', 'name of a network')
    .addOption(inputOption(SHOWN.images, SHOWN.volumes))
    .option('--outputs <n>', 'classes', positiveNumber, 2)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope model show resnet34 --input 1x3x224x224')
    .action((name: string, flags: { input?: number[]; outputs: number; json?: boolean }) =>
      show(networkName(name), flags),
    );
  model
    .command('probe')
    .description("a network's fingerprint: what it computes from weights and images that are functions of their names")
    .argument('<model>', 'name of a network')
    .addOption(inputOption(PROBED.images, PROBED.volumes))
    .option('--seed <n>', 'seed of the images', wholeNumber, 1)
    .option('--salt <text>', 'salt of the weights', '')
    .addOption(deviceOption())
    .addOption(new Option('--json', 'print JSON on stdout, as it does anyway'))
    .addHelpText('after', "\nExample:\n  ./mammoscope model probe resnet18 --input 4x3x96x96 --seed 1 --salt ''")
    .action((name: string, flags: { input?: number[]; seed: number; salt: string; device: Device | 'auto' }) =>
      probe(networkName(name), flags),
    );
  return model;
}

function networkName(name: string): ClassifierName {
  if (!isClassifierName(name))
    throw new SystemError(
      'option-invalid',
      `there is no network "${name}": use ${Object.keys(classifiers).join(', ')}`,
    );
  return name;
}

function list(json: boolean | undefined): void {
  const names = Object.keys(classifiers) as ClassifierName[];
  const summaries = names.map((name) => describeNetwork(name, inputOf(name, SHOWN), 1000));
  const table = (kind: keyof typeof SHOWN, size: string) => {
    const lines = summaries
      .filter(({ input }) => input === SHOWN[kind])
      .map(({ model, parameters, macs }) => [model, parameters.toLocaleString('en'), (macs / 1e9).toFixed(2)]);
    return formatTable([`model of ${kind}`, 'parameters', `GMACs at ${size}`], lines);
  };
  print(json, summaries, [table('images', '224 px'), table('volumes', '16 slices of 112 px')].join('\n\n'));
}

function show(
  name: ClassifierName,
  {
    input = inputOf(name, SHOWN),
    outputs,
    json,
  }: { readonly input?: readonly number[]; readonly outputs: number; readonly json?: boolean },
): void {
  const summary = describeNetwork(name, input, outputs);
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const stages = summary.stages.map((stage) => [
    stage.name,
    stage.shape.join(' x '),
    stage.parameters.toLocaleString('en'),
    (stage.macs / 1e6).toFixed(1),
    mebibytes(stage.inferenceBytes),
    mebibytes(stage.trainingBytes),
  ]);
  const text = [
    `${summary.model}, input ${input.join(' x ')}: ${summary.parameters.toLocaleString('en')} parameters, ${(summary.macs / 1e9).toFixed(3)} GMACs`,
    `activations: ${mebibytes(summary.inferenceBytes)} at the widest point of inference, ${mebibytes(summary.trainingBytes)} kept for training`,
    formatTable(['stage', 'output', 'parameters', 'MMACs', 'alive in inference', 'kept for training'], stages),
  ].join('\n');
  print(json, summary, text);
}

async function probe(
  name: ClassifierName,
  {
    input = inputOf(name, PROBED),
    seed,
    salt,
    device,
  }: {
    readonly input?: readonly number[];
    readonly seed: number;
    readonly salt: string;
    readonly device: Device | 'auto';
  },
): Promise<void> {
  const { probeNetwork } = await import('@mammoscope/runtime');
  const engine = await openEngine(device);
  try {
    process.stdout.write(
      `${JSON.stringify(await probeNetwork(name, { shape: input, seed, salt, target: engine.target }), null, 1)}\n`,
    );
  } finally {
    await engine.close();
  }
}
