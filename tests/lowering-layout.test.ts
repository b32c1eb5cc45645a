/**
 * What a value is kept in (plain, blocked, filter) never shows: every op after a blocked convolution, and a small residual
 * network with its gradients and updates, gives on the blocked target what it gives in plain layout.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate, functions as f, Graph, lower, type Target, type Tensor } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { detectBlockSize } from '@mammoscope/runtime';
import { compile, PLAIN } from './onnx-session.ts';
import { assertClose } from './operation-check.ts';
import { separated, uniform, type Values } from './reference-array.ts';
import { averagePooled, maxPoolBack, maxPooled } from './reference-window.ts';

const TOLERANCE = 1e-5;
const blockSize = await detectBlockSize();
const b = blockSize === 0 ? 16 : blockSize;
const BLOCKED: Target = { device: 'cpu', blockSize };
const skip = blockSize === 0 ? 'ONNX Runtime has no blocked layout on this processor' : false;

/** Random values for every input and parameter of a graph. */
function randomValues(graph: Graph): ReadonlyMap<string, Values> {
  const outside = [...graph.inputs, ...graph.parameters];
  return new Map(outside.map(([name, { shape }]) => [name, uniform(new RandomStream(31, name), shape, -0.5, 0.5)]));
}

async function evaluate(graph: Graph, target: Target, values: ReadonlyMap<string, Values>) {
  const session = await compile(graph, target);
  const results = await session.run(values);
  await session.release();
  return results;
}

async function assertSameInBothLayouts(graph: Graph, tolerance = TOLERANCE, values = randomValues(graph)) {
  const plain = await evaluate(graph, PLAIN, values);
  const blocked = await evaluate(graph, BLOCKED, values);
  assert.deepEqual([...blocked.keys()].sort(), [...plain.keys()].sort());
  for (const [name, expected] of plain) assertClose(blocked.get(name), expected, tolerance, name);
}

/** Operands of an op: images as a blocked convolution leaves them, twice, and others. */
interface Operands {
  readonly x: Tensor;
  readonly y: Tensor;
  /** Images from outside, plain. */
  readonly given: Tensor;
  /** Images whose channels fill no block, from a convolution. */
  readonly odd: Tensor;
  /** One number a channel, [1, C, 1, 1]. */
  readonly vector: Tensor;
}

const pool = { kernel: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] };
const AFTER: Readonly<Record<string, (operands: Operands) => Tensor>> = {
  'Add of blocked': ({ x, y }) => f.add(x, y),
  'Add of blocked and plain': ({ x, given }) => f.add(given, x),
  'Add of a scalar': ({ x }) => f.add(x, 2),
  'Mul by a vector': ({ x, vector }) => f.mul(x, vector),
  'Where of blocked': ({ x, y }) => f.where(f.greater(x, y), x, y),
  'Where with a scalar': ({ x }) => f.where(f.greater(x, 0.1), x, 7),
  'Cast there and back': ({ x }) => f.cast(f.cast(x, 'float64'), 'float32'),
  'Barrier of blocked after plain': ({ x, given }) => f.barrier(x, given),
  'Barrier of plain after blocked': ({ x, given }) => f.barrier(given, x),
  LeakyRelu: ({ x }) => f.leakyRelu(x),
  Clip: ({ x }) => f.clip(x, -0.1, 0.2),
  ReluGradient: ({ x, y }) => f.reluGradient(f.relu(x), y),
  'ReluGradient of blocked and plain': ({ x, given }) => f.reluGradient(f.relu(x), given),
  'Softmax over channels': ({ x }) => f.softmax(x, 1),
  'Concat of blocked': ({ x, y }) => f.concat([x, y, x], 1),
  'Concat from the back': ({ x, y }) => f.concat([x, y], -3),
  'Concat of blocked and plain': ({ x, given }) => f.concat([given, x], 1),
  'Concat of broken blocks': ({ x, odd }) => f.concat([x, odd, odd], 1),
  'Concat of images': ({ x, y }) => f.concat([x, y], 0),
  'Concat of rows': ({ x, y }) => f.concat([x, y], 2),
  'Concat, then convolved': ({ x, y }) => {
    const w = uniform(new RandomStream(32), [b, 2 * b, 3, 3]);
    return f.conv(f.concat([x, y], 1), x.graph.constant(w.data, w.shape), undefined, { padding: 1 });
  },
  'Split into channels': ({ x }) => f.split(x, 1, [3, b - 3])[1] as Tensor,
  Slice: ({ x }) => f.slice(x, { axes: [1, 3], starts: [1, 0], ends: [b, 5], steps: [2, 3] }),
  Pad: ({ x }) => f.pad(x, [0, 1, -1, 0, 0, 2, 0, 1], 3),
  flatten: ({ x }) => f.flatten(x),
  'Reshape to tokens': ({ x }) => f.reshape(x, [2, b, 30]),
  Transpose: ({ x }) => f.transpose(x, [0, 2, 3, 1]),
  Expand: ({ x }) => f.expand(x, [2, 2, b, 6, 5]),
  Gather: ({ x }) => f.gather(x, x.graph.constant([3, 0, 3], [3], 'int64'), 1),
  TopK: ({ x }) => f.topK(x, 3, 1).values,
  'Resize up': ({ x }) => f.resize(x, [12, 10], 'nearest'),
  'Resize down': ({ x }) => f.resize(x, [4, 3], 'nearest'),
  'Resize linearly': ({ x }) => f.resize(x, [9, 4], 'linear'),
  'ReduceSum over all': ({ x }) => f.reduceSum(x),
  'ReduceSumSquare over all': ({ x }) => f.reduceSumSquare(x, undefined, true),
  'ReduceMean over pixels': ({ x }) => f.reduceMean(x, [2, 3]),
  'ReduceMax over channels': ({ x }) => f.reduceMax(x, 1, true),
  MatMul: ({ x, y }) => f.matMul(x, f.transpose(y, [0, 1, 3, 2])),
  GlobalAveragePool: ({ x }) => f.globalAveragePool(x),
  'GlobalAveragePool of broken blocks': ({ odd }) => f.globalAveragePool(odd),
  'Conv by images': ({ x, y }) => f.conv(x, f.slice(y, { axes: [2, 3], starts: [0, 0], ends: [3, 3], steps: [1, 1] })),
  ConvTranspose: ({ x, y }) =>
    f.convTranspose(x, f.reshape(f.gather(y, x.graph.constant(0, [], 'int64')), [b, 30, 1, 1])),
};

