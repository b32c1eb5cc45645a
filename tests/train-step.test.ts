import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  adam,
  adamW,
  buildAccumulation,
  buildTrainingStep,
  crossEntropy,
  functions as f,
  Graph,
  liveNodes,
  sgd,
  type Tensor,
  type UpdateOptions,
} from '@mammoscope/nn';
import { assertClose, asTensors, reference, run, TOLERANCE, type Values } from './train-reference.ts';

const { training } = reference;
const BATCH = 6;

/** Logits of a linear model of 3 inputs and 2 classes, and the cross-entropy of a batch. */
function linearModel(examples: number, classWeights?: readonly number[]) {
  const graph = new Graph();
  const weight = graph.parameter('weight', [2, 3]);
  const bias = graph.parameter('bias', [2]);
  const logits = f.gemm(graph.input('x', [examples, 3]), weight, bias, { transB: true });
  const loss = crossEntropy(logits, graph.input('labels', [examples, 2]), classWeights ? { classWeights } : {});
  return { graph, loss, weight, bias };
}

const oneHot = (labels: readonly number[]) => labels.flatMap((label) => [1 - label, label]);
const zeros = (graph: Graph): Values =>
  Object.fromEntries(
    [...graph.parameters].map(([name, { shape }]) => [
      name,
      new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0),
    ]),
  );
const start = { weight: training.weight, bias: training.bias };
/** The values of all parameters after a run. */
const after = (graph: Graph, found: Readonly<Record<string, number[]>>, before: Values): Values => ({
  ...before,
  ...Object.fromEntries([...graph.updates.keys()].map((name) => [name, found[`next:${name}`] as number[]])),
});

test("five training steps with clipping and AdamW in two groups follow PyTorch's", async () => {
  const optimiser = adamW();
  const { loss, weight, bias } = linearModel(BATCH, training.classWeights);
  const graph = buildTrainingStep(loss, {
    optimiser,
    groups: [{ parameters: [weight], weightDecay: training.weightDecay }, { parameters: [bias] }],
    clipNorm: training.clipNorm,
    reportNorm: true,
  });
  let values: Values = { ...zeros(graph), ...start };
  for (const [index, expected] of training.steps.entries()) {
    const scalars = asTensors(optimiser.scalars(index + 1, [training.rate, training.rate]));
    const found = await run(graph, { ...values, ...scalars, x: training.x, labels: oneHot(training.labels) });
    assertClose(found['out:loss'], [expected.loss], TOLERANCE.float32, 'loss');
    assertClose(found['out:gradientNorm'], [expected.norm], TOLERANCE.float32, 'gradient norm');
    values = after(graph, found, values);
    assertClose(values.weight, expected.weight, TOLERANCE.float32, `weight after step ${index + 1}`);
    assertClose(values.bias, expected.bias, TOLERANCE.float32, `bias after step ${index + 1}`);
  }
});

/** A gradient summed in three parts rounds differently from one summed at once. */
const ACCUMULATION_TOLERANCE = 2e-6;

for (const [name, clipNorm] of [
  ['without clipping', undefined],
  ['with clipping', 0.2],
] as const) {
  test(`micro-batches accumulate to the step of the whole batch, twice, ${name}`, async () => {
    const optimiser = adam({ beta2: 0.9, epsilon: 1e-3 });
    const options = (weight: Tensor, bias: Tensor): UpdateOptions => ({
      optimiser,
      groups: [{ parameters: [weight], weightDecay: 0.1 }, { parameters: [bias] }],
      reportNorm: true,
      ...(clipNorm === undefined ? {} : { clipNorm }),
    });
    const whole = linearModel(BATCH);
    const step = buildTrainingStep(whole.loss, options(whole.weight, whole.bias));
    const part = linearModel(2);
    const { accumulate, apply } = buildAccumulation(part.loss, 3, options(part.weight, part.bias));
    assert.deepEqual([...accumulate.updates.keys()], ['accumulated/weight', 'accumulated/bias']);

    let expected: Values = { ...zeros(step), ...start };
    let values: Values = { ...zeros(accumulate), ...zeros(apply), ...start };
    for (const time of [1, 2]) {
      const scalars = asTensors(optimiser.scalars(time, [0.1, 0.05]));
      const labels = oneHot(training.labels);
      const atOnce = await run(step, { ...expected, ...scalars, x: training.x, labels });
      expected = after(step, atOnce, expected);
      let meanLoss = 0;
      for (const i of [0, 1, 2]) {
        const batch = { x: training.x.slice(6 * i, 6 * i + 6), labels: labels.slice(4 * i, 4 * i + 4) };
        const found = await run(accumulate, { ...values, ...batch });
        meanLoss += (found['out:loss']?.[0] as number) / 3;
        values = after(accumulate, found, values);
      }
      const applied = await run(apply, { ...values, ...scalars });
      values = after(apply, applied, values);
      assertClose([meanLoss], atOnce['out:loss'] as number[], ACCUMULATION_TOLERANCE, 'loss');
      assertClose(applied['out:gradientNorm'], atOnce['out:gradientNorm'] as number[], ACCUMULATION_TOLERANCE, 'norm');
      for (const [parameter, value] of Object.entries(expected)) {
        assertClose(values[parameter], [...value], ACCUMULATION_TOLERANCE, `${parameter} after step ${time}`);
      }
      assert.notDeepEqual(values.weight, start.weight);
      assert.deepEqual(values['accumulated/weight'], new Array(6).fill(0));
      assert.deepEqual(values['accumulated/bias'], new Array(2).fill(0));
    }
  });
}

test('a parameter in no group is frozen and its gradient is not computed', async () => {
  const { loss, weight, bias } = linearModel(BATCH);
  const graph = buildTrainingStep(loss, { optimiser: sgd(), groups: [{ parameters: [bias] }] });
  assert.deepEqual([...graph.updates.keys()], ['bias']);
  const values = { ...start, 'optimiser/0/learningRate': [1], x: training.x, labels: oneHot(training.labels) };
  const found = await run(graph, values);
  assert.deepEqual(Object.keys(found).sort(), ['next:bias', 'out:loss']);
  assert.notDeepEqual(found['next:bias'], start.bias);
  const shapes = liveNodes(graph).flatMap(({ outputs }) => outputs.map(({ shape }) => shape.join()));
  assert.equal(shapes.includes(weight.shape.join()), false);
});

test('training steps refuse parameters that the loss does not see, and no parameters', () => {
  const build = (pick: (model: ReturnType<typeof linearModel>) => Tensor[]) => () => {
    const model = linearModel(BATCH);
    buildTrainingStep(model.loss, { optimiser: sgd(), groups: [{ parameters: pick(model) }] });
  };
  assert.throws(
    build(({ graph }) => [graph.parameter('unused', [3])]),
    /does not depend on "unused"/,
  );
  assert.throws(
    build(() => []),
    /at least one parameter/,
  );
  assert.throws(
    build(({ bias }) => [bias, bias]),
    /updated twice/,
  );
  const { loss, bias } = linearModel(BATCH);
  const groups = [{ parameters: [bias] }];
  assert.throws(() => buildAccumulation(loss, 0, { optimiser: sgd(), groups }), /1 or more micro-batches, got 0/);
});
