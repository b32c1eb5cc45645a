/**
 * Batch and group normalisation in both layouts, forward and backward, against loops; and what may follow it in the same pass (a
 * ReLU, an addition, both) with the consumers that forbid that.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate, functions as f, Graph, lower, type Target, type Tensor } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { detectBlockSize } from '@mammoscope/runtime';
import { compile, PLAIN } from './onnx-session.ts';
import { assertClose } from './operation-check.ts';
import { elementwise, fill, uniform, type Values } from './reference-array.ts';
import {
  groupGradient,
  normalisationGradient,
  normalised,
  normalisedByBatch,
  normalisedByGroup,
} from './reference-normalization.ts';

const TOLERANCE = 1e-5;
const EPSILON = 1e-5;
const blockSize = await detectBlockSize();
const BLOCKED: Target = { device: 'cpu', blockSize };
const b = blockSize === 0 ? 16 : blockSize;
const targets = blockSize === 0 ? [PLAIN] : [PLAIN, BLOCKED];

/** Images that are blocked where the target has blocks: a convolution by the identity. */
function throughConvolution(x: Tensor): Tensor {
  const c = x.shape[1] as number;
  const identity = fill([c, c, 1, 1], ([o, i]) => (o === i ? 1 : 0));
  return f.conv(x, x.graph.constant(identity.data, identity.shape));
}

/** A graph under construction with the values of its inputs. */
class Fixture {
  readonly graph = new Graph();
  readonly values = new Map<string, Values>();
  readonly expected = new Map<string, Values>();
  readonly #stream: RandomStream;

  constructor(name: string) {
    this.#stream = new RandomStream(21, name);
  }

