import { extname } from 'node:path';
import type { ClassifierName } from '@mammoscope/nn';
import { type ByteSource, openBytes } from './byte-source.ts';
import { WeightsError } from './errors.ts';
import { openOnnx } from './import-onnx.ts';
import { publishedNames } from './published/published-names.ts';
import { openPytorch } from './pytorch/read-pytorch.ts';
import { openSafetensors } from './safetensors.ts';
import { isCaffeSqueezenet, squeezenetFromCaffe } from './squeezenet-names.ts';
import type { StateDict, StateTensor } from './state-dict.ts';
import type { WeightsFile } from './weights-file.ts';

const READERS: Readonly<Record<string, (source: ByteSource) => Promise<WeightsFile>>> = {
  '.pt': openPytorch,
  '.pth': openPytorch,
  '.tar': openPytorch, // model_best.pth.tar, as PyTorch's examples name their checkpoints; no tar is read
  '.ckpt': openPytorch,
  '.safetensors': openSafetensors,
  '.onnx': openOnnx,
};

/** Opens a weights file, to list or to read it; the format goes by the file's ending. WeightsError when it is none. */
export async function openWeights(path: string): Promise<WeightsFile & AsyncDisposable> {
  const reader = READERS[extname(path).toLowerCase()];
  if (!reader)
    throw new WeightsError(
      'file-unsupported',
      `${path} is no weights file that is read here: give a ${Object.keys(READERS).join(', ')} file`,
    );
  const source = await openBytes(path);
  try {
    const { entries, read } = await reader(source);
    return { entries, read, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

/** The tensors of a weights file under the names that our networks have; the format goes by the file's ending. */
export async function readWeights(path: string, network: ClassifierName): Promise<StateDict> {
  await using file = await openWeights(path);
  const tensors = new Map<string, StateTensor>();
  for (const name of file.entries.keys()) tensors.set(name, await file.read(name));
  if (network === 'squeezenet1_1' && isCaffeSqueezenet(tensors)) return squeezenetFromCaffe(tensors, path);
  return publishedNames(tensors, network, path);
}
