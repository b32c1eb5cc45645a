import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingOrder, type Mark } from './readings.ts';

const mark = (
  id: string,
  instance: string,
  frame: number | null,
  probability: number,
  more: Partial<Mark> = {},
): Mark => ({
  ...{ id, instance, frame, probability, boxPx: [0, 0, 1, 1], kind: 'finding', label: '', isShown: true },
  ...more,
});

test('findings are gone through as images hang, slice by slice, the most suspicious first; hidden ones and patches are not', () => {
  const marks = [
    mark('c', 'second', 3, 0.9),
    mark('b', 'first', 7, 0.6),
    mark('a', 'first', 7, 0.8),
    mark('hidden', 'first', 1, 0.1, { isShown: false }),
    mark('patch', 'first', 1, 0.5, { kind: 'patch' }),
    mark('elsewhere', 'third', 1, 0.9),
    mark('d', 'second', 5, 0.2),
  ];
  assert.deepEqual(
    findingOrder(marks, ['first', 'second']).map(({ id }) => id),
    ['a', 'b', 'c', 'd'],
  );
});
