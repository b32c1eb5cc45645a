import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { drawBreastImages, drawRegionSlices, lesionTruthOf } from './breast-images.ts';
import { fft } from './fft.ts';
import { PHANTOM_PRESETS } from './presets.ts';
import { DENSITIES, drawWoman, type Woman } from './woman.ts';

const { dm, dbt } = PHANTOM_PRESETS.tiny;
const draw = (woman: Woman, side: 'L' | 'R', view: 'CC' | 'MLO', slices = false) =>
  drawBreastImages(woman, { side, view, preset: 'tiny', dbt: slices });

const sha256 = (values: Float32Array) => createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');

/** The first woman of a cohort who has a lesion of a kind, and where. */
function womanWith(kind: 'mass' | 'calcifications', seed: number) {
  for (let patient = 0; ; patient++) {
    const woman = drawWoman(patient, { seed, density: 'b' });
    if (woman.lesion?.kind === kind) return { woman, side: woman.lesion.side };
  }
}

const tissue = (plane: Float32Array) => plane.filter((value) => value > 0);
const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('the same woman gives the same bytes, in any order of work and with or without DBT', () => {
  const woman = drawWoman(1, { seed: 4 });
  const first = draw(woman, 'L', 'CC', true);
  const slices = Array.from(first.slices(), sha256);
  draw(woman, 'R', 'MLO');
  const again = draw(drawWoman(1, { seed: 4 }), 'L', 'CC', true);
  assert.deepEqual(Array.from(again.slices(), sha256), slices);
  assert.equal(sha256(draw(woman, 'L', 'CC').dm), sha256(first.dm));
  assert.equal(slices.length, dbt.slices);
  assert.equal(new Set(slices).size, dbt.slices);
  assert.notEqual(sha256(draw(drawWoman(1, { seed: 5 }), 'L', 'CC').dm), sha256(first.dm));
});

test('slices are given once, and only where DBT was asked for', () => {
  const woman = drawWoman(2, { seed: 4 });
  assert.throws(() => draw(woman, 'L', 'CC').slices().next(), /slices are there once/);
  const images = draw(woman, 'L', 'CC', true);
  assert.equal(images.slices().next().done, false);
  assert.throws(() => images.slices().next(), /slices are there once/);
});

test('the chest wall is at the left of a left breast and at the right of a right one; air is 0', () => {
  const woman = drawWoman(2, { seed: 4 });
  for (const side of ['L', 'R'] as const) {
    const { dm: plane } = draw(woman, side, 'CC');
    const at = (column: number) => plane[(dm.heightPx / 2) * dm.widthPx + column] as number;
    const [wall, air] = side === 'L' ? [1, dm.widthPx - 2] : [dm.widthPx - 2, 1];
    assert.ok(at(wall) > 3000 && at(air) === 0, `${side}: ${at(wall)}, ${at(air)}`);
    assert.ok(plane.every((value) => value >= 0 && value <= 65535));
  }
});

test('the breasts of a woman are alike in statistics and not in noise', () => {
  const woman = drawWoman(2, { seed: 4, density: 'c' });
  const [left, right] = [draw(woman, 'L', 'CC').dm, draw(woman, 'R', 'CC').dm];
  const [a, b] = [mean(tissue(left)), mean(tissue(right))];
  assert.ok(Math.abs(a / b - 1) < 0.2, `means ${a} and ${b}`);
  // Second differences, which see texture and not the form of the breast, in a square behind the nipple.
  const differences = (plane: Float32Array, mirrored: boolean) => {
    const found: number[] = [];
    for (let y = 180; y < 240; y++) {
      for (let x = 40; x < 100; x++) {
        const column = mirrored ? dm.widthPx - 1 - x : x;
        const at = y * dm.widthPx + column;
        found.push((plane[at - 1] as number) - 2 * (plane[at] as number) + (plane[at + 1] as number));
      }
    }
    return found;
  };
  const [p, q] = [differences(left, false), differences(right, true)];
  const product = (u: readonly number[], v: readonly number[]) =>
    u.reduce((sum, x, i) => sum + x * (v[i] as number), 0);
  const correlation = product(p, q) / Math.sqrt(product(p, p) * product(q, q));
  assert.ok(Math.abs(correlation) < 0.1, `correlation ${correlation}`);
  const spread = Math.sqrt(product(p, p) / product(q, q));
  assert.ok(spread > 0.8 && spread < 1.25, `spreads differ by ${spread}`);
});

