/** The comparison of Lin et al. 2023: one run with the detector, SPPNet and the tasks of table 4, at every level. */
import { readFile } from 'node:fs/promises';
import { figuresFrom } from '../reproduce/published.ts';
import type { EvaluatedRepetition, PaperRow, PaperTable, Reproduction } from '../reproduce/reproduction.ts';
import { runFiles } from '../run/run-record.ts';
import { writeScreeningCohort } from '../virtual-cohort/screening.ts';
import type { Level } from './levels.ts';
import { MEMBERS } from './members.ts';
import {
  frocTable,
  type TabledMetrics,
  tabledMetrics,
  tableFour,
  tableOne,
  tableThree,
  tableTwo,
} from './paper-tables.ts';
import { PATCH_TASKS, type PatchTaskName } from './pathology.ts';
import { PUBLISHED_TASKS } from './pathology-table.ts';
import { FIGURE_FIVE, LEVEL_NAMES, PAPER_NAMES, type PaperNetwork } from './published.ts';
import { SYSTEM } from './recipe.ts';
import { readScores } from './scores-file.ts';

/** One run has all networks, so that all have the same films in training and test. */
const RUN = 'comparison';

const auc = figuresFrom(['auc']);

const row = (label: string, model: string, area: number): PaperRow => ({
  ...{ label, run: RUN, models: [model], published: auc([area]) },
});

const curvesAt = (level: Level): PaperTable => ({
  number: `Figure 5 ${level}s`,
  caption: `Areas under the ROC curves at the level of ${level === 'lesion' ? 'lesions' : `${level}s`}`,
  ...{ level, curves: [level] },
  rows: (Object.keys(PAPER_NAMES) as PaperNetwork[]).flatMap((network) => {
    const area = FIGURE_FIVE[level][network];
    return area === undefined ? [] : [row(PAPER_NAMES[network], network, area)];
  }),
});

const taskTable = (task: PatchTaskName, panel: string): PaperTable => ({
  number: `Figure 6${panel}`,
  caption: PATCH_TASKS[task].classes.join(' against '),
  ...{ level: task, curves: [task] },
  rows: [row(PAPER_NAMES.sppnet, task, PUBLISHED_TASKS[task].auc)],
});

const claim = (level: 'image' | 'breast') => ({
  text: `The detector's AUC is above SPPNet's (${LEVEL_NAMES[level].toLowerCase()}s)`,
  level,
  first: { run: RUN, models: ['detector'] },
  second: { run: RUN, models: ['sppnet'] },
});

/** What stands in for the paper's 2448 patients. */
const COHORTS: Readonly<Record<string, { readonly patients: number; readonly heightPx: number }>> = {
  paper: { patients: 1200, heightPx: 2048 },
  small: { patients: 400, heightPx: 1120 },
  tiny: { patients: 240, heightPx: 320 },
};

/** See the comparison of Xiao et al. */
const DIFFICULTY = 0.25;

async function metricsOf({ runs }: EvaluatedRepetition): Promise<TabledMetrics> {
  return tabledMetrics.parse(JSON.parse(await readFile(runFiles(runs[RUN] as string).metrics, 'utf8')));
}

/** The comparison of Lin et al. 2023. */
export const reproduction: Reproduction = {
  ...{ title: SYSTEM.title, citation: SYSTEM.citation, doi: SYSTEM.doi },
  cohort: (preset, seed) => {
    const making = COHORTS[preset] ?? (COHORTS.tiny as (typeof COHORTS)[string]);
    return {
      description: `${making.patients} virtual women, one breast each in two views, two of five with a malignant cluster of calcifications, two with a benign one and one with none, films of ${making.heightPx} rows; difficulty ${DIFFICULTY}`,
      manifest: 'manifest.csv',
      write: (out, onPatient) => writeScreeningCohort({ ...making, out, seed, difficulty: DIFFICULTY, onPatient }),
    };
  },
  runs: () => [{ name: RUN, settings: [`members=${MEMBERS.join(',')}`] }],
  cases: readScores,
  lastFile: (member) => (member === 'detector' ? 'validation' : 'model'),
  tables: [
    ...(['image', 'breast', 'lesion'] as const).map(curvesAt),
    taskTable('invasive-or-pure-dcis', 'a'),
    taskTable('invasive-or-dcis', 'b'),
    taskTable('er-status', 'c'),
  ],
  figureTables: async (repetitions, overlap) => {
    const metrics = await Promise.all(repetitions.map(metricsOf));
    const first = tableOne(metrics);
    const names = repetitions.map(({ name }) => name);
    const tables = [tableTwo(metrics), tableThree(metrics, names), tableFour(metrics), frocTable(metrics, overlap)];
    return [...(first ? [first] : []), ...tables];
  },
  claims: [claim('image'), claim('breast')],
};
