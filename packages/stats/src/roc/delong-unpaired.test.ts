import assert from 'node:assert/strict';
import { test } from 'node:test';
import { python } from '../../tests/python.ts';
import { type Reference, references } from '../../tests/references.ts';
import { assertClose, assertRelative } from '../../tests/tolerance.ts';
import { delong } from './delong.ts';
import { delongUnpaired } from './delong-unpaired.ts';

const [continuous, tied] = references as readonly [Reference, Reference];
const sample = ({ cases }: Reference) => ({ scores: cases.scores.a, labels: cases.label });
const CLOSED = 1e-9;

test('t, degrees of freedom, p and interval agree with the pairwise definition and scipy', () => {
  const got = delongUnpaired(sample(continuous), sample(tied));
  assertRelative(got.t, python.unpaired.t, CLOSED, 't');
  assertRelative(got.degreesOfFreedom, python.unpaired.degreesOfFreedom, CLOSED, 'degrees of freedom');
  assertRelative(got.p, python.unpaired.p, CLOSED, 'p');
  assertClose(got.interval.lower, python.unpaired.interval[0], CLOSED, 'lower');
  assertClose(got.interval.upper, python.unpaired.interval[1], CLOSED, 'upper');
});

test('the variance is the sum of both, and exchange flips the sign', () => {
  const got = delongUnpaired(sample(continuous), sample(tied));
  const [a, b] = [sample(continuous), sample(tied)].map(({ scores, labels }) => delong(scores, labels));
  assertRelative(got.standardError ** 2, (a?.variance as number) + (b?.variance as number), CLOSED, 'variance');
  const exchanged = delongUnpaired(sample(tied), sample(continuous));
  assert.deepEqual([exchanged.t, exchanged.p], [-got.t, got.p]);
});

test('without variance: equal AUCs have p = 1, unequal ones are refused', () => {
  const labels = [1, 1, 0, 0];
  const perfect = { scores: [4, 3, 2, 1], labels };
  const same = delongUnpaired(perfect, { scores: [9, 8, 0, 1], labels });
  assert.deepEqual([same.difference, same.t, same.p, same.interval.lower, same.interval.upper], [0, 0, 1, 0, 0]);
  assert.throws(() => delongUnpaired(perfect, { scores: [1, 1, 1, 1], labels }), {
    code: 'stats/variance',
    message: /got 1 and 0.5/,
  });
  assert.throws(() => delongUnpaired(perfect, { scores: [1, 1], labels: [1, 0] }), { code: 'stats/classes' });
});
