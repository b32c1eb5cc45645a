import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { RADIOMICS_IMAGES, radiomicsFeatures, regionFeatures } from './feature-vector.ts';
import { glcmFeatures } from './glcm.ts';
import { discretise } from './grey-levels.ts';
import { intensityFeatures } from './intensity.ts';
import { quantiles } from './order-statistics.ts';
import { digitalPhantom, probe, radiomicsReference, volumeOf } from './radiomics-fixture.ts';
import { radiomicsRegion } from './region.ts';
import { waveletBands } from './wavelet.ts';

for (const { shape, bands } of radiomicsReference.wavelet) {
  test(`wavelet bands of ${shape.join(' x ')} voxels are those of scipy with the filters of PyWavelets`, () => {
    const found = waveletBands(volumeOf(shape, probe(shape[0] * shape[1] * shape[2])));
    assert.equal(found.length, shape[0] > 1 ? 8 : 4);
    for (const [name, expected] of Object.entries(bands)) {
      const data = found.find((band) => band.name === name)?.region.data ?? [];
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - (data[i] as number))));
      assert.ok(worst < 2e-6, `${name}: off by ${worst}`); // float32 and seven decimals
    }
  });
}

test('a constant is gain sqrt 2 an axis in the low band and nothing in the others', () => {
  for (const { name, region } of waveletBands(volumeOf([2, 3, 4], new Array(24).fill(5)))) {
    const expected = name === 'LLL' ? 5 * Math.SQRT2 ** 3 : 0;
    assert.ok(
      region.data.every((value) => Math.abs(value - expected) < 1e-5),
      name,
    );
  }
});

test('percentiles are those of numpy, of few values, equal ones and far outliers too', () => {
  const { at, values } = radiomicsReference.percentiles;
  quantiles(probe(1001), at).forEach((got, i) => {
    assert.ok(Math.abs(got - (values[i] as number)) < 1e-12, `at ${at[i]}: ${got}`);
  });
  assert.deepEqual(quantiles(Float32Array.of(3), [0, 0.5, 1]), [3, 3, 3]);
  assert.deepEqual(quantiles(Float32Array.of(4, 1), [0, 0.25, 1]), [1, 1.75, 4]);
  assert.deepEqual(quantiles(Float32Array.of(1e30, 2, 1, 3, 4), [0, 0.25, 0.5, 0.75, 1]), [
    1,
    2,
    3,
    4,
    Math.fround(1e30),
  ]);
});

test('equal values have no spread and no shape', () => {
  const features = intensityFeatures(new Float32Array(1000).fill(Math.fround(0.1)));
  const { mean, variance, skewness, kurtosis } = features;
  assert.deepEqual([mean, variance, skewness, kurtosis], [Math.fround(0.1), 0, 0, 0]);
  const none = intensityFeatures(new Float32Array(3));
  assert.deepEqual([none.coefficientOfVariation, none.quartileCoefficientOfDispersion], [0, 0]);
  assert.ok(Object.values(intensityFeatures(Float32Array.of(1, 9))).every(Number.isFinite));
});

const SIDE = 24;
function cluster(seed: number) {
  const random = new RandomStream(seed, 'feature vector');
  return Array.from({ length: 6 }, (_, k) => ({
    width: SIDE,
    height: SIDE,
    data: Float32Array.from(
      { length: SIDE * SIDE },
      (_, i) => random.normal(100, 5) + (i === 8 * SIDE + 9 && k === 3 ? 200 : 0),
    ),
  }));
}

