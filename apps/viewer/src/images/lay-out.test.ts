import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORIENTATIONS, orientPlane } from '@mammoscope/imaging';
import { layOut, slabOf } from './lay-out.ts';

const mapping = { first: 10, table: Uint16Array.from({ length: 4096 }, (_, i) => 3 * i), window: { low: 0, high: 1 } };
const [columns, rows] = [7, 5];
const data = Uint16Array.from({ length: columns * rows }, (_, i) => 10 + ((i * 37) % 101));

test('whole frames are mapped and turned as imaging turns planes, in all eight ways', () => {
  const plane = { width: columns, height: rows, data: Float32Array.from(data, (value) => 3 * (value - 10)) };
  for (const orientation of ORIENTATIONS) {
    const expected = orientPlane(plane, orientation);
    const { width, height, values } = layOut({ columns, rows, data }, mapping, orientation, 1);
    assert.deepEqual([width, height, [...values]], [expected.width, expected.height, [...expected.data]]);
  }
});

test('reduced frames are means of squares, of what is left at the last column and row', () => {
  for (const orientation of ORIENTATIONS) {
    const width = Math.ceil(columns / 2);
    const height = Math.ceil(rows / 2);
    const means = Float32Array.from({ length: width * height }, (_, i) => {
      const [x0, y0] = [2 * (i % width), 2 * Math.floor(i / width)];
      const inside = [0, 1, 2, 3]
        .map((k) => [x0 + (k % 2), y0 + (k >> 1)] as const)
        .filter(([x, y]) => x < columns && y < rows);
      const sum = inside.reduce((total, [x, y]) => total + 3 * ((data[y * columns + x] as number) - 10), 0);
      return Math.floor(sum / inside.length + 0.5);
    });
    const expected = orientPlane({ width, height, data: means }, orientation);
    const shown = layOut({ columns, rows, data }, mapping, orientation, 2);
    assert.deepEqual(
      [shown.width, shown.height, [...shown.values]],
      [expected.width, expected.height, [...expected.data]],
    );
  }
});

test('a slab is the brightest of its slices', () => {
  const frame = (...values: number[]) => ({ width: 3, height: 1, values: Uint16Array.from(values) });
  assert.deepEqual([...slabOf([frame(1, 5, 3), frame(4, 2, 3), frame(0, 0, 9)]).values], [4, 5, 9]);
  assert.throws(() => slabOf([]), RangeError);
});
