import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { type Line, leastSquaresLine } from './least-squares-line.ts';

const references = JSON.parse(
  readFileSync(new URL('../../../../references/stats/line.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Line & { readonly x: readonly number[]; readonly y: readonly number[] }>>;

for (const [name, { x, y, intercept, slope }] of Object.entries(references))
  test(`the line through ${name} points is that of scikit-learn`, () => {
    const line = leastSquaresLine(x, y);
    assertClose(line.intercept, intercept, 1000 * EXACT, 'intercept');
    assertClose(line.slope, slope, 1000 * EXACT, 'slope');
  });

test('points that no line is through are refused', () => {
  assert.throws(() => leastSquaresLine([1, 2], [1]), { code: 'stats/length' });
  assert.throws(() => leastSquaresLine([1, Number.NaN], [1, 2]), { code: 'stats/argument' });
  for (const [x, y] of [
    [
      [3, 3],
      [1, 2],
    ],
    [[3], [1]],
    [[], []],
  ] as const)
    assert.throws(() => leastSquaresLine(x, y), { code: 'stats/variance' });
});
