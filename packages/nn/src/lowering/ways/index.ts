import type { OpName } from '../../graph/ops/index.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { elementType } from '../../onnx/model.ts';
import type { Way } from '../lowering.ts';
import { convTransposeWays, convWays } from './convolution.ts';
import { convInputGradientWays } from './convolution-input-gradient.ts';
import { convWeightGradientWays } from './convolution-weight-gradient.ts';
import { gatherSumGradientWays, gatherSumWays } from './gather-sum.ts';
import { groupNormalizationGradientWays, groupNormalizationWays } from './group-normalization.ts';
import { maxPoolGradientWays } from './max-pool-gradient.ts';
import {
  concatWays,
  expandWays,
  reductionWays,
  reshapeWays,
  resizeWays,
  scatterAddWays,
  transposeWays,
} from './movement.ts';
import {
  batchNormalizationGradientWays,
  batchNormalizationTrainingWays,
  batchNormalizationWays,
} from './normalization.ts';
import { barrierWays, clipWays, direct, mulWays, pointwise, reluGradientWays } from './pointwise.ts';
import { averagePoolWays, globalAveragePoolWays, maxPoolWays } from './pooling.ts';
import {
  completedConvInputGradientWays,
  completedConvTransposeWays,
  completedConvWays,
  completedConvWeightGradientWays,
} from './webgpu-convolution.ts';
import { webgpuLogSoftmaxWays, webgpuPowWays, webgpuSignWays } from './webgpu-pointwise.ts';

const alongAxis = ({ attributes }: { attributes: { axis: number } }) => ({ axis: { int: attributes.axis } });

/**
 * The ways to write each op as ONNX nodes, total over the ops. Where an op has several, the runtime times those that
 * apply to a node's shapes on the machine at hand; untimed, the first that applies is taken.
 */
export const ways: { readonly [K in OpName]: readonly Way<K>[] } = {
  Add: pointwise('Add'),
  Sub: pointwise('Sub'),
  Mul: mulWays,
  Div: pointwise('Div'),
  Pow: [...webgpuPowWays, ...pointwise('Pow')],
  Min: pointwise('Min'),
  Max: pointwise('Max'),
  Equal: pointwise('Equal'),
  Greater: pointwise('Greater'),
  GreaterOrEqual: pointwise('GreaterOrEqual'),
  Less: pointwise('Less'),
  LessOrEqual: pointwise('LessOrEqual'),
  Abs: pointwise('Abs'),
  Neg: pointwise('Neg'),
  Sign: [...webgpuSignWays, ...pointwise('Sign')],
  Exp: pointwise('Exp'),
  Log: pointwise('Log'),
  Sqrt: pointwise('Sqrt'),
  Where: pointwise('Where'),
  Barrier: barrierWays,
  Cast: pointwise('Cast', ({ attributes }) => ({ to: { int: elementType(attributes.to) } })),
  Relu: pointwise('Relu'),
  LeakyRelu: pointwise('LeakyRelu', ({ attributes }) => ({ alpha: { float: attributes.alpha } })),
  Sigmoid: pointwise('Sigmoid'),
  Tanh: pointwise('Tanh'),
  Clip: clipWays,
  Softmax: direct('Softmax', alongAxis),
  LogSoftmax: [...webgpuLogSoftmaxWays, ...direct('LogSoftmax', alongAxis)],
  ReluGradient: reluGradientWays,
  Conv: completedConvWays(convWays),
  ConvTranspose: completedConvTransposeWays(convTransposeWays),
  ConvInputGradient: completedConvInputGradientWays(convInputGradientWays),
  ConvWeightGradient: completedConvWeightGradientWays(convWeightGradientWays),
  MatMul: direct('MatMul'),
  Gemm: direct('Gemm', ({ attributes }) => ({
    transA: { int: attributes.transA ? 1 : 0 },
    transB: { int: attributes.transB ? 1 : 0 },
  })),
  MaxPool: maxPoolWays,
  AveragePool: averagePoolWays,
  GlobalAveragePool: globalAveragePoolWays,
  MaxPoolGradient: maxPoolGradientWays,
  BatchNormalization: batchNormalizationWays,
  BatchNormalizationTraining: batchNormalizationTrainingWays,
  BatchNormalizationGradient: batchNormalizationGradientWays,
  GroupNormalization: groupNormalizationWays,
  GroupNormalizationGradient: groupNormalizationGradientWays,
  ReduceSum: reductionWays('ReduceSum'),
  ReduceMean: reductionWays('ReduceMean'),
  ReduceMax: reductionWays('ReduceMax'),
  ReduceSumSquare: reductionWays('ReduceSumSquare'),
  Reshape: reshapeWays,
  Transpose: transposeWays,
  Concat: concatWays,
  Split: direct('Split', alongAxis, (lowering, node) => [lowering.int64(node.attributes.sizes)]),
  Slice: direct(
    'Slice',
    () => ({}),
    (lowering, { attributes: { starts, ends, axes, steps } }) =>
      [starts, ends, axes, steps].map((list) => lowering.int64(list)),
  ),
  Pad: direct(
    'Pad',
    () => ({}),
    (lowering, node) => [
      lowering.int64(node.attributes.pads),
      lowering.scalar(node.attributes.value, (node.inputs[0] as Tensor).dtype),
    ],
  ),
  Expand: expandWays,
  Gather: direct('Gather', alongAxis),
  GatherElements: direct('GatherElements', alongAxis),
  ScatterAdd: scatterAddWays,
  GatherSum: gatherSumWays,
  GatherSumGradient: gatherSumGradientWays,
  TopK: direct(
    'TopK',
    ({ attributes }) => ({
      axis: { int: attributes.axis },
      largest: { int: attributes.largest ? 1 : 0 },
      sorted: { int: 1 },
    }),
    (lowering, node) => [lowering.int64([node.attributes.k])],
  ),
  Resize: resizeWays,
};
