import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fnv1a, philox4x32, RandomStream } from './index.ts';

test('philox4x32-10 gives the known answers that its authors publish with Random123', () => {
  const ones = 0xffffffff;
  assert.deepEqual(philox4x32([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  assert.deepEqual(
    philox4x32([ones, ones, ones, ones], [ones, ones]),
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  );
  assert.deepEqual(
    philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

test('fnv1a matches the published vectors', () => {
  assert.equal(fnv1a(''), 0x811c9dc5);
  assert.equal(fnv1a('a'), 0xe40c292c);
  assert.equal(fnv1a('foobar'), 0xbf9cf968);
});

test('a stream repeats for its key and differs from its neighbours', () => {
  const draw = (...key: (string | number)[]) => {
    const stream = new RandomStream(7, ...key);
    return Array.from({ length: 9 }, () => stream.uint32());
  };
  assert.deepEqual(draw('augment', 3), draw('augment', 3));
  assert.notDeepEqual(draw('augment', 3), draw('augment', 4));
  assert.notDeepEqual(draw('augment', '3'), draw('augment', 3));
});

test('uniform and normal have the moments of their distributions', () => {
  const stream = new RandomStream(1, 'moments');
  const n = 50_000;
  let [sum, sumSquare, uniformSum] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const z = stream.normal();
    sum += z;
    sumSquare += z * z;
    uniformSum += stream.uniform();
  }
  const fourSigma = 4 / Math.sqrt(n);
  assert.ok(Math.abs(sum / n) < fourSigma);
  assert.ok(Math.abs(sumSquare / n - 1) < Math.SQRT2 * fourSigma);
  assert.ok(Math.abs(uniformSum / n - 0.5) < fourSigma / Math.sqrt(12));
});

test('integer covers both ends, shuffle keeps every item', () => {
  const stream = new RandomStream(2, 'integers');
  const seen = new Set(Array.from({ length: 300 }, () => stream.integer(-1, 2)));
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [-1, 0, 1, 2],
  );
  assert.deepEqual(stream.shuffle([5, 6, 7, 8]).sort(), [5, 6, 7, 8]);
  assert.throws(() => new RandomStream(0.5), /safe integer/);
});