test('a region has features of focus slice, projection and volume under fixed names, all finite', async () => {
  const [one, other] = await Promise.all([1, 2].map((seed) => radiomicsFeatures(cluster(seed), { focus: 3 })));
  assert.deepEqual(Object.keys(one ?? {}), Object.keys(other ?? {}));
  const names = Object.keys(one ?? {});
  for (const name of names) assert.match(name, /^(2d-focus|2d-mip|3d)_(wavelet-[LH]{2,3}_)?[a-z-]+_[a-z0-9-]+$/);
  assert.equal(names.filter((name) => name.startsWith('3d_wavelet')).length, 8 * (18 + 7 + 25 + 16 + 16 + 5));
  for (const image of RADIOMICS_IMAGES) assert.ok(names.includes(`${image}_glcm_joint-entropy`));
  for (const name of [
    '3d_shape_maximum-3d-diameter',
    '2d-mip_wavelet-LH_ngtdm_contrast',
    '3d_first-order_percentile-10',
  ])
    assert.ok(names.includes(name), name);
  assert.ok(Object.values(one ?? {}).every(Number.isFinite));
});

test('features of the volume are those of the families, and depend on voxels of the mask alone but for the filters', () => {
  const features = regionFeatures('3d', digitalPhantom, { method: 'width', width: 1, from: -20 });
  const levels = discretise(digitalPhantom, { method: 'width', width: 1, from: -20 });
  assert.equal(features['3d_glcm_joint-entropy'], glcmFeatures(levels).jointEntropy);
  const data = digitalPhantom.data.map((value, i) => (digitalPhantom.mask[i] ? value : 1000));
  const outside = regionFeatures('3d', { ...digitalPhantom, data }, { method: 'number', bins: 8 });
  const before = regionFeatures('3d', digitalPhantom, { method: 'number', bins: 8 });
  const changed = Object.keys(before).filter((name) => before[name] !== outside[name]);
  assert.ok(changed.length > 0 && changed.every((name) => name.startsWith('3d_wavelet')));
});

test('the focus slice is found where none is given, and its plane and the projection are what they are said to be', async () => {
  const slices = cluster(4);
  const found = await radiomicsFeatures(
    slices.map((plane, k) => {
      const data = plane.data.slice();
      // One calcification of four pixels; focusSlice drops specks of fewer than three.
      if (k === 3) for (const at of [200, 201, 224, 225]) data[at] = 900;
      return { ...plane, data };
    }),
  );
  assert.equal(found['2d-focus_first-order_maximum'], 900);
  assert.equal(found['2d-mip_first-order_maximum'], 900);
  const first = await radiomicsFeatures(slices, { focus: 0 });
  assert.equal(first['2d-focus_first-order_maximum'], Math.max(...(slices[0]?.data ?? [])));
});

test('one voxel and constant grey levels give finite features; bad regions are refused', async () => {
  const slices = cluster(5);
  const length = 6 * SIDE * SIDE;
  const mask = new Uint8Array(length);
  mask[3 * SIDE * SIDE + 100] = 1;
  const flat = slices.map((plane) => ({ ...plane, data: new Float32Array(SIDE * SIDE).fill(7) }));
  for (const features of [
    await radiomicsFeatures(slices, { mask, focus: 3 }),
    await radiomicsFeatures(flat, { focus: 0 }),
  ])
    for (const [name, value] of Object.entries(features)) assert.ok(Number.isFinite(value), `${name}: ${value}`);
  await assert.rejects(radiomicsFeatures(slices, { mask, focus: 2 }), {
    code: 'region-empty',
    message: /focus slice 2/,
  });
  await assert.rejects(radiomicsFeatures(slices, { focus: 6 }), { code: 'option-invalid', message: /0 to 5, got 6/ });
  await assert.rejects(radiomicsFeatures(slices, { mask: new Uint8Array(length) }), { code: 'region-empty' });
  assert.throws(() => radiomicsRegion([]), { code: 'option-invalid' });
  assert.throws(() => radiomicsRegion(slices, { mask: new Uint8Array(3) }), { code: 'option-invalid' });
  assert.throws(() => radiomicsRegion(slices, { spacingMm: [1, 0, 1] }), { code: 'option-invalid' });
  const broken = slices.map((plane) => ({ ...plane, data: plane.data.slice() }));
  (broken[2]?.data ?? [])[SIDE + 3] = Number.NaN;
  assert.throws(() => radiomicsRegion(broken), { code: 'value-not-finite', message: /slice 2 .* column 3, row 1/ });
});
