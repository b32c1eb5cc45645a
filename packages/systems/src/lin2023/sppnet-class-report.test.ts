import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManifestRow } from '@mammoscope/imaging';
import type { PatchTaskName } from './pathology.ts';
import { PUBLISHED_TASKS, pathologyRow, pathologyTable } from './pathology-table.ts';
import { classReport } from './sppnet-class-report.ts';

/** Cases of two classes with so many called of the second class in each, each of a patient of her own. */
function cases(counts: readonly [number, number], second: readonly [number, number]) {
  const classes = counts.flatMap((count, label) => new Array<0 | 1>(count).fill(label as 0 | 1));
  const scores = counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => (i < (second[label] as number) ? 0.9 : 0.1)),
  );
  return { names: ['first', 'second'] as const, classes, scores, patients: classes.map((_, i) => `p${i}`) };
}

test('table 4: the counts behind each published row give its accuracy, precision, sensitivity and F1', () => {
  // The counts of either class called of the second: those that the published sensitivities stand for.
  for (const { cases: counts, accuracy, precision, sensitivity, f1 } of Object.values(PUBLISHED_TASKS)) {
    const called = [Math.round(counts[0] * (1 - sensitivity[0])), Math.round(counts[1] * sensitivity[1])] as const;
    const report = classReport(cases(counts, called));
    const close = (value: number | null, published: number) =>
      assert.ok(Math.abs((value ?? 0) - published) < 6e-5, `${value} beside ${published}`);
    close(report.accuracy.value, accuracy);
    for (const [i, own] of report.classes.entries()) {
      assert.equal(own.cases, counts[i]);
      close(own.precision.value, precision[i] as number);
      close(own.sensitivity.value, sensitivity[i] as number);
      close(own.f1.value, f1[i] as number);
    }
  }
});

test('always saying the commoner class stands beside the accuracy; views of a patient widen the interval', () => {
  const own = cases([416, 148], [0, 2]);
  const report = classReport(own);
  assert.deepEqual([report.baseline.name, report.baseline.accuracy.toFixed(4)], ['first', '0.7376']);
  const { lower, upper } = report.accuracy.interval ?? { lower: 0, upper: 0 };
  assert.ok(lower < 0.7411 && upper > 0.7411);
  const paired = classReport({ ...own, patients: own.patients.map((_, i) => `p${Math.floor(i / 4)}`) });
  const { lower: least, upper: most } = paired.accuracy.interval ?? { lower: 0, upper: 0 };
  assert.ok(most - least > 1.5 * (upper - lower));
  assert.throws(() => classReport(cases([5, 1], [0, 0])), { code: 'data-unusable', message: /got 5 and 1/ });
});

const film = (patientId: string, view: 'CC' | 'MLO', label: string): ManifestRow => ({
  ...{ line: 2, patientId, path: 'f.png', absolutePath: '/f.png', modality: 'DM', laterality: 'L', view, label },
  other: {},
});

test('table 4 as text has a line a task, with what was published', () => {
  const task: PatchTaskName = 'er-status';
  const labels = ['ER-positive', 'ER-positive', 'ER-positive', 'ER-negative', 'ER-negative'];
  const rows = labels.map((label, i) => film(`p${i}`, 'CC', label));
  const [header, line] = pathologyTable([pathologyRow(task, rows, [0.1, 0.2, 0.8, 0.9, 0.3])]) as [string[], string[]];
  const cell = (name: string) => line[header.indexOf(name)];
  assert.equal(header.length, line.length);
  assert.deepEqual(
    ['class 2', 'patches', 'accuracy', 'always the commoner class', 'sensitivity 2', 'published accuracy'].map(cell),
    ['ER-negative', '3 and 2', '0.6000', '0.6000', '0.5000', '0.7411'],
  );
  assert.match(cell('95 % interval') ?? '', /^0\.\d{4} to 0\.\d{4}$/);
});
