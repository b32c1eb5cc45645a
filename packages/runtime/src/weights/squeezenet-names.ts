/**
 * SqueezeNet 1.1 as its authors released it for Caffe (https://github.com/forresti/SqueezeNet), in the names of the
 * ONNX file that Caffe2 made of it, brought to torchvision's names and input.
 */
import { showShape } from '@mammoscope/nn';
import { WeightsError } from './errors.ts';
import { float32Tensor, type StateDict, type StateTensor } from './state-dict.ts';

/** Fire modules of the file and their position in torchvision's `features`; pooling layers take positions 2, 5 and 8. */
const FIRES = { fire2: 3, fire3: 4, fire4: 6, fire5: 7, fire6: 9, fire7: 10, fire8: 11, fire9: 12 } as const;
const FIRE_PARTS = { squeeze1x1: 'squeeze', expand1x1: 'expand1x1', expand3x3: 'expand3x3' } as const;

/** torchvision's name of each tensor of the file. */
export const SQUEEZENET_NAMES: ReadonlyMap<string, string> = new Map(
  [
    ['conv1', 'features.0'],
    ...Object.entries(FIRES).flatMap(([fire, position]) =>
      Object.entries(FIRE_PARTS).map(([part, name]) => [`${fire}/${part}`, `features.${position}.${name}`]),
    ),
    ['conv10', 'classifier.1'],
  ].flatMap(([file, ours]) => [[`${file}_w_0`, `${ours}.weight`] as const, [`${file}_b_0`, `${ours}.bias`] as const]),
);

/** Means that Caffe's models subtract from 0 to 255, blue, green, red. */
export const CAFFE_MEAN_BGR = [104, 117, 123] as const;
/** torchvision normalises images of 0 to 1, red, green, blue, by x <- (x - mean) / std. */
export const TORCHVISION_MEAN = [0.485, 0.456, 0.406] as const;
export const TORCHVISION_STD = [0.229, 0.224, 0.225] as const;

/** True when tensors have the names of that file. */
export function isCaffeSqueezenet(tensors: StateDict): boolean {
  return tensors.size === SQUEEZENET_NAMES.size && [...tensors.keys()].every((name) => SQUEEZENET_NAMES.has(name));
}

/**
 * The file's tensors as torchvision's squeezenet1_1 has them, float32: renamed, and the first convolution rewritten for
 * torchvision's normalised RGB images. WeightsError when a tensor is missing or unexpected.
 */
export function squeezenetFromCaffe(tensors: StateDict, file: string): StateDict {
  const surplus = [...tensors.keys()].find((name) => !SQUEEZENET_NAMES.has(name));
  const lacking = [...SQUEEZENET_NAMES.keys()].find((name) => !tensors.has(name));
  const [wrong, problem] = surplus ? [surplus, 'unexpected'] : [lacking, 'missing'];
  if (wrong)
    throw new WeightsError('tensor-mismatch', `${file} is no Caffe2 SqueezeNet 1.1: tensor "${wrong}" is ${problem}`);
  const renamed = new Map<string, StateTensor>();
  for (const [name, ours] of SQUEEZENET_NAMES) {
    const { shape, data } = tensors.get(name) as StateTensor;
    renamed.set(ours, float32Tensor(shape, Float32Array.from(data, Number)));
  }
  const [weight, bias] = ['features.0.weight', 'features.0.bias'].map((name) => renamed.get(name) as StateTensor);
  for (const [name, tensor] of Object.entries(forTorchvisionInput(weight as StateTensor, bias as StateTensor, file)))
    renamed.set(`features.0.${name}`, tensor);
  return renamed;
}

/**
 * The same convolution of another input. Channel c of Caffe's image is x_c = 255 (std_k t_k + mean_k) - caffeMean_c,
 * where t is torchvision's and k = 2 - c, so
 *     w x + b = (255 std_k w) t + b + sum w (255 mean_k - caffeMean_c),
 * exactly, because this convolution has no padding.
 */
function forTorchvisionInput(weight: StateTensor, bias: StateTensor, file: string) {
  const [outputs, channels, rows, columns] = weight.shape as [number, number, number, number];
  if (channels !== 3 || weight.shape.length !== 4 || bias.data.length !== outputs) {
    throw new WeightsError(
      'tensor-mismatch',
      `${file}: tensor "conv1_w_0" should have the shape [64, 3, 3, 3], got ${showShape(weight.shape)}`,
    );
  }
  const taps = rows * columns;
  const scaled = new Float32Array(weight.data.length);
  const shifted = Float32Array.from(bias.data as Float32Array);
  for (let o = 0; o < outputs; o++) {
    let shift = 0;
    for (const [c, caffeMean] of CAFFE_MEAN_BGR.entries()) {
      const k = 2 - c;
      const [mean, std] = [TORCHVISION_MEAN[k] as number, TORCHVISION_STD[k] as number];
      for (let tap = 0; tap < taps; tap++) {
        const w = weight.data[(o * 3 + c) * taps + tap] as number;
        scaled[(o * 3 + k) * taps + tap] = 255 * std * w;
        shift += w * (255 * mean - caffeMean);
      }
    }
    shifted[o] = (shifted[o] as number) + shift;
  }
  return { weight: float32Tensor(weight.shape, scaled), bias: float32Tensor(bias.shape, shifted) };
}
