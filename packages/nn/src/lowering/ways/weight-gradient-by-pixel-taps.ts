/**
 * The gradient of a convolution with respect to its kernel as one blocked convolution in which dy is the kernel and each of its
 * pixels a tap. ONNX Runtime's blocked convolution reads kernels of images with fewer channels than a block as [O/b, I, kh, kw, b] in
 * memory, which is how blocked images lie: dy, [N, O/b, H, W, b], is one with a channel for each image of the batch, as it stands.
 */
import { type GraphNode, type Shape, sizeOf, type Tensor } from '../../graph/tensor.ts';
import { blockable, type Target } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';
import { blockedConv } from './convolution.ts';

type Node = GraphNode<'ConvWeightGradient'>;

/**
 * Images whose pixels meet those of dy. Blocked x is seen as [C/b, N, H, W b], an image without channels whose columns are pixel and
 * channel in turn, so a step of a pixel is one of b and the results beside each other are the channels of a tap. Plain x of few
 * channels is [C, N, H, W].
 */
interface SeenImages {
  /** C/b or C, and b or 1. */
  readonly planes: number;
  readonly step: number;
}

const isBlocked = (x: Tensor, { blockSize }: Target) => blockable(x.shape, blockSize);

const seenImages = (x: Tensor, target: Target): SeenImages => {
  const step = isBlocked(x, target) ? target.blockSize : 1;
  return { planes: (x.shape[1] as number) / step, step };
};

/** Rows or columns of x that windows reach, from the begin padding on, less what lies before and in x: the end padding, or what to leave out. */
function endPad({ inputs, attributes }: Node, axis: number): number {
  const [x, dy] = inputs as [Tensor, Tensor];
  const { strides, pads, dilations, weightShape } = attributes;
  const windows = ((dy.shape[axis + 2] as number) - 1) * (strides[axis] as number);
  const window = ((weightShape[axis + 2] as number) - 1) * (dilations[axis] as number) + 1;
  return windows + window - (pads[axis] as number) - (x.shape[axis + 2] as number);
}

/** [a, b, ...rest] to [b, a, ...rest], which is a copy only where both are more than one. */
function exchanged(lowering: Lowering, value: string, [a, b, ...rest]: readonly [number, number, ...number[]]): string {
  if (a === 1 || b === 1) return lowering.reshape(value, [b, a, ...rest]);
  return lowering.transpose(lowering.reshape(value, [a, b, ...rest]), [1, 0, ...rest.map((_, i) => i + 2)]);
}

/** x as its images are seen, columns padded in memory: where a window begins in the padding, ONNX Runtime takes one result at a time. */
function paddedImages(lowering: Lowering, node: Node): { readonly value: string; readonly rowPads: Shape } {
  const [x] = node.inputs as [Tensor];
  const [n, , rows, columns] = x.shape as [number, number, number, number];
  const { planes, step } = seenImages(x, lowering.target);
  const value = lowering.value(x, step > 1 ? 'blocked' : 'plain');
  const images = exchanged(lowering, value, [n, planes, rows, columns * step]);
  const [top, left] = node.attributes.pads as [number, number];
  const [bottom, right] = [endPad(node, 0), endPad(node, 1)];
  const pads = [0, 0, 0, left * step, 0, 0, Math.min(bottom, 0), right * step];
  return {
    value: pads.every((pad) => pad === 0) ? images : lowering.emit('Pad', [images, lowering.int64(pads)]),
    rowPads: [top, 0, Math.max(bottom, 0), 0],
  };
}

export const pixelTaps: Way<'ConvWeightGradient'> = {
  name: 'pixel-taps-blocked',
  applies(node, target) {
    const [x, dy] = node.inputs as [Tensor, Tensor];
    const { group, dilations, weightShape } = node.attributes;
    const [n, channels] = x.shape as [number, number];
    if (target.device !== 'cpu' || x.dtype !== 'float32' || group !== 1 || !blockable(dy.shape, target.blockSize))
      return false;
    if (n >= target.blockSize) return false;
    return isBlocked(x, target) ? weightShape[3] === 1 || dilations[1] === 1 : channels < target.blockSize;
  },
  // By timing 3D-GMIC's convolutions of one slice, 16 to 256 channels, it is the best for each; with more images a copy may cost more.
  suits: ({ inputs }) => (inputs[0] as Tensor).shape[0] === 1,
  emit(lowering, node) {
    const [x, dy] = node.inputs as [Tensor, Tensor];
    const [output] = node.outputs as [Tensor];
    const [n, o, ...extents] = dy.shape as [number, number, number, number];
    const [, , ...kernel] = output.shape as [number, number, number, number];
    const b = lowering.target.blockSize;
    const { planes, step } = seenImages(x, lowering.target);
    const { strides, dilations } = node.attributes;
    const taps = exchanged(lowering, lowering.value(dy, 'blocked'), [n, o / b, sizeOf(extents) * b]);
    const { value, rowPads } = paddedImages(lowering, node);
    const geometry = {
      ...{ group: 1, pads: rowPads, strides: [dilations[0] as number, step > 1 ? 1 : (dilations[1] as number)] },
      dilations: [strides[0] as number, (strides[1] as number) * step],
    };
    // [planes, O/b, kh, kw step, b] in memory
    const product = blockedConv(lowering, value, lowering.reshape(taps, [o, n, ...extents]), geometry, extents);
    if (step > 1) {
      const tiles = exchanged(lowering, product, [planes, o / b, sizeOf(kernel) * b * b]);
      lowering.define(output, lowering.reshape(tiles, output.shape), 'filter');
      return;
    }
    const split = lowering.reshape(product, [planes, o / b, sizeOf(kernel), b]);
    lowering.define(output, lowering.reshape(lowering.transpose(split, [1, 3, 0, 2]), output.shape));
  },
};