test('denser breasts are brighter', () => {
  const means = DENSITIES.map((density) => mean(tissue(draw(drawWoman(2, { seed: 4, density }), 'L', 'CC').dm)));
  assert.ok(
    means.every((value, i) => i === 0 || value > 1.05 * (means[i - 1] as number)),
    `${means}`,
  );
});

test('the spectrum of a mammogram falls with an exponent near 3, across the crossover of cube and tile', () => {
  const size = 64;
  const power = new Float64Array(size / 2);
  for (let patient = 2; patient < 14; patient += 3) {
    const { dm: plane } = draw(drawWoman(patient, { seed: 3, density: 'c' }), 'L', 'CC');
    for (let y = 176; y < 240; y++) {
      const row = Float64Array.from(plane.subarray(y * dm.widthPx + 45, y * dm.widthPx + 45 + size));
      const level = row.reduce((sum, value) => sum + value, 0) / size;
      const real = row.map((value, x) => (value - level) * (0.5 - 0.5 * Math.cos((2 * Math.PI * x) / size)));
      const imaginary = new Float64Array(size);
      fft({ real, imaginary });
      for (let k = 1; k < size / 2; k++) {
        power[k] = (power[k] as number) + (real[k] as number) ** 2 + (imaginary[k] as number) ** 2;
      }
    }
  }
  // From 0.08 to 0.33 cycles a mm; the crossover is at 0.15.
  const points = Array.from(power, (p, k) => [Math.log(k), Math.log(p)] as const).slice(3, 13);
  const [meanX, meanY] = [0, 1].map((axis) => points.reduce((sum, p) => sum + (p[axis] as number), 0) / points.length);
  let [xy, xx] = [0, 0];
  for (const [x, y] of points) {
    xy += (x - (meanX as number)) * (y - (meanY as number));
    xx += (x - (meanX as number)) ** 2;
  }
  const beta = 1 - xy / xx; // a row's exponent is one less than the plane's
  assert.ok(beta > 2.4 && beta < 3.6, `exponent ${beta}`);
});

test('calcifications are brightest in their focus slice and gone far from it', () => {
  const { woman, side } = womanWith('calcifications', 6);
  const images = draw(woman, side, 'CC', true);
  const truth = images.truth?.dbt;
  assert.ok(truth);
  const [x1, y1, x2, y2] = truth.box;
  // How much the pixels of the mask exceed the others of the box.
  const excess = Array.from(images.slices(), (plane) => {
    const sums = { inside: 0, insideCount: 0, outside: 0, outsideCount: 0 };
    for (let y = y1; y < y2; y++) {
      for (let x = x1; x < x2; x++) {
        const at = y * dbt.widthPx + x;
        if (truth.mask[at] === 1) {
          sums.inside += plane[at] as number;
          sums.insideCount++;
        } else {
          sums.outside += plane[at] as number;
          sums.outsideCount++;
        }
      }
    }
    return sums.inside / sums.insideCount - sums.outside / sums.outsideCount;
  });
  const brightest = excess.indexOf(Math.max(...excess));
  assert.ok(Math.abs(brightest - truth.focusSlice) <= 1, `brightest in ${brightest}, focus in ${truth.focusSlice}`);
  assert.ok(truth.sliceFirst <= truth.focusSlice && truth.focusSlice <= truth.sliceLast);
});

