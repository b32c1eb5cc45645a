import type { ReportData } from './report-data.ts';
import { SAMPLE_REPORT } from './sample-report.ts';

/** A text that would break out of HTML, an attribute, a style sheet or a comment, were it not escaped. */
export const HOSTILE =
  "\"><script>alert(1)</script><img src=x onerror=alert(1)>' onload='alert(1) </style><!-- &lt; {{7*7}} \u202egnp.exe\u0000";

const UNTOUCHED = new Set([
  'imageDataUri',
  'overlayDataUri',
  'dataUri',
  'doi',
  'comparison',
  'role',
  'kind',
  'colours',
  'measure',
  'unit',
]);

/** A copy with every free text made hostile; what differed still differs. */
export function madeHostile<T>(value: T, key = ''): T {
  if (typeof value === 'string') return (UNTOUCHED.has(key) ? value : `${HOSTILE}${value}`) as T;
  if (Array.isArray(value)) return value.map((item) => madeHostile(item, key)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, madeHostile(item, name)])) as T;
}

const LONG = 'A_network_with_a_name_that_nobody_would_give_it_but_a_script'.repeat(3);
const cutoff = { value: 0.00012, comparison: '≥' as const };
const nothing = { value: null, numerator: 0, denominator: 0 };

/** What a small, failed or odd run gives: one class, one epoch, divergence, scores that are no probabilities, long names. */
export const EXTREME_REPORT: ReportData = {
  ...SAMPLE_REPORT,
  classes: ['normal', 'benign lesion of a long name', LONG],
  performance: {
    models: [
      {
        model: LONG,
        dataset: `${LONG} split`,
        images: 1_234_567,
        cutoff,
        auc: nothing,
        sensitivity: nothing,
        specificity: { value: 1, interval: [0.999999, 1], numerator: 1_234_567, denominator: 1_234_567 },
        ppv: { ...nothing, undefinedReason: 'every score is the same' },
      },
      { model: 'b', dataset: 'val', images: 1, auc: { value: 1, interval: [1, 1] } },
      { model: LONG.slice(1), dataset: 'val', images: 1, auc: { value: 0, interval: null } },
    ],
  },
  roc: [
    {
      model: LONG,
      points: [
        { fpr: 0, tpr: 0 },
        { fpr: 1, tpr: 0 },
        { fpr: 1, tpr: 1 },
      ],
      auc: nothing,
      operatingPoint: { fpr: 1, tpr: 1, cutoff },
      band: { fpr: [0, 1], lower: [0, 0], upper: [1, 1] },
    },
    { model: 'empty', dataset: 'val', points: [], band: { fpr: [], lower: [], upper: [] } },
  ],
  pairwise: [
    {
      test: 'a test',
      pairs: [
        {
          first: LONG,
          second: LONG.slice(1),
          auc: { difference: -1, p: 0 },
          npv: { difference: 1, p: 1, adjustedP: 1 },
        },
        { first: 'b', second: LONG, sensitivity: { difference: 0, interval: null, p: 0.0499, adjustedP: 0.0501 } },
      ],
    },
    { dataset: 'none compared', test: 'a test', pairs: [] },
  ],
  scores: [
    {
      model: LONG,
      cutoff,
      classes: [
        { label: LONG, scores: [0, 0, 1] },
        { label: '微小石灰化のある良性病変の長い名前をもつクラス', scores: [] },
      ],
    },
    { model: 'logits', cutoff: { value: 40 }, classes: [{ label: 'a', scores: [-12.5, 3, 3] }] },
    { model: 'equal', classes: [{ label: 'a', scores: [7] }] },
    { model: 'none', classes: [{ label: 'a', scores: [] }] },
  ],
  confusion: [
    {
      model: 'three',
      classes: ['normal', 'benign lesion of a long name', LONG],
      counts: [
        [123_456, 0, 2],
        [0, 0, 0],
        [5, 6, 7],
      ],
    },
    {
      model: 'two',
      classes: [LONG, '微小石灰化のある良性'],
      counts: [
        [1_234_567, 0],
        [0, 0],
      ],
    },
  ],
  training: [
    {
      model: 'one epoch',
      epochs: [{ epoch: 1, trainLoss: 0.7, valLoss: 0.7, valAuc: 1, learningRate: 1e-4 }],
      bestEpoch: 1,
      earlyStopEpoch: 1,
    },
    {
      model: LONG,
      epochs: [
        { epoch: 0, trainLoss: 1e-9, valLoss: 12, learningRate: 0 },
        { epoch: 1, trainLoss: 4e6, valLoss: null, valAuc: 0.5, learningRate: 1e-3 },
        { epoch: 2, trainLoss: null, valLoss: 3, valAuc: 0.5, learningRate: 1e-9 },
      ],
      bestEpoch: 0,
      earlyStopEpoch: 400,
    },
    {
      model: 'flat',
      epochs: [
        { epoch: 10, trainLoss: 0 },
        { epoch: 11, trainLoss: 0 },
      ],
      bestEpoch: 10,
    },
    { model: 'lost', epochs: [{ epoch: 1, trainLoss: null }] },
  ],
};
