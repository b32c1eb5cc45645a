import type { Estimate, ReportData } from './report-data.ts';

/**
 * The analyses of a run that never was, for tests and for looking at the report: curves are formulas, intervals are
 * about as wide as 260 images would give.
 */
const CASES = 260;
const MALIGNANT = 97;
const DATASET = 'Test split';
const MODELS = ['ResNet-101', 'Xception', 'Inception-v3', 'Inception-ResNet-v2', 'DenseNet-201', 'Ensemble'];

const grid = (steps: number) => Array.from({ length: steps + 1 }, (_, i) => i / steps);
const roleOf = (model: string) => (model === 'Ensemble' ? ('ensemble' as const) : ('member' as const));
const around = (value: number, half: number, numerator?: number, denominator?: number): Estimate => ({
  value,
  interval: [Math.max(0, value - half), Math.min(1, value + half)],
  ...(numerator === undefined || denominator === undefined ? {} : { numerator, denominator }),
});
const share = (numerator: number, denominator: number): Estimate => {
  const p = numerator / denominator;
  return around(p, 1.96 * Math.sqrt((p * (1 - p)) / denominator), numerator, denominator);
};

const precisionRecall = MODELS.map((model, index) => {
  const fall = 0.62 - 0.03 * index;
  const points = grid(MALIGNANT).slice(1);
  const precisionAt = (recall: number) => 1 - fall * recall ** 1.8 - 0.02 * Math.abs(Math.sin(37 * recall));
  const role = roleOf(model);
  return {
    model,
    role,
    dataset: DATASET,
    positives: MALIGNANT,
    negatives: CASES - MALIGNANT,
    points: points.map((recall) => ({ recall, precision: precisionAt(recall) })),
    averagePrecision: around(1 - fall / 2.8 - 0.013, 0.06),
    ...(role === 'ensemble'
      ? {
          band: {
            recall: grid(50).slice(1),
            lower: grid(50)
              .slice(1)
              .map((recall) => Math.max(0, precisionAt(recall) - 0.14 + 0.06 * recall)),
            upper: grid(50)
              .slice(1)
              .map((recall) => Math.min(1, precisionAt(recall) + 0.1 - 0.04 * recall)),
            description: '95 % interval, 1000 bootstrap replicates of patients',
          },
        }
      : {}),
  };
});

const bins = (bend: number) =>
  grid(9).map((_, index) => {
    const [lower, upper] = [index / 10, (index + 1) / 10];
    const predicted = (lower + upper) / 2 + 0.01 * Math.sin(index);
    const count = Math.round(14 + 30 * Math.abs(0.5 - predicted) ** 1.2 * 2);
    const observed = Math.min(1, Math.max(0, predicted + bend * Math.sin(2 * Math.PI * predicted)));
    return { lower, upper, count, predicted, observed: share(Math.round(observed * count), count) };
  });

const benefit = (threshold: number, quality: number) => {
  const weight = threshold / (1 - threshold);
  const tpr = 1 - threshold ** (1.3 * quality);
  return (MALIGNANT / CASES) * tpr - (1 - MALIGNANT / CASES) * (1 - threshold) ** (2.6 * quality) * weight;
};
const thresholds = grid(100).slice(1, 100);

const froc = ['Detector A', 'Detector B'].map((model, index) => {
  const at = (rate: number) => (0.9 - 0.07 * index) * (1 - Math.exp(-(2.2 - 0.7 * index) * rate));
  return {
    model,
    dataset: DATASET,
    unit: 'volume' as const,
    units: 90,
    lesions: 64,
    points: grid(60).map((step) => ({ falsePositives: 5 * step ** 2, sensitivity: at(5 * step ** 2) })),
    marked: [1, 2, 3, 4].map((rate) => ({ falsePositives: rate, sensitivity: at(rate) })),
    hitRule: 'centre within half the diagonal of the lesion, at least 100 px, and a quarter of the slices',
    ...(index === 0
      ? {
          band: {
            falsePositives: grid(50).map((step) => 5 * step),
            lower: grid(50).map((step) => Math.max(0, at(5 * step) - 0.09 * Math.min(1, 25 * step))),
            upper: grid(50).map((step) => Math.min(1, at(5 * step) + 0.08 * Math.min(1, 25 * step))),
            description: '95 % interval, 1000 bootstrap replicates of patients',
          },
        }
      : {}),
  };
});

const others = MODELS.slice(0, -1);
const pairs = MODELS.flatMap((first, i) => MODELS.slice(i + 1).map((second, j) => ({ first, second, gap: i - j })));
/** A difference of a measure and its p values, some of each size. */
const differing = (scale: number, shift: number) => (gap: number, pair: number) => {
  const difference = scale * Math.sin(1.7 * gap + shift) + 0.001;
  const p = Math.exp(-160 * Math.abs(difference) * (1 + (pair % 3)));
  return { difference, interval: [difference - 0.04, difference + 0.04] as const, p, adjustedP: Math.min(1, 15 * p) };
};
const [auc, sensitivity, specificity, accuracy, ppv, npv] = [
  differing(0.03, 0),
  differing(0.12, 1),
  differing(0.15, 2),
  differing(0.04, 3),
  differing(0.1, 4),
  differing(0.02, 5),
] as const;

