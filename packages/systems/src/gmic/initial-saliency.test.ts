/** Saliency before any training on pathology, with either nonlinearity and first value of its layer: figure 4. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { Engine, initialise } from '@mammoscope/runtime';
import { loadGmic, predictVolume } from './gmic.ts';
import { gmicDeclarations } from './graphs.ts';
import type { GmicSpec } from './spec.ts';
import type { GmicVolume } from './volume.ts';

const SIZE = { heightPx: 160, widthPx: 128 } as const;
const PIXELS = SIZE.heightPx * SIZE.widthPx;

/** A black slice, and one of noise. */
const volume: GmicVolume = {
  name: 'volume',
  slices: 2,
  read: async (slice) => {
    const random = new RandomStream(3, 'slice');
    return Float32Array.from({ length: PIXELS }, () => (slice === 0 ? 0 : random.uniform(-1, 1)));
  },
};

const engine = await Engine.create({ threads: 1 });
after(() => engine.close());

/** Maps of the black slice and of the other, by first values alone; those of the global network are always the same. */
async function firstMaps(nonlinearity: GmicSpec['nonlinearity'], omega: GmicSpec['omega']) {
  const spec: GmicSpec = {
    ...{ ...SIZE, slicesPerRun: 1, cropPx: 32, patches: 2, pooledShare: 0.1, zeta: 1 },
    ...{ global: { stem: 'small', width: 8 }, local: { width: 4 } },
    ...{ nonlinearity, omega },
  };
  const declarations = gmicDeclarations(spec);
  const values = initialise(declarations, 5);
  await engine.put(
    new Map(
      [...declarations].map(([name, { tensor }]) => [
        name,
        { dtype: 'float32' as const, shape: tensor.shape, data: values.get(name) as Float32Array<ArrayBuffer> },
      ]),
    ),
  );
  const sessions = await loadGmic(engine, spec);
  const { saliency } = await predictVolume(sessions, spec, volume);
  await sessions.saliency.release();
  await sessions.local.release();
  const half = saliency.values.length / 2;
  return { black: saliency.values.slice(0, half), noise: saliency.values.slice(half) };
}

test('where there is nothing the sigmoid begins at one half, ReLU(tanh) at zero', async () => {
  for (const omega of [0.001, 0.01, 0.1, 'random'] as const) {
    assert.ok((await firstMaps('sigmoid', omega)).black.every((p) => p === 0.5));
    assert.ok((await firstMaps('reluTanh', omega)).black.every((p) => p === 0));
  }
});

test('a constant omega weighs what the network sees alike: both maps grow with it, and only ReLU(tanh) is near zero', async () => {
  let before = new Float64Array();
  for (const omega of [0.001, 0.01, 0.1]) {
    const [sigmoid, reluTanh] = [(await firstMaps('sigmoid', omega)).noise, (await firstMaps('reluTanh', omega)).noise];
    // equation 1 backwards: the sum of features, the same whatever the nonlinearity and omega
    const sums = Float64Array.from(reluTanh, (p) => Math.atanh(p) / omega);
    for (const [i, p] of sigmoid.entries()) {
      const sum = Math.log(p / (1 - p)) / omega;
      if ((reluTanh[i] as number) < 0.99)
        assert.ok(Math.abs(sum - (sums[i] as number)) < 1e-3 * sum + 1e-3 / omega, `${omega}: ${sum}, ${sums[i]}`);
    }
    if (omega === 0.01)
      for (const [i, sum] of sums.entries()) assert.ok(Math.abs(sum - (before[i] as number)) < 1e-3 * sum + 0.02);
    assert.ok(
      sigmoid.every((p) => p >= 0.5),
      'all of it has to be learnt away',
    );
    if (omega === 0.001) assert.ok(reluTanh.every((p) => p < 0.1) && reluTanh.some((p) => p > 0));
    before = sums;
  }
});

test('random first values leave cells without any gradient behind ReLU(tanh)', async () => {
  const sigmoid = (await firstMaps('sigmoid', 'random')).noise;
  const reluTanh = (await firstMaps('reluTanh', 'random')).noise;
  for (const [i, p] of sigmoid.entries()) if (Math.abs(p - 0.5) > 1e-6) assert.equal(reluTanh[i] === 0, p < 0.5);
  assert.ok(sigmoid.some((p) => p < 0.5) && sigmoid.some((p) => p > 0.5));
});
