import { extname } from 'node:path';
import type { NetworkName } from '@mammoscope/nn';
import { WeightsError } from './errors.ts';
import { readOnnxWeights } from './import-onnx.ts';
import { readSafetensors } from './safetensors.ts';
import { isCaffeSqueezenet, squeezenetFromCaffe } from './squeezenet-names.ts';
import type { StateDict } from './state-dict.ts';

/** The tensors of a weights file under the names that our networks have; the format goes by the file's ending. */
export async function readWeights(path: string, network: NetworkName): Promise<StateDict> {
  const ending = extname(path).toLowerCase();
  if (ending === '.safetensors') return (await readSafetensors(path)).tensors;
  if (ending === '.onnx') {
    const tensors = await readOnnxWeights(path);
    return network === 'squeezenet1_1' && isCaffeSqueezenet(tensors) ? squeezenetFromCaffe(tensors, path) : tensors;
  }
  throw new WeightsError(
    'file-unsupported',
    `${path} is no weights file that is read here: give a .safetensors or .onnx file`,
  );
}
