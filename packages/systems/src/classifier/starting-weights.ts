/** What a network starts from: the weights of a file, or random ones. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { NetworkName } from '@mammoscope/nn';
import { initialise, loadWeights, readWeights } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';
import type { RunRecord } from '../run/run-record.ts';
import { type ClassifierSpec, declarationsOf } from './graphs.ts';

/** Weights files by network. */
export type WeightsFiles = ReadonlyMap<NetworkName, string>;

/**
 * Name and SHA-256 of each weights file, for run.json. SystemError 'option-invalid' for a network that the recipe does
 * not train, and for a file that cannot be read.
 */
export async function hashWeights(
  files: WeightsFiles,
  networks: readonly NetworkName[],
): Promise<RunRecord['weights']> {
  const hashes: [NetworkName, RunRecord['weights'][string]][] = [];
  for (const [network, path] of files) {
    if (!networks.includes(network))
      throw new SystemError(
        'option-invalid',
        `--weights ${network}=${path}: ${networks.length > 0 ? `the recipe trains ${networks.join(', ')}; name one of these, or add the network to the recipe by --set` : 'no network of the recipe starts from a file; leave it out'}`,
      );
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      throw new SystemError(
        'option-invalid',
        `--weights ${network}=${path}: ${error.code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${error.code})`}; correct the path`,
        { cause: error },
      );
    });
    hashes.push([network, { name: basename(path), sha256: createHash('sha256').update(bytes).digest('hex') }]);
  }
  return Object.fromEntries(hashes);
}

/** Weights and running statistics of a network by name, and in words what was taken from a file. */
export async function startingWeights(
  spec: ClassifierSpec,
  seed: number,
  file: string | undefined,
): Promise<{ readonly values: ReadonlyMap<string, Float32Array>; readonly note?: string }> {
  const declarations = declarationsOf(spec);
  if (file === undefined) return { values: initialise(declarations, seed) };
  const { values, report } = loadWeights(declarations, await readWeights(file, spec.network), { seed, file });
  const counts = Object.entries(report).flatMap(([what, names]) =>
    names.length > 0 ? [`${names.length} ${what}`] : [],
  );
  return { values, note: `weights of ${spec.network} from ${basename(file)}: ${counts.join(', ')}` };
}
