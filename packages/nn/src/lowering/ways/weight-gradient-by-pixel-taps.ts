/**
 * The gradient of a convolution with respect to its kernel as one blocked convolution in which dy is the kernel and each of its
 * pixels a tap. ONNX Runtime's blocked convolution reads kernels of images with fewer channels than a block as [O/b, I, kh, kw, b] in
 * memory, which is how blocked images lie: dy, [N, O/b, H, W, b], is one with a channel for each image of the batch, as it stands.
 */
import { type GraphNode, sizeOf, type Tensor } from '../../graph/tensor.ts';
import { blockable, type Target } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';
import { blockedConv } from './convolution.ts';
import { padImages } from './memory-images.ts';

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

/** x as its images are seen, [planes, N, H + pads, (W + pads) step]: ONNX Runtime is slow where a window begins in padding of its own. */
function paddedImages(lowering: Lowering, node: Node): string {
  const [x] = node.inputs as [Tensor];
  const [n, , rows, columns] = x.shape as [number, number, number, number];
  const { planes, step } = seenImages(x, lowering.target);
  const value = lowering.value(x, step > 1 ? 'blocked' : 'plain');
  const images = exchanged(lowering, value, [n, planes, rows, columns * step]);
  const [top, left] = node.attributes.pads as [number, number];
  const padded = padImages(lowering, { value: images, lead: planes * n, extents: [rows, columns], block: step }, [
    top,
    left,
    endPad(node, 0),
    endPad(node, 1),
  ]);
  const extents = [rows + top + endPad(node, 0), (columns + left + endPad(node, 1)) * step];
  return lowering.reshape(padded, [planes, n, ...extents]);
}

/** Rows of dy, so many bands of so many. */
interface Bands {
  readonly first: number;
  readonly bands: number;
  readonly rows: number;
}

/** What a band of dy and of the x that it meets may take, so that all taps of the kernel find it in a core's cache. */
const BAND_BYTES = 700 * 1024;
/** Blocks of channels of dy that ONNX Runtime takes at a time. */
const BLOCKS_AT_ONCE = 4;

/** Rows of a band where so many fit: all of an image that nearly fits, else a number that divides the image, if one is near. */
function rowsOfBand(height: number, fit: number): number {
  if (fit > (2 / 3) * height) return height;
  for (let rows = fit; rows > fit / 2; rows--) if (height % rows === 0) return rows;
  return Math.max(1, fit);
}

/**
 * The rows of dy in bands, those of an entry being channels of one convolution. Each has fewer than b, the images of the batch counted:
 * with more, kernels lie otherwise.
 */
function bandsOf({ inputs, attributes }: Node, target: Target): Bands[] {
  const [x, dy] = inputs as [Tensor, Tensor];
  const [n, o, height, width] = dy.shape as [number, number, number, number];
  const b = target.blockSize;
  const blocks = Math.min(o / b, BLOCKS_AT_ONCE) * b;
  const rowOfX = (x.shape[3] as number) * (attributes.strides[0] as number) * seenImages(x, target).step;
  const rows = rowsOfBand(height, Math.floor(BAND_BYTES / 4 / (width * blocks + rowOfX)));
  const most = Math.floor((b - 1) / n);
  const whole = Math.floor(height / rows);
  const entries = Array.from({ length: Math.ceil(whole / most) }, (_, i) => ({
    ...{ first: i * most * rows, bands: Math.min(most, whole - i * most), rows },
  }));
  const rest = height - whole * rows;
  return rest === 0 ? entries : [...entries, { first: height - rest, bands: 1, rows: rest }];
}

/** The convolution of one entry of bands over the whole of padded x; of neighbours the same rows of x are copied. */
interface Part extends Bands {
  readonly taps: string;
  readonly images: string;
}

function emitPart(lowering: Lowering, node: Node, { first, bands, rows, taps, images }: Part): string {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const [n, o, height, width] = dy.shape as [number, number, number, number];
  const { strides, dilations, pads, weightShape } = node.attributes;
  const { planes, step } = seenImages(x, lowering.target);
  const [stride, dilation] = [strides[0] as number, dilations[0] as number];
  const reach = (rows - 1) * stride + ((weightShape[2] as number) - 1) * dilation + 1;
  const columns = ((x.shape[3] as number) + (pads[1] as number) + endPad(node, 1)) * step;
  const met = Array.from({ length: bands * reach }, (_, i) => {
    const band = Math.floor(i / reach);
    return (first + band * rows) * stride + i - band * reach;
  });
  const seen =
    rows === height
      ? images
      : lowering.emit('Gather', [images, lowering.int64(met)], { attributes: { axis: { int: 2 } } });
  const kernel = [rows, width];
  const geometry = {
    ...{ group: 1, pads: [0, 0, 0, 0], strides: [dilation, step > 1 ? 1 : (dilations[1] as number)] },
    dilations: [stride, (strides[1] as number) * step],
  };
  return blockedConv(
    lowering,
    lowering.reshape(seen, [planes, n * bands, reach, columns]),
    lowering.reshape(taps, [o, n * bands, ...kernel]),
    geometry,
    kernel,
  );
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
    const [n, o, height, width] = dy.shape as [number, number, number, number];
    const b = lowering.target.blockSize;
    const taps = exchanged(lowering, lowering.value(dy, 'blocked'), [n, o / b, height, width * b]);
    const images = paddedImages(lowering, node);
    const entries = bandsOf(node, lowering.target);
    const sizes = lowering.int64(entries.map(({ bands, rows }) => bands * rows));
    const split =
      entries.length === 1
        ? [taps]
        : lowering.emitAll('Split', [taps, sizes], { attributes: { axis: { int: 2 } }, outputs: entries.length });
    // [planes, O/b, kh, kw step, b] in memory
    const product = entries
      .map((entry, i) => emitPart(lowering, node, { ...entry, taps: split[i] as string, images }))
      .reduce((sum, part) => lowering.emit('Add', [sum, part]));
    const { planes, step } = seenImages(x, lowering.target);
    const taps2d = sizeOf(output.shape.slice(2));
    if (step > 1) {
      const tiles = exchanged(lowering, product, [planes, o / b, taps2d * b * b]);
      lowering.define(output, lowering.reshape(tiles, output.shape), 'filter');
      return;
    }
    const perChannel = lowering.reshape(product, [planes, o / b, taps2d, b]);
    lowering.define(output, lowering.reshape(lowering.transpose(perChannel, [1, 3, 0, 2]), output.shape));
  },
};
