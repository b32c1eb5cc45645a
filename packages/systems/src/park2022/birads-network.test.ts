import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  adam,
  crossEntropy,
  differentiate,
  functions as f,
  Graph,
  resnet22Features,
  Scope,
  type Tensor,
  type TensorData,
} from '@mammoscope/nn';
import { evaluateGraph, probeInput, probeParameter } from '@mammoscope/runtime';
import {
  BIRADS_PORTS,
  type BiradsSpec,
  biradsDeclarations,
  biradsStep,
  featuresGraph,
  headGraph,
  MISSING,
} from './birads-network.ts';

const SLICES = 3;
const spec: BiradsSpec = {
  ...{ heightPx: 64, widthPx: 48, slicesPerRun: 1, mostSlices: SLICES, gates: 4 },
  global: { stem: 'small', width: 8 },
};
const TARGET = { device: 'cpu', blockSize: 0 } as const;
/** What a graph says of a parameter's next value. */
const NEXT = 'next:';
const LABEL = Float32Array.of(0, 1, 0);

const weights = new Map<string, Float32Array>(
  [...biradsDeclarations(spec)].map(([name, { tensor }]) => [name, probeParameter(name, tensor.shape, '')]),
);
const slices = Array.from({ length: SLICES }, (_, i) => probeInput([1, 1, 64, 48], i + 1));

/** The same network over all slices in one graph, written out by itself. */
async function whole() {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const image = graph.input('slices', [SLICES, 1, 64, 48]);
  const map = resnet22Features(scope.child('global'), image, spec.global).get('norm');
  assert.ok(map);
  const h = f.reduceMean(map.tensor, [2, 3]);
  const weight = (name: string, shape: readonly number[]) => graph.parameter(name, shape);
  const product = (x: Tensor, w: Tensor) => f.gemm(x, w, undefined, { transB: true });
  const [V, U, w] = [
    weight('attention.V.weight', [4, 128]),
    weight('attention.U.weight', [4, 128]),
    weight('attention.w.weight', [1, 4]),
  ];
  const scores = f.transpose(product(f.mul(f.tanh(product(h, V)), f.sigmoid(product(h, U))), w), [1, 0]); // [1, D]
  const z = f.gemm(f.softmax(scores, 1), h);
  const logits = f.gemm(z, weight('fc.weight', [3, 128]), weight('fc.bias', [3]), { transB: true });
  const loss = crossEntropy(logits, graph.input('label', [1, 3]));
  const names = ['global.conv1.weight', 'global.layer5.1.conv2.weight'];
  const wanted = names.map((name) => scope.declarations.get(name)?.tensor as Tensor);
  const gradients = differentiate(loss, [...wanted, V, U]);
  for (const [i, name] of [...names, 'attention.V.weight', 'attention.U.weight'].entries())
    graph.output(`gradient/${name}`, gradients[i] as Tensor);
  graph.output('loss', loss);
  const all = new Float32Array(SLICES * 64 * 48);
  for (const [i, pixels] of slices.entries()) all.set(pixels, i * pixels.length);
  return evaluateGraph(graph, new Map<string, TensorData>([...weights, ['slices', all], ['label', LABEL]]), TARGET);
}

/** Features of all slices, one at a time, and places for more. */
async function features(mostSlices: number): Promise<Map<string, TensorData>> {
  const result = new Float32Array(mostSlices * 128);
  for (const [i, pixels] of slices.entries()) {
    const outputs = await evaluateGraph(
      featuresGraph(spec),
      new Map([...weights, [BIRADS_PORTS.slices, pixels]]),
      TARGET,
    );
    result.set(outputs.get(`out:${BIRADS_PORTS.features}`) as Float32Array, i * 128);
  }
  const missing = new Float32Array(mostSlices).fill(MISSING, SLICES);
  return new Map<string, TensorData>([
    [BIRADS_PORTS.features, result],
    [BIRADS_PORTS.missing, missing],
  ]);
}

test('loss and gradients slice by slice are those of all slices in one graph', async () => {
  const expected = await whole();
  const step = biradsStep(spec, { volumes: 1, optimiser: adam(), weightDecay: 0, device: 'cpu', recompute: false });
  const zeros = (graph: Graph) =>
    [...graph.parameters].map(
      ([name, { shape }]) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))] as const,
    );
  const added = (outputs: ReadonlyMap<string, TensorData>) =>
    [...outputs].flatMap(([name, values]) =>
      name.startsWith(NEXT) ? [[name.slice(NEXT.length), values] as const] : [],
    );
  const head = await evaluateGraph(
    step.head,
    new Map<string, TensorData>([
      ...zeros(step.head),
      ...weights,
      ...(await features(SLICES)),
      [BIRADS_PORTS.label, LABEL],
    ]),
    TARGET,
  );
  const loss = expected.get('out:loss')?.[0] as number;
  assert.ok(Math.abs((head.get('out:loss')?.[0] as number) - loss) < 1e-5 * loss);
  const seed = head.get(`out:${BIRADS_PORTS.seed}`) as Float32Array;
  let sums = new Map<string, TensorData>();
  for (const [i, pixels] of slices.entries()) {
    const inputs = new Map<string, TensorData>([...zeros(step.streamed), ...weights, ...sums]);
    inputs.set(BIRADS_PORTS.slices, pixels).set(BIRADS_PORTS.seed, seed.slice(i * 128, (i + 1) * 128));
    sums = new Map(added(await evaluateGraph(step.streamed, inputs, TARGET)));
  }
  const got = new Map([...sums, ...added(head)]);
  for (const [name, wanted] of expected) {
    if (!name.startsWith('out:gradient/')) continue;
    const own = got.get(`accumulated/${name.slice('out:gradient/'.length)}`);
    let [difference, norm] = [0, 0];
    for (const [i, value] of (wanted as Float32Array).entries()) {
      difference += (Number(own?.[i]) - value) ** 2;
      norm += value ** 2;
    }
    assert.ok(norm > 0 && Math.sqrt(difference / norm) < 1e-4, `${name}: ${Math.sqrt(difference / norm)}`);
  }
});

test('slices that are missing change nothing', async () => {
  const probabilities = async (mostSlices: number) => {
    const inputs = new Map<string, TensorData>([...weights, ...(await features(mostSlices))]);
    return (await evaluateGraph(headGraph({ ...spec, mostSlices }), inputs, TARGET)).get(
      `out:${BIRADS_PORTS.probabilities}`,
    ) as Float32Array;
  };
  const [exact, padded] = [await probabilities(SLICES), await probabilities(SLICES + 4)];
  for (const [i, p] of exact.entries()) assert.ok(Math.abs(p - (padded[i] as number)) < 1e-6);
});
