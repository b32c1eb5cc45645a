import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ACCUMULATOR_PREFIX, adam, differentiate, LOSS_OUTPUT, type Tensor, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine, evaluateGraph, initialise, probeParameter } from '@mammoscope/runtime';
import { loadGmic, predictVolume } from './gmic.ts';
import { GMIC_PORTS, type GmicStepOptions, gmicDeclarations, gmicStep, wholeVolumeLoss } from './graphs.ts';
import type { GmicSpec } from './spec.ts';
import { accumulateStreamed, loadStep, stepShapes, trainVolumes } from './train-volumes.ts';
import type { GmicVolume } from './volume.ts';

const spec: GmicSpec = {
  heightPx: 160,
  widthPx: 128,
  slicesPerRun: 1,
  cropPx: 64,
  patches: 3,
  pooledShare: 1.4,
  zeta: 1,
  nonlinearity: 'reluTanh',
  omega: 0.01,
};
const BETA = 1e-3;
const SIZE = spec.heightPx * spec.widthPx;

/** Noise with a bright spot in some slices. */
function volumeOf(seed: number, slices: number, bright: readonly number[] = []): GmicVolume & { voxels: Float32Array } {
  const random = new RandomStream(seed, 'volume');
  const voxels = Float32Array.from({ length: slices * SIZE }, (_, at) => {
    const [x, y, z] = [at % 128, Math.floor(at / 128) % 160, Math.floor(at / SIZE)];
    const spot = bright.includes(z) ? 4 * Math.exp(-((x - 40) ** 2 + (y - 90) ** 2) / 200) : 0;
    return random.uniform(-1, 1) + spot;
  });
  const read = async (slice: number) => voxels.slice(slice * SIZE, (slice + 1) * SIZE);
  return { name: `volume ${seed}`, slices, read, voxels };
}

/** Probe weights, with a saliency layer whose maps are neither all zero nor saturated. */
const weights = new Map(
  [...gmicDeclarations(spec)].map(([name, { tensor }]) => {
    const scale = name === 'saliency.weight' ? 0.02 : name === 'classifier.weight' ? 0.05 : 1;
    return [name, { shape: tensor.shape, data: probeParameter(name, tensor.shape, '').map((x) => x * scale) }] as const;
  }),
);

/** A step in an engine of its own, with these weights and zeros for the rest. */
async function stepIn(own: GmicSpec, options: Partial<GmicStepOptions> = {}, values = weights) {
  const engine = await Engine.create({ threads: 1 });
  after(() => engine.close());
  const optimiser = adam();
  const step = gmicStep(own, { optimiser, weightDecay: 0, device: 'cpu', volumes: 1, beta: BETA, ...options });
  for (const [name, shape] of stepShapes(step, engine, optimiser)) {
    const data = values.get(name)?.data.slice() ?? new Float32Array(shape.reduce((a, b) => a * b, 1));
    await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data }]]));
  }
  return { engine, sessions: await loadStep(engine, own, step) };
}

const scalarsAt = (step: number, rate: number): Map<string, TensorData> =>
  new Map(Object.entries(adam().scalars(step, [rate])).map(([name, value]) => [name, Float32Array.of(value)]));

/** The gradient of the whole volume in one graph. */
async function wholeGradient(
  own: GmicSpec,
  volume: ReturnType<typeof volumeOf>,
  labels: readonly number[],
  beta: number,
) {
  const { graph, scope, loss } = wholeVolumeLoss(own, volume.slices, beta);
  const names = [...scope.declarations.keys()];
  const gradients = differentiate(
    loss,
    [...scope.declarations.values()].map(({ tensor }) => tensor),
  );
  for (const [i, name] of names.entries()) graph.output(`gradient/${name}`, gradients[i] as Tensor);
  graph.output(LOSS_OUTPUT, loss);
  const values = new Map<string, TensorData>([...weights].map(([name, { data }]) => [name, data]));
  values.set(GMIC_PORTS.slices, volume.voxels).set(GMIC_PORTS.labels, Float32Array.from(labels));
  const results = await evaluateGraph(graph, values, { device: 'cpu', blockSize: 0 });
  return {
    loss: (results.get(`out:${LOSS_OUTPUT}`) as Float32Array)[0] as number,
    gradients: new Map(names.map((name) => [name, results.get(`out:gradient/${name}`) as Float32Array])),
  };
}

/** The distance of two sets of arrays, as a share of the norm of the second. */
function distance(got: ReadonlyMap<string, Float32Array>, expected: ReadonlyMap<string, Float32Array>): number {
  let [difference, norm] = [0, 0];
  for (const [name, values] of expected) {
    const own = got.get(name) as Float32Array;
    for (const [i, value] of values.entries()) {
      difference += ((own[i] as number) - value) ** 2;
      norm += value ** 2;
    }
  }
  return Math.sqrt(difference / norm);
}

