/** Tables 1 to 4 as the paper lays them out, from metrics.json of one evaluation or of several, with what was published. */
import type { FigureTable, TableFigure } from '@mammoscope/report';
import * as z from 'zod';
import { meanEstimate } from '../reproduce/figures.ts';
import { FROC_RATES } from './froc.ts';
import { LEVELS, type Level } from './levels.ts';
import { PATCH_TASKS, type PatchTaskName } from './pathology.ts';
import { PUBLISHED_TASKS } from './pathology-table.ts';
import {
  CLASS_COLUMNS,
  FIGURE_FIVE,
  LEVEL_NAMES,
  PAPER_NAMES,
  type PaperNetwork,
  TABLE_THREE,
  TABLE_TWO,
} from './published.ts';

const interval = z.tuple([z.number(), z.number()]).nullable();
const figure = z.object({ value: z.number().nullable(), interval });
const ofClass = z.object({
  name: z.string(),
  cases: z.number(),
  ...{ precision: z.number().nullable(), sensitivity: z.number().nullable(), f1: z.number().nullable() },
});

/** The part of metrics.json that tables are made of. */
export const tabledMetrics = z.object({
  cohort: z
    .array(
      z.object({
        ...{ name: z.string(), training: z.number(), test: z.number() },
        published: z.tuple([z.number(), z.number()]),
      }),
    )
    .optional(),
  levels: z.record(
    z.string(),
    z.object({
      cases: z.number(),
      models: z.array(
        z.object({
          ...{ model: z.string(), auc: z.number(), aucInterval: interval, accuracy: figure },
          ...{ sensitivity: figure, specificity: figure, ppv: figure, npv: figure, f1: figure },
          classes: z.object({ benign: z.object({ f1: z.number().nullable() }) }),
        }),
      ),
    }),
  ),
  boxes: z.object({
    froc: z.array(
      z.object({
        ...{ lesionsOf: z.string(), size: z.string(), lesions: z.number() },
        sensitivities: z.array(z.object({ falsePositives: z.number(), sensitivity: z.number(), interval })),
      }),
    ),
  }),
  pathology: z
    .array(
      z.object({
        ...{ task: z.string(), accuracy: z.number(), accuracyInterval: interval, majorityBaseline: z.number() },
        ...{ auc: z.number(), aucInterval: interval, classes: z.tuple([ofClass, ofClass]) },
      }),
    )
    .optional(),
});
export type TabledMetrics = z.infer<typeof tabledMetrics>;

const COLUMNS = [...CLASS_COLUMNS, 'AUC'];

/** A network's figures at a level, in the order of the columns. */
function figuresOf({ levels }: TabledMetrics, level: Level, network: PaperNetwork): readonly TableFigure[] | undefined {
  const found = levels[level]?.models.find(({ model }) => model === network);
  if (!found) return undefined;
  const { accuracy, npv, ppv, specificity, sensitivity, classes, f1, auc, aucInterval } = found;
  const of = [accuracy, npv, ppv, specificity, sensitivity, { value: classes.benign.f1 }, f1];
  return [...of, { value: auc, interval: aucInterval }];
}

/** The mean of each column with its standard deviation; a column of one repetition as it is. Undefined values (0/0) are left out. */
function meansOf(repetitions: readonly (readonly TableFigure[])[]): readonly TableFigure[] {
  const [only] = repetitions;
  if (only && repetitions.length === 1) return only;
  return (only ?? []).map((_, column) => {
    const values = repetitions.flatMap((row) => row[column]?.value ?? []);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return values.length < 2
      ? { value: values[0] ?? null }
      : { value: mean, deviation: Math.sqrt(squares / (values.length - 1)) };
  });
}

const cellsOf = (
  columns: readonly string[],
  here: readonly TableFigure[] | undefined,
  published: readonly (number | TableFigure)[] | undefined,
) =>
  columns.map((_, i) => {
    const [ours, theirs] = [here?.[i], published?.[i]];
    return {
      ...(ours && { here: ours }),
      ...(theirs !== undefined && { published: typeof theirs === 'number' ? { value: theirs } : theirs }),
    };
  });

/** Levels with the networks that judge at them, as tables 2 and 3 have them. */
const ROWS = LEVELS.flatMap((level) =>
  (Object.keys(PAPER_NAMES) as PaperNetwork[]).flatMap((network) =>
    TABLE_TWO[level][network] ? [{ level, network }] : [],
  ),
);

const labelOf = ({ level, network }: (typeof ROWS)[number]) => `${LEVEL_NAMES[level]}, ${PAPER_NAMES[network]}`;

/** Of the first repetition; undefined where its manifest was another one than the run's. */
export function tableOne([first]: readonly TabledMetrics[]): FigureTable | undefined {
  if (!first?.cohort) return undefined;
  return {
    ...{ number: 'Table 1', caption: 'Training with validation, and test', unit: 'count' },
    columns: ['Training set', 'Test set'],
    rows: first.cohort.map(({ name, training, test, published }) => ({
      label: name,
      cells: cellsOf(['', ''], [{ value: training }, { value: test }], published),
    })),
    remark: 'Lesions are counted in each image.',
  };
}

