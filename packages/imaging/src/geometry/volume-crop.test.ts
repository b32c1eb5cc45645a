import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawBreast } from '../breast/breast-fixture.ts';
import { breastMask } from '../breast/breast-mask.ts';
import { MIRRORED, orientPlane } from '../orientation/orientation.ts';
import { cropToWindow, GMIC_WINDOWS, gmicWindow } from './gmic-window.ts';
import { centredVolumeBox, cropVolume, maximumIntensityProjection, XIAO_VOLUME } from './volume-crop.ts';

test('300 x 300 x 12 around a lesion, moved into the volume at its borders', () => {
  const volume = { width: 1996, height: 2457, depth: 60 };
  const box = centredVolumeBox({ x: 1000, y: 1200, slice: 30 }, XIAO_VOLUME, volume);
  assert.deepEqual(box, { x1: 850, y1: 1050, slice1: 24, x2: 1150, y2: 1350, slice2: 36 });
  const corner = centredVolumeBox({ x: 3, y: 2450, slice: 59 }, XIAO_VOLUME, volume);
  assert.deepEqual(corner, { x1: 0, y1: 2157, slice1: 48, x2: 300, y2: 2457, slice2: 60 });
  assert.throws(() => centredVolumeBox({ x: 0, y: 0, slice: 0 }, XIAO_VOLUME, { ...volume, depth: 11 }), {
    code: 'option-invalid',
    message: /got 11/,
  });
});

const slices = [0, 1, 2].map((k) => ({
  width: 4,
  height: 3,
  data: Float32Array.from({ length: 12 }, (_, i) => (i * 7 + k * 5) % 11),
}));

test('a volume is cropped in all three directions', () => {
  const part = cropVolume(slices, { x1: 1, y1: 1, slice1: 1, x2: 3, y2: 3, slice2: 3 });
  const at = (k: number, x: number, y: number) => ((y * 4 + x) * 7 + k * 5) % 11;
  assert.deepEqual(
    part.map(({ data }) => [...data]),
    [1, 2].map((k) => [at(k, 1, 1), at(k, 2, 1), at(k, 1, 2), at(k, 2, 2)]),
  );
});

test('the maximum intensity projection is the brightest of each pixel, and leaves the slices alone', async () => {
  const before = slices.map(({ data }) => [...data]);
  const { data } = await maximumIntensityProjection(slices);
  assert.deepEqual(
    [...data],
    [...data.keys()].map((i) => Math.max(...slices.map((slice) => slice.data[i] as number))),
  );
  assert.deepEqual(
    slices.map(({ data }) => [...data]),
    before,
  );
  await assert.rejects(maximumIntensityProjection([]), { code: 'option-invalid' });
  await assert.rejects(
    maximumIntensityProjection([slices[0] as (typeof slices)[0], { width: 3, height: 4, data: new Float32Array(12) }]),
    { code: 'option-invalid' },
  );
});

test('the windows of 3D-GMIC have one field of view in DM and DBT', () => {
  // Both detectors of the paper: 3328 rows of DM are 2457 of DBT.
  assert.ok(Math.abs(GMIC_WINDOWS.DM.height / 3328 - GMIC_WINDOWS.DBT.height / 2457) < 1e-3);
  assert.ok(Math.abs(GMIC_WINDOWS.DM.width / GMIC_WINDOWS.DBT.width - 3328 / 2457) < 1e-3);
});

test('the window lies at the chest wall and at the height of the nipple, on either side', () => {
  const { plane } = drawBreast({ seed: 1, air: 5, noise: 1 });
  const mask = breastMask(plane);
  const size = { width: 100, height: 80 };
  const place = gmicWindow(mask, size, 'left');
  assert.equal(place.x, 0);
  assert.ok(Math.abs(place.y + 40 - 88) <= 3, `the nipple was drawn in row 88, the window begins at ${place.y}`);
  const mirrored = orientPlane(plane, MIRRORED);
  assert.equal(gmicWindow(breastMask(mirrored), size, 'right').x, 92);
  const [left, right] = [
    cropToWindow(plane, mask, size, 'left'),
    cropToWindow(mirrored, breastMask(mirrored), size, 'right'),
  ];
  const back = orientPlane(right, MIRRORED);
  assert.ok(left.data.every((value, i) => value === back.data[i]));
  const large = gmicWindow(mask, { width: 300, height: 200 }, 'left');
  assert.deepEqual(large, { x: 0, y: -4, width: 300, height: 200 });
  assert.throws(() => cropToWindow({ width: 1, height: 1, data: new Float32Array(1) }, mask, size, 'left'), {
    code: 'option-invalid',
  });
});
