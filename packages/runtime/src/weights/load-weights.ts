import { type Declaration, showShape, sizeOf } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { WeightsError } from './errors.ts';
import { initialValues } from './initialise.ts';
import type { StateDict, StateTensor } from './state-dict.ts';

/** What became of each tensor; every declared name is in exactly one of the first four lists. */
export interface LoadReport {
  /** Taken as they are. */
  readonly loaded: readonly string[];
  /** Of a classifier for another number of outputs: initialised fresh. */
  readonly replaced: readonly string[];
  /** Of a first convolution: of three channels, summed for one; of one, shared out over three. */
  readonly adapted: readonly string[];
  /** Declared but not in the file: initialised fresh. */
  readonly missing: readonly string[];
  /** In the file but not declared: left out. */
  readonly unexpected: readonly string[];
  /** PyTorch's counters of batches (num_batches_tracked), which nothing here needs. */
  readonly ignored: readonly string[];
}

export interface LoadOptions {
  /** Seed of what is initialised fresh. */
  readonly seed: number;
  /** Name of the weights in messages. */
  readonly file: string;
  /** Dotted name of the classifier; that of the last declared weight unless given, null when none may be replaced. */
  readonly classifier?: string | null;
}

/** Values for every declared parameter and buffer, plain row-major, and what became of each. Those loaded share memory with the state dict. */
export interface LoadedWeights {
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly report: LoadReport;
}

/**
 * Fills the declarations of a network with the tensors of a state dict. Two differences of shape are bridged and
 * reported: a classifier for another number of outputs, and a first convolution for three channels where one is
 * declared (its sum over channels answers a grey image as it answered that image three times) or the reverse (a third of
 * it for each channel answers the image three times as it answered it once). Any other is a WeightsError 'tensor-mismatch', and so is a state dict without a single name of the network.
 */
export function loadWeights(
  declarations: ReadonlyMap<string, Declaration>,
  tensors: StateDict,
  { seed, file, classifier = lastModule(declarations) }: LoadOptions,
): LoadedWeights {
  const lists = { loaded: [], replaced: [], adapted: [], missing: [], unexpected: [], ignored: [] } as Record<
    keyof LoadReport,
    string[]
  >;
  const values = new Map<string, Float32Array>();
  const replaced = classifier === null ? [] : otherClassifier(classifier, declarations, tensors);
  const first = firstConvolution(declarations);
  for (const [name, { tensor, initialiser }] of declarations) {
    const found = tensors.get(name);
    if (!found || replaced.includes(name)) {
      lists[found ? 'replaced' : 'missing'].push(name);
      values.set(name, initialValues(initialiser, sizeOf(tensor.shape), new RandomStream(seed, 'initialise', name)));
      continue;
    }
    const sameShape = showShape(found.shape) === showShape(tensor.shape);
    const adapt = name === first ? channelAdapter(found.shape, tensor.shape) : undefined;
    if (!sameShape && !adapt)
      throw mismatch(
        `tensor "${name}" should have the shape ${showShape(tensor.shape)}, got ${showShape(found.shape)}`,
        file,
      );
    lists[sameShape ? 'loaded' : 'adapted'].push(name);
    const data = asFloat32(found, name, file);
    values.set(name, adapt && !sameShape ? adapt(data, found.shape) : data);
  }
  for (const name of tensors.keys())
    if (!declarations.has(name)) lists[name.endsWith('.num_batches_tracked') ? 'ignored' : 'unexpected'].push(name);
  if (lists.missing.length === declarations.size) {
    const [theirs, ours] = [tensors, declarations].map((map) => JSON.stringify(map.keys().next().value ?? null));
    throw mismatch(`it should have names such as ${ours}, got names such as ${theirs}`, file);
  }
  return { values, report: lists };
}

const mismatch = (what: string, file: string) =>
  new WeightsError('tensor-mismatch', `${file} does not fit this network: ${what}; choose the weights of this network`);

const moduleOf = (name: string) => name.slice(0, Math.max(name.lastIndexOf('.'), 0));

/** Dotted name of the module of the last declared weight: the classifier of most networks. */
export function lastModule(declarations: ReadonlyMap<string, Declaration>): string {
  return moduleOf([...declarations].findLast(([, { kind }]) => kind === 'weight')?.[0] ?? '');
}

/** Name of the first declared weight of a convolution. */
export function firstConvolution(declarations: ReadonlyMap<string, Declaration>): string | undefined {
  return [...declarations].find(([, { tensor }]) => tensor.shape.length >= 4)?.[0];
}

/** Names of the classifier's parameters, when they differ from the file's in the number of outputs and in nothing else. */
function otherClassifier(
  classifier: string,
  declarations: ReadonlyMap<string, Declaration>,
  tensors: StateDict,
): readonly string[] {
  const names = [...declarations.keys()].filter((name) => moduleOf(name) === classifier);
  const differs = names.every((name) => {
    const [found, declared] = [tensors.get(name)?.shape, declarations.get(name)?.tensor.shape];
    return found && declared && found[0] !== declared[0] && showShape(found.slice(1)) === showShape(declared.slice(1));
  });
  return differs ? names : [];
}

/** What makes [O, 3, ...] of a file into [O, 1, ...] or the reverse; undefined where the shapes differ in another way. */
function channelAdapter(found: readonly number[], declared: readonly number[]) {
  const outer = ([outputs, , ...taps]: readonly number[]) => showShape([outputs as number, ...taps]);
  if (outer(found) !== outer(declared)) return undefined;
  if (found[1] === 3 && declared[1] === 1) return sumChannels;
  return found[1] === 1 && declared[1] === 3 ? shareChannel : undefined;
}

/** Sums [O, C, ...] over C. */
function sumChannels(data: Float32Array, [outputs, channels, ...taps]: readonly number[]): Float32Array {
  const size = sizeOf(taps);
  return Float32Array.from({ length: (outputs as number) * size }, (_, i) => {
    const [o, tap] = [Math.floor(i / size), i % size];
    let sum = 0;
    for (let c = 0; c < (channels as number); c++) sum += data[(o * (channels as number) + c) * size + tap] as number;
    return sum;
  });
}

/** A third of [O, 1, ...] for each of three channels, [O, 3, ...]. */
function shareChannel(data: Float32Array, [outputs, , ...taps]: readonly number[]): Float32Array {
  const size = sizeOf(taps);
  return Float32Array.from({ length: (outputs as number) * 3 * size }, (_, i) => {
    const [o, tap] = [Math.floor(i / (3 * size)), i % size];
    return (data[o * size + tap] as number) / 3;
  });
}

function asFloat32({ dtype, data }: StateTensor, name: string, file: string): Float32Array {
  if (data instanceof Float32Array) return data; // a second copy of all weights would double the memory
  if (data instanceof Float64Array) return new Float32Array(data);
  throw new WeightsError('tensor-dtype', `${file}: tensor "${name}" should hold real numbers, got ${dtype}`);
}
