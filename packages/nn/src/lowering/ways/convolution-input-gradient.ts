/** The gradient of a convolution with respect to its input. */
import type { ConvAttributes } from '../../graph/ops/convolution.ts';
import { type GraphNode, type Shape, sizeOf, type Tensor } from '../../graph/tensor.ts';
import type { Target } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';
import { blockedConv, blocks, convolutionAttributes } from './convolution.ts';
import { interleave } from './windows.ts';

type Node = GraphNode<'ConvInputGradient'>;

/** Rows of the output padding: what a transposed convolution misses at the end of each axis when strides do not divide. */
function outputPadding({ attributes, inputs }: Node): number[] {
  const [dy, w] = inputs as [Tensor, Tensor];
  const axes = dy.shape.length - 2;
  return Array.from({ length: axes }, (_, axis) => {
    const { strides, pads, dilations, inputShape } = attributes;
    const kernel = (dilations[axis] as number) * ((w.shape[axis + 2] as number) - 1) + 1;
    const covered =
      ((dy.shape[axis + 2] as number) - 1) * (strides[axis] as number) +
      kernel -
      (pads[axis] as number) -
      (pads[axis + axes] as number);
    return (inputShape[axis + 2] as number) - covered;
  });
}

/** Pads of the convolution that undoes a stride-1 convolution: dilation (k - 1) - pad on every side. */
function flippedPads({ pads, dilations }: ConvAttributes, kernel: Shape): number[] {
  const axes = kernel.length;
  return pads.map((pad, i) => (dilations[i % axes] as number) * ((kernel[i % axes] as number) - 1) - pad);
}

function isUnitStride({ attributes, inputs }: Node): boolean {
  const [, w] = inputs as [Tensor, Tensor];
  return (
    attributes.group === 1 &&
    attributes.strides.every((s) => s === 1) &&
    flippedPads(attributes, w.shape.slice(2)).every((p) => p >= 0)
  );
}

/** Kernel taps in reverse order: a Gather on the taps' axis, since ONNX's Slice walks backwards slowly. */
function flipTaps(lowering: Lowering, w: string, o: number, i: number, kernel: Shape): string {
  const taps = kernel.reduce((a, b) => a * b, 1);
  if (taps === 1) return w;
  const reversed = lowering.int64(Array.from({ length: taps }, (_, tap) => taps - 1 - tap));
  return lowering.emit('Gather', [lowering.reshape(w, [o, i, taps]), reversed], { attributes: { axis: { int: 2 } } });
}

/** Taps of a kernel in the order of the flipped one, and the extents that they have. */
interface Taps {
  readonly order: readonly number[];
  readonly kernel: Shape;
}

const allTaps = (kernel: Shape): Taps => ({
  order: Array.from({ length: sizeOf(kernel) }, (_, tap) => sizeOf(kernel) - 1 - tap),
  kernel,
});

/**
 * A filter-layout kernel [O, I] turned into the flipped filter-layout kernel [I, O], of all taps or of some: b x b tiles are picked
 * in the new order by one Gather, and each tile is transposed by ReorderOutput, which sees it as an image of b channels and b
 * pixels.
 */
function flippedFilter(
  lowering: Lowering,
  w: Tensor,
  { order: picks, kernel }: Taps = allTaps(w.shape.slice(2)),
): string {
  const [o, i, ...extents] = w.shape as [number, number, ...number[]];
  const b = lowering.target.blockSize;
  const [oBlocks, iBlocks, taps] = [o / b, i / b, sizeOf(extents)];
  const order: number[] = [];
  for (let iBlock = 0; iBlock < iBlocks; iBlock++) {
    for (let oBlock = 0; oBlock < oBlocks; oBlock++) {
      for (const tap of picks) order.push((oBlock * iBlocks + iBlock) * taps + tap);
    }
  }
  const tiles = lowering.reshape(lowering.value(w, 'filter'), [oBlocks * iBlocks * taps, b * b]);
  const picked = lowering.emit('Gather', [tiles, lowering.int64(order)], { attributes: { axis: { int: 0 } } });
  const images = lowering.reshape(picked, [order.length, b, b, 1]);
  const turned = lowering.emit('ReorderOutput', [images], {
    domain: 'com.microsoft.nchwc',
    attributes: { channels: { int: b } },
  });
  return lowering.reshape(turned, [i, o, ...kernel]);
}

