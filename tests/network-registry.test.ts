/**
 * Every network of the registry: the smallest input it takes and says it takes, other channels and outputs, a forward and
 * a backward pass, and the cut into a feature extractor and a head.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClassifierName,
  classifiers,
  crossEntropy,
  cutGraph,
  differentiate,
  functions as f,
  Graph,
  GraphError,
  isNetworkName,
  Scope,
  type Shape,
  sizeOf,
  type Tensor,
} from '@mammoscope/nn';
import { evaluateGraph, probeInput, probeParameter, unit } from '@mammoscope/runtime';
import { PLAIN } from './onnx-session.ts';

const OUTPUTS = 3;
/**
 * Extents of the training step where a network takes less: at a single pixel batch normalisation has two values a
 * channel, and fifty layers of it amplify a gradient beyond float32.
 */
const TRAINED_PX = 64;
const TRAINED_VOLUME = [4, 32, 32];
/** Networks with two ways from the image to the logits, which no feature map separates. */
const TWO_WAYS: ReadonlySet<ClassifierName> = new Set(['wang2018', 'xiao2021_joined']);
/** Two runs of one network whose ops ONNX Runtime may fuse differently. */
const CUT_TOLERANCE = 1e-5;

function build(name: ClassifierName, shape: Shape, training: boolean) {
  const graph = new Graph();
  const scope = new Scope(graph, training);
  const built = classifiers[name](scope, graph.input('image', shape), { outputs: OUTPUTS, dropout: 0 });
  return { graph, scope, ...built };
}

/** The least spatial extents, as the refusal of a single pixel states them; one pixel where that is taken. */
function leastExtents(name: ClassifierName): number[] {
  const [px, slices] = isNetworkName(name) ? [[1, 1], []] : [[1, 1], [1]];
  try {
    build(name, [1, 1, ...slices, ...px], false);
    return [...slices, ...px];
  } catch (error) {
    assert.ok(error instanceof GraphError);
    const stated = /requires .* of (\d+) px or more .*?(?:of (\d+) or more slices)?, got/.exec(error.message);
    assert.ok(stated, error.message);
    return [...slices.map(() => Number(stated[2])), Number(stated[1]), Number(stated[1])];
  }
}

/** Kernels repeat a short table of uniform numbers, scaled as the probe's are: filling 140 million elements is quick. */
const TABLE = Float32Array.from(unit('table', 4093)); // a prime, so that rows of a kernel differ
function fill(name: string, shape: Shape): Float32Array {
  if (shape.length < 2) return probeParameter(name, shape, '');
  const values = new Float32Array(sizeOf(shape));
  const scaled = TABLE.map((u) => u * Math.sqrt(6 / sizeOf(shape.slice(1))));
  for (let i = 0; i < values.length; i += scaled.length)
    values.set(scaled.subarray(0, Math.min(scaled.length, values.length - i)), i);
  return values;
}

const valuesOf = ({ declarations }: Scope) =>
  new Map([...declarations].map(([name, { tensor }]) => [name, fill(name, tensor.shape)]));

/** Forward and backward: the logits, and the squared norm of the gradient of every weight by name. */
async function trainOnce(name: ClassifierName, shape: Shape, weights: ReadonlyMap<string, Float32Array>) {
  const { graph, scope, logits } = build(name, shape, true);
  const trained = [...scope.declarations].filter(([, { kind }]) => kind === 'weight');
  const loss = crossEntropy(logits, graph.input('oneHot', logits.shape));
  const gradients = differentiate(
    loss,
    trained.map(([, { tensor }]) => tensor),
  );
  const squares = gradients.map((gradient, i) => {
    assert.ok(gradient, `the loss of ${name} does not depend on ${trained[i]?.[0]}`);
    return f.reshape(f.reduceSumSquare(gradient), [1]);
  });
  graph.output('logits', logits);
  graph.output('squares', f.concat(squares, 0));
  graph.updates.clear(); // running statistics are held by the parity tests
  const oneHot = Float32Array.from({ length: sizeOf(logits.shape) }, (_, i) => (i % (OUTPUTS + 1) === 0 ? 1 : 0));
  const inputs = [['image', probeInput(shape, 1)] as const, ['oneHot', oneHot] as const];
  const results = await evaluateGraph(graph, new Map([...weights, ...inputs]), PLAIN);
  const norms = results.get('out:squares') as Float32Array;
  return {
    logits: results.get('out:logits') as Float32Array,
    squares: new Map(trained.map(([weight], i) => [weight, norms[i] as number])),
  };
}

