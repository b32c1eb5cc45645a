import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonTable } from '../../tests/python.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, assertRelative } from '../../tests/tolerance.ts';
import { delongOverall } from './delong-overall.ts';

const CLOSED = 1e-9;

for (const { name, cases, paired } of references) {
  const columns = readers.map((reader) => cases.scores[reader]);

  test(`the overall test agrees with numpy's pseudo-inverse on other contrasts: ${name}`, () => {
    const expected = pythonTable(name).overall;
    const got = delongOverall(columns, cases.label);
    assertRelative(got.chiSquare, expected.chiSquare, CLOSED, 'chi-square');
    assertRelative(got.p, expected.p, CLOSED, 'p');
    assert.equal(got.degreesOfFreedom, 2);
  });

  test(`with two scores it is the square of pROC's paired z: ${name}`, () => {
    const got = delongOverall(columns.slice(0, 2), cases.label);
    assertRelative(got.chiSquare, paired.paired_ab.z ** 2, CLOSED, 'z squared');
    assertRelative(got.p, paired.paired_ab.p, CLOSED, 'p');
  });

  test(`a score that ranks as another takes a degree of freedom away and changes nothing else: ${name}`, () => {
    const copy = cases.scores.b.map((score) => Math.exp(score));
    const plain = delongOverall(columns, cases.label);
    for (const order of [
      [...columns, copy],
      [copy, ...columns],
    ]) {
      const doubled = delongOverall(order, cases.label);
      assert.equal(doubled.degreesOfFreedom, 2);
      assertRelative(doubled.chiSquare, plain.chiSquare, CLOSED, 'chi-square');
    }
  });

  test(`the order of scores does not matter: ${name}`, () => {
    const turned = delongOverall(columns.toReversed(), cases.label);
    assertRelative(turned.chiSquare, delongOverall(columns, cases.label).chiSquare, CLOSED, 'chi-square');
  });
}

test('scores that all rank alike do not differ; a difference without variance is refused', () => {
  const labels = [1, 0, 1, 0];
  const same = delongOverall(
    [
      [3, 1, 4, 2],
      [30, 10, 40, 20],
    ],
    labels,
  );
  assert.deepEqual([same.chiSquare, same.degreesOfFreedom, same.p], [0, 0, 1]);
  assert.throws(
    () =>
      delongOverall(
        [
          [3, 1, 4, 2],
          [1, 1, 1, 1],
        ],
        labels,
      ),
    {
      code: 'stats/variance',
      message: /AUCs 1, 0.5/,
    },
  );
  assert.throws(() => delongOverall([[3, 1, 4, 2]], labels), { code: 'stats/argument', message: /got 1/ });
  assertClose(
    delongOverall(
      [
        [3, 1, 4, 2],
        [3, 1, 2, 2.5],
      ],
      labels,
    ).chiSquare,
    1,
    1,
    'finite',
  );
});