/**
 * The pixels of dx that lie at one remainder by the stride along an axis, as a convolution of dy. With i = s m + a and r0 = (a + pad)
 * mod s, dx[i] = sum over t of w[r0 + s t] dy[m + (a + pad - r0) / s - t].
 */
interface AxisPhase {
  /** Taps in the order of the flipped kernel; none where no window reaches these pixels. */
  readonly taps: readonly number[];
  readonly pads: readonly [begin: number, end: number];
}

function axisPhases({ attributes, inputs }: Node, axis: number): AxisPhase[] {
  const [dy, w] = inputs as [Tensor, Tensor];
  const [stride, pad] = [attributes.strides[axis] as number, attributes.pads[axis] as number];
  const [kernel, rows] = [w.shape[axis + 2] as number, dy.shape[axis + 2] as number];
  const extent = Math.ceil((attributes.inputShape[axis + 2] as number) / stride);
  return Array.from({ length: stride }, (_, a) => {
    const first = (a + pad) % stride;
    const count = Math.max(Math.ceil((kernel - first) / stride), 0);
    const begin = count - 1 - (a + pad - first) / stride;
    return {
      taps: Array.from({ length: count }, (_, u) => first + stride * (count - 1 - u)),
      pads: [begin, extent + count - 1 - rows - begin],
    };
  });
}

const phasesOf = (node: Node) => [0, 1].map((axis) => axisPhases(node, axis)) as [AxisPhase[], AxisPhase[]];

const canBlock = (node: Node, target: Target) => {
  const [dy, w] = node.inputs as [Tensor, Tensor];
  return dy.dtype === 'float32' && dy.shape.length === 4 && blocks(dy, w.shape, node.attributes.group, target);
};

export const convInputGradientWays: readonly Way<'ConvInputGradient'>[] = [
  {
    name: 'conv-flipped-blocked',
    applies: (node, target) => canBlock(node, target) && isUnitStride(node),
    emit(lowering, node) {
      const [dy, w] = node.inputs as [Tensor, Tensor];
      const kernel = w.shape.slice(2);
      const attributes = { ...node.attributes, pads: flippedPads(node.attributes, kernel) };
      const dx = blockedConv(lowering, lowering.value(dy, 'blocked'), flippedFilter(lowering, w), attributes, kernel);
      lowering.define(node.outputs[0] as Tensor, dx, 'blocked');
    },
  },
  {
    // The pixels at each remainder by the strides by themselves, each by the taps that reach it, then interleaved.
    name: 'phases-blocked',
    applies: (node, target) =>
      canBlock(node, target) &&
      node.attributes.strides.some((s) => s > 1) &&
      node.attributes.dilations.every((d) => d === 1) &&
      phasesOf(node)
        .flat()
        .every(({ taps, pads }) => taps.length === 0 || pads.every((pad) => pad >= 0)),
    emit: emitPhases,
  },
  {
    // dy with zeros between its elements, then as for stride 1: more multiplications by zero, but blocked.
    name: 'spread-flipped-blocked',
    applies: (node, target) =>
      canBlock(node, target) &&
      node.attributes.strides.some((s) => s > 1) &&
      flippedPads(node.attributes, (node.inputs[1] as Tensor).shape.slice(2)).every((p) => p >= 0),
    emit(lowering, node) {
      const [dy, w] = node.inputs as [Tensor, Tensor];
      const b = lowering.target.blockSize;
      const [n, c, rows, columns] = dy.shape as [number, number, number, number];
      const [sRows, sColumns] = node.attributes.strides as [number, number];
      const kernel = w.shape.slice(2);
      const blocksOfDy = lowering.reshape(lowering.value(dy, 'blocked'), [(n * c) / b, rows, 1, columns, b]);
      const spread = lowering.emit('Pad', [
        blocksOfDy,
        lowering.int64([0, 0, 0, 0, 0, 0, 0, sRows - 1, 0, b * (sColumns - 1)]),
      ]);
      const extra = outputPadding(node);
      const image = lowering.reshape(spread, [n, c, rows * sRows, columns * sColumns]);
      // The zeros after the last row and column stand in for part of the end padding.
      const flipped = flippedPads(node.attributes, kernel);
      const pads = [
        flipped[0],
        flipped[1],
        (flipped[2] as number) + (extra[0] as number) - (sRows - 1),
        (flipped[3] as number) + (extra[1] as number) - (sColumns - 1),
      ] as number[];
      const cropped = pads.map((p) => Math.min(p, 0));
      const source = cropped.some((p) => p < 0)
        ? lowering.reshape(
            lowering.emit('Pad', [
              lowering.reshape(image, [(n * c) / b, rows * sRows, columns * sColumns, b]),
              lowering.int64([0, 0, 0, 0, 0, cropped[2] as number, cropped[3] as number, 0]),
            ]),
            [n, c, rows * sRows + (cropped[2] as number), columns * sColumns + (cropped[3] as number)],
          )
        : image;
      const attributes = { ...node.attributes, strides: [1, 1], pads: pads.map((p) => Math.max(p, 0)) };
      lowering.define(
        node.outputs[0] as Tensor,
        blockedConv(lowering, source, flippedFilter(lowering, w), attributes, kernel),
        'blocked',
      );
    },
  },
  {
    name: 'conv-transpose',
    applies: (node, target) => !(canBlock(node, target) && isUnitStride(node)),
    emit(lowering, node) {
      const [dy, w] = node.inputs as [Tensor, Tensor];
      const attributes = {
        ...convolutionAttributes(node.attributes, w.shape.slice(2)),
        output_padding: { ints: outputPadding(node) },
      };
      lowering.define(
        node.outputs[0] as Tensor,
        lowering.emit('ConvTranspose', [lowering.value(dy), lowering.value(w)], { attributes }),
      );
    },
  },
  {
    name: 'conv-flipped',
    applies: (node, target) => isUnitStride(node) && !canBlock(node, target),
    emit(lowering, node) {
      const [dy, w] = node.inputs as [Tensor, Tensor];
      const [o, i] = w.shape as [number, number];
      const kernel = w.shape.slice(2);
      const flipped = lowering.transpose(
        lowering.reshape(flipTaps(lowering, lowering.value(w), o, i, kernel), w.shape),
        [1, 0, ...kernel.map((_, axis) => axis + 2)],
      );
      const attributes = convolutionAttributes(
        { ...node.attributes, pads: flippedPads(node.attributes, kernel) },
        kernel,
      );
      lowering.define(node.outputs[0] as Tensor, lowering.emit('Conv', [lowering.value(dy), flipped], { attributes }));
    },
  },
];

