import { GraphError } from '../errors.ts';
import type { Shape, Tensor } from '../tensor.ts';
import { sameShape, showShape } from '../tensor.ts';
import { commonDType, op, requireOperands, requirePositive, requireShape } from './op.ts';

/** Geometry of a convolution, one number a spatial axis; `pads` is [begins..., ends...] as in ONNX. */
export interface ConvAttributes {
  readonly strides: Shape;
  readonly pads: Shape;
  readonly dilations: Shape;
  readonly group: number;
}

/** A transposed convolution also chooses among the sizes that give the same output (ONNX output_padding). */
export interface ConvTransposeAttributes extends ConvAttributes {
  readonly outputPadding: Shape;
}

/** Output extent of one spatial axis: floor((x + pads - dilation (k - 1) - 1) / stride) + 1. */
export function convExtent(x: number, k: number, stride: number, pads: number, dilation: number): number {
  return Math.floor((x + pads - dilation * (k - 1) - 1) / stride) + 1;
}

/** Spatial output shape of a convolution of an input [N, C, ...] by a kernel [O, C/group, ...]. */
export function convOutputShape(x: Shape, w: Shape, attributes: ConvAttributes): Shape {
  const axes = x.length - 2;
  const { strides, pads, dilations, group } = attributes;
  requireShape(
    axes >= 1 && axes <= 3 && w.length === x.length,
    () => `requires an input and a kernel of 3 to 5 dimensions, got ${showShape(x)} and ${showShape(w)}`,
  );
  if (strides.length !== axes || dilations.length !== axes || pads.length !== 2 * axes) {
    throw new GraphError('attribute', `requires ${axes} strides and dilations and ${2 * axes} pads`);
  }
  requirePositive('strides, dilations and groups', [...strides, ...dilations, group]);
  const [, channels] = x as [number, number];
  const [outputs, perGroup] = w as [number, number];
  requireShape(
    channels === perGroup * group && outputs % group === 0,
    () =>
      `requires ${perGroup} x ${group} input channels and outputs divisible by ${group}, got input ${showShape(x)} and kernel ${showShape(w)}`,
  );
  const spatial = x.slice(2).map((extent, axis) => {
    const k = w[axis + 2] as number;
    const result = convExtent(
      extent,
      k,
      strides[axis] as number,
      (pads[axis] as number) + (pads[axis + axes] as number),
      dilations[axis] as number,
    );
    requireShape(
      result > 0,
      () =>
        `a kernel of ${showShape(w.slice(2))} with dilations ${showShape(dilations)} does not fit an input of ${showShape(x.slice(2))}`,
    );
    return result;
  });
  return [x[0] as number, outputs, ...spatial];
}

function requireBias(bias: Tensor | undefined, channels: number): void {
  requireShape(bias === undefined || sameShape(bias.shape, [channels]), () => `requires a bias of [${channels}]`);
}

/** Convolution in 1, 2 and 3 dimensions with its two gradients as ops of their own: each has several lowerings. */
export const convolutionOps = {
  /** [x [N, C, ...], w [O, C/group, ...], bias? [O]] */
  Conv: op<ConvAttributes>({
    infer(inputs, attributes) {
      requireOperands(inputs, 2, 3);
      const [x, w, bias] = inputs as [Tensor, Tensor, Tensor?];
      requireBias(bias, w.shape[0] as number);
      return [{ dtype: commonDType(inputs), shape: convOutputShape(x.shape, w.shape, attributes) }];
    },
  }),
  /** [x [N, C, ...], w [C, O/group, ...], bias? [O]] */
  ConvTranspose: op<ConvTransposeAttributes>({
    infer(inputs, { strides, pads, dilations, group, outputPadding }) {
      requireOperands(inputs, 2, 3);
      const [x, w, bias] = inputs as [Tensor, Tensor, Tensor?];
      const axes = x.shape.length - 2;
      requireShape(
        axes >= 1 && w.shape.length === x.shape.length && x.shape[1] === w.shape[0],
        () =>
          `requires an input [N, C, ...] and a kernel [C, O/group, ...], got ${showShape(x.shape)} and ${showShape(w.shape)}`,
      );
      if ([strides, dilations, outputPadding].some(({ length }) => length !== axes) || pads.length !== 2 * axes) {
        throw new GraphError('attribute', `requires ${axes} strides, dilations and output pads and ${2 * axes} pads`);
      }
      requirePositive('strides, dilations and groups', [...strides, ...dilations, group]);
      if (outputPadding.some((extra, axis) => extra < 0 || extra >= (strides[axis] as number))) {
        throw new GraphError('attribute', `requires output padding below the strides, got ${showShape(outputPadding)}`);
      }
      const channels = (w.shape[1] as number) * group;
      requireShape(
        (x.shape[1] as number) % group === 0,
        () => `requires input channels divisible by ${group}, got ${showShape(x.shape)}`,
      );
      requireBias(bias, channels);
      const spatial = x.shape.slice(2).map((extent, axis) => {
        const kernel = (dilations[axis] as number) * ((w.shape[axis + 2] as number) - 1) + 1;
        return (
          (extent - 1) * (strides[axis] as number) +
          kernel -
          (pads[axis] as number) -
          (pads[axis + axes] as number) +
          (outputPadding[axis] as number)
        );
      });
      requireShape(
        spatial.every((extent) => extent > 0),
        () => `pads ${showShape(pads)} leave nothing of the output`,
      );
      return [{ dtype: commonDType(inputs), shape: [x.shape[0] as number, channels, ...spatial] }];
    },
  }),
  /** [dy, w] to dx of the shape given. */
  ConvInputGradient: op<ConvAttributes & { inputShape: Shape }>({
    infer(inputs, attributes) {
      requireOperands(inputs, 2);
      const [dy, w] = inputs as [Tensor, Tensor];
      const forward = convOutputShape(attributes.inputShape, w.shape, attributes);
      requireShape(sameShape(forward, dy.shape), () => `requires dy of ${showShape(forward)}`);
      return [{ dtype: commonDType(inputs), shape: attributes.inputShape }];
    },
  }),
  /** [x, dy] to dw of the shape given. */
  ConvWeightGradient: op<ConvAttributes & { weightShape: Shape }>({
    infer(inputs, attributes) {
      requireOperands(inputs, 2);
      const [x, dy] = inputs as [Tensor, Tensor];
      const forward = convOutputShape(x.shape, attributes.weightShape, attributes);
      requireShape(sameShape(forward, dy.shape), () => `requires dy of ${showShape(forward)}`);
      return [{ dtype: commonDType(inputs), shape: attributes.weightShape }];
    },
  }),
};