async function accumulated(engine: Engine, names: Iterable<string>): Promise<Map<string, Float32Array>> {
  const values = await engine.get([...names].map((name) => `${ACCUMULATOR_PREFIX}${name}`));
  return new Map([...values].map(([name, { data }]) => [name.slice(ACCUMULATOR_PREFIX.length), data as Float32Array]));
}

for (const [title, own, labels] of [
  ['slice by slice', spec, [1, 0]],
  ['two slices a run, the last run half empty', { ...spec, slicesPerRun: 2 }, [0, 1]],
  ['with the sigmoid', { ...spec, nonlinearity: 'sigmoid' }, [0, 0]],
  ['with recomputation', spec, [1, 1]],
] as const)
  test(`the streamed gradient is that of the whole volume: ${title}`, async () => {
    const volume = volumeOf(9, 5, [1, 2]); // with 1, a ReLU has an element within a rounding of 0
    const { engine, sessions } = await stepIn(own, { recompute: title === 'with recomputation' });
    const whole = await wholeGradient(own, volume, labels, BETA);
    const pass = await accumulateStreamed(sessions, own, { volume, labels }, BETA);
    assert.ok(Math.abs(pass.loss - whole.loss) < 1e-5 * whole.loss, `${pass.loss}, ${whole.loss}`);
    const share = distance(await accumulated(engine, whole.gradients.keys()), whole.gradients);
    assert.ok(share < 1e-5, `${share}`);
  });

test('slices that the loss asks nothing of are left out, and the gradient is still that of the whole volume', async () => {
  const own = { ...spec, pooledShare: 0.5 };
  const volume = volumeOf(2, 6, [4]);
  const { engine, sessions } = await stepIn(own, { volumes: 2 }); // of two volumes each gives half
  const whole = await wholeGradient(own, volume, [1, 0], 0);
  const asked: number[] = [];
  const read = (slice: number) => {
    asked.push(slice);
    return volume.read(slice);
  };
  const pass = await accumulateStreamed(sessions, own, { volume: { ...volume, read }, labels: [1, 0] }, 0);
  assert.ok(pass.differentiated >= 1 && pass.differentiated < 6, `${pass.differentiated} of 6`);
  assert.equal(asked.length, 6 + pass.differentiated);
  const half = new Map([...whole.gradients].map(([name, gradient]) => [name, gradient.map((value) => value / 2)]));
  const share = distance(await accumulated(engine, half.keys()), half);
  assert.ok(share < 1e-5, `${share}`);
});

/** -y log p - (1 - y) log(1 - p) over both classes. */
const crossEntropy = (probabilities: readonly number[], labels: readonly number[]): number =>
  probabilities.reduce((sum, p, index) => sum - Math.log(labels[index] === 1 ? p : 1 - p), 0);

test('a step over volumes of different lengths is one step over all of them, however many slices a run has, in any order', async () => {
  const steps = [];
  const moved = new Map(
    [...weights].filter(([name]) => !/layer[345]/.test(name)).map(([name, { data }]) => [name, data] as const),
  );
  for (const [slicesPerRun, reversed] of [
    [1, false],
    [3, false], // three slices are a run of their own, and then differentiated at once
    [1, true],
  ] as const) {
    const own = { ...spec, slicesPerRun };
    const { engine, sessions } = await stepIn(own, { volumes: 2 });
    const batch = [
      { volume: volumeOf(3, 3, [1]), labels: [0, 1], stream: new RandomStream(1, 'slices', 0) },
      { volume: volumeOf(4, 4), labels: [0, 0], stream: new RandomStream(1, 'slices', 1) },
    ];
    if (reversed) batch.reverse();
    const predicting = await loadGmic(engine, own);
    const saliency: number[] = [];
    for (const { volume } of batch)
      saliency.push((await predictVolume(predicting, own, volume)).saliency.values.reduce((a, b) => a + b, 0));
    const result = await trainVolumes(sessions, own, batch, { beta: BETA, scalars: scalarsAt(1, 1e-3) });
    // Equation 7 from what the step says of each volume.
    const terms = batch.map(({ labels }, i) => {
      const [global, local] = [result.global[i] as readonly number[], result.local[i] as readonly number[]];
      return crossEntropy(global, labels) + crossEntropy(local, labels) + BETA * (saliency[i] as number);
    });
    const expected = terms.reduce((a, b) => a + b, 0) / 2;
    assert.ok(Math.abs(result.loss - expected) < 1e-4 * expected, `${result.loss}, ${expected}`);
    const values = new Map(
      [...(await engine.get([...moved.keys()]))].map(([name, { data }]) => [name, data as Float32Array]),
    );
    const sums = await accumulated(
      engine,
      [...weights.keys()].filter((name) => /^(global|saliency)/.test(name)),
    );
    assert.ok(
      [...sums.values()].every((sum) => sum.every((value) => value === 0)),
      'sums are zero after a step',
    );
    steps.push({ result, values });
  }
  const [streamed, whole, reversed] = steps as [Step, Step, Step];
  type Step = (typeof steps)[number];
  assert.equal(streamed.result.slices, 7);
  assert.ok(distance(moved, streamed.values) > 0);
  const mean = 'local.bn1.running_mean';
  const ofMean = (values: ReadonlyMap<string, Float32Array>) => new Map([[mean, values.get(mean) as Float32Array]]);
  assert.ok(distance(ofMean(moved), ofMean(streamed.values)) > 1e-3, 'running statistics follow those of the patches');
  for (const other of [whole, reversed]) {
    assert.ok(Math.abs(streamed.result.loss - other.result.loss) < 1e-5 * other.result.loss);
    // Adam's first step is close to the sign of the gradient, so that rounding of small ones shows.
    const share = distance(streamed.values, other.values) / distance(moved, other.values);
    assert.ok(share < 1e-2, `${share}`);
  }
  const local = [...reversed.result.local].reverse();
  for (const [i, own] of streamed.result.local.entries())
    for (const [index, p] of own.entries()) assert.ok(Math.abs(p - (local[i]?.[index] as number)) < 1e-4);
});

