import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resizeBilinear } from './resize.ts';

const [width, height] = [7, 5];
const plane = Float32Array.from({ length: width * height }, (_, i) => {
  const [x, y] = [i % width, Math.floor(i / width)];
  return (7 * x + 13 * y + 5 * x * y) % 32;
});

/**
 * Goldens of Pillow 12, which resizes a float image (mode F) as described:
 *   a = np.array([[(7*x + 13*y + 5*x*y) % 32 for x in range(7)] for y in range(5)], np.float32)
 *   np.asarray(Image.fromarray(a).resize((w, h), Image.BILINEAR)).ravel().round(5)
 */
const goldens = [
  {
    size: [4, 3],
    values: [
      ...[9.70748, 13.61714, 21.29714, 11.44898, 18.65079, 18.12444],
      ...[22.24, 11.58201, 17.21769, 13.28572, 13.67429, 20.15646],
    ],
  },
  {
    size: [3, 7],
    values: [
      ...[6.0, 19.11765, 10.85714, 11.95918, 17.90756, 14.69388, 17.44898, 18.0084, 16.22449, 20.0, 20.52941],
      ...[12.85714, 19.28572, 19.01681, 17.65306, 17.59184, 13.47059, 19.5102, 15.71429, 6.88235, 19.42857],
    ],
  },
  {
    size: [10, 8],
    values: [
      ...[0.0, 3.85, 8.75, 13.65, 18.55, 23.45, 26.75, 9.25, 6.15, 10.0],
      ...[5.6875, 10.74063, 13.67188, 10.30312, 16.03437, 22.46563, 27.29688, 11.32812, 9.75937, 14.8125],
    ],
  },
] as const;

test('resizing equals Pillow, shrinking (antialiased), enlarging and both at once', () => {
  for (const { size, values } of goldens) {
    const result = resizeBilinear(plane, width, height, size[0], size[1]);
    assert.equal(result.length, size[0] * size[1]);
    for (const [i, value] of values.entries()) {
      assert.ok(Math.abs((result[i] as number) - value) < 2e-5, `${size} pixel ${i}: ${result[i]}, not ${value}`);
    }
  }
});

test('the same size gives a copy, and a constant stays constant', () => {
  const copy = resizeBilinear(plane, width, height, width, height);
  assert.deepEqual(copy, plane);
  assert.notEqual(copy.buffer, plane.buffer);
  const constant = resizeBilinear(new Float32Array(35).fill(3.5), width, height, 3, 11);
  assert.ok(constant.every((value) => Math.abs(value - 3.5) < 1e-6));
});

test('shrinking a line to a third keeps its mean: no pixel is skipped', () => {
  const line = Float32Array.from({ length: 63 }, (_, x) => (x === 32 ? 63 : 0));
  const shrunk = resizeBilinear(line, 63, 1, 21, 1);
  assert.ok(Math.abs(shrunk.reduce((a, b) => a + b, 0) - 21) < 1e-4);
});

test('sizes that do not match are refused', () => {
  assert.throws(() => resizeBilinear(plane, 6, 5, 3, 3), { code: 'option-invalid', message: /6 x 5 values, got 35/ });
  assert.throws(() => resizeBilinear(plane, 7, 5, 0, 3), { code: 'option-invalid', message: /got 0/ });
});