  input(name: string, shape: readonly number[], low = -1, high = 1): [Tensor, Values] {
    const values = uniform(this.#stream, shape, low, high);
    this.values.set(name, values);
    return [this.graph.input(name, shape), values];
  }

  output(name: string, tensor: Tensor, expected: Values): void {
    this.graph.output(name, tensor);
    this.expected.set(name, expected);
  }

  async check(what: string, tolerance = TOLERANCE): Promise<void> {
    for (const target of targets) {
      const session = await compile(this.graph, target);
      const results = await session.run(this.values);
      await session.release();
      for (const [name, values] of this.expected) {
        assertClose(results.get(name), values, tolerance, `${what}, ${name}, blocks of ${target.blockSize}`);
      }
    }
  }
}

const SHAPES = [
  [2, b, 5, 4],
  [3, 2 * b, 3, 3],
  [1, b, 1, 1],
  [2, 5, 4, 3],
  [4, b],
  [2, b, 7],
  [2, b, 3, 2, 2],
] as const;

for (const shape of SHAPES) {
  for (const source of shape.length === 4 ? ['given', 'convolved'] : ['given']) {
    test(`batch normalisation of [${shape}] ${source}, forward and backward`, async () => {
      const fixture = new Fixture(`${shape} ${source}`);
      const [input, x] = fixture.input('x', shape, -1, 3);
      const [scale, s] = fixture.input('scale', [shape[1]]);
      const [bias, o] = fixture.input('bias', [shape[1]]);
      const [mean, m] = fixture.input('mean', [shape[1]]);
      const [variance, v] = fixture.input('variance', [shape[1]], 0.5, 2);
      const [dy, g] = fixture.input('dy', shape);
      const images = source === 'given' ? input : throughConvolution(input);
      fixture.output(
        'inference',
        f.batchNormalization(images, scale, bias, mean, variance, EPSILON),
        normalised(x, [s, o, m, v], EPSILON),
      );
      // One element a channel has no variance: its inverse deviation is 1 / sqrt(epsilon), and rounding is all that is left.
      if (shape[0] * shape.slice(2).reduce((p: number, q) => p * q, 1) === 1) return fixture.check('inference');
      const training = fixture.graph.apply('BatchNormalizationTraining', [images, scale, bias], { epsilon: EPSILON });
      const [y, batchMean, batchVariance, centred] = normalisedByBatch(x, s, o, EPSILON);
      for (const [i, values] of [y, batchMean, batchVariance, centred].entries()) {
        fixture.output(`training.${i}`, training[i] as Tensor, values);
      }
      const gradients = differentiate(training[0] as Tensor, [images, scale, bias], dy);
      for (const [i, values] of normalisationGradient(centred, g, s, batchVariance, EPSILON).entries()) {
        fixture.output(`gradient.${i}`, gradients[i] as Tensor, values);
      }
      await fixture.check('training', 2e-5);
    });
  }
}

test('a large mean does not cancel the variance', async () => {
  const fixture = new Fixture('large mean');
  const [input, x] = fixture.input('x', [4, b, 8, 8], 1000, 1001);
  const [scale, s] = fixture.input('scale', [b]);
  const [bias, o] = fixture.input('bias', [b]);
  const { y } = f.batchNormalizationTraining(throughConvolution(input), scale, bias, EPSILON);
  fixture.output('y', y, normalisedByBatch(x, s, o, EPSILON)[0]);
  await fixture.check('a mean of 1000 deviations', 2e-3); // float32 holds 1000.5 to 3e-5, a ten-thousandth of a deviation
});

/** Groups within a block, of a block, and of several blocks. */
const GROUPS = [
  [[2, b, 5, 4], b / 2],
  [[2, b, 5, 4], b],
  [[3, 2 * b, 3, 3], 2],
  [[1, 2 * b, 7, 3], 1],
  [[1, b, 1, 5], 4],
  [[2, 6, 4, 3], 3],
] as const;

for (const [shape, groups] of GROUPS) {
  for (const source of ['given', 'convolved'] as const) {
    test(`group normalisation of [${shape}] in ${groups} groups ${source}, forward and backward`, async () => {
      const fixture = new Fixture(`${shape} ${groups} ${source}`);
      const [input, x] = fixture.input('x', shape, -1, 3);
      const [scale, s] = fixture.input('scale', [shape[1]]);
      const [bias, o] = fixture.input('bias', [shape[1]]);
      const [dy, g] = fixture.input('dy', shape);
      const images = source === 'given' ? input : throughConvolution(input);
      const attributes = { groups, epsilon: EPSILON };
      const results = fixture.graph.apply('GroupNormalization', [images, scale, bias], attributes);
      const [y, mean, variance] = normalisedByGroup(x, s, o, groups, EPSILON);
      for (const [i, values] of [y, mean, variance].entries()) fixture.output(`y.${i}`, results[i] as Tensor, values);
      const gradients = differentiate(results[0] as Tensor, [images, scale, bias], dy);
      for (const [i, values] of groupGradient([x, g, s, mean, variance], groups, EPSILON).entries())
        fixture.output(`gradient.${i}`, gradients[i] as Tensor, values);
      await fixture.check('group normalisation', 2e-5);
    });
  }
}

test('group normalisation of a mean of 30 deviations, and of nothing but one value', async () => {
  const fixture = new Fixture('group mean');
  const [input, x] = fixture.input('x', [2, b, 40, 40], 9, 10); // a deviation of 0.29
  const [same, ones] = fixture.input('same', [2, b, 40, 40], 0.7, 0.7);
  const [scale, s] = fixture.input('scale', [b]);
  const [bias, o] = fixture.input('bias', [b]);
  const y = f.groupNormalization(throughConvolution(input), scale, bias, b / 2, EPSILON);
  fixture.output('y', y, normalisedByGroup(x, s, o, b / 2, EPSILON)[0]);
  const flat = f.groupNormalization(throughConvolution(same), scale, bias, b / 2, EPSILON);
  fixture.output('flat', flat, normalisedByGroup(ones, s, o, b / 2, EPSILON)[0]);
  await fixture.check('a mean of 30 deviations', 5e-4); // 900 roundings of a variance, half of them in y
});

/** What may follow a normalisation y beside other tensors of its shape, and the loop for it. */
interface End {
  /** `other` is written before the normalisation, `late` after it, `given` comes from outside, `row` broadcasts. */
  readonly build: (operands: Record<'y' | 'other' | 'late' | 'given' | 'row', Tensor>) => readonly Tensor[];
  readonly loop: (y: number, other: number, late: number, given: number, row: number) => readonly number[];
  /** ReLU nodes that stay when blocked: 0 where a pass ends in it, of the normalisation or of the convolution before `late`. */
  readonly rectifiers: number;
}

const positive = (x: number) => Math.max(x, 0);
const ENDS: Readonly<Record<string, End>> = {
  nothing: { build: ({ y }) => [y], loop: (y) => [y], rectifiers: 0 },
  'a ReLU': { build: ({ y }) => [f.relu(y)], loop: (y) => [positive(y)], rectifiers: 0 },
  'a hyperbolic tangent': { build: ({ y }) => [f.tanh(y)], loop: (y) => [Math.tanh(y)], rectifiers: 0 },
  'an addition and a ReLU': {
    build: ({ y, other }) => [f.relu(f.add(other, y))],
    loop: (y, other) => [positive(other + y)],
    rectifiers: 0,
  },
  'the addition of an input and a ReLU': {
    build: ({ y, given }) => [f.relu(f.add(y, given))],
    loop: (y, _o, _l, given) => [positive(y + given)],
    rectifiers: 0,
  },
  'an addition': { build: ({ y, other }) => [f.add(y, other)], loop: (y, other) => [y + other], rectifiers: 0 },
  'an addition read twice': {
    build: ({ y, other }) => {
      const sum = f.add(y, other);
      return [f.relu(sum), f.tanh(sum)];
    },
    loop: (y, other) => [positive(y + other), Math.tanh(y + other)],
    rectifiers: 1,
  },
  'an addition that leaves the graph before its ReLU': {
    build: ({ y, other }) => {
      const sum = f.add(y, other);
      return [sum, f.relu(sum)];
    },
    loop: (y, other) => [y + other, positive(y + other)],
    rectifiers: 1,
  },
  'a ReLU that is not alone': {
    build: ({ y }) => [f.relu(y), f.tanh(y)],
    loop: (y) => [positive(y), Math.tanh(y)],
    rectifiers: 1,
  },
  'a ReLU beside an output': { build: ({ y }) => [y, f.relu(y)], loop: (y) => [y, positive(y)], rectifiers: 1 },
  'two ReLUs': {
    build: ({ y }) => [f.relu(y), f.relu(y)],
    loop: (y) => [positive(y), positive(y)],
    rectifiers: 2,
  },
  'an addition to itself': { build: ({ y }) => [f.relu(f.add(y, y))], loop: (y) => [positive(2 * y)], rectifiers: 1 },
  'the addition of what is written later': {
    build: ({ y, late }) => [f.relu(f.add(y, late))],
    loop: (y, _, late) => [positive(y + late)],
    rectifiers: 1,
  },
  'the addition of one row': {
    build: ({ y, row }) => [f.relu(f.add(y, row))],
    loop: (y, _o, _l, _g, row) => [positive(y + row)],
    rectifiers: 1,
  },
  'a subtraction': {
    build: ({ y, other }) => [f.relu(f.sub(y, other))],
    loop: (y, other) => [positive(y - other)],
    rectifiers: 1,
  },
};

for (const [name, { build, loop, rectifiers }] of Object.entries(ENDS)) {
  for (const kind of ['batch normalisation in inference', 'batch normalisation in training', 'group normalisation']) {
    for (const c of [b, b + 3]) {
      test(`${kind} of ${c === b ? 'whole blocks' : 'broken blocks'} followed by ${name}`, async () => {
        const shape = [2, c, 4, 3];
        const fixture = new Fixture(`${name} ${kind} ${c}`);
        const [x, xs] = fixture.input('x', shape);
        const [scale, s] = fixture.input('scale', [c]);
        const [bias, o] = fixture.input('bias', [c]);
        const [mean, m] = fixture.input('mean', [c]);
        const [variance, v] = fixture.input('variance', [c], 0.5, 2);
        const [residual, other] = fixture.input('other', shape);
        const [lateInput, lateValues] = fixture.input('late', shape);
        const [given, givens] = fixture.input('given', shape);
        const [row, rows] = fixture.input('row', [1, c, 1, 3]);
        const [images, before] = [throughConvolution(x), throughConvolution(residual)];
        const [y, expected] =
          kind === 'group normalisation'
            ? [f.groupNormalization(images, scale, bias, c, EPSILON), normalisedByGroup(xs, s, o, c, EPSILON)[0]]
            : kind === 'batch normalisation in inference'
              ? [
                  f.batchNormalization(images, scale, bias, mean, variance, EPSILON),
                  normalised(xs, [s, o, m, v], EPSILON),
                ]
              : [f.batchNormalizationTraining(images, scale, bias, EPSILON).y, normalisedByBatch(xs, s, o, EPSILON)[0]];
        const late = f.relu(throughConvolution(lateInput));
        const lates = elementwise([lateValues], positive);
        const results = build({ y, other: before, late, given, row });
        for (const [i, result] of results.entries()) {
          const values = elementwise([expected, other, lates, givens, rows], (...list) => {
            const [a, p, l, g, r] = list as [number, number, number, number, number];
            return loop(a, p, l, g, r)[i] as number;
          });
          fixture.output(`result.${i}`, result, values);
        }
        await fixture.check(name);
        if (c !== b || blockSize === 0) return;
        const written = lower(fixture.graph, BLOCKED).model.nodes.filter(({ opType }) => opType === 'Relu');
        assert.equal(written.length, rectifiers, `${name} leaves ${written.length} ReLU nodes`);
      });
    }
  }
}

test('two normalisations that meet: the second one takes the addition of the first', async () => {
  const fixture = new Fixture('meeting');
  const [x, xs] = fixture.input('x', [2, b, 3, 3]);
  const [scale, s] = fixture.input('scale', [b]);
  const [bias, o] = fixture.input('bias', [b]);
  const images = throughConvolution(x);
  const first = f.batchNormalizationTraining(images, scale, bias, EPSILON).y;
  const second = f.batchNormalizationTraining(f.tanh(images), bias, scale, EPSILON).y;
  const expected = [
    normalisedByBatch(xs, s, o, EPSILON)[0],
    normalisedByBatch(elementwise([xs], Math.tanh), o, s, EPSILON)[0],
  ];
  fixture.output(
    'sum',
    f.relu(f.add(first, second)),
    elementwise(expected, (p, q) => positive(p + q)),
  );
  await fixture.check('two normalisations');
  if (blockSize === 0) return;
  assert.ok(lower(fixture.graph, BLOCKED).model.nodes.every(({ opType }) => opType !== 'Relu'));
});