function emitPhases(lowering: Lowering, node: Node): void {
  const [dy, w] = node.inputs as [Tensor, Tensor];
  const { attributes } = node;
  const [n, i, ...extents] = attributes.inputShape as [number, number, number, number];
  const columns = w.shape[3] as number;
  const b = lowering.target.blockSize;
  const phases = phasesOf(node);
  const plane = extents.map((extent, axis) => Math.ceil(extent / (attributes.strides[axis] as number)));
  const shape = [(n * i) / b, ...plane, b];
  const empty = () => lowering.emit('Expand', [lowering.scalar(0, dy.dtype), lowering.int64(shape)]);
  const value = lowering.value(dy, 'blocked');
  const planeAt = ([row, column]: readonly number[]): string => {
    const [vertical, horizontal] = [phases[0][row as number], phases[1][column as number]] as [AxisPhase, AxisPhase];
    const kernel = [vertical.taps.length, horizontal.taps.length];
    if (sizeOf(kernel) === 0) return empty();
    const order = vertical.taps.flatMap((r) => horizontal.taps.map((s) => r * columns + s));
    const pads = [0, 1].flatMap((end) => [vertical.pads[end] as number, horizontal.pads[end] as number]);
    const geometry = { ...attributes, strides: [1, 1], pads };
    return lowering.reshape(
      blockedConv(lowering, value, flippedFilter(lowering, w, { order, kernel }), geometry, kernel),
      shape,
    );
  };
  const whole = interleave(lowering, planeAt, shape, attributes.strides);
  const overhangs = plane.some(
    (extent, axis) => extent * (attributes.strides[axis] as number) > (extents[axis] as number),
  );
  const cropped = overhangs
    ? lowering.emit('Slice', [whole, ...[[0, 0], extents, [1, 2]].map((list) => lowering.int64(list))])
    : whole;
  lowering.define(node.outputs[0] as Tensor, lowering.reshape(cropped, attributes.inputShape), 'blocked');
}
