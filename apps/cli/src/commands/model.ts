import { isNetworkName, type NetworkName, networks } from '@mammoscope/nn';
import type { Device } from '@mammoscope/runtime';
import { SystemError } from '@mammoscope/systems';
import { Command } from 'commander';
import { describeNetwork } from '../network-summary.ts';
import { deviceOption, jsonOption, openEngine, positiveNumber, print, shapeOption, wholeNumber } from '../options.ts';
import { formatTable } from '../table.ts';

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
    .option('--input <shape>', 'images, as NxCxHxW', shapeOption, [1, 3, 224, 224])
    .option('--outputs <n>', 'classes', positiveNumber, 2)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope model show resnet34 --input 1x3x224x224')
    .action((name: string, flags: { input: number[]; outputs: number; json?: boolean }) =>
      show(networkName(name), flags),
    );
  model
    .command('probe')
    .description("a network's fingerprint: what it computes from weights and images that are functions of their names")
    .argument('<model>', 'name of a network')
    .option('--input <shape>', 'images, as NxCxHxW', shapeOption, [4, 3, 96, 96])
    .option('--seed <n>', 'seed of the images', wholeNumber, 1)
    .option('--salt <text>', 'salt of the weights', '')
    .addOption(deviceOption())
    .addHelpText('after', "\nExample:\n  ./mammoscope model probe resnet18 --input 4x3x96x96 --seed 1 --salt ''")
    .action((name: string, flags: { input: number[]; seed: number; salt: string; device: Device | 'auto' }) =>
      probe(networkName(name), flags),
    );
  return model;
}

function networkName(name: string): NetworkName {
  if (!isNetworkName(name))
    throw new SystemError('option-invalid', `there is no network "${name}": use ${Object.keys(networks).join(', ')}`);
  return name;
}

function list(json: boolean | undefined): void {
  const summaries = (Object.keys(networks) as NetworkName[]).map((name) =>
    describeNetwork(name, [1, 3, 224, 224], 1000),
  );
  const lines = summaries.map(({ model, parameters, macs }) => [
    model,
    parameters.toLocaleString('en'),
    (macs / 1e9).toFixed(2),
  ]);
  print(json, summaries, formatTable(['model', 'parameters', 'GMACs at 224 px'], lines));
}

function show(
  name: NetworkName,
  { input, outputs, json }: { readonly input: readonly number[]; readonly outputs: number; readonly json?: boolean },
): void {
  const summary = describeNetwork(name, input, outputs);
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const stages = summary.stages.map((stage) => [
    stage.name,
    stage.shape.join(' x '),
    stage.parameters.toLocaleString('en'),
    (stage.macs / 1e6).toFixed(1),
    mebibytes(stage.activationBytes),
  ]);
  const text = [
    `${summary.model}, input ${input.join(' x ')}: ${summary.parameters.toLocaleString('en')} parameters, ${(summary.macs / 1e9).toFixed(3)} GMACs`,
    `activations: ${mebibytes(summary.inferenceBytes)} at the widest point of inference, ${mebibytes(summary.trainingBytes)} kept for training`,
    formatTable(['stage', 'output', 'parameters', 'MMACs', 'activations'], stages),
  ].join('\n');
  print(json, summary, text);
}

async function probe(
  name: NetworkName,
  {
    input,
    seed,
    salt,
    device,
  }: {
    readonly input: readonly number[];
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
