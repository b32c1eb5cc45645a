import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GraphErrorCode } from './errors.ts';
import * as f from './functions.ts';
import { Graph } from './graph.ts';
import type { ConvTransposeAttributes } from './ops/convolution.ts';
import type { DType, Shape, Tensor } from './tensor.ts';

type Build = (make: (shape: Shape, dtype?: DType) => Tensor) => Tensor | readonly Tensor[];

/** A maker of inputs called a, b, c ... of a new graph. */
function inputs() {
  const graph = new Graph();
  return (shape: Shape, dtype: DType = 'float32') => graph.input('abcdefgh'.charAt(graph.inputs.size), shape, dtype);
}

const transposing = (change: Partial<ConvTransposeAttributes>): ConvTransposeAttributes => ({
  strides: [2, 2],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  group: 1,
  outputPadding: [0, 0],
  ...change,
});
const normalised = (t: Parameters<Build>[0], x: Shape, vector: Shape) =>
  f.batchNormalizationTraining(t(x), t(vector), t(vector)).y;
const poolOf = { kernel: [2], strides: [2], pads: [0, 0], ceilMode: false };

const SHAPES: readonly (readonly [name: string, build: Build, shape: Shape])[] = [
  ['Add broadcasts both operands', (t) => f.add(t([4, 1, 3]), t([2, 1])), [4, 2, 3]],
  ['Where broadcasts the condition', (t) => f.where(t([3, 1], 'bool'), t([2]), 1), [3, 2]],
  [
    'Conv, padded and strided',
    (t) => f.conv(t([2, 3, 9, 8]), t([4, 3, 3, 3]), t([4]), { stride: 2, padding: 1 }),
    [2, 4, 5, 4],
  ],
  ['Conv, dilated', (t) => f.conv(t([1, 2, 9]), t([4, 1, 3]), undefined, { dilation: 2, groups: 2 }), [1, 4, 5]],
  [
    'ConvTranspose, output padded',
    (t) => f.convTranspose(t([1, 4, 5, 4]), t([4, 3, 3, 3]), t([3]), { stride: 2, padding: 1, outputPadding: [0, 1] }),
    [1, 3, 9, 8],
  ],
  ['MatMul broadcasts batches', (t) => f.matMul(t([5, 1, 2, 3]), t([4, 3, 6])), [5, 4, 2, 6]],
  ['Gemm, both transposed', (t) => f.gemm(t([3, 2]), t([4, 3]), t([4]), { transA: true, transB: true }), [2, 4]],
  ['MaxPool rounds down', (t) => f.maxPool(t([1, 1, 6]), 3, { stride: 2 }), [1, 1, 2]],
  ['MaxPool rounds up', (t) => f.maxPool(t([1, 1, 6]), 3, { stride: 2, ceilMode: true }), [1, 1, 3]],
  [
    'MaxPool drops a window in the padding',
    (t) => f.maxPool(t([1, 1, 4]), 2, { stride: 3, padding: 1, ceilMode: true }),
    [1, 1, 2],
  ],
  ['GlobalAveragePool', (t) => f.globalAveragePool(t([2, 3, 4, 5])), [2, 3, 1, 1]],
  ['ReduceSum over all', (t) => f.reduceSum(t([2, 3])), []],
  ['ReduceMax from the back', (t) => f.reduceMax(t([2, 3, 4]), [-1, 0], true), [1, 3, 1]],
  ['Concat from the back', (t) => f.concat([t([2, 1]), t([2, 3])], -1), [2, 4]],
  ['Split', (t) => f.split(t([2, 5]), 1, [2, 3]), [2, 2]],
  [
    'Slice with steps',
    (t) => f.slice(t([7, 4]), { axes: [0, -1], starts: [1, 0], ends: [7, 3], steps: [3, 1] }),
    [2, 3],
  ],
  ['Pad crops', (t) => f.pad(t([3, 4]), [1, -1, 0, -2]), [4, 1]],
  ['Gather by a matrix', (t) => f.gather(t([3, 4, 5]), t([2, 2], 'int64'), 1), [3, 2, 2, 5]],
  ['Gather by a scalar', (t) => f.gather(t([3, 4]), t([], 'int64')), [4]],
  ['TopK', (t) => f.topK(t([3, 4]), 2).indices, [3, 2]],
  ['Resize', (t) => f.resize(t([1, 2, 3, 4]), [6, 2], 'linear'), [1, 2, 6, 2]],
  ['squeeze', (t) => f.squeeze(t([1, 2, 1]), -1), [1, 2]],
  ['unsqueeze', (t) => f.unsqueeze(t([2, 3]), [0, -1]), [1, 2, 3, 1]],
  ['flatten', (t) => f.flatten(t([2, 3, 4])), [2, 12]],
  ['adaptiveAveragePool', (t) => f.adaptiveAveragePool(t([1, 2, 7, 5]), [3, 6]), [1, 2, 3, 6]],
  ['sumTo', (t) => f.sumTo(t([4, 2, 3]), [2, 1]), [2, 1]],
];

