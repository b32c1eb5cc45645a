/** --weights network=file, as `train` and `reproduce` take it. */
import { basename, resolve } from 'node:path';
import { isNetworkName, type NetworkName, networks } from '@mammoscope/nn';
import { SystemError } from '@mammoscope/systems';
import { Option } from 'commander';
import { collect } from './options.ts';

export const weightsOption = () =>
  new Option(
    '--weights <network=file>',
    'start a network from a .safetensors, .pt or .onnx file (repeatable)',
  ).argParser(collect);

/** The network and its file, absolute. */
export function parseWeights(text: string): [NetworkName, string] {
  const at = text.indexOf('=');
  const network = text.slice(0, Math.max(at, 0));
  if (!isNetworkName(network))
    throw new SystemError(
      'option-invalid',
      `--weights ${text}: write it as network=file, with one of ${Object.keys(networks).join(', ')}`,
    );
  return [network, resolve(text.slice(at + 1))];
}

/** The option as words of a canonical command line: files without their folders. */
export const weightsWords = (weights: readonly string[] = []): string[] =>
  weights.map(parseWeights).flatMap(([network, file]) => ['--weights', `${network}=${basename(file)}`]);
