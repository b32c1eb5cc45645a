/** Normalisation folded into the convolutions before it: the same maps as by the graph as it was, and left where folding does not hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions as f, foldedWeights, foldNormalisation, Graph, networks, Scope, type Tensor } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { compile } from './onnx-session.ts';
import { assertClose } from './operation-check.ts';
import { uniform, type Values } from './reference-array.ts';

/** Random values of everything outside a graph; variances from 0.5 to 2. */
function randomValues(graph: Graph): Map<string, Values> {
  const outside = [...graph.inputs, ...graph.parameters];
  return new Map(
    outside.map(([name, { shape }]) => {
      const isVariance = name.endsWith('var');
      return [name, uniform(new RandomStream(61, name), shape, isVariance ? 0.5 : -1, isVariance ? 2 : 1)];
    }),
  );
}

/** The outputs of a graph, and of the folded one with its weights. */
async function bothWays(graph: Graph, values: ReadonlyMap<string, Values>) {
  const { graph: small, folded } = foldNormalisation(graph);
  const run = async (one: Graph, given: ReadonlyMap<string, Values>) => {
    const compiled = await compile(one);
    const found = await compiled.run(given);
    await compiled.release();
    return found;
  };
  const weights = [...graph.parameters.keys()].map(
    (name) => [name, Float32Array.from(values.get(name)?.data ?? [])] as const,
  );
  const given = new Map(values);
  for (const [name, data] of foldedWeights(folded, new Map(weights))) {
    const shape = small.parameters.get(name)?.shape;
    if (shape) given.set(name, { shape, data: Float64Array.from(data) });
  }
  return { folded, before: await run(graph, values), after: await run(small, given) };
}

const CHANNELS = 4;

/** Convolutions with all that may follow them. */
function blocks(): Graph {
  const graph = new Graph();
  const x = graph.input('x', [2, CHANNELS, 5, 6]);
  const weight = (name: string) => graph.parameter(name, [CHANNELS, CHANNELS, 3, 3]);
  const norm = (name: string, y: Tensor) => {
    const [scale, bias, mean, variance] = ['scale', 'bias', 'mean', 'var'].map((part) =>
      graph.parameter(`${name}.${part}`, [CHANNELS]),
    ) as [Tensor, Tensor, Tensor, Tensor];
    return f.batchNormalization(y, scale, bias, mean, variance);
  };
  const conv = (name: string, from: Tensor, bias?: Tensor) => f.conv(from, weight(name), bias, { padding: 1 });
  const plain = f.relu(norm('plain', conv('plain.w', x)));
  const biased = f.leakyRelu(norm('biased', conv('biased.w', plain, graph.parameter('own', [CHANNELS]))), 0.1);
  const added = f.relu(f.add(norm('added', conv('added.w', biased)), biased));
  const kept = conv('kept.w', added);
  const shared = weight('shared.w');
  const [first, second] = [added, biased].map((from) => f.conv(from, shared, undefined, { padding: 1 })) as [
    Tensor,
    Tensor,
  ];
  graph.output('kept', kept);
  graph.output('result', f.add(f.relu(norm('kept', kept)), f.relu(norm('first', first))));
  graph.output('second', f.relu(norm('second', second)));
  return graph;
}

test('what an activation alone reads is folded; what is added to, leaves the graph or shares its kernel is not', async () => {
  const graph = blocks();
  const { folded, before, after } = await bothWays(graph, randomValues(graph));
  assert.deepEqual(
    folded.map(({ weight, ownBias }) => [weight, ownBias]),
    [
      ['plain.w', undefined],
      ['biased.w', 'own'],
    ],
  );
  for (const [name, expected] of before) assertClose(after.get(name), expected, 1e-5, name);
});

test('of DenseNet-121 the stem and the second normalisation of each dense layer are folded', () => {
  const graph = new Graph();
  const { features } = networks.densenet121(new Scope(graph, false), graph.input('image', [1, 3, 64, 64]), {
    outputs: 2,
  });
  graph.output('map', features.get('features.norm5')?.tensor as Tensor);
  const { graph: small, folded } = foldNormalisation(graph);
  assert.equal(folded.length, 1 + 6 + 12 + 24 + 16);
  const norms = small.nodes.filter(({ op }) => op === 'BatchNormalization').length;
  assert.equal(norms, 6 + 12 + 24 + 16 + 3 + 1, 'those of what is joined, of transitions and the last');
});

test('a graph that updates parameters is refused', () => {
  const graph = new Graph();
  const weight = graph.parameter('w', [1]);
  graph.update(weight, f.neg(weight));
  assert.throws(() => foldNormalisation(graph), { code: 'graph', message: /weights stand still/ });
});
