import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { describeOrientation, ORIENTATIONS, orientPlane, orientValues } from '../orientation/orientation.ts';
import { components, dilate, erode } from './binary-image.ts';
import { drawBreast } from './breast-fixture.ts';
import { breastMask } from './breast-mask.ts';
import { chestWallByMask } from './chest-wall.ts';
import { pectoralSide } from './pectoral-side.ts';

/** Shares of the truth that are missed, and of the mask that is not breast. */
function errors(mask: Uint8Array, truth: Uint8Array) {
  let [missed, extra, breast] = [0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    breast += truth[i] as number;
    if (truth[i] && !mask[i]) missed++;
    if (!truth[i] && mask[i]) extra++;
  }
  return { missed: missed / breast, extra: extra / breast };
}

test('the breast is found whatever the background: offset, noise, labels and plates', () => {
  for (const air of [0, 12, 300]) {
    for (const noise of [0, 1, 3]) {
      for (const labels of [false, true]) {
        const { plane, truth } = drawBreast({ seed: 1, air, noise, labels });
        const { missed, extra } = errors(breastMask(plane).data, truth);
        assert.ok(missed < 0.01, `air ${air}, noise ${noise}, labels ${labels}: ${missed} of the breast is lost`);
        assert.ok(extra < 0.06, `air ${air}, noise ${noise}, labels ${labels}: ${extra} is not breast`);
      }
    }
  }
});

test('a gain and an offset do not change the mask, and padding is no breast', () => {
  const { plane, truth } = drawBreast({ seed: 2, air: 8, noise: 2, labels: true });
  const mask = breastMask(plane);
  const scaled = breastMask({ ...plane, data: plane.data.map((value) => value * 16 + 512) });
  assert.ok(scaled.data.every((value, i) => value === mask.data[i]));
  const padding = Uint8Array.from({ length: truth.length }, (_, i) => (i % plane.width >= 140 ? 1 : 0));
  const padded = { ...plane, data: plane.data.map((value, i) => (padding[i] ? 5000 : value)) };
  assert.ok(errors(breastMask(padded, { padding }).data, truth).missed < 0.01);
});

test('the box and the area are those of the mask', () => {
  const { boxPx, areaPx, data, width } = breastMask(drawBreast({ seed: 3, air: 5, noise: 1 }).plane);
  const inside = [...data.keys()].filter((i) => data[i]);
  assert.equal(inside.length, areaPx);
  const [xs, ys] = [inside.map((i) => i % width), inside.map((i) => Math.floor(i / width))];
  assert.deepEqual(boxPx, [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1]);
});

test('mask and chest wall turn with the image, through all eight orientations', () => {
  const { plane } = drawBreast({ seed: 4, air: 10, noise: 2, labels: true });
  const mask = breastMask(plane);
  assert.equal(chestWallByMask(mask)?.says, 'left');
  for (const to of ORIENTATIONS) {
    const turned = breastMask(orientPlane(plane, to));
    const expected = orientValues(mask.data, plane.width, plane.height, to);
    const different = turned.data.filter((value, i) => value !== expected[i]).length;
    assert.ok(different < 0.002 * mask.areaPx, `${describeOrientation(to)}: ${different} pixels`);
    // The chest wall is the left column: it goes to the top when transposed, and then with the flips.
    const [first, last] = to.transpose ? ['top', 'bottom'] : ['left', 'right'];
    const isFlipped = to.transpose ? to.flipVertical : to.flipHorizontal;
    assert.equal(chestWallByMask(turned)?.says, isFlipped ? last : first, describeOrientation(to));
  }
});

test('the pectoral muscle is at the end of the chest wall where it was drawn', () => {
  const { plane } = drawBreast({ seed: 5, air: 10, noise: 2 });
  assert.equal(pectoralSide(plane, breastMask(plane))?.says, 'top');
  const upsideDown = orientPlane(plane, { transpose: false, flipHorizontal: false, flipVertical: true });
  assert.equal(pectoralSide(upsideDown, breastMask(upsideDown))?.says, 'bottom');
});

test('an image without air is all breast, and one of one value has none', () => {
  const random = new RandomStream(6, 'tissue');
  const data = Float32Array.from(
    { length: 64 * 64 },
    () => 100 + 20 * (random.uniform() + random.uniform() + random.uniform()),
  );
  const tissue = breastMask({ width: 64, height: 64, data });
  assert.deepEqual([tissue.hasAir, tissue.areaPx], [false, 64 * 64]);
  assert.throws(() => breastMask({ width: 64, height: 64, data: new Float32Array(64 * 64) }), { code: 'mask-empty' });
  assert.throws(() => breastMask({ width: 3, height: 3, data: new Float32Array(8) }), { code: 'option-invalid' });
});

test('14 million pixels take less than a second of this machine’s time, and a bounded memory', () => {
  const { plane } = drawBreast({ seed: 7, air: 10, noise: 2 });
  const [width, height] = [2560, 3328];
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data[y * width + x] = plane.data[Math.floor((y * 192) / height) * 192 + Math.floor((x * 192) / width)] as number;
  const before = process.cpuUsage();
  const { areaPx } = breastMask({ width, height, data });
  const { user } = process.cpuUsage(before);
  assert.ok(areaPx > 0.3 * width * height);
  assert.ok(user < 3e6, `${user / 1e6} s`);
});

test('morphology and components against plain loops', () => {
  const random = new RandomStream(8, 'binary');
  const [width, height] = [13, 9];
  const data = Uint8Array.from({ length: width * height }, () => (random.uniform() < 0.6 ? 1 : 0));
  const near = (i: number, radius: number) =>
    [...data.keys()].filter(
      (j) =>
        Math.abs((i % width) - (j % width)) <= radius &&
        Math.abs(Math.floor(i / width) - Math.floor(j / width)) <= radius,
    );
  for (const radius of [1, 2, 20]) {
    const grown = [...data.keys()].map((i) => (near(i, radius).some((j) => data[j]) ? 1 : 0));
    const shrunk = [...data.keys()].map((i) => (near(i, radius).every((j) => data[j]) ? 1 : 0));
    assert.deepEqual([...dilate({ width, height, data }, radius).data], grown);
    assert.deepEqual([...erode({ width, height, data }, radius).data], shrunk);
  }
  const parts = components({ width: 4, height: 2, data: Uint8Array.of(1, 0, 1, 1, 1, 0, 0, 1) });
  assert.deepEqual(
    parts.map(({ areaPx, boxPx }) => [areaPx, ...boxPx]),
    [
      [3, 2, 0, 4, 2],
      [2, 0, 0, 1, 2],
    ],
  );
});
