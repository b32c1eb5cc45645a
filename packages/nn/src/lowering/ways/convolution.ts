/** Convolutions forward: ONNX's op and the blocked one. */
import type { ConvAttributes } from '../../graph/ops/convolution.ts';
import type { GraphNode, Shape, Tensor } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import { blockable, filterable, type Target } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';
import { activationAttributes } from './fused-activation.ts';
import { swallowEnd } from './normalization.ts';

/** The geometry as attributes of ONNX's Conv. */
export function convolutionAttributes(
  { strides, pads, dilations, group }: ConvAttributes,
  kernel: Shape,
): Record<string, OnnxAttribute> {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: pads },
    dilations: { ints: dilations },
    group: { int: group },
  };
}

const NCHWC = 'com.microsoft.nchwc';

/** A blocked convolution of two ONNX values. */
export function blockedConv(
  lowering: Lowering,
  x: string,
  w: string,
  attributes: ConvAttributes,
  kernel: Shape,
): string {
  return lowering.emit('Conv', [x, w], { domain: NCHWC, attributes: convolutionAttributes(attributes, kernel) });
}

/** Whether a dense 2D convolution from `inputs` to `outputs` channels can run blocked, image and kernel. */
export function blocks({ shape }: Tensor, kernel: Shape, group: number, { blockSize }: Target): boolean {
  return group === 1 && blockable(shape, blockSize) && filterable(kernel, blockSize);
}

/** The kernel of a first convolution, few channels in: [O/b, I, kh, kw, b] in memory. */
function narrowFilter(lowering: Lowering, w: Tensor): string {
  const [o, i, rows, columns] = w.shape as [number, number, number, number];
  const b = lowering.target.blockSize;
  const split = lowering.reshape(lowering.value(w), [o / b, b, i, rows, columns]);
  return lowering.reshape(lowering.transpose(split, [0, 2, 3, 4, 1]), w.shape);
}

type Conv = GraphNode<'Conv'>;
const isFlat = ({ inputs }: Conv) => (inputs[0] as Tensor).shape.length === 4;
const isFloat32 = ({ inputs }: Conv) => (inputs[0] as Tensor).dtype === 'float32';

/** Blocked whenever it can be: never slower, and the network around it stays blocked. */
const canBlock = (node: Conv, target: Target) => {
  const [x, w] = node.inputs as [Tensor, Tensor];
  return isFlat(node) && isFloat32(node) && blocks(x, w.shape, node.attributes.group, target);
};
const canBlockNarrow = (node: Conv, { blockSize }: Target) => {
  const [x, w] = node.inputs as [Tensor, Tensor];
  const narrow = (x.shape[1] as number) < blockSize && (w.shape[0] as number) % blockSize === 0;
  return blockSize > 0 && isFlat(node) && isFloat32(node) && node.attributes.group === 1 && narrow;
};

/** A blocked convolution, and in the same pass the addition of a tensor that is there already, and the activation that alone reads it. */
function emitBlocked(lowering: Lowering, node: Conv, x: string, filter: string): void {
  const [, w, bias] = node.inputs as [Tensor, Tensor, Tensor?];
  const { result, end } = swallowEnd(lowering, node.outputs[0] as Tensor, 'blocked');
  const addends = [...(bias ? [lowering.value(bias)] : end.addend === undefined ? [] : ['']), end.addend ?? []].flat();
  const value = lowering.emit('Conv', [x, filter, ...addends], {
    domain: NCHWC,
    attributes: {
      ...convolutionAttributes(node.attributes, w.shape.slice(2)),
      ...activationAttributes(end.activation),
    },
  });
  lowering.define(result, value, 'blocked');
}

export const convWays: readonly Way<'Conv'>[] = [
  {
    name: 'conv-blocked',
    applies: canBlock,
    emit(lowering, node) {
      const [x, w] = node.inputs as [Tensor, Tensor];
      emitBlocked(lowering, node, lowering.value(x, 'blocked'), lowering.value(w, 'filter'));
    },
  },
  {
    name: 'conv-blocked-narrow',
    applies: canBlockNarrow,
    emit(lowering, node) {
      const [x, w] = node.inputs as [Tensor, Tensor];
      emitBlocked(lowering, node, lowering.value(x), narrowFilter(lowering, w));
    },
  },
  {
    name: 'conv',
    applies: (node, target) => !canBlock(node, target) && !canBlockNarrow(node, target),
    emit(lowering, node) {
      const [, w] = node.inputs as [Tensor, Tensor];
      const inputs = node.inputs.map((input) => lowering.value(input));
      const y = lowering.emit('Conv', inputs, { attributes: convolutionAttributes(node.attributes, w.shape.slice(2)) });
      lowering.define(node.outputs[0] as Tensor, y);
    },
  },
];

/** Transposed convolution, as ONNX's op. */
export const convTransposeWays: readonly Way<'ConvTranspose'>[] = [
  {
    name: 'conv-transpose',
    emit(lowering, node) {
      const [, w] = node.inputs as [Tensor, Tensor];
      const inputs = node.inputs.map((input) => lowering.value(input));
      const attributes = {
        ...convolutionAttributes(node.attributes, w.shape.slice(2)),
        output_padding: { ints: node.attributes.outputPadding },
      };
      lowering.define(node.outputs[0] as Tensor, lowering.emit('ConvTranspose', inputs, { attributes }));
    },
  },
];
