import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { gaussian } from './breast-fixture.ts';
import { withSkinRim } from './skin-rim.ts';

const SIDE = 340;
const AIR = { threshold: 24, floor: 1, level: 10, noise: 4, separation: 0.9 };

/** A breast of radius 120 with skin of 10 pixels, 5 above an air that fog brightens by 10 from top to bottom; a patch of fog. */
function film(noise: number) {
  const random = new RandomStream(9, 'skin rim');
  const data = new Float32Array(SIDE * SIDE);
  const [found, truth] = [new Uint8Array(data.length), new Uint8Array(data.length)];
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    const radius = Math.hypot(x, y - 160);
    const isPatch = radius >= 120 && Math.hypot(x - 64, y - 268) < 14;
    const fog = (10 * y) / SIDE + (isPatch ? 5 : 0);
    found[i] = radius < 120 ? 1 : 0;
    truth[i] = radius < 130 && y < 160 ? 1 : found[i];
    data[i] = 6 + fog + (found[i] ? 100 : truth[i] ? 5 : 0) + noise * gaussian(random);
  }
  const set = (values: Uint8Array) => ({ width: SIDE, height: SIDE, data: values });
  return { plane: { width: SIDE, height: SIDE, data }, found: set(found), truth: set(truth) };
}

test('skin that is brighter than the air beside it, and darker than air elsewhere, joins the breast; patches of fog do not', () => {
  const { plane, found, truth } = film(0.3);
  const area = truth.data.reduce((sum, value) => sum + value, 0);
  const missedBefore = truth.data.filter((value, i) => value && !found.data[i]).length;
  assert.ok(missedBefore > 0.03 * area);
  const { data } = withSkinRim(plane, found, AIR);
  const missed = truth.data.filter((value, i) => value && !data[i]).length;
  const extra = data.filter((value, i) => value && !truth.data[i]).length;
  assert.ok(missed < 0.005 * area, `${missed} of ${area} pixels are lost`);
  assert.ok(extra < 0.01 * area, `${extra} pixels are air`);
});

test('a breast without a rim, one in air of one value, and one in padding stay as they are', () => {
  const { plane, found } = film(0);
  const bare = { ...plane, data: plane.data.map((value, i) => (found.data[i] ? value : 6)) };
  assert.equal(Buffer.compare(withSkinRim(bare, found, AIR).data, found.data), 0);
  const noisy = film(0.3).plane;
  const air = { ...noisy, data: noisy.data.map((value, i) => (found.data[i] || value < 18 ? value : 6)) };
  const ignore = found.data.map((value) => 1 - value);
  assert.equal(Buffer.compare(withSkinRim(air, found, AIR, ignore).data, found.data), 0);
});
