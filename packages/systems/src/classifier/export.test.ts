/** Exported networks against their own graphs, image by image. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NetworkName, networks } from '@mammoscope/nn';
import { evaluateGraph, float32Tensor, openExportedModel, probeInput, probeParameter } from '@mammoscope/runtime';
import { withFreeBatch } from '../export/free-batch.ts';
import { exportClassifiers } from './export.ts';
import { type ClassifierSpec, declarationsOf, inferenceGraph, inputShape } from './graphs.ts';

const OUTPUTS = 3;
/** Two runs of one network whose ops ONNX Runtime fuses differently. */
const TOLERANCE = 1e-5;
const METADATA = { classes: ['a', 'b', 'c'], normalisation: 'zScore', cutoff: 0.5, versions: {} } as const;

const specOf = (network: NetworkName, channels: 1 | 3): ClassifierSpec => ({
  network,
  channels,
  outputs: OUTPUTS,
  sizePx: 128,
});

const probeWeights = (spec: ClassifierSpec) =>
  new Map(
    [...declarationsOf(spec)].map(([name, { tensor }]) => [name, probeParameter(name, tensor.shape, spec.network)]),
  );

const trained = (spec: ClassifierSpec) => {
  const shapes = declarationsOf(spec);
  const weights = [...probeWeights(spec)].map(
    ([name, data]) => [name, float32Tensor(shapes.get(name)?.tensor.shape ?? [], data)] as const,
  );
  return { spec, weights: new Map(weights) };
};

/** Probabilities of one image by the graph of a network, in plain layout. */
async function probabilitiesOf(spec: ClassifierSpec, image: Float32Array): Promise<Float32Array> {
  const values = new Map([...probeWeights(spec), ['image', image]] as const);
  const results = await evaluateGraph(inferenceGraph(spec, 1), values, { device: 'cpu', blockSize: 0 });
  return results.get('out:probabilities') as Float32Array;
}

function assertClose(got: Float32Array, expected: ArrayLike<number>): void {
  assert.equal(got.length, expected.length);
  const off = Math.max(...got.map((value, i) => Math.abs(value - (expected[i] as number))));
  assert.ok(off <= TOLERANCE, `off by ${off}`);
}

for (const network of Object.keys(networks) as NetworkName[])
  test(`${network} is exported for any number of images, in standard ops`, () => {
    const { nodes, inputs, outputs } = withFreeBatch((batch) => inferenceGraph(specOf(network, 1), batch));
    assert.deepEqual([...new Set(nodes.map(({ domain }) => domain))], ['']);
    assert.deepEqual(inputs, [{ name: 'image', dtype: 'float32', shape: ['N', 1, 128, 128] }]);
    assert.deepEqual(
      outputs.map(({ name, shape }) => [name, shape]),
      [
        ['logits', ['N', OUTPUTS]],
        ['probabilities', ['N', OUTPUTS]],
      ],
    );
  });

/** Between them every op of the networks of images, and what depends on the number of images most. */
for (const network of ['squeezenet1_1', 'resnet22_gn', 'spp_resnet18', 'shu2020_region', 'wang2018'] as const)
  test(`${network} gives each of five images what its graph gives the image alone`, async () => {
    const spec = specOf(network, 1);
    const model = await openExportedModel(exportClassifiers([trained(spec)], METADATA), 2);
    const data = probeInput([5, 1, 128, 128], 1);
    const image = (i: number) => data.slice(i * 128 * 128, (i + 1) * 128 * 128);
    const all = await model.run({ image: { shape: [5, 1, 128, 128], data } });
    const one = await model.run({ image: { shape: [1, 1, 128, 128], data: image(4) } });
    await model.release();
    const together = all.get('probabilities') as Float32Array;
    for (const i of [0, 4])
      assertClose(together.slice(OUTPUTS * i, OUTPUTS * (i + 1)), await probabilitiesOf(spec, image(i)));
    assertClose(one.get('probabilities') as Float32Array, together.slice(4 * OUTPUTS));
    const scores = Array.from({ length: 5 }, (_, i) => 1 - (together[OUTPUTS * i] as number));
    assertClose(all.get('score') as Float32Array, scores);
  });

test('a network of volumes gives each of three what its graph gives it alone, and is said to see what it sees', async () => {
  const volume = {
    network: 'xiao2021_joined',
    slices: 5,
    stem: 'small',
    width: 8,
    channels: 1,
    outputs: OUTPUTS,
  } as const;
  const spec: ClassifierSpec = { ...volume, sizePx: 24 };
  const content = 'the focus slice and, after it, 4 slices around it';
  const bytes = exportClassifiers([trained(spec)], { ...METADATA, content });
  const model = await openExportedModel(bytes, 2);
  const shape = [3, ...inputShape(spec, 1).slice(1)];
  const data = probeInput(shape, 1);
  const together = (await model.run({ image: { shape, data } })).get('probabilities') as Float32Array;
  await model.release();
  const size = data.length / 3;
  for (const i of [0, 1, 2])
    assertClose(
      together.slice(OUTPUTS * i, OUTPUTS * (i + 1)),
      await probabilitiesOf(spec, data.slice(i * size, (i + 1) * size)),
    );
  assert.ok(Buffer.from(bytes).includes(`"content":"${content}"`));
});

test('networks for one and for three channels are averaged on a grey image', async () => {
  const specs = [specOf('squeezenet1_1', 1), specOf('squeezenet1_0', 3)] as const;
  const model = await openExportedModel(exportClassifiers(specs.map(trained), METADATA), 2);
  const data = probeInput([1, 1, 128, 128], 1);
  const got = await model.run({ image: { shape: [1, 1, 128, 128], data } });
  await model.release();
  const [grey, colour] = await Promise.all([
    probabilitiesOf(specs[0], data),
    probabilitiesOf(specs[1], Float32Array.from([...data, ...data, ...data])),
  ]);
  assertClose(
    got.get('probabilities') as Float32Array,
    grey.map((p, i) => (p + (colour[i] as number)) / 2),
  );
  assert.equal(got.get('logits'), undefined);
});

for (const normalisation of ['zScore', 'minMax'] as const)
  test(`${normalisation} in the graph is what it is in doubles, for constant images too`, async () => {
    const spec = specOf('squeezenet1_1', 3);
    const bytes = exportClassifiers([trained(spec)], { ...METADATA, normalisation, preprocessing: 'graph' });
    const model = await openExportedModel(bytes, 2);
    const bright = probeInput([128, 128], 1).map((u) => Math.round(30_000 + 500 * u)); // stored values of 16 bits
    const planes = [bright, new Float32Array(bright.length).fill(40_001)];
    const data = Float32Array.from(planes.flatMap((plane) => [...plane]));
    const got = (await model.run({ image: { shape: [2, 1, 128, 128], data } })).get('probabilities') as Float32Array;
    await model.release();
    const mean = bright.reduce((sum, x) => sum + x, 0) / bright.length;
    const deviation = Math.sqrt(bright.reduce((sum, x) => sum + (x - mean) ** 2, 0) / bright.length);
    const [low, high] = [bright.reduce((a, b) => Math.min(a, b)), bright.reduce((a, b) => Math.max(a, b))];
    const normalised = bright.map((x) =>
      normalisation === 'zScore' ? (x - mean) / deviation : (x - low) / (high - low),
    );
    for (const [i, plane] of [normalised, new Float32Array(bright.length)].entries())
      assertClose(
        got.slice(OUTPUTS * i, OUTPUTS * (i + 1)),
        await probabilitiesOf(spec, Float32Array.from([...plane, ...plane, ...plane])),
      );
  });