function operandsOf(graph: Graph): Operands {
  const convolved = (name: string, channels: number) =>
    f.conv(graph.input(name, [2, b, 6, 5]), graph.parameter(`${name}.weight`, [channels, b, 1, 1]));
  return {
    x: convolved('x', b),
    y: convolved('y', b),
    given: graph.input('given', [2, b, 6, 5]),
    odd: convolved('odd', b - 3),
    vector: graph.input('vector', [1, b, 1, 1]),
  };
}

test('every op reads blocked images as it reads plain ones', { skip }, async () => {
  const graph = new Graph();
  const operands = operandsOf(graph);
  for (const [name, build] of Object.entries(AFTER)) {
    if (name === 'Conv by images' || name === 'ConvTranspose') continue;
    graph.output(name, build(operands));
  }
  await assertSameInBothLayouts(graph);
});

for (const name of Object.keys(AFTER)) {
  test(`${name} alone after a blocked convolution`, { skip }, async () => {
    const graph = new Graph();
    const result = (AFTER[name] as (operands: Operands) => Tensor)(operandsOf(graph));
    graph.output('result', result);
    await assertSameInBothLayouts(graph);
  });
}

test('pooling of blocked images agrees with the loops, padding counted or not, rounding up or down', {
  skip,
}, async () => {
  const graph = new Graph();
  const values = new Map<string, Values>();
  const expected = new Map<string, Values>();
  const shapes = [
    [2, b, 7, 8],
    [1, 2 * b, 6, 6],
    [2, b + 3, 5, 7],
  ];
  for (const [i, shape] of shapes.entries()) {
    const [x] = separated(new RandomStream(33, i), [shape], 2 ** -8) as [Values];
    values.set(`x${i}`, x);
    const c = shape[1] as number;
    const identity = Float64Array.from({ length: c * c }, (_, k) => (k % (c + 1) === 0 ? 1 : 0));
    const images = f.conv(graph.input(`x${i}`, shape), graph.constant(identity, [c, c, 1, 1]));
    for (const ceilMode of [true, false]) {
      const geometries = [
        { ...pool, ceilMode },
        { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceilMode },
        { kernel: [2, 3], strides: [3, 4], pads: [1, 1, 1, 2], ceilMode },
        { kernel: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], ceilMode },
        { kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], ceilMode },
      ];
      for (const geometry of geometries) {
        const name = `${shape} ${JSON.stringify(geometry)}`;
        const [y] = graph.apply('MaxPool', [images], geometry) as [Tensor];
        const pooled = maxPooled(x, geometry);
        graph.output(`MaxPool ${name}`, y);
        expected.set(`MaxPool ${name}`, pooled);
        graph.output(`MaxPoolGradient ${name}`, f.maxPoolGradient(images, y, f.mul(y, y), geometry));
        const dy = { ...pooled, data: pooled.data.map((element) => element * element) };
        expected.set(`MaxPoolGradient ${name}`, maxPoolBack(x, dy, geometry));
        for (const countIncludePad of [true, false]) {
          const attributes = { ...geometry, countIncludePad };
          const average = `AveragePool ${countIncludePad} ${name}`;
          graph.output(average, graph.apply('AveragePool', [images], attributes)[0] as Tensor);
          expected.set(average, averagePooled(x, attributes));
        }
      }
    }
  }
  for (const target of [PLAIN, BLOCKED]) {
    const results = await evaluate(graph, target, values);
    for (const [name, reference] of expected) {
      assertClose(results.get(name), reference, TOLERANCE, `${name}, blocks of ${target.blockSize}`);
    }
  }
});