/** What SAMPLE_REPORT has besides discrimination, scores and training. */
export const SAMPLE_ANALYSES = {
  precisionRecall,
  comparisons: [
    {
      dataset: DATASET,
      test: 'Paired test of DeLong et al. 1988',
      adjustment: 'Holm',
      overall: { chiSquare: 14.31, degreesOfFreedom: 5, p: 0.0138 },
      pairs: others.map((second, index) => {
        const difference = [0.019, 0.039, 0.064, 0.017, 0.024][index] as number;
        const half = 0.02 + 0.004 * index;
        const p = [0.062, 0.0031, 0.00002, 0.214, 0.196][index] as number;
        return {
          first: 'Ensemble',
          second,
          difference,
          interval: [difference - half, difference + half] as const,
          p,
          adjustedP: Math.min(1, p * (5 - [2, 1, 0, 3, 4].indexOf(index))),
        };
      }),
    },
  ],
  pairwise: [
    {
      dataset: DATASET,
      test: 'AUC by the paired test of DeLong et al. 1988, the others by generalised estimating equations, patients as clusters',
      adjustment: 'Holm',
      pairs: pairs.map(({ first, second, gap }, pair) => ({
        ...{ first, second },
        ...{ auc: auc(gap, pair), sensitivity: sensitivity(gap, pair), specificity: specificity(gap, pair) },
        ...{ accuracy: accuracy(gap, pair), npv: npv(gap, pair) },
        ...(pair === 4 ? {} : { ppv: ppv(gap, pair) }),
      })),
    },
  ],
  calibration: [
    {
      model: 'Ensemble',
      dataset: DATASET,
      curves: [
        { name: 'as trained', bins: bins(-0.14), brier: 0.168, expectedError: 0.091 },
        { name: 'after Platt scaling', bins: bins(0.02), brier: 0.151, expectedError: 0.034 },
      ],
    },
  ],
  decision: [
    {
      dataset: DATASET,
      cases: CASES,
      prevalence: MALIGNANT / CASES,
      action: 'biopsy',
      models: ['Inception-v3', 'Ensemble'].map((model, index) => ({
        model,
        role: roleOf(model),
        points: thresholds.map((threshold) => ({ threshold, netBenefit: benefit(threshold, 1 + 0.35 * index) })),
      })),
      all: thresholds.map((threshold) => ({
        threshold,
        netBenefit: MALIGNANT / CASES - (1 - MALIGNANT / CASES) * (threshold / (1 - threshold)),
      })),
    },
  ],
  froc,
  subgroups: [
    {
      model: 'Ensemble',
      dataset: DATASET,
      measure: 'auc',
      overall: { label: 'All', cases: CASES, positives: MALIGNANT, estimate: around(0.856, 0.05) },
      groups: [
        {
          name: 'Breast density',
          rows: [
            { label: 'A or B', cases: 84, positives: 31, estimate: around(0.881, 0.078) },
            { label: 'C', cases: 121, positives: 47, estimate: around(0.853, 0.069) },
            { label: 'D', cases: 55, positives: 19, estimate: around(0.824, 0.113) },
          ],
        },
        {
          name: 'View',
          rows: [
            { label: 'CC magnification', cases: 139, positives: 52, estimate: around(0.862, 0.063) },
            { label: 'ML magnification', cases: 117, positives: 45, estimate: around(0.849, 0.07) },
            { label: 'not recorded', cases: 4, positives: 0, estimate: { value: null } },
          ],
        },
        {
          name: 'Age, years',
          rows: [
            { label: 'under 50', cases: 118, positives: 38, estimate: around(0.837, 0.075) },
            { label: '50 and over', cases: 142, positives: 59, estimate: around(0.868, 0.06) },
          ],
        },
      ],
    },
  ],
  operatingPoints: [
    ['Largest Youden index on the validation images', 0.515, 74, 34],
    ['Sensitivity of 90 % on the validation images', 0.312, 88, 71],
    ['Specificity of 90 % on the validation images', 0.711, 59, 15],
  ].map(([name, value, tp, fp]) => {
    const [hits, alarms, negatives] = [Number(tp), Number(fp), CASES - MALIGNANT];
    return {
      model: 'Ensemble',
      dataset: DATASET,
      name: String(name),
      cutoff: { value: Number(value), comparison: '≥' as const },
      tp: hits,
      fp: alarms,
      fn: MALIGNANT - hits,
      tn: negatives - alarms,
      sensitivity: share(hits, MALIGNANT),
      specificity: share(negatives - alarms, negatives),
      ppv: share(hits, hits + alarms),
      npv: share(negatives - alarms, CASES - hits - alarms),
    };
  }),
  flow: {
    stages: [
      { name: 'In the manifest', images: 1642, patients: 851 },
      {
        name: 'Included',
        images: 1579,
        patients: 821,
        excluded: [
          { reason: 'calcifications with a mass', images: 41, patients: 20 },
          { reason: 'no histology and less than two years of follow-up', images: 18, patients: 9 },
          { reason: 'image cannot be read', images: 4, patients: 2 },
        ],
      },
    ],
    parts: [
      { name: 'Training', images: 1121, patients: 571, detail: ['703 benign', '418 malignant'] },
      { name: 'Validation', images: 198, patients: 105, detail: ['124 benign', '74 malignant'] },
      { name: 'Test', images: 260, patients: 145, detail: ['163 benign', '97 malignant'] },
    ],
  },
  methods: {
    paragraphs: [
      {
        heading: 'Statistical analysis',
        text: 'The area under the receiver operating characteristic curve (AUC) was estimated by the Mann-Whitney statistic, with 95 % confidence intervals by the method of DeLong et al. on the logit scale (1).',
      },
    ],
    references: [
      'DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated receiver operating characteristic curves: a nonparametric approach. Biometrics 1988;44:837-845.',
    ],
  },
} satisfies Partial<ReportData>;
