import assert from 'node:assert/strict';
import { test } from 'node:test';
import { python } from '../../tests/python.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { benjaminiHochberg } from './benjamini-hochberg.ts';
import { holm } from './holm.ts';

const { adjusted } = python;

test('Holm and Benjamini-Hochberg agree with statsmodels, ties, 0 and 1 included', () => {
  holm(adjusted.p).adjusted.forEach((p, i) => {
    assertClose(p, adjusted.holm[i] as number, EXACT, `Holm ${i}`);
  });
  benjaminiHochberg(adjusted.p).adjusted.forEach((p, i) => {
    assertClose(p, adjusted.benjaminiHochberg[i] as number, EXACT, `Benjamini-Hochberg ${i}`);
  });
});

test('the order of tests does not matter, one test is left as it is, none gives none', () => {
  for (const adjust of [holm, benjaminiHochberg]) {
    assert.deepEqual(adjust(adjusted.p.toReversed()).adjusted.toReversed(), adjust(adjusted.p).adjusted);
    assert.deepEqual(adjust([0.03]).adjusted, [0.03]);
    assert.deepEqual(adjust([]).adjusted, []);
  }
});

test('no adjusted value is below its own, and Benjamini-Hochberg is never above Holm', () => {
  const [strict, lenient] = [holm(adjusted.p).adjusted, benjaminiHochberg(adjusted.p).adjusted];
  adjusted.p.forEach((p, i) => {
    assert.ok(
      p <= (lenient[i] as number) && (lenient[i] as number) <= (strict[i] as number) && (strict[i] as number) <= 1,
    );
  });
});

test('what is no p value is refused', () => {
  for (const adjust of [holm, benjaminiHochberg]) {
    assert.throws(() => adjust([0.1, Number.NaN]), { code: 'stats/argument', message: /pValues\[1\].*got NaN/ });
    assert.throws(() => adjust([1.2]), { code: 'stats/argument' });
  }
});
