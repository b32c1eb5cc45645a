import { type ClassifierName, classifiers, type Declaration, Graph, Scope, volumeNetworks } from '@mammoscope/nn';
import { WeightsError } from './errors.ts';
import { firstConvolution, type LoadReport, lastModule, loadWeights } from './load-weights.ts';
import { readWeights } from './read-weights.ts';
import { float32Tensor, type StateDict } from './state-dict.ts';

export interface ImportOptions {
  readonly network: ClassifierName;
  /** As many as the file's classifier has unless given; another number replaces the classifier. */
  readonly outputs?: number;
  /** As many as the file's first convolution takes unless given; 1 sums one for 3, 3 shares out one for 1. */
  readonly channels?: 1 | 3;
  /** Seed of what is initialised fresh. */
  readonly seed: number;
}

/** Weights as the network declares them, float32, and what became of the file's. */
export interface ImportedWeights {
  readonly tensors: StateDict;
  readonly report: LoadReport;
  readonly outputs: number;
  readonly channels: number;
}

/** Reads a weights file for a network. WeightsError when it cannot be read or belongs to another network. */
export async function importWeights(path: string, options: ImportOptions): Promise<ImportedWeights> {
  const { network, seed } = options;
  const file = await readWeights(path, network);
  const any = declare(network, 3, 2);
  const classifier = `${lastModule(any)}.weight`;
  const found = file.get(classifier)?.shape[0];
  const outputs = options.outputs ?? found ?? 2;
  const channels = options.channels ?? (file.get(firstConvolution(any) ?? '')?.shape[1] === 1 ? 1 : 3);
  if (outputs < 1)
    throw mismatch(path, `its classifier "${classifier}" should have 1 output and more, it has ${outputs}`);
  const declared = declare(network, channels, outputs);
  const { values, report } = loadWeights(declared, file, { seed, file: path });
  if (options.outputs === undefined && found === undefined)
    throw mismatch(path, `it has no "${classifier}", which would tell the number of outputs: give it with --outputs`);
  const tensors = [...declared].map(
    ([name, { tensor }]) => [name, float32Tensor(tensor.shape, values.get(name) as Float32Array)] as const,
  );
  return { tensors: new Map(tensors), report, outputs, channels };
}

const mismatch = (path: string, what: string) => new WeightsError('tensor-mismatch', `${path}: ${what}`);

/** What a network declares; no name and no shape depends on the size of the images. */
function declare(network: ClassifierName, channels: number, outputs: number): ReadonlyMap<string, Declaration> {
  const scope = new Scope(new Graph(), false);
  const extents = Object.hasOwn(volumeNetworks, network) ? [32, 128, 128] : [224, 224];
  classifiers[network](scope, scope.graph.input('image', [1, channels, ...extents]), { outputs });
  return scope.declarations;
}
