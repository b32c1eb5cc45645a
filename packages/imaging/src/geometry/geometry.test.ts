import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { ORIENTATIONS } from '../orientation/orientation.ts';
import { averageDown } from './area-average.ts';
import { blackBorderBox } from './black-border.ts';
import { cropPlane, growBox, windowPlane } from './crop.ts';
import { pixelSpacing } from './pixel-spacing.ts';
import { boxOnPrepared, boxOnStored } from './placement.ts';
import { resampleSize, resampleTo } from './resample.ts';

const random = new RandomStream(7, 'geometry test');
const noise = (width: number, height: number) => ({
  width,
  height,
  data: Float32Array.from({ length: width * height }, () => random.uniform()),
});
const mean = (data: Float32Array) => data.reduce((sum, value) => sum + value, 0) / data.length;

test('shrinking keeps the mean, whatever the sizes', () => {
  for (const [width, height, outWidth, outHeight] of [
    [30, 20, 7, 11],
    [17, 31, 16, 30],
    [9, 9, 1, 1],
    [64, 48, 32, 16],
  ] as const) {
    const plane = noise(width, height);
    const small = resampleSize(plane, outWidth, outHeight);
    assert.ok(
      Math.abs(mean(small.data) - mean(plane.data)) < 1e-5,
      `${width} x ${height} to ${outWidth} x ${outHeight}`,
    );
  }
});

test('whole factors are block means, also by averageDown', () => {
  const plane = noise(12, 8);
  const [small, down] = [resampleSize(plane, 4, 4), averageDown(plane, 3)];
  for (let y = 0; y < 4; y++) {
    for (let x = 0; x < 4; x++) {
      let sum = 0;
      for (let i = 0; i < 6; i++) sum += plane.data[(2 * y + Math.floor(i / 3)) * 12 + 3 * x + (i % 3)] as number;
      assert.ok(Math.abs((small.data[y * 4 + x] as number) - sum / 6) < 1e-6);
    }
  }
  assert.deepEqual([down.width, down.height], [4, 3]);
  let rest = 0;
  for (let i = 0; i < 6; i++) rest += plane.data[(6 + Math.floor(i / 3)) * 12 + 9 + (i % 3)] as number;
  assert.ok(Math.abs((down.data[11] as number) - rest / 6) < 1e-6, 'the last row is the mean of what is left');
});

test('growing is linear between centres: a ramp stays a ramp inside, constants stay', () => {
  const ramp = { width: 5, height: 2, data: Float32Array.from({ length: 10 }, (_, i) => i % 5) };
  const large = resampleSize(ramp, 10, 2);
  assert.deepEqual([...large.data.subarray(0, 10)], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4]);
  const flat = resampleSize({ width: 3, height: 1, data: Float32Array.of(2, 2, 2) }, 7, 5);
  assert.ok(flat.data.every((value) => value === 2));
  assert.deepEqual([...resampleSize({ width: 1, height: 1, data: Float32Array.of(4) }, 2, 2).data], [4, 4, 4, 4]);
});

test('a spacing in mm decides the size, rows and columns each by their own', () => {
  const { width, height } = resampleTo(noise(40, 30), { rowMm: 0.2, columnMm: 0.1 }, 0.2);
  assert.deepEqual([width, height], [20, 30]);
  assert.throws(() => resampleTo(noise(2, 2), { rowMm: 1, columnMm: 1 }, 0), { code: 'option-invalid' });
  assert.throws(() => resampleTo(noise(2, 2), { rowMm: 1, columnMm: 1 }, 1e-6), { code: 'option-invalid' });
});

test('spacing: calibrated, magnified, repeated, contradicting', () => {
  const spacing = (facts: object) => pixelSpacing(facts).spacing;
  assert.deepEqual(spacing({ PixelSpacing: [0.1, 0.2] }), { rowMm: 0.1, columnMm: 0.2 });
  const magnified = { ImagerPixelSpacing: [0.1, 0.1], EstimatedRadiographicMagnificationFactor: 2 };
  assert.deepEqual(spacing(magnified), { rowMm: 0.05, columnMm: 0.05 });
  assert.deepEqual(spacing({ ...magnified, PixelSpacing: [0.1, 0.1] }), { rowMm: 0.05, columnMm: 0.05 });
  assert.deepEqual(spacing({ ...magnified, PixelSpacing: [0.05, 0.05] }), { rowMm: 0.05, columnMm: 0.05 });
  const calibrated = { ...magnified, PixelSpacing: [0.07, 0.07], PixelSpacingCalibrationType: 'FIDUCIAL' };
  assert.deepEqual(spacing(calibrated), { rowMm: 0.07, columnMm: 0.07 });
  assert.equal(spacing({}), undefined);
  assert.throws(() => spacing({ ...magnified, PixelSpacing: [0.07, 0.07] }), {
    code: 'sources-disagree',
    message: /0\.07, 0\.07/,
  });
  assert.deepEqual(pixelSpacing({ ...magnified, PixelSpacing: [0.07, 0.07] }, { rowMm: 1, columnMm: 1 }).spacing, {
    rowMm: 1,
    columnMm: 1,
  });
  assert.throws(() => spacing({ PixelSpacing: [0.1] }), { code: 'tag-invalid' });
  assert.throws(() => spacing({ PixelSpacing: [0.1, -1] }), { code: 'tag-invalid' });
  assert.throws(() => spacing({ EstimatedRadiographicMagnificationFactor: 0 }), { code: 'tag-invalid' });
});

test('crops and windows', () => {
  const plane = { width: 3, height: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  assert.deepEqual([...cropPlane(plane, [1, 0, 3, 2]).data], [2, 3, 5, 6]);
  assert.deepEqual([...windowPlane(plane, -1, 1, 3, 2, 9).data], [9, 4, 5, 9, 9, 9]);
  assert.deepEqual(growBox([1, 1, 2, 2], 5, 3, 4), [0, 0, 3, 4]);
  for (const box of [
    [0, 0, 4, 2],
    [0.5, 0, 2, 2],
    [2, 0, 2, 2],
    [-1, 0, 2, 2],
  ] as const) {
    assert.throws(() => cropPlane(plane, box), { code: 'option-invalid' });
  }
});

test('the black border of Lin et al. ends at the first black column from the chest wall', () => {
  // Columns: breast, breast, black, label, black.
  const plane = { width: 5, height: 2, data: Float32Array.of(9, 1, 0, 7, 0, 9, 0, 0, 7, 0) };
  assert.deepEqual(blackBorderBox(plane), [0, 0, 2, 2]);
  const mirrored = { ...plane, data: Float32Array.of(0, 7, 0, 1, 9, 0, 7, 0, 0, 9) };
  assert.deepEqual(blackBorderBox(mirrored), [3, 0, 5, 2]);
  assert.deepEqual(blackBorderBox(plane, 'right'), [0, 0, 5, 2]);
  assert.deepEqual(blackBorderBox({ ...plane, data: plane.data.map((value) => value + 1) }), [0, 0, 5, 2]);
});

test('boxes go to the prepared image and back, through all orientations', () => {
  for (const orientation of ORIENTATIONS) {
    const placement = {
      width: 100,
      height: 60,
      orientation,
      cropPx: [5, 10, 45, 50] as const,
      outWidth: 20,
      outHeight: 80,
    };
    const back = boxOnStored(boxOnPrepared([12, 13, 31, 40], placement), placement);
    for (const [i, edge] of [12, 13, 31, 40].entries()) assert.ok(Math.abs((back[i] as number) - edge) < 1e-9);
  }
});
