/** Updates on the host equal updates inside the graph, and both run while the event loop is free. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  adam,
  adamW,
  buildTrainingStep,
  convolution,
  functions as f,
  Graph,
  hostStateNames,
  hostStepOf,
  linear,
  lower,
  type Optimiser,
  Scope,
  sgd,
  sizeOf,
  type TensorData,
  type UpdateOptions,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine, initialise } from '@mammoscope/runtime';

/**
 * Largest difference of a weight after four steps, relative to the largest weight: float64 against float32 inside a step.
 * Adam's quotient amplifies rounding where a gradient is small; 3e-6 was seen.
 */
const HOST_TOLERANCE = 1e-5;
const STEPS = 4;
const RATE = 0.01;

const optimisers: Readonly<Record<string, Optimiser>> = {
  adam: adam(),
  adamW: adamW({ beta1: 0.8 }),
  sgd: sgd(),
  'sgd with momentum': sgd({ momentum: 0.9 }),
  'sgd with Nesterov momentum': sgd({ momentum: 0.9, nesterov: true }),
};

/** A convolution of blocked channels, a pooling and a linear layer, with a mean-square loss. */
function network() {
  const graph = new Graph();
  const scope = new Scope(graph, true);
  const x = graph.input('x', [4, 16, 6, 6]);
  const hidden = f.relu(convolution(scope.child('conv'), { inputs: 16, outputs: 32, kernel: 3, padding: 1 })(x));
  const y = linear(scope.child('fc'), 32, 3)(f.flatten(f.globalAveragePool(hidden)));
  return { scope, loss: f.reduceMean(f.mul(y, y)) };
}

async function weightsAfter(engine: Engine, optimiser: Optimiser, updates: 'graph' | 'host') {
  const { scope, loss } = network();
  const parameters = [...scope.declarations.values()].map(({ tensor }) => tensor);
  const options: UpdateOptions = { optimiser, groups: [{ parameters, weightDecay: 0.02 }], updates };
  const lowered = lower(buildTrainingStep(loss, options), engine.target);
  const hostStep = updates === 'host' ? hostStepOf(options) : undefined;
  const first = initialise(scope.declarations, 3);
  const shapes = new Map(lowered.parameters.map(({ name, shape }) => [name, shape]));
  if (hostStep)
    for (const [state, name] of hostStateNames(hostStep, optimiser)) shapes.set(state, shapes.get(name) ?? []);
  await engine.put(
    new Map(
      [...shapes].map(([name, shape]) => [
        name,
        { dtype: 'float32' as const, shape, data: first.get(name)?.slice() ?? new Float32Array(sizeOf(shape)) },
      ]),
    ),
  );
  const session = await engine.load(lowered, hostStep);
  for (let step = 1; step <= STEPS; step++) {
    const stream = new RandomStream(step, 'images');
    const inputs = new Map<string, TensorData>([
      ['x', Float32Array.from({ length: 4 * 16 * 36 }, () => stream.normal())],
    ]);
    for (const [name, value] of Object.entries(optimiser.scalars(step, [RATE])))
      inputs.set(name, Float32Array.of(value));
    await session.run(inputs);
  }
  await session.release();
  return engine.get([...scope.declarations.keys()]);
}

for (const [name, optimiser] of Object.entries(optimisers)) {
  test(`${name} on the host ends where ${name} in the graph does`, async () => {
    const engine = await Engine.create({ threads: 1 });
    try {
      const inGraph = await weightsAfter(engine, optimiser, 'graph');
      const onHost = await weightsAfter(engine, optimiser, 'host');
      const start = initialise(network().scope.declarations, 3);
      for (const [parameter, { data }] of inGraph) {
        const [expected, actual, first] = [
          data as Float32Array,
          onHost.get(parameter)?.data as Float32Array,
          start.get(parameter) as Float32Array,
        ];
        const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        const difference = expected.reduce(
          (worst, value, i) => Math.max(worst, Math.abs(value - (actual[i] as number))),
          0,
        );
        const moved = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (first[i] as number))), 0);
        assert.ok(moved > 1e-5, `${parameter} moved by ${moved} only`);
        assert.ok(
          difference <= HOST_TOLERANCE * Math.max(largest, moved),
          `${parameter} differs by ${difference} of ${largest}`,
        );
      }
    } finally {
      await engine.close();
    }
  });
}

test('the event loop turns while a graph runs', async () => {
  const engine = await Engine.create({ threads: 1 });
  const graph = new Graph();
  const a = graph.input('a', [1024, 1024]);
  graph.output('y', f.matMul(f.matMul(f.matMul(a, a), a), a));
  const session = await engine.load(lower(graph, engine.target));
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  await session.run(new Map([['a', new Float32Array(1024 * 1024)]]));
  clearInterval(timer);
  await engine.close();
  assert.ok(turns >= 3, `the event loop turned ${turns} times during the run`);
});