/** A stem of three channels, a residual block, a strided block, concatenation, pooling, a linear layer. */
function network(graph: Graph) {
  const trained: Tensor[] = [];
  const parameter = (name: string, shape: readonly number[]) => {
    const made = graph.parameter(name, shape);
    trained.push(made);
    return made;
  };
  const block = (name: string, x: Tensor, channels: number, kernel: number, stride: number) => {
    const w = parameter(`${name}.weight`, [channels, x.shape[1] as number, kernel, kernel]);
    const padding = (kernel - 1) / 2;
    const convolved = f.conv(x, w, undefined, { stride, padding });
    return f.batchNormalizationTraining(
      convolved,
      parameter(`${name}.scale`, [channels]),
      parameter(`${name}.bias`, [channels]),
    ).y;
  };
  const image = graph.input('image', [2, 3, 17, 15]);
  const stem = f.maxPool(f.relu(block('stem', image, b, 7, 2)), 3, { stride: 2, padding: 1 });
  const inner = f.relu(block('inner', stem, b, 3, 1));
  const residual = f.relu(f.add(block('outer', inner, b, 1, 1), stem));
  const strided = f.relu(f.add(block('strided', residual, 2 * b, 3, 2), block('shortcut', residual, 2 * b, 1, 2)));
  const joined = f.concat([strided, f.averagePool(strided, 3, { stride: 1, padding: 1 })], 1);
  const features = f.flatten(f.globalAveragePool(joined));
  const logits = f.gemm(features, parameter('fc.weight', [2, 4 * b]), parameter('fc.bias', [2]), { transB: true });
  return {
    trained,
    loss: f.neg(f.reduceMean(f.slice(f.logSoftmax(logits), { axes: [1], starts: [0], ends: [1], steps: [1] }))),
  };
}

test('a residual network has one loss, one set of gradients and one update in both layouts', { skip }, async () => {
  const graph = new Graph();
  const { trained, loss } = network(graph);
  graph.output('loss', loss);
  for (const [i, gradient] of differentiate(loss, trained).entries()) {
    const weight = trained[i] as Tensor;
    const { name } = weight.origin as { name: string };
    assert.ok(gradient, `${name} has no gradient`);
    graph.output(`gradient of ${name}`, gradient);
    const moment = graph.parameterLike(`${name}.moment`, weight);
    const next = f.add(f.mul(moment, 0.9), gradient);
    graph.update(moment, next);
    graph.update(weight, f.sub(weight, f.mul(next, 0.1)));
  }
  const layouts = new Map(lower(graph, BLOCKED).parameters.map(({ name, layout }) => [name, layout]));
  assert.equal(layouts.get('inner.weight'), 'filter');
  assert.equal(layouts.get('inner.weight.moment'), 'filter', 'a moment is stored like its weight');
  await assertSameInBothLayouts(graph, 1e-4);
});

test('a kernel is read as an image, too', { skip }, async () => {
  const graph = new Graph();
  const w = graph.parameter('w', [b, b, 3, 3]);
  graph.output('of a kernel', f.conv(graph.input('x', [1, b, 4, 4]), w));
  const doubled = f.add(w, w); // in filter layout, since w is first read as a kernel
  graph.output('kernel as image', f.conv(doubled, w));
  graph.output('kernel after kernel', f.add(doubled, f.conv(w, w, undefined, { padding: 1 })));
  graph.update(w, f.mul(doubled, 0.25));
  await assertSameInBothLayouts(graph);
});

test('pixels of blocked images become rows, and their gradient images, without a transposition', { skip }, async () => {
  for (const channels of [b, 3 * b]) {
    const graph = new Graph();
    const w = graph.parameter('w', [channels, b, 1, 1]);
    const image = f.conv(graph.input('x', [2, b, 6, 5]), w);
    const rows = f.transpose(f.reshape(image, [2, channels, 30]), [0, 2, 1]);
    graph.output('rows', rows);
    const [gradient] = differentiate(f.reduceSum(f.mul(f.mul(rows, rows), rows)), [w]);
    graph.output('gradient', gradient as Tensor);
    await assertSameInBothLayouts(graph, 1e-4);
    const moves = lower(graph, BLOCKED).model.nodes.filter(
      ({ name, opType }) => /Transpose:/.test(name) && opType === 'Transpose',
    );
    assert.equal(moves.length, 0, `${channels} channels`);
  }
});
