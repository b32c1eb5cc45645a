/** The comparison of Xiao et al. 2021: all networks of Tables 2 to 7 as members of one run, and the figures that were published. */
import { join } from 'node:path';
import type { Case } from '@mammoscope/report';
import { readComparedCases, readCutoffs } from '../reproduce/compared-cases.ts';
import { figuresFrom } from '../reproduce/published.ts';
import type { ModelReference, PaperRow, PaperTable, Reproduction } from '../reproduce/reproduction.ts';
import { readRunRecord, runFiles } from '../run/run-record.ts';
import { writeClusterCohort } from '../virtual-cohort/clusters.ts';
import type { MemberName } from './members.ts';
import { SYSTEM } from './recipe.ts';

/** One run has them all, so that all have the same lesions in training and test. */
const RUN = 'comparison';

/** The two of the ensembles first. */
const COMPARED: readonly MemberName[] = [
  ...(['focus-resnet34', 'anisotropic-8', 'focus-resnet18', 'focus-resnet50'] as const),
  ...(['anisotropic-4', 'anisotropic-6', 'anisotropic-10', 'anisotropic-12', 'isotropic-8', 'joined-8'] as const),
  ...(['samala', 'wang', 'wichakam', 'shu'] as const),
];

/** "The area under the ROC curve (AUC), accuracy (ACC), sensitivity (SEN), specificity (SPEC), precision, recall and F1 score"; recall is sensitivity. */
const published = figuresFrom(['auc', 'accuracy', 'sensitivity', 'specificity', 'ppv', 'f1']);
const row = (label: string, model: string, ...figures: readonly number[]): PaperRow => ({
  label,
  run: RUN,
  models: [model],
  published: published(figures),
});

const RESNET34 = row('2D-ResNet34', 'focus-resnet34', 0.8264, 76, 78.13, 72.22, 83.33, 80.65);
const ANISOTROPIC = row('3D-ResNet-Anisotropic', 'anisotropic-8', 0.8455, 76, 75, 77.78, 85.71, 80);
const FEATURES = row('Feature-Ensemble', 'joined-8', 0.8247, 76, 87.5, 55.56, 77.78, 82.35);
const AVERAGE = row('Decision-Ensemble-UA', 'ensemble', 0.8837, 82, 84.38, 77.78, 87.1, 85.71);

/** Cases of the tables are the MCs of single views: their AUCs are whole numbers of the 32 x 18 pairs of Table 8's test set. */
const table = (number: string, caption: string, rows: readonly PaperRow[]): PaperTable => ({
  ...{ number, caption, level: 'view', rows },
});

const TABLES: readonly PaperTable[] = [
  table('Table 2', 'Classification performance of 2D CNNs', [
    row('2D-ResNet18', 'focus-resnet18', 0.7986, 74, 81.25, 61.11, 78.79, 80),
    RESNET34,
    row('2D-ResNet50', 'focus-resnet50', 0.7917, 72, 75, 66.67, 80, 77.42),
  ]),
  table('Table 3', 'Classification performance of different slices (3D-ResNet-Anisotropic)', [
    row('N = 4', 'anisotropic-4', 0.8004, 76, 84.38, 61.11, 79.41, 81.82),
    row('N = 6', 'anisotropic-6', 0.8264, 72, 71.88, 72.22, 82.14, 76.67),
    { ...ANISOTROPIC, label: 'N = 8' },
    row('N = 10', 'anisotropic-10', 0.8229, 74, 84.38, 55.56, 77.14, 80.6),
    row('N = 12', 'anisotropic-12', 0.7934, 70, 75, 61.11, 77.42, 76.19),
  ]),
  table('Table 4', 'Classification performance of 3D CNNs', [
    row('3D-ResNet-Isotropic', 'isotropic-8', 0.8299, 78, 87.5, 61.11, 80, 83.58),
    ANISOTROPIC,
  ]),
  table('Table 5', 'Classification results of different ensemble methods', [
    FEATURES,
    AVERAGE,
    row('Decision-Ensemble-WA(0.3)', 'ensemble-0.3', 0.849, 80, 81.25, 77.78, 86.67, 83.87),
    row('Decision-Ensemble-WA(0.7)', 'ensemble-0.7', 0.8559, 74, 75, 72.22, 82.76, 78.69),
  ]),
  table('Table 6', 'Classification results of radiomics method and deep learning', [
    row('Radiomics, 2D-domain', 'radiomics-2d', 0.8151, 76, 87.5, 55.56, 77.78, 82.35),
    row('Radiomics, 3D-domain', 'radiomics-3d', 0.8402, 74, 78.13, 66.67, 80.65, 79.37),
    row('Radiomics, combined-domain', 'radiomics-combined', 0.8107, 72, 81.25, 55.56, 76.47, 78.79),
    ...[RESNET34, ANISOTROPIC, FEATURES, AVERAGE],
  ]),
  table('Table 7', 'Classification results of related work', [
    row('A. Samala et al.', 'samala', 0.7951, 72, 71.88, 72.22, 82.14, 76.67),
    row('B. Wang et al.', 'wang', 0.8021, 74, 78.12, 66.67, 80.65, 79.37),
    row('C. Wichakam et al.', 'wichakam', 0.7847, 72, 78.12, 61.11, 78.12, 78.12),
    row('D. Shu et al.', 'shu', 0.776, 74, 75, 72.22, 82.76, 78.69),
    { ...AVERAGE, label: 'E. Decision-Ensemble-UA' },
  ]),
  {
    number: 'Figures 2 to 12',
    caption: 'The same at the lesion level, where the scores of CC and MLO are averaged; published as curves only',
    level: 'lesion',
    rows: [...COMPARED, 'ensemble', 'ensemble-0.3', 'ensemble-0.7'].map((model) => row(model, model)),
  },
];

