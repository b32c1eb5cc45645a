/** Group and layer normalisation against loops over their definitions; their gradients are those of ops that the sweep covers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph, groupNorm, type Layer, layerNorm, Scope } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { compile } from './onnx-session.ts';

/** Float32 against float64 for values near 1. */
const TOLERANCE = 1e-5;
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

interface Case {
  readonly shape: readonly number[];
  /** Extents of weight and bias. */
  readonly extents: readonly number[];
  readonly layer: (scope: Scope) => Layer;
  /** Elements with the same key share a mean and a variance. */
  readonly groupOf: (index: readonly number[]) => string;
  /** Where weight and bias of an element are. */
  readonly parameterOf: (index: readonly number[]) => number;
}

const EPSILON = 1e-3;

function groupCase(shape: readonly number[], groups: number): Case {
  const channels = shape[1] as number;
  return {
    shape,
    extents: [channels],
    layer: (scope) => groupNorm(scope, groups, channels, { epsilon: EPSILON }),
    groupOf: ([n, c]) => `${n} ${Math.floor((c as number) / (channels / groups))}`,
    parameterOf: ([, c]) => c as number,
  };
}

function layerCase(shape: readonly number[], extents: readonly number[]): Case {
  const outer = shape.length - extents.length;
  return {
    shape,
    extents,
    layer: (scope) => layerNorm(scope, extents, { epsilon: EPSILON }),
    groupOf: (index) => index.slice(0, outer).join(' '),
    parameterOf: (index) => index.slice(outer).reduce((at, i, axis) => at * (extents[axis] as number) + i, 0),
  };
}

const CASES: Readonly<Record<string, Case>> = {
  'group normalisation of images, 3 groups of 2 channels': groupCase([2, 6, 4, 5], 3),
  'group normalisation of volumes, one group': groupCase([2, 4, 2, 3, 3], 1),
  'group normalisation by channel': groupCase([3, 5, 4, 4], 5),
  'layer normalisation over the last axis': layerCase([2, 3, 7], [7]),
  'layer normalisation over the last two axes': layerCase([2, 3, 4, 5], [4, 5]),
};

/** The index of the i-th element, row-major. */
function indexOf(i: number, shape: readonly number[]): number[] {
  let rest = i;
  return shape
    .toReversed()
    .map((extent) => {
      const at = rest % extent;
      rest = Math.floor(rest / extent);
      return at;
    })
    .toReversed();
}

/** weight (x - mean) / sqrt(variance + epsilon) + bias, element by element, in float64. */
function expected({ shape, groupOf, parameterOf }: Case, x: Float64Array, weight: Float64Array, bias: Float64Array) {
  const groups = Map.groupBy(x.keys(), (i) => groupOf(indexOf(i, shape)));
  const y = new Float64Array(x.length);
  for (const members of groups.values()) {
    let mean = 0;
    for (const i of members) mean += (x[i] as number) / members.length;
    let variance = 0;
    for (const i of members) variance += ((x[i] as number) - mean) ** 2 / members.length;
    for (const i of members) {
      const at = parameterOf(indexOf(i, shape));
      y[i] =
        ((weight[at] as number) * ((x[i] as number) - mean)) / Math.sqrt(variance + EPSILON) + (bias[at] as number);
    }
  }
  return y;
}

for (const [name, each] of Object.entries(CASES)) {
  test(`${name} is what a loop over its definition gives`, async () => {
    const random = new RandomStream(1, name);
    const drawn = (shape: readonly number[], mean: number) => ({
      shape,
      data: Float64Array.from({ length: sizeOf(shape) }, () => random.normal(mean, 1)),
    });
    const [x, weight, bias] = [drawn(each.shape, 0.5), drawn(each.extents, 1), drawn(each.extents, 0)];
    const graph = new Graph();
    graph.output('y', each.layer(new Scope(graph, true).child('norm'))(graph.input('x', each.shape)));
    const compiled = await compile(graph);
    const values = new Map([
      ['x', x],
      ['norm.weight', weight],
      ['norm.bias', bias],
    ]);
    const y = (await compiled.run(values)).get('y');
    await compiled.release();
    assert.ok(y);
    const loop = expected(each, x.data, weight.data, bias.data);
    assert.deepEqual(y.shape, each.shape);
    for (const [i, value] of loop.entries())
      assert.ok(Math.abs((y.data[i] as number) - value) < TOLERANCE, `element ${i}: ${y.data[i]}, not ${value}`);
  });
}
