import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greyMapping } from './grey-mapping.ts';

const bits = { BitsAllocated: 16, BitsStored: 12, PixelRepresentation: 0, PhotometricInterpretation: 'MONOCHROME2' };

test('stored values stay whole numbers, and the window of the file begins and ends where PS3.3 C.11.2.1.2.1 says', () => {
  const { first, table, window } = greyMapping({ ...bits, WindowCenter: [2048.5], WindowWidth: [1001] }, false);
  assert.equal(first, 0);
  assert.deepEqual([table.length, table[0], table[1234], table[4095]], [4096, 0, 1234, 4095]);
  assert.deepEqual(window, { low: 1548, high: 2548 });
});

test('where the least value is white the table and the window are turned round', () => {
  const { table, window } = greyMapping({ ...bits, WindowCenter: [100.5], WindowWidth: [101] }, true);
  assert.deepEqual([table[0], table[4095]], [4095, 0]);
  assert.deepEqual(window, { low: 4095 - 150, high: 4095 - 50 });
});

test('rescaled signed values begin at their least, and fine slopes keep their steps', () => {
  const facts = { ...bits, PixelRepresentation: 1, RescaleSlope: 0.5, RescaleIntercept: -10 };
  const { first, table, window } = greyMapping(facts, false);
  assert.equal(first, -2048);
  // from -1034 to 1013.5 in halves: a range above 1023 is one step a value
  assert.deepEqual([table[0], table[2], table[4095]], [0, 1, 2048]);
  assert.deepEqual(window, { low: 0, high: 2047.5 });
});

test('a sigmoid is applied, and what it gives is windowed: its middle is half of white', () => {
  const facts = { ...bits, WindowCenter: [2000], WindowWidth: [400], VOILUTFunction: 'SIGMOID' };
  const { table, window } = greyMapping(facts, false);
  assert.deepEqual(window, { low: 0, high: 4095 });
  assert.equal(table[2000], 2048); // 1 / (1 + exp(0)) of 4095, rounded
  assert.equal(table[2100], Math.round(4095 / (1 + Math.exp(-1))));
});

test('padding is black, in either order of its ends, also where the least value is white', () => {
  for (const leastIsWhite of [false, true]) {
    const { table } = greyMapping({ ...bits, PixelPaddingValue: 30, PixelPaddingRangeLimit: 20 }, leastIsWhite);
    assert.deepEqual([table[20], table[25], table[30]], [0, 0, 0]);
    assert.ok((table[31] as number) > 0 && (table[19] as number) > 0);
  }
});
