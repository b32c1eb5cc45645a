import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patchOf, readPatches, roiOptions } from './patches.ts';
import type { GmicSpec } from './spec.ts';

const spec = (heightPx: number, widthPx: number, cropPx: number): GmicSpec => ({
  heightPx,
  widthPx,
  slicesPerRun: 1,
  cropPx,
  patches: 2,
  pooledShare: 1,
  zeta: 0,
  nonlinearity: 'reluTanh',
  omega: 0.01,
});

test('a patch covers its share of the map, at least a cell and at most all of it', () => {
  const window = (own: GmicSpec, rows: number, columns: number) => {
    const { windowRows, windowColumns } = roiOptions(own, { rows, columns });
    return [windowRows, windowColumns];
  };
  assert.deepEqual(window(spec(2116, 1339, 256), 33, 21), [4, 4]); // 3.99 and 4.01
  assert.deepEqual(window(spec(100, 200, 25), 10, 10), [2, 1]); // 2.5 to even, 1.25
  assert.deepEqual(window(spec(1000, 1000, 10), 15, 15), [1, 1]); // 0.15
  assert.deepEqual(window(spec(64, 96, 256), 1, 2), [1, 2]);
});

test('a patch begins where its window does, moved so that it lies within the slice', () => {
  const place = (own: GmicSpec, rows: number, columns: number, row: number, column: number) => {
    const { slice, topPx, leftPx } = patchOf({ slice: 3, row, column }, own, { rows, columns });
    return [slice, topPx, leftPx];
  };
  assert.deepEqual(place(spec(512, 384, 128), 8, 6, 3, 1), [3, 192, 64]);
  assert.deepEqual(place(spec(2116, 1339, 256), 33, 21, 29, 17), [3, 1860, 1083]); // 1083.95 would end a pixel outside
  assert.deepEqual(place(spec(100, 100, 40), 3, 3, 2, 1), [3, 60, 33]); // 66.7 would leave 33 rows
  assert.deepEqual(place(spec(30, 30, 10), 20, 20, 1, 3), [3, 2, 4]); // 1.5 and 4.5 to even
  assert.deepEqual(place(spec(64, 96, 80), 1, 2, 0, 1), [3, 0, 16]);
});

test('patches are cut out of their slices, each read once, and filled up with zeros', async () => {
  const asked: number[] = [];
  const read = async (slice: number) => {
    asked.push(slice);
    return Float32Array.from({ length: 12 }, (_, at) => 100 * slice + at); // 3 rows of 4
  };
  const volume = { name: 'volume', slices: 3, read };
  const places = [
    { slice: 2, topPx: 1, leftPx: 2 },
    { slice: 0, topPx: 0, leftPx: 0 },
    { slice: 2, topPx: 0, leftPx: 1 },
  ];
  const pixels = await readPatches(spec(3, 4, 2), volume, places);
  assert.deepEqual([...pixels], [206, 207, 210, 211, 0, 1, 4, 5, 201, 202, 205, 206]);
  assert.deepEqual(asked, [2, 0]);
  // a slice whose boxes can be had is not read whole, another still once
  const boxes: number[][] = [];
  const readBox = async (slice: number, box: readonly number[]) => {
    boxes.push([slice, ...box]);
    return slice === 0 ? Float32Array.of(7, 8, 9, 10) : undefined;
  };
  const boxed = await readPatches(spec(3, 4, 2), { ...volume, readBox }, places);
  assert.deepEqual([...boxed], [206, 207, 210, 211, 7, 8, 9, 10, 201, 202, 205, 206]);
  assert.deepEqual(asked, [2, 0, 2]);
  assert.deepEqual(boxes, [
    [2, 2, 1, 4, 3],
    [0, 0, 0, 2, 2],
  ]);
  const large = await readPatches(spec(3, 4, 4), volume, [{ slice: 1, topPx: 0, leftPx: 0 }]);
  assert.deepEqual([...large.subarray(8, 16)], [108, 109, 110, 111, 0, 0, 0, 0]);
});