test('training lowers the loss, and the same draws give the same bytes', async () => {
  const volumes = [volumeOf(5, 3, [0, 1]), volumeOf(6, 2)];
  const first = initialise(gmicDeclarations(spec), 7);
  const values = new Map(
    [...gmicDeclarations(spec)].map(([name, { tensor }]) => [
      name,
      { shape: tensor.shape, data: first.get(name) as Float32Array<ArrayBuffer> },
    ]),
  );
  const losses = async () => {
    const { sessions } = await stepIn(spec, { volumes: 2, beta: 1e-5 }, values);
    const run: number[] = [];
    for (let step = 1; step <= 6; step++) {
      const batch = volumes.map((volume, i) => ({
        volume,
        labels: i === 0 ? [0, 1] : [0, 0],
        stream: new RandomStream(9, 'slices', step, i),
      }));
      run.push((await trainVolumes(sessions, spec, batch, { beta: 1e-5, scalars: scalarsAt(step, 1e-3) })).loss);
    }
    return run;
  };
  const run = await losses();
  assert.ok((run.at(-1) as number) < 0.7 * (run[0] as number), run.join(', '));
  assert.deepEqual(await losses(), run);
});

test('an all-black volume has finite predictions and gradients; so have a slice, and 300 of them', async () => {
  const { engine, sessions } = await stepIn(spec);
  const predicting = await loadGmic(engine, spec);
  const noise = volumeOf(8, 1).voxels;
  for (const [slices, pixels] of [
    [4, new Float32Array(SIZE)],
    [1, noise],
    [300, noise],
  ] as const) {
    const volume = { name: 'volume', slices, read: async () => pixels };
    const { final, patches, saliency } = await predictVolume(predicting, spec, volume);
    assert.ok([...final, ...patches.map(({ attention }) => attention)].every(Number.isFinite));
    assert.equal(patches.length, spec.patches);
    assert.equal(saliency.slices, slices);
    const labelled = { volume, labels: [1, 0], stream: new RandomStream(1) };
    const { loss } = await trainVolumes(sessions, spec, [labelled], { beta: 1e-6, scalars: scalarsAt(1, 1e-6) });
    assert.ok(Number.isFinite(loss), `${loss}`);
  }
});

test('patches larger than a slice are filled up with zeros', async () => {
  const own = { ...spec, heightPx: 64, widthPx: 96, cropPx: 80 };
  const { engine } = await stepIn(own);
  const pixels = volumeOf(9, 1).voxels.slice(0, 64 * 96);
  const volume = { name: 'small', slices: 2, read: async () => pixels };
  const { patches, final } = await predictVolume(await loadGmic(engine, own), own, volume);
  assert.equal(patches.length, own.patches);
  assert.ok(patches.every(({ topPx, leftPx }) => topPx === 0 && leftPx <= 16));
  assert.ok(final.every(Number.isFinite));
});

test('volumes that cannot be read are refused with slice and reason', async () => {
  const { engine } = await stepIn(spec);
  const sessions = await loadGmic(engine, spec);
  const good = volumeOf(10, 3);
  const refuses = (volume: GmicVolume, said: RegExp) =>
    assert.rejects(predictVolume(sessions, spec, volume), (error: Error & { code?: string }) => {
      assert.match(error.message, said);
      return error.code === 'data-unusable';
    });
  await refuses({ ...good, name: 'empty.dcm', slices: 0 }, /empty\.dcm: .* at least one slice, got 0/);
  const uneven = async (slice: number) => (slice === 2 ? new Float32Array(100) : good.read(slice));
  await refuses({ ...good, read: uneven }, /volume 10: slice 3 of 3 has 100 pixels where 160 x 128 are required/);
  const broken = async (slice: number) => (slice === 1 ? new Float32Array(SIZE).fill(Number.NaN) : good.read(slice));
  await refuses({ ...good, read: broken }, /volume 10: the saliency of slice 2 is NaN/);
  const missing = async (): Promise<Float32Array> => {
    throw new Error('the file is gone');
  };
  await assert.rejects(predictVolume(sessions, spec, { ...good, read: missing }), /the file is gone/);
});
