/** Every network of the registry, exported with its weights and loaded again: the numbers of its own graph. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClassifierName, classifiers, GraphError, isNetworkName, type Shape, sizeOf } from '@mammoscope/nn';
import { evaluateGraph, float32Tensor, openExportedModel, probeInput, probeParameter, unit } from '@mammoscope/runtime';
import { exportClassifiers } from '../classifier/export.ts';
import { type ClassifierSpec, declarationsOf, inferenceGraph, inputShape } from '../classifier/graphs.ts';

const OUTPUTS = 3;
const BATCH = 2;
/** Two runs of one network whose ops ONNX Runtime fuses differently. */
const TOLERANCE = 1e-5;
const METADATA = { classes: ['a', 'b', 'c'], normalisation: 'zScore', cutoff: 0.5, versions: {} } as const;

/** The smallest of some inputs that a network takes. */
function smallSpec(network: ClassifierName, channels: 1 | 3): ClassifierSpec {
  for (const extent of [1, 2, 4, 8, 16, 24, 32, 64, 96, 128, 160, 224]) {
    const slices = isNetworkName(network) ? {} : { slices: Math.max(2, extent / 8) };
    const spec = { network, channels, outputs: OUTPUTS, sizePx: Math.max(2, extent), dropout: 0, ...slices };
    try {
      declarationsOf(spec);
      return spec;
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
    }
  }
  throw new RangeError(`${network} takes no input of 224 px`);
}

/** Kernels repeat a short table of uniform numbers, scaled as the probe's are: a layer of VGG has 100 million. */
const TABLE = Float32Array.from(unit('table', 4093)); // a prime, so that rows of a kernel differ
function weightOf(name: string, shape: Shape): Float32Array {
  if (shape.length < 2) return probeParameter(name, shape, '');
  const values = new Float32Array(sizeOf(shape));
  const scaled = TABLE.map((u) => u * Math.sqrt(6 / sizeOf(shape.slice(1))));
  for (let i = 0; i < values.length; i += scaled.length)
    values.set(scaled.subarray(0, Math.min(scaled.length, values.length - i)), i);
  return values;
}

for (const [index, network] of (Object.keys(classifiers) as ClassifierName[]).entries())
  test(`${network}, exported and loaded again, gives the numbers of its graph`, async () => {
    const spec = smallSpec(network, index % 2 === 0 ? 1 : 3);
    const weights = new Map(
      [...declarationsOf(spec)].map(([name, { tensor }]) => [
        name,
        float32Tensor(tensor.shape, weightOf(name, tensor.shape)),
      ]),
    );
    const shape = inputShape(spec, BATCH);
    const data = probeInput(shape, 1);
    const values = new Map([...weights].map(([name, tensor]) => [name, tensor.data as Float32Array]));
    const graph = inferenceGraph(spec, BATCH);
    const expected = await evaluateGraph(graph, values.set('image', data), { device: 'cpu', blockSize: 0 });
    const model = await openExportedModel(exportClassifiers([{ spec, weights }], METADATA), 2);
    const results = await model.run({ image: { shape, data } });
    await model.release();
    for (const output of ['logits', 'probabilities']) {
      const [got, wanted] = [results.get(output), expected.get(`out:${output}`) as Float32Array];
      const largest = Math.max(...wanted.map(Math.abs));
      const off = Math.max(...wanted.map((value, i) => Math.abs(value - (got?.[i] as number)))) / largest;
      assert.ok(got?.length === BATCH * OUTPUTS && off <= TOLERANCE, `${output} is off by ${off}`);
    }
  });