test('DM and DBT show a lesion in the same place, and a right breast is the mirror image of its truth', () => {
  for (const kind of ['mass', 'calcifications'] as const) {
    const { woman, side } = womanWith(kind, 8);
    for (const view of ['CC', 'MLO'] as const) {
      const truth = lesionTruthOf(woman, { side, view, preset: 'tiny' });
      assert.ok(truth);
      const middle = ([x1, y1, x2, y2]: readonly number[], grid: typeof dm | typeof dbt) => {
        const x = (((x1 as number) + (x2 as number)) / 2) * grid.spacingMm;
        const fromWall = side === 'L' ? x : grid.widthPx * grid.spacingMm - x;
        return [fromWall, (((y1 as number) + (y2 as number)) / 2 - grid.heightPx / 2) * grid.spacingMm] as const;
      };
      const [a, b] = [middle(truth.dm.box, dm), middle(truth.dbt.box, dbt)];
      assert.ok(Math.hypot(a[0] - b[0], a[1] - b[1]) < 1.5, `${a} and ${b}`);
      assert.equal(lesionTruthOf(woman, { side: side === 'L' ? 'R' : 'L', view, preset: 'tiny' }), undefined);
    }
  }
});

test('women are drawn one by one: two of three have a lesion, one benign and one malignant', () => {
  for (let first = 0; first < 30; first += 3) {
    const labels = [0, 1, 2].map((i) => drawWoman(first + i, { seed: 7 }).label);
    assert.deepEqual(labels.toSorted(), ['benign', 'malignant', 'normal']);
  }
  assert.throws(() => drawWoman(0, { seed: 1, difficulty: 1.5 }), /difficulty must be from 0 to 1, got 1.5/);
  assert.throws(() => drawWoman(-1, { seed: 1 }), /an index from 0, got -1/);
});

/** Pearson's correlation of two planes. */
function correlation(a: Float32Array, b: Float32Array): number {
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f: (i: number) => number) => a.reduce((total, _, i) => total + f(i), 0);
  const [da, db] = [(i: number) => (a[i] as number) - ma, (i: number) => (b[i] as number) - mb];
  return sum((i) => da(i) * db(i)) / Math.sqrt(sum((i) => da(i) ** 2) * sum((i) => db(i) ** 2));
}

test('slices of a region are those of the whole image but for fine texture and noise, on either side', () => {
  for (const seed of [1, 2, 3, 4]) {
    const { woman, side } = womanWith('mass', seed);
    const { slices, truth } = draw(woman, side, 'MLO', true);
    assert.ok(truth);
    const [x1, y1, x2, y2] = truth.dbt.box;
    const box = [x1 - 8, y1 - 12, x2 + 5, y2 + 3] as const;
    const region = [
      ...drawRegionSlices(woman, { side, view: 'MLO', preset: 'tiny', box }).map((plane) => plane.slice()),
    ];
    assert.equal(region.length, dbt.slices);
    const k = truth.dbt.focusSlice;
    const whole = slices().drop(k).next().value as Float32Array;
    const cut = Float32Array.from({ length: (box[2] - box[0]) * (box[3] - box[1]) }, (_, i) => {
      const width = box[2] - box[0];
      return whole[(box[1] + Math.floor(i / width)) * dbt.widthPx + box[0] + (i % width)] as number;
    });
    const alike = correlation(region[k] as Float32Array, cut);
    assert.ok(alike > 0.75, `seed ${seed}, ${side}: ${alike.toFixed(3)}`);
  }
});

test('a raw mammogram counts photons: fewest behind the densest tissue, 65535 in air alone', () => {
  const woman = drawWoman(2, { seed: 4 });
  const { dm: shown, raw } = drawBreastImages(woman, { side: 'R', view: 'CC', preset: 'tiny', dbt: false, raw: true });
  assert.ok(raw && draw(woman, 'R', 'CC').raw === undefined);
  let [rising, inside] = [0, 0];
  for (let i = 1; i < shown.length; i++) {
    const [a, b] = [shown[i - 1] as number, shown[i] as number];
    if (a === 0 && b === 0) assert.equal(raw[i], 65535);
    if (a < 20000 || b < 20000) continue;
    inside++;
    if (Math.sign(b - a) === -Math.sign((raw[i] as number) - (raw[i - 1] as number))) rising++;
  }
  // Not all: the image for presentation is brightened towards the rim.
  assert.ok(inside > 1000 && rising > 0.9 * inside, `${rising} of ${inside}`);
});
