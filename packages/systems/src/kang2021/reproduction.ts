/** The comparison of Kang et al. 2021: the networks and their average at both learning rates, and the figures of Table 1. */
import { readPredictedCases } from '../reproduce/compared-cases.ts';
import { figuresFrom, type Printed } from '../reproduce/published.ts';
import type { PaperRow, Reproduction } from '../reproduce/reproduction.ts';
import { writeClusterCohort } from '../virtual-cohort/clusters.ts';
import { SYSTEM } from './recipe.ts';
import { recipeWith } from './settings.ts';

/** "Learning rate = 1e-4" and, in the supplement, a tenth of it. */
const RATE = 'learning-rate';
const LOW_RATE = 'tenth-of-it';

const published = figuresFrom(['auc', 'sensitivity', 'specificity', 'accuracy', 'ppv', 'npv']);

/** Rows of Table 1; in the smaller presets another network stands in each one's place. */
const row = (label: string, models: readonly string[], ...figures: readonly Printed[]): PaperRow => ({
  ...{ label, run: RATE, models, published: published(figures) },
});

const ROWS: readonly PaperRow[] = [
  row(
    'ResNet-101',
    ['resnet101', 'resnet34'],
    [0.837, 0.784, 0.89],
    [64.95, 55.45, 74.45],
    [91.41, 87.11, 95.71],
    [81.54, 76.82, 86.26],
    [81.82, 73.21, 90.43],
    [81.42, 75.78, 87.06],
  ),
  row(
    'Xception',
    ['xception', 'squeezenet1_1'],
    [0.817, 0.76, 0.874],
    [65.98, 56.55, 75.41],
    [88.34, 83.41, 93.27],
    [80, 75.14, 84.86],
    [77.11, 68.07, 86.15],
    [81.36, 75.62, 87.1],
  ),
  row(
    'Inception-v3',
    ['inception_v3', 'squeezenet1_0'],
    [0.792, 0.731, 0.853],
    [77.32, 68.99, 85.65],
    [77.91, 71.54, 84.28],
    [77.69, 72.63, 82.75],
    [67.57, 58.86, 76.28],
    [85.23, 79.53, 90.93],
  ),
  row(
    'Inception-ResNet-v2',
    ['inceptionresnetv2', 'resnet18'],
    [0.838, 0.787, 0.889],
    [75.26, 66.67, 83.85],
    [80.98, 74.96, 87],
    [78.85, 73.89, 83.81],
    [70.19, 61.4, 78.98],
    [84.62, 78.96, 90.28],
  ),
  row(
    'DenseNet-201',
    ['densenet201', 'densenet121'],
    [0.832, 0.782, 0.881],
    [82.47, 74.9, 90.04],
    [69.33, 62.25, 76.41],
    [74.23, 68.91, 79.55],
    [61.54, 53.18, 69.9],
    [86.92, 81.12, 92.72],
  ),
  row(
    'Ensemble',
    ['ensemble'],
    [0.856, 0.806, 0.907],
    [72.16, 63.24, 81.08],
    [86.5, 81.25, 91.75],
    [81.15, 76.4, 85.9],
    [76.09, 67.37, 84.81],
    [83.93, 78.38, 89.48],
  ),
];

/** What stands in for the paper's 821 patients; its ROI of 512 pixels is of 36 mm (Lorad Selenia, 0.07 mm), the tiny preset's of 16 mm. */
const SIZES = {
  paper: { patients: 821, extentsMm: [4, 15], grid: { sizePx: 512, spacingMm: 0.07, slices: 1, sliceMm: 1 } },
  small: { patients: 400, extentsMm: [4, 9], grid: { sizePx: 224, spacingMm: 0.1, slices: 1, sliceMm: 1 } },
  tiny: { patients: 240, extentsMm: [3, 6], grid: { sizePx: 48, spacingMm: 0.33, slices: 1, sliceMm: 1 } },
} as const;

/** See the comparison of Xiao et al. */
const DIFFICULTY = 0.25;

/** Five networks of small families for the smaller presets. */
const SMALL_NETWORKS = 'networks=resnet34,squeezenet1_1,squeezenet1_0,resnet18,densenet121';

/** What the tiny preset learns in minutes from random weights. */
const TINY_SETTINGS = ['sizePx=48', 'batch=16', 'epochs=14', 'patience=14', 'learningRate=0.001', 'schedule=cosine'];

/** Settings of a preset besides the learning rate. */
function settingsOf(preset: string): string[] {
  if (preset === 'paper') return [];
  return preset === 'tiny' ? [SMALL_NETWORKS, ...TINY_SETTINGS] : [SMALL_NETWORKS];
}

/** The comparison of Kang et al. 2021. */
export const reproduction: Reproduction = {
  ...{ title: SYSTEM.title, citation: SYSTEM.citation, doi: SYSTEM.doi },
  cohort: (preset, seed) => {
    const making = SIZES[preset as keyof typeof SIZES] ?? SIZES.tiny;
    const { patients, grid } = making;
    return {
      description: `${patients} virtual women with a cluster of calcifications each, in two views, as ROIs of ${grid.sizePx} x ${grid.sizePx} pixels of ${grid.spacingMm} mm; difficulty ${DIFFICULTY}`,
      manifest: 'dm.csv',
      write: (out, onPatient) => writeClusterCohort({ ...making, out, seed, difficulty: DIFFICULTY, onPatient }),
    };
  },
  runs: (preset) => {
    const settings = settingsOf(preset);
    const { learningRate } = recipeWith(preset, settings);
    return [
      { name: RATE, settings },
      { name: LOW_RATE, settings: [...settings, `learningRate=${learningRate / 10}`] },
    ];
  },
  cases: async (evaluation) => ({ image: await readPredictedCases(evaluation, 'image') }),
  tables: [
    {
      number: 'Table 1',
      caption: 'Diagnostic performance of DCNN models (learning rate = 1e-4)',
      level: 'image',
      rows: ROWS,
    },
    {
      number: 'Supplement',
      caption:
        'Diagnostic performance at a tenth of the learning rate; the published table is in the supplement, which is not at hand',
      level: 'image',
      rows: ROWS.map((each) => ({ ...each, run: LOW_RATE, published: {} })),
    },
  ],
  claims: ROWS.slice(0, -1).map(({ label, models }) => ({
    text: `The ensemble is above ${label}`,
    level: 'image',
    first: { run: RATE, models: ['ensemble'] },
    second: { run: RATE, models },
  })),
};