for (const [name, build, shape] of SHAPES) {
  test(`${name} has the shape [${shape}]`, () => {
    const result = build(inputs());
    assert.deepEqual((Array.isArray(result) ? (result as Tensor[])[0] : (result as Tensor))?.shape, shape);
  });
}

const ERRORS: readonly (readonly [build: Build, code: GraphErrorCode, message: RegExp])[] = [
  [
    (t) => f.add(t([2, 3]), t([4])),
    'shape',
    /^Add\(a float32\[2, 3\], b float32\[4\]\): shapes \[2, 3\] and \[4\] do not broadcast/,
  ],
  [
    (t) => f.add(t([2]), t([2], 'int64')),
    'dtype',
    /^Add\(a float32\[2\], b int64\[2\]\): requires operands of one type of float32/,
  ],
  [(t) => f.pow(t([2], 'int32'), 2), 'dtype', /Pow.* of one type of float32, float64/],
  [(t) => f.exp(t([2], 'int64')), 'dtype', /Exp\(a int64\[2\]\)/],
  [(t) => f.neg(t([2], 'bool')), 'dtype', /Neg/],
  [(t) => f.relu(t([2], 'int64')), 'dtype', /Relu/],
  [(t) => f.where(t([2]), t([2]), 1), 'dtype', /requires a bool condition/],
  [
    (t) => f.softmax(t([2, 3]), 2),
    'attribute',
    /Softmax\(a float32\[2, 3\]\): axis 2 is outside a tensor of 2 dimensions/,
  ],
  [(t) => f.reluGradient(t([2]), t([3])), 'shape', /requires operands of one shape/],
  [(t) => f.conv(t([1, 2, 5]), t([4, 2, 3, 3])), 'shape', /requires an input and a kernel of 3 to 5 dimensions/],
  [(t) => f.conv(t([1, 3, 5, 5]), t([4, 2, 3, 3])), 'shape', /requires 2 x 1 input channels/],
  [(t) => f.conv(t([1, 4, 5]), t([3, 2, 3]), undefined, { groups: 2 }), 'shape', /outputs divisible by 2/],
  [
    (t) => f.conv(t([1, 1, 5]), t([1, 1, 3]), undefined, { dilation: 3 }),
    'shape',
    /kernel of \[3\] with dilations \[3\] does not fit an input of \[5\]/,
  ],
  [(t) => f.conv(t([1, 1, 5]), t([4, 1, 3]), t([3])), 'shape', /requires a bias of \[4\]/],
  [
    (t) => f.conv(t([1, 1, 5, 5]), t([1, 1, 3, 3]), undefined, { stride: [1, 1, 1] }),
    'attribute',
    /requires 2 strides and dilations and 4 pads/,
  ],
  [
    (t) => f.conv(t([1, 1, 5]), t([1, 1, 3]), undefined, { stride: 0 }),
    'attribute',
    /strides, dilations and groups of 1 or more, got \[0, 1, 1\]/,
  ],
  [(t) => f.conv(t([1, 1, 5], 'int32'), t([1, 1, 3], 'int32')), 'dtype', /Conv/],
  [
    (t) => f.convTranspose(t([1, 3, 5]), t([2, 3, 3])),
    'shape',
    /requires an input \[N, C, ...\] and a kernel \[C, O\/group, ...\]/,
  ],
  [
    (t) => f.convTranspose(t([1, 2, 5]), t([2, 3, 3]), undefined, { padding: 9 }),
    'shape',
    /pads \[9, 9\] leave nothing/,
  ],
  [
    (t) => f.convTranspose(t([1, 3, 5]), t([3, 1, 3]), undefined, { groups: 2 }),
    'shape',
    /input channels divisible by 2/,
  ],
  [
    (t) => {
      const x = t([1, 2, 5, 5]);
      return x.graph.apply('ConvTranspose', [x, t([2, 1, 3, 3])], transposing({ outputPadding: [0] }));
    },
    'attribute',
    /requires 2 strides, dilations and output pads and 4 pads/,
  ],
  [
    (t) => f.convTranspose(t([1, 2, 5]), t([2, 3, 3]), undefined, { outputPadding: 1 }),
    'attribute',
    /output padding below the strides, got \[1\]/,
  ],
  [
    (t) => f.convInputGradient(t([1, 4, 5]), t([4, 2, 3]), [1, 2, 5], f.convAttributes(1)),
    'shape',
    /requires dy of \[1, 4, 3\]/,
  ],
  [
    (t) => f.convWeightGradient(t([1, 2, 5]), t([1, 4, 5]), [4, 2, 3], f.convAttributes(1)),
    'shape',
    /requires dy of \[1, 4, 3\]/,
  ],
  [
    (t) => f.matMul(t([2, 3]), t([2, 3])),
    'shape',
    /requires \[..., M, K\] and \[..., K, N\], got \[2, 3\] and \[2, 3\]/,
  ],
  [(t) => f.matMul(t([3]), t([3, 2])), 'shape', /MatMul/],
  [(t) => f.gemm(t([2, 3]), t([4, 2])), 'shape', /inner dimensions 3 and 4 differ/],
  [(t) => f.gemm(t([2, 3]), t([3, 4]), t([2])), 'shape', /Gemm/],
  [(t) => f.gemm(t([2, 3]), t([3, 1]), t([2, 4])), 'shape', /requires an addend that broadcasts to \[2, 1\]/],
  [(t) => f.gemm(t([2, 3, 1]), t([3, 4])), 'shape', /requires two matrices/],
  [
    (t) => f.maxPool(t([1, 1, 3, 3]), 5),
    'shape',
    /window of \[5, 5\] with pads \[0, 0, 0, 0\] does not fit an input of \[3, 3\]/,
  ],
  [(t) => f.maxPool(t([1, 1, 8]), 2, { padding: 2 }), 'shape', /window of \[2\] with pads \[2, 2\]/],
  [(t) => f.averagePool(t([1, 1, 8]), 2, { stride: 0 }), 'attribute', /kernels and strides of 1 or more/],
  [(t) => f.maxPool(t([1, 1, 8, 8]), [2]), 'attribute', /requires a kernel and strides of 2 numbers and 4 pads/],
  [
    (t) => f.maxPoolGradient(t([1, 1, 8]), t([1, 1, 4]), t([1, 1, 3]), poolOf),
    'shape',
    /requires y and dy of \[1, 1, 4\]/,
  ],
  [(t) => f.globalAveragePool(t([2, 3])), 'shape', /requires \[N, C, ...\], got \[2, 3\]/],
  [(t) => normalised(t, [2, 3, 4], [4]), 'shape', /vectors of C elements, got \[2, 3, 4\], \[4\], \[4\]/],
  [(t) => f.reduceSum(t([2, 3]), [0, 2]), 'attribute', /axis 2 is outside a tensor of 2 dimensions/],
  [(t) => f.reduceMax(t([2], 'bool')), 'dtype', /ReduceMax/],
  [(t) => f.reshape(t([2, 3]), [4]), 'shape', /cannot see \[2, 3\] as \[4\]: 6 elements against 4/],
  [(t) => f.transpose(t([2, 3]), [1, 1]), 'attribute', /\[1, 1\] is no permutation of 2 axes/],
  [(t) => f.transpose(t([2, 3]), [-1, 0]), 'attribute', /\[-1, 0\] is no permutation of 2 axes/],
  [(t) => f.concat([t([2, 3]), t([3, 3])], 1), 'shape', /differ along axis 1 only, got \[2, 3\], \[3, 3\]/],
  [
    (t) => f.concat([t([2]), t([2], 'int64')], 0),
    'dtype',
    /Concat\(a float32\[2\], b int64\[2\]\): requires operands of one type/,
  ],
  [(t) => f.split(t([5]), 0, [2, 2]), 'shape', /sizes \[2, 2\] are not positive or do not add up to 5/],
  [(t) => f.split(t([5]), 0, [6, -1]), 'shape', /sizes \[6, -1\]/],
  [
    (t) => f.slice(t([5]), { axes: [0], starts: [3], ends: [3], steps: [1] }),
    'shape',
    /3:3:1 is no part of axis 0 of \[5\]/,
  ],
  [(t) => f.slice(t([5]), { axes: [0], starts: [0], ends: [6], steps: [1] }), 'shape', /0:6:1 is no part/],
  [(t) => f.pad(t([2, 2]), [0, 0]), 'shape', /requires 4 pads, got 2/],
  [(t) => f.pad(t([2]), [-1, -1]), 'shape', /pads \[-1, -1\] leave nothing of \[2\]/],
  [(t) => f.expand(t([2, 3]), [2, 1]), 'shape', /\[2, 3\] does not broadcast to \[2, 1\]/],
  [(t) => f.gather(t([3]), t([2], 'int32')), 'dtype', /requires int64 indices, got int32/],
  [(t) => f.gatherElements(t([3, 2]), t([2, 2], 'int64'), 1), 'shape', /may differ along axis 1 only/],
  [(t) => f.scatterAdd(t([2], 'int64'), t([3]), 0, [4]), 'shape', /requires indices and updates of one shape/],
  [(t) => f.topK(t([3, 4]), 5).values, 'shape', /cannot take 5 of 4 elements/],
  [(t) => f.resize(t([1, 2, 3, 4]), [6], 'nearest'), 'shape', /cannot resize \[1, 2, 3, 4\] to \[6\]/],
  [(t) => (t([2]) as Tensor).graph.apply('Add', [], {}), 'shape', /^Add\(\): requires 2 operands, got 0/],
];

for (const [build, code, message] of ERRORS) {
  test(`an error of ${code}: ${message.source}`, () =>
    assert.throws(() => build(inputs()), { name: 'GraphError', code, message }));
}

test('functions refuse what no graph could name', () => {
  const x = inputs()([1, 2]);
  assert.throws(() => f.add(1, 2), /Add requires at least one tensor/);
  assert.throws(() => f.where(f.greater(x, 0), 1, 2), /where requires at least one tensor/);
  assert.throws(() => f.squeeze(x, 1), /cannot squeeze axis 1 of extent 2/);
});

test('a number takes the type of the other operand', () => {
  const x = inputs()([2], 'int64');
  assert.equal(f.mul(2, x).dtype, 'int64');
});