/** The test set; means with standard deviations over several repetitions. */
export function tableTwo(repetitions: readonly TabledMetrics[]): FigureTable {
  return {
    number: 'Table 2',
    caption: 'Images, breasts and lesions of the test set',
    columns: COLUMNS,
    rows: ROWS.map((row) => {
      const { level, network } = row;
      const ours = repetitions.flatMap((each) =>
        [figuresOf(each, level, network) ?? []].filter(({ length }) => length > 0),
      );
      const cases = repetitions.reduce((sum, { levels }) => sum + (levels[level]?.cases ?? 0), 0);
      const published = [...(TABLE_TWO[level][network] ?? []), FIGURE_FIVE[level][network] ?? { value: null }];
      return {
        label: labelOf(row),
        ...(ours.length > 0 ? { detail: `${cases} ${level}s` } : {}),
        cells: cellsOf(COLUMNS, ours.length > 0 ? meansOf(ours) : undefined, published),
      };
    }),
    remark:
      'FPNNet is the detector. Lesions that no box overlaps are not assessed, as in the paper. Means have the standard deviation over repetitions.',
  };
}

/** Every repetition, their average and standard deviation: cross-validation where the repetitions are folds. */
export function tableThree(repetitions: readonly TabledMetrics[], names: readonly string[]): FigureTable {
  const several = repetitions.length > 1;
  return {
    number: 'Table 3',
    caption: `${several ? `${repetitions.length} repetitions` : 'Five-fold cross-validation'}; the published one is of five folds`,
    columns: COLUMNS,
    rows: ROWS.flatMap((row) => {
      const { level, network } = row;
      const published = TABLE_THREE[level][network];
      const ours = repetitions.map((each) => figuresOf(each, level, network));
      const there = ours.filter((each) => each !== undefined);
      const each = Array.from(
        { length: Math.max(published?.folds.length ?? 0, several ? ours.length : 0) },
        (_, i) => ({
          label: `${labelOf(row)}, ${i + 1}`,
          ...(several && names[i] !== undefined ? { detail: names[i] } : {}),
          cells: cellsOf(COLUMNS, several ? ours[i] : undefined, published?.folds[i]),
        }),
      );
      const average = published?.average.map((value, i) => ({ value, deviation: published.deviation[i] as number }));
      return [
        ...each,
        {
          label: `${labelOf(row)}, average`,
          cells: cellsOf(COLUMNS, several && there.length > 1 ? meansOf(there) : undefined, average),
        },
      ];
    }),
    remark: `± is the standard deviation.${several ? '' : ' Ours needs several repetitions: --folds 5 of your images.'}`,
  };
}

const TASK_COLUMNS = [
  ...['Accuracy', 'Always the commoner class'],
  ...['Precision', 'Sensitivity', 'F1'].flatMap((name) => [`${name}, class 1`, `${name}, class 2`]),
  'AUC',
];

/** Pathological type and receptor status. */
export function tableFour(repetitions: readonly TabledMetrics[]): FigureTable {
  return {
    number: 'Table 4',
    caption: 'Pathological type and oestrogen receptor status of malignant lesions, test set',
    columns: TASK_COLUMNS,
    rows: (Object.keys(PATCH_TASKS) as PatchTaskName[]).map((task) => {
      const ours = repetitions.flatMap(({ pathology = [] }) => pathology.filter((each) => each.task === task));
      const { accuracy, precision, sensitivity, f1, auc, cases } = PUBLISHED_TASKS[task];
      const baseline = Math.max(...cases) / (cases[0] + cases[1]);
      const rows = ours.map(({ accuracyInterval, aucInterval, classes: [one, two], ...own }): TableFigure[] => [
        { value: own.accuracy, interval: accuracyInterval },
        { value: own.majorityBaseline },
        ...[one.precision, two.precision, one.sensitivity, two.sensitivity, one.f1, two.f1].map((value) => ({ value })),
        { value: own.auc, interval: aucInterval },
      ]);
      return {
        label: PATCH_TASKS[task].classes.join(' against '),
        ...(ours.length > 0
          ? { detail: ours.map(({ classes }) => classes.map((own) => own.cases).join(' and ')).join('; ') }
          : {}),
        cells: cellsOf(TASK_COLUMNS, ours.length > 0 ? meansOf(rows) : undefined, [
          ...[accuracy, baseline, ...precision, ...sensitivity, ...f1, auc],
        ]),
      };
    }),
    remark:
      'Class 1 is the first named. "Always the commoner class" is the accuracy of saying it of every lesion; the published one follows from the counts in the text.',
  };
}

/** What the detector finds, mean of several repetitions with Student's interval, of one with that of a bootstrap of patients. */
export function frocTable(repetitions: readonly TabledMetrics[], overlap: number): FigureTable {
  const kinds = new Map(
    repetitions.flatMap(({ boxes }) =>
      boxes.froc.map(({ lesionsOf, size }) => [`${lesionsOf}, ${size}`, { lesionsOf, size }]),
    ),
  );
  return {
    number: 'FROC',
    caption: 'Sensitivity of the detector by class and size of the lesion, not in the paper',
    columns: FROC_RATES.map((rate) => `at ${rate} false positives an image`),
    rows: [...kinds.values()].map(({ lesionsOf, size }) => {
      const own = repetitions.flatMap(({ boxes }) =>
        boxes.froc.filter((each) => each.lesionsOf === lesionsOf && each.size === size),
      );
      const cells = FROC_RATES.map((rate) => {
        const at = own.flatMap(({ sensitivities }) =>
          sensitivities.filter(({ falsePositives }) => falsePositives === rate),
        );
        const [only] = at;
        if (only && repetitions.length === 1) return { here: { value: only.sensitivity, interval: only.interval } };
        return {
          here: meanEstimate(
            at.map(({ sensitivity }) => sensitivity),
            overlap,
          ),
        };
      });
      const lesions = own.reduce((sum, each) => sum + each.lesions, 0);
      return {
        label: `${lesionsOf === 'malignant' ? 'malignant lesions by malignant boxes' : 'all lesions by boxes of either class'}, ${size}`,
        detail: `${lesions} lesions`,
        cells,
      };
    }),
  };
}
