import assert from 'node:assert/strict';
import { test } from 'node:test';
import { galleryCases } from './gallery-cases.ts';

test('a gallery has the surest of each kind, ties as they came', () => {
  const cases = [
    ['a', true, true, 0.7],
    ['b', true, true, 0.9],
    ['c', true, true, 0.9],
    ['d', true, false, 0.4],
    ['e', true, false, 0.1],
    ['f', false, false, 0.2],
    ['g', false, true, 0.6],
    ['h', false, true, 0.8],
    ['i', false, true, 0.55],
  ].map(([name, positive, called, score]) => ({
    ...{ name, positive: positive === true, called: called === true, score: Number(score) },
  }));
  assert.deepEqual(
    galleryCases(cases, 2).map(({ name, kind }) => `${name} ${kind}`),
    [
      'b true positive',
      'c true positive',
      'e false negative',
      'd false negative',
      'f true negative',
      'h false positive',
      'g false positive',
    ],
  );
});