const model = (name: string): ModelReference => ({ run: RUN, models: [name] });
const claim = (text: string, first: string, second: string) => ({
  text,
  level: 'lesion',
  first: model(first),
  second: model(second),
});

const CASES: Readonly<Record<string, { readonly file: (folder: string) => string; readonly case: Case }>> = {
  view: { file: (folder) => runFiles(folder).predictions, case: 'view' },
  lesion: { file: (folder) => join(folder, 'lesions.csv'), case: 'lesion' },
};

/** What stands in for the paper's 236 patients; the tiny preset's region is of 16 mm. */
const LARGE = {
  patients: 236,
  extentsMm: [4, 13],
  grid: { sizePx: 340, spacingMm: 0.1, slices: 16, sliceMm: 1 },
} as const;
const TINY = {
  patients: 240,
  extentsMm: [3, 6],
  grid: { sizePx: 52, spacingMm: 0.33, slices: 12, sliceMm: 1 },
} as const;

/** So low that small networks see what benign and malignant clusters differ in; see drawTrait. */
const DIFFICULTY = 0.25;

/** The comparison of Xiao et al. 2021. */
export const reproduction: Reproduction = {
  ...{ title: SYSTEM.title, citation: SYSTEM.citation, doi: SYSTEM.doi },
  cohort: (preset, seed) => {
    const making = preset === 'tiny' ? TINY : LARGE;
    const { patients, grid } = making;
    return {
      description: `${patients} virtual women with a cluster of calcifications each, in two views, as regions of ${grid.sizePx} x ${grid.sizePx} x ${grid.slices} voxels of ${grid.spacingMm} x ${grid.spacingMm} x ${grid.sliceMm} mm; difficulty ${DIFFICULTY}`,
      manifest: 'dbt.csv',
      write: (out, onPatient) => writeClusterCohort({ ...making, out, seed, difficulty: DIFFICULTY, onPatient }),
    };
  },
  runs: () => [{ name: RUN, settings: [`members=${COMPARED.join(',')}`, 'radiomics=true'] }],
  cases: async (evaluation) => {
    const { classes } = await readRunRecord(evaluation);
    const levels = Object.entries(CASES).map(async ([level, { file, case: one }]) => {
      const cutoffs = await readCutoffs(runFiles(evaluation).metrics, ['levels', level, 'models']);
      return [level, await readComparedCases(file(evaluation), { case: one, negative: classes[0] ?? '', cutoffs })];
    });
    return Object.fromEntries(await Promise.all(levels));
  },
  tables: TABLES,
  claims: [
    claim('The ensemble is above the focus slice alone', 'ensemble', 'focus-resnet34'),
    claim('The ensemble is above the volume alone', 'ensemble', 'anisotropic-8'),
    claim('The unweighted average is above 0.3 : 0.7', 'ensemble', 'ensemble-0.3'),
    claim('The unweighted average is above 0.7 : 0.3', 'ensemble', 'ensemble-0.7'),
    claim('Anisotropic convolutions are above isotropic ones', 'anisotropic-8', 'isotropic-8'),
    claim('Averaged decisions are above joined features', 'ensemble', 'joined-8'),
    claim('The ensemble is above radiomics of the volume', 'ensemble', 'radiomics-3d'),
    ...(['samala', 'wang', 'wichakam', 'shu'] as const).map((name) =>
      claim(
        `The ensemble is above the network of ${name.charAt(0).toUpperCase()}${name.slice(1)} et al.`,
        'ensemble',
        name,
      ),
    ),
  ],
};