async function run(graph: Graph, values: ReadonlyMap<string, Float32Array>): Promise<Float32Array> {
  const [output] = graph.outputs.keys();
  return (await evaluateGraph(graph, values, PLAIN)).get(`out:${output}`) as Float32Array;
}

for (const name of Object.keys(classifiers) as ClassifierName[]) {
  const least = leastExtents(name);

  test(`${name} takes ${least.join(' x ')} and more, any channels and outputs, and refuses less in one sentence`, () => {
    for (const channels of [1, 3]) {
      const larger = least.map((extent, axis) => extent + 3 * axis + 1);
      for (const extents of [least, larger])
        assert.deepEqual(build(name, [2, channels, ...extents], false).logits.shape, [2, OUTPUTS]);
    }
    for (const axis of least.keys()) {
      const shape = [1, 3, ...least.map((extent, a) => (a === axis ? extent - 1 : extent))];
      if (shape.includes(0)) continue; // no graph has such an input
      assert.throws(() => build(name, shape, false), { name: 'GraphError', code: 'shape', message: /^\w+ requires / });
    }
    const wrong = isNetworkName(name) ? [1, 3, 16, 224, 224] : [1, 3, 224, 224];
    assert.throws(() => build(name, wrong, false), {
      name: 'GraphError',
      message: /^\w+ requires (images|volumes) \[/,
    });
  });

  test(`${name} learns: every weight has a finite gradient; its parts at a cut give what the whole gives`, async () => {
    const { graph, scope, features, logits } = build(name, [1, 1, ...least], false);
    const weights = valuesOf(scope);
    const floor = isNetworkName(name) ? [TRAINED_PX, TRAINED_PX] : TRAINED_VOLUME;
    const extents = least.map((extent, axis) => Math.max(extent, floor[axis] as number));
    const trained = await trainOnce(name, [2, 1, ...extents], weights);
    assert.ok(trained.logits.every(Number.isFinite), 'finite logits');
    for (const [weight, square] of trained.squares)
      assert.ok(Number.isFinite(square), `gradient of ${weight}: ${square}`);
    assert.ok([...trained.squares.values()].some((square) => square > 0));

    graph.output('logits', logits);
    for (const [feature, { tensor, channels, stride }] of features) {
      assert.equal(tensor.shape[1], channels, feature);
      assert.ok(Number.isInteger(stride) && stride >= 1, feature);
    }
    const middle = [...features.values()][Math.floor(features.size / 2)]?.tensor as Tensor;
    if (TWO_WAYS.has(name)) {
      assert.throws(() => cutGraph(graph, middle), { name: 'GraphError', message: /by a way around it/ });
      return;
    }
    const { extractor, head } = cutGraph(graph, middle);
    const image = probeInput(graph.inputs.get('image')?.shape as Shape, 2);
    const whole = await run(graph, new Map([...weights, ['image', image]]));
    const map = await run(extractor, new Map([...weights, ['image', image]]));
    const parts = await run(head, new Map([...weights, ['features', map]]));
    const largest = Math.max(...whole.map(Math.abs));
    const off = Math.max(...whole.map((value, i) => Math.abs(value - (parts[i] as number)))) / largest;
    assert.ok(off <= CUT_TOLERANCE, `cut at ${middle.id}: off by ${off}`);
    assert.equal([...head.parameters.keys()].length + [...extractor.parameters.keys()].length, graph.parameters.size);
  });
}
