/** Activations that a blocked convolution applies as it writes, at no pass over memory of their own. */
import type { GraphNode, Tensor } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import type { Lowering } from '../lowering.ts';

/** The node of an activation that can be fused. */
export type Activation = GraphNode<'Relu'> | GraphNode<'LeakyRelu'>;

const isActivation = (node: GraphNode | null): node is GraphNode & Activation =>
  node?.op === 'Relu' || node?.op === 'LeakyRelu';

/** The activation that alone reads a tensor, marked as done; undefined where there is none. */
export function swallowActivation(lowering: Lowering, y: Tensor): Activation | undefined {
  const next = lowering.soleConsumer(y);
  if (!isActivation(next)) return undefined;
  lowering.done.add(next);
  return next;
}

/** What a tensor is once its activation, if there is one, has been applied. */
export const activated = (y: Tensor, activation: Activation | undefined): Tensor => activation?.outputs[0] ?? y;

/** Attributes of a blocked convolution that ends in an activation. */
export function activationAttributes(activation: Activation | undefined): Record<string, OnnxAttribute> {
  if (!activation) return {};
  const named = { activation: { text: activation.op } };
  if (activation.op === 'Relu') return named;
  return { ...named, activation_params: { floats: [activation.attributes.alpha] } };
}

/** The same as an ONNX node. */
export const emitActivation = (lowering: Lowering, value: string, activation: Activation): string =>
  lowering.emit(activation.op, [value], {
    attributes: activation.op === 'LeakyRelu' ? { alpha: { float: activation.attributes.alpha } } : {},
  });
