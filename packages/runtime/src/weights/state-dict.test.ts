import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeElements, encodeElements, type StateDType } from './state-dict.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const roundTrip = (dtype: StateDType, values: readonly number[]) =>
  [...decodeElements(dtype, encodeElements({ dtype, shape: [values.length], data: Float32Array.from(values) }))].map(
    Number,
  );

test('half precision decodes to the values that IEEE 754 gives', () => {
  assert.deepEqual(
    [...decodeElements('F16', bytes(0x00, 0x3c, 0xff, 0x7b, 0x01, 0x00, 0x00, 0xfc))],
    [1, 65504, 2 ** -24, Number.NEGATIVE_INFINITY],
  );
  assert.deepEqual([...decodeElements('BF16', bytes(0x80, 0x3f, 0x00, 0xc0, 0x80, 0x7f))], [1, -2, Infinity]);
});

test('rounding is to nearest, ties to even, and keeps infinities and NaN', () => {
  assert.deepEqual(roundTrip('F16', [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65520, -0.1]), [
    1,
    1 + 2 ** -9,
    Infinity,
    -0.0999755859375,
  ]);
  assert.deepEqual(roundTrip('BF16', [1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, -Infinity]), [
    1,
    1 + 2 ** -6,
    Infinity,
    -Infinity,
  ]);
  const nan = new Float32Array(Uint32Array.of(0x7fffffff).buffer); // rounding up would carry into the sign
  assert.ok(Number.isNaN(decodeElements('BF16', encodeElements({ dtype: 'BF16', shape: [1], data: nan }))[0]));
});

test('decoded elements own their memory, also those of a Buffer from its pool', () => {
  const source = Buffer.from([0, 0, 0x80, 0x3f]);
  const decoded = decodeElements('F32', source);
  source.fill(0);
  assert.deepEqual([...decoded], [1]);
  assert.equal(decoded.buffer.byteLength, 4);
});

test('an array that does not hold its element type is refused', () => {
  assert.throws(
    () => encodeElements({ dtype: 'I64', shape: [1], data: new Float32Array(1) }),
    /BigInt64Array, got a Float32Array/,
  );
});
