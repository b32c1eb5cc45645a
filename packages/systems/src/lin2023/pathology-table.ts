/** Table 4: pathological type and receptor status from patches, with what the paper found beside. */
import type { ManifestRow } from '@mammoscope/imaging';
import { PATCH_TASKS, type PatchTaskName } from './pathology.ts';
import { type ClassReport, classReport } from './sppnet-class-report.ts';
import { classesOf, SPPNET_MEMBERS } from './sppnet-members.ts';

/** Table 4's rows of the test set, each pair of classes in order, and the AUC of section 3.4. */
export interface PublishedTask {
  readonly cases: readonly [number, number];
  readonly accuracy: number;
  readonly precision: readonly [number, number];
  readonly sensitivity: readonly [number, number];
  readonly f1: readonly [number, number];
  readonly auc: number;
}

/** "the test set contained 519 invasive cancer images and 30 DCIS images", "445 Class 1 and 104 Class 2", "416 ER-positive and 148 ER-negative". */
export const PUBLISHED_TASKS: Readonly<Record<PatchTaskName, PublishedTask>> = {
  'invasive-or-pure-dcis': {
    cases: [519, 30],
    accuracy: 0.8889,
    precision: [0.9508, 0.122],
    sensitivity: [0.9306, 0.1667],
    f1: [0.9406, 0.1408],
    auc: 0.5444,
  },
  'invasive-or-dcis': {
    cases: [445, 104],
    accuracy: 0.643,
    precision: [0.8152, 0.2013],
    sensitivity: [0.7236, 0.2981],
    f1: [0.7667, 0.2403],
    auc: 0.5573,
  },
  'er-status': {
    cases: [416, 148],
    accuracy: 0.7411,
    precision: [0.7402, 1],
    sensitivity: [1, 0.0135],
    f1: [0.8507, 0.0267],
    auc: 0.5692,
  },
};

/** One task measured. */
export interface PathologyRow {
  readonly task: PatchTaskName;
  readonly report: ClassReport;
  readonly published: PublishedTask;
}

/** A row of table 4 from a task's rows and scores; SystemError as classReport. */
export function pathologyRow(
  task: PatchTaskName,
  rows: readonly ManifestRow[],
  scores: readonly number[],
): PathologyRow {
  const report = classReport({
    names: PATCH_TASKS[task].classes,
    classes: classesOf(SPPNET_MEMBERS[task], rows),
    scores,
    patients: rows.map(({ patientId }) => patientId),
  });
  return { task, report, published: PUBLISHED_TASKS[task] };
}

const HEADER = [
  'task',
  'class 1',
  'class 2',
  'patches',
  'accuracy',
  '95 % interval',
  'always the commoner class',
  ...['precision', 'sensitivity', 'F1'].flatMap((figure) => [`${figure} 1`, `${figure} 2`]),
  'AUC',
  'AUC, 95 % interval',
  'published accuracy',
  'published AUC',
] as const;

const shown = (value: number | null | undefined) => (value === null || value === undefined ? '-' : value.toFixed(4));
const range = (bounds: { readonly lower: number; readonly upper: number } | null) =>
  bounds ? `${shown(bounds.lower)} to ${shown(bounds.upper)}` : '-';

/** Table 4 as text cells, the header first. What is 0 / 0 is a dash. */
export function pathologyTable(rows: readonly PathologyRow[]): string[][] {
  return [
    [...HEADER],
    ...rows.map(({ task, report, published }) => {
      const [first, second] = report.classes;
      return [
        PATCH_TASKS[task].name,
        first.name,
        second.name,
        `${first.cases} and ${second.cases}`,
        shown(report.accuracy.value),
        range(report.accuracy.interval),
        shown(report.baseline.accuracy),
        ...[first.precision, second.precision, first.sensitivity, second.sensitivity, first.f1, second.f1].map(
          ({ value }) => shown(value),
        ),
        shown(report.auc.auc),
        range(report.auc.logitInterval),
        shown(published.accuracy),
        shown(published.auc),
      ];
    }),
  ];
}
