import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adam, adamW, clipByGlobalNorm, Graph, globalNorm, type Optimiser, sgd, type Tensor } from '@mammoscope/nn';
import { assertClose, asTensors, type Float, reference, run, TOLERANCE, type Values } from './train-reference.ts';

/** The optimisers of the reference: how to make one, and PyTorch's state from ours. */
interface Case {
  readonly optimiser: Optimiser;
  readonly state: Readonly<Record<string, { readonly of: string; readonly factor: number }>>;
}
const moments = (name: string, beta1: number, beta2: number) => ({
  [`${name}.m`]: { of: 'm', factor: 1 - beta1 },
  [`${name}.v`]: { of: 'v', factor: 1 - beta2 },
});
const cases: Readonly<Record<string, Case>> = {
  adam: { optimiser: adam(), state: moments('adam', 0.9, 0.999) },
  adamL2: { optimiser: adam({ beta1: 0.8, beta2: 0.95 }), state: moments('adam', 0.8, 0.95) },
  adamEpsilon: { optimiser: adam({ beta1: 0, beta2: 0.9, epsilon: 0.1 }), state: moments('adam', 0, 0.9) },
  adamW: { optimiser: adamW(), state: moments('adamW', 0.9, 0.999) },
  sgd: { optimiser: sgd(), state: {} },
  sgdMomentum: { optimiser: sgd({ momentum: 0.9 }), state: { 'sgd.momentum': { of: 'momentum', factor: 1 } } },
  sgdNesterov: {
    optimiser: sgd({ momentum: 0.8, nesterov: true }),
    state: { 'sgd.momentum': { of: 'momentum', factor: 1 / 0.8 } },
  },
};
const names = Object.keys(reference.shapes);

/** A graph whose gradients are inputs. */
function updateGraph(optimiser: Optimiser, weightDecays: readonly number[], dtype: Float): Graph {
  const graph = new Graph();
  const gradients = new Map<Tensor, Tensor>();
  const groups = names.map((name, i) => {
    const shape = reference.shapes[name] as number[];
    const parameter = graph.parameter(name, shape, dtype);
    gradients.set(parameter, graph.input(`gradient:${name}`, shape, dtype));
    return { parameters: [parameter], weightDecay: weightDecays[i] as number };
  });
  optimiser.build(graph, groups, gradients);
  return graph;
}

test('every optimiser of the reference is tested', () => {
  assert.deepEqual(Object.keys(cases), Object.keys(reference.optimisers));
});

for (const [name, { optimiser, state }] of Object.entries(cases)) {
  for (const dtype of ['float32', 'float64'] as const) {
    test(`${name} in ${dtype} steps as PyTorch's, with two groups and changing rates`, async () => {
      const expected = reference.optimisers[name] as (typeof reference.optimisers)[string];
      const graph = updateGraph(optimiser, expected.weightDecays, dtype);
      let values: Values = Object.fromEntries(
        [...graph.parameters].map(([parameter, { shape }]) => [
          parameter,
          reference.parameters[parameter] ?? new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0),
        ]),
      );
      for (const [step, gradients] of reference.gradients.entries()) {
        const inputs = Object.fromEntries(names.map((key) => [`gradient:${key}`, gradients[key] as number[]]));
        const scalars = asTensors(optimiser.scalars(step + 1, reference.rates[step] as number[]));
        const found = await run(graph, { ...values, ...inputs, ...scalars });
        values = Object.fromEntries([...graph.parameters.keys()].map((key) => [key, found[`next:${key}`] as number[]]));
        for (const key of names) {
          const after = expected.after[step]?.[key] as number[];
          assertClose(values[key], after, TOLERANCE[dtype], `${key} after step ${step + 1}`);
        }
      }
      assert.deepEqual(Object.keys(state), optimiser.stateNames);
      for (const [stateName, { of, factor }] of Object.entries(state)) {
        for (const key of names) {
          const own = values[`${stateName}/${key}`]?.map((value) => value * factor);
          assertClose(own, expected.state[key]?.[of] as number[], TOLERANCE[dtype], `${stateName}/${key}`);
          assert.equal(graph.likes.get(`${stateName}/${key}`), key);
        }
      }
    });
  }
}

test('an update takes no more passes over a parameter than its formula says', () => {
  const passes = (optimiser: Optimiser, weightDecay: number) =>
    updateGraph(optimiser, [weightDecay, 0], 'float32').nodes.filter(({ outputs }) => outputs[0]?.shape.length === 2)
      .length;
  assert.equal(passes(adam(), 0), 10);
  assert.equal(passes(adam(), 0.1), 12);
  assert.equal(passes(adamW(), 0.1), 11);
  assert.equal(passes(sgd(), 0), 2);
  assert.equal(passes(sgd(), 0.1), 3);
  assert.equal(passes(sgd({ momentum: 0.9 }), 0), 4);
  assert.equal(passes(sgd({ momentum: 0.9, nesterov: true }), 0), 5);
});

for (const { maxNorm, norm, clipped } of reference.clipping) {
  test(`clipping to ${maxNorm} scales as PyTorch's clip_grad_norm_`, async () => {
    const graph = new Graph();
    const gradients = names.map((name) => graph.input(name, reference.shapes[name] as number[]));
    const result = clipByGlobalNorm(gradients, maxNorm);
    graph.output('norm', result.norm);
    graph.output('same', globalNorm(gradients));
    for (const [i, name] of names.entries()) graph.output(name, result.gradients[i] as Tensor);
    const found = await run(graph, reference.gradients[0] as Values);
    assertClose(found['out:norm'], [norm], TOLERANCE.float32, 'norm');
    assertClose(found['out:same'], [norm], TOLERANCE.float32, 'globalNorm');
    for (const name of names) {
      assertClose(found[`out:${name}`], clipped[name] as number[], TOLERANCE.float32, name);
    }
  });
}

test('optimisers refuse what they cannot do', () => {
  const graph = new Graph();
  const [p, wide] = [graph.parameter('p', [2]), graph.input('wide', [3])];
  const groups = [{ parameters: [p] }];
  assert.throws(() => adam().build(graph, groups, new Map()), /"p" is in a group but has no gradient/);
  assert.throws(() => sgd().build(new Graph(), groups, new Map([[p, p]])), /another graph/);
  const other = new Graph();
  const q = other.parameter('q', [2]);
  assert.throws(
    () => sgd().build(other, [{ parameters: [q] }], new Map([[q, other.input('wide', [3])]])),
    /"q" requires \[2\], got \[3\]/,
  );
  assert.throws(() => sgd().build(new Graph(), [{ parameters: [p], weightDecay: -1 }], new Map([[p, p]])), /decay/);
  assert.throws(() => adam({ beta1: 1 }), /beta1 in \[0, 1\), got 1/);
  assert.throws(() => adamW({ beta2: -0.1 }), /adamW requires beta2/);
  assert.throws(() => adam({ epsilon: 0 }), /positive epsilon/);
  assert.throws(() => sgd({ momentum: 1 }), /momentum in \[0, 1\)/);
  assert.throws(() => sgd({ nesterov: true }), /positive momentum with nesterov/);
  assert.throws(() => adam().scalars(0, [0.1]), /steps from 1, got 0/);
  assert.throws(() => sgd().scalars(1, [0.1, Number.NaN]), /group 1 requires a finite learning rate/);
  assert.throws(() => clipByGlobalNorm([wide], 0), /positive norm, got 0/);
  assert.throws(() => globalNorm([]), /at least one tensor/);
});
