import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { type RoiCell, type RoiOptions, retrieveRois, sampleSlices } from './retrieve-roi.ts';
import type { SaliencyVolume } from './spec.ts';

/** A volume from its slices, each a text of rows of digits; the malignant maps are zero unless given. */
function volumeOf(benign: readonly string[], malignant: readonly string[] = []): SaliencyVolume {
  const rowsOf = (text: string) => text.split(' ').map((row) => [...row].map(Number));
  const maps = benign.flatMap((text, slice) => {
    const map = rowsOf(text).flat();
    return [...map, ...(malignant[slice] ? rowsOf(malignant[slice]).flat() : map.map(() => 0))];
  });
  const first = rowsOf(benign[0] as string);
  const columns = first[0]?.length as number;
  return { values: Float32Array.from(maps), slices: benign.length, rows: first.length, columns };
}

const single: RoiOptions = { patches: 3, windowRows: 1, windowColumns: 1, zeta: 0 };
const places = (cells: readonly RoiCell[]) => cells.map(({ slice, row, column }) => [slice, row, column]);

test('the windows with the largest sums, what one covers not counted again', () => {
  assert.deepEqual(places(retrieveRois(volumeOf(['195 302 048']), single)), [
    [0, 0, 1],
    [0, 2, 2],
    [0, 0, 2],
  ]);
  // 9 + 5 + 0 + 2 = 16 first; then 4 + 8 = 12 of '02 48', where '02' is gone; then 1 + 3.
  const square = { ...single, windowRows: 2, windowColumns: 2 };
  assert.deepEqual(places(retrieveRois(volumeOf(['195 302 048']), square)), [
    [0, 0, 1],
    [0, 1, 1],
    [0, 0, 0],
  ]);
});

test('each class counts by its own range over all slices', () => {
  // Benign: least 0, most 8; malignant: least 0, most 2, so that its 2 weighs as much as an 8, and its 1 as a 4.
  const saliency = volumeOf(['80 00', '03 00'], ['00 02', '00 10']);
  assert.deepEqual(places(retrieveRois(saliency, { ...single, patches: 4 })), [
    [0, 0, 0],
    [0, 1, 1],
    [1, 1, 0],
    [1, 0, 1],
  ]);
  // Shifted and scaled maps are the same maps: 5 and 9 are least and most.
  assert.deepEqual(places(retrieveRois(volumeOf(['57 95']), single)), [
    [0, 1, 0],
    [0, 0, 1],
    [0, 0, 0],
  ]);
});

test('a patch suppresses its place in the slices within zeta, and nowhere else', () => {
  const saliency = volumeOf(['70', '80', '90', '81', '70', '60']);
  const slicesBy = (zeta: number) => places(retrieveRois(saliency, { ...single, patches: 4, zeta }));
  assert.deepEqual(slicesBy(0), [
    [2, 0, 0],
    [1, 0, 0],
    [3, 0, 0],
    [0, 0, 0],
  ]);
  assert.deepEqual(slicesBy(1), [
    [2, 0, 0],
    [0, 0, 0],
    [4, 0, 0],
    [3, 0, 1],
  ]);
  assert.deepEqual(slicesBy(2).slice(0, 3), [
    [2, 0, 0],
    [5, 0, 0],
    [3, 0, 1],
  ]);
  assert.deepEqual(slicesBy(Infinity).slice(0, 2), [
    [2, 0, 0],
    [3, 0, 1],
  ]);
});

test('of equal windows the first slice, row and column; suppressed cells last', () => {
  assert.deepEqual(places(retrieveRois(volumeOf(['010 101', '010 000']), { ...single, patches: 4 })), [
    [0, 0, 1],
    [0, 1, 0],
    [0, 1, 2],
    [1, 0, 1],
  ]);
  // Nothing is left after the 9: places that nobody took, before those in the slices that it suppressed.
  assert.deepEqual(places(retrieveRois(volumeOf(['00', '90', '00']), { ...single, patches: 6, zeta: 1 })), [
    [1, 0, 0],
    [0, 0, 1],
    [2, 0, 1],
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

test('an all-black volume gives windows side by side, one with too few places gives them again', () => {
  const black = volumeOf(['0000 0000 0000 0000']);
  assert.deepEqual(places(retrieveRois(black, { patches: 5, windowRows: 2, windowColumns: 2, zeta: 10 })), [
    [0, 0, 0],
    [0, 0, 2],
    [0, 2, 0],
    [0, 2, 2],
    [0, 0, 0],
  ]);
  const one = retrieveRois(volumeOf(['12 34']), { patches: 3, windowRows: 2, windowColumns: 2, zeta: Infinity });
  assert.deepEqual(places(one), [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  assert.throws(() => retrieveRois(black, { ...single, windowRows: 5 }), /window of 5 x 1 cells .* map of 4 x 4/);
});

test('slices are drawn uniformly from those within zeta that the volume has', () => {
  const cells = Array.from({ length: 4000 }, (_, i) => ({ slice: i % 2 === 0 ? 1 : 6, row: 3, column: 5 }));
  const drawn = sampleSlices(cells, 2, 8, new RandomStream(1, 'slices'));
  const counts = [1, 6].map((centre) => {
    const own = drawn.filter((_, i) => cells[i]?.slice === centre);
    return Array.from({ length: 8 }, (_, slice) => own.filter((cell) => cell.slice === slice).length);
  });
  const near = (count: number) => Math.abs(count - 500) < 100; // 2000 draws over 4 slices: 500, standard deviation 19
  const [low, high] = counts as [number[], number[]];
  assert.ok(
    low.every((count, slice) => (slice <= 3 ? near(count) : count === 0)),
    `${low}`,
  );
  assert.ok(
    high.every((count, slice) => (slice >= 4 ? near(count) : count === 0)),
    `${high}`,
  );
  assert.ok(drawn.every(({ row, column }) => row === 3 && column === 5));
  assert.deepEqual(sampleSlices(cells, 0, 8, new RandomStream(1)), cells);
  const anywhere = sampleSlices(cells, Infinity, 8, new RandomStream(1)).map(({ slice }) => slice);
  assert.equal(new Set(anywhere).size, 8);
  const alone = [{ slice: 0, row: 3, column: 5 }];
  assert.deepEqual(sampleSlices(alone, 3, 1, new RandomStream(1)), alone);
});
