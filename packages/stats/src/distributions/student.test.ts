import assert from 'node:assert/strict';
import { test } from 'node:test';
import { python } from '../../tests/python.ts';
import { assertClose, assertRelative, EXACT } from '../../tests/tolerance.ts';
import { normalQuantile, twoSidedP } from './normal.ts';
import { studentQuantile, studentTwoSidedP } from './student.ts';

test('two-sided p values and quantiles agree with scipy', () => {
  for (const [t, df, p] of python.studentTwoSidedP) {
    assertRelative(studentTwoSidedP(t, df), p, 1e-11, `p(${t}; ${df})`);
    assert.equal(studentTwoSidedP(-t, df), studentTwoSidedP(t, df));
  }
  for (const [p, df, t] of python.studentQuantile) assertRelative(studentQuantile(p, df), t, 1e-11, `t(${p}; ${df})`);
});

test('one degree of freedom is Cauchy, infinitely many are normal', () => {
  assertClose(studentQuantile(0.75, 1), 1, EXACT, 'Cauchy');
  assert.equal(studentQuantile(0.5, 3), 0);
  assert.equal(studentQuantile(0.975, Number.POSITIVE_INFINITY), normalQuantile(0.975));
  assert.equal(studentTwoSidedP(2, Number.POSITIVE_INFINITY), twoSidedP(2));
  assert.equal(studentTwoSidedP(Number.NEGATIVE_INFINITY, 3), 0);
});

test('arguments outside the domain are refused', () => {
  assert.throws(() => studentTwoSidedP(Number.NaN, 3), { code: 'stats/argument' });
  assert.throws(() => studentTwoSidedP(1, 0), { code: 'stats/argument' });
  assert.throws(() => studentQuantile(1, 3), { code: 'stats/argument', message: /got 1 and 3/ });
});
