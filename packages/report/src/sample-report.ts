import type {
  Epoch,
  Estimate,
  GalleryCase,
  ModelPerformance,
  ReportData,
  RocCurve,
  TrainingHistory,
} from './report-data.ts';
import { SAMPLE_ANALYSES } from './sample-analyses.ts';
import { SAMPLE_SALIENCY } from './sample-saliency.ts';

/**
 * A run that never was, for tests and for looking at the report: 97 malignant and 163 benign images as in Kang et al.
 * 2021, six models. Scores are quantiles of two normals through a logistic, so nothing is drawn at random.
 */
const MALIGNANT = 97;
const BENIGN = 163;

type Model = { readonly name: string; readonly separation: number; readonly shift: number; readonly epochs: number };
const MODELS: readonly Model[] = [
  { name: 'ResNet-101', separation: 1.39, shift: -2.6, epochs: 61 },
  { name: 'Xception', separation: 1.28, shift: -1.9, epochs: 48 },
  { name: 'Inception-v3', separation: 1.15, shift: -1.4, epochs: 55 },
  { name: 'Inception-ResNet-v2', separation: 1.4, shift: -1.1, epochs: 72 },
  { name: 'DenseNet-201', separation: 1.36, shift: -3.4, epochs: 39 },
  { name: 'Ensemble', separation: 1.5, shift: -1.3, epochs: 0 },
];

/** Quantile of the standard normal by bisection of a logistic approximation (error below 0.02, a sample needs no more). */
function quantile(p: number): number {
  const cumulative = (z: number) => 1 / (1 + Math.exp(-0.07056 * z ** 3 - 1.5976 * z));
  let [low, high] = [-6, 6];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (cumulative(middle) < p) low = middle;
    else high = middle;
  }
  return low;
}

function scoresOf({ separation, shift }: Model, positive: boolean): number[] {
  const count = positive ? MALIGNANT : BENIGN;
  return Array.from({ length: count }, (_, index) => {
    const z = quantile((index + 0.5) / count) + (positive ? separation : 0);
    return 1 / (1 + Math.exp(-(1.7 * z + shift)));
  });
}

function rocPoints(positive: readonly number[], negative: readonly number[]): { fpr: number; tpr: number }[] {
  const thresholds = [...new Set([...positive, ...negative])].sort((a, b) => b - a);
  const share = (scores: readonly number[], at: number) => scores.filter((score) => score >= at).length / scores.length;
  return [{ fpr: 0, tpr: 0 }, ...thresholds.map((at) => ({ fpr: share(negative, at), tpr: share(positive, at) }))];
}

function proportion(numerator: number, denominator: number): Estimate {
  const p = numerator / denominator;
  const half = 1.96 * Math.sqrt((p * (1 - p)) / denominator);
  return { value: p, interval: [Math.max(0, p - half), Math.min(1, p + half)], numerator, denominator };
}

function evaluated(model: Model) {
  const role = model.epochs === 0 ? ('ensemble' as const) : ('member' as const);
  const [positive, negative] = [scoresOf(model, true), scoresOf(model, false)];
  const points = rocPoints(positive, negative);
  const best = points.reduce((a, b) => (b.tpr - b.fpr > a.tpr - a.fpr ? b : a));
  const [tp, fp] = [Math.round(best.tpr * MALIGNANT), Math.round(best.fpr * BENIGN)];
  const [fn, tn] = [MALIGNANT - tp, BENIGN - fp];
  const called = [...positive, ...negative].sort((a, b) => b - a);
  const value = ((called[tp + fp - 1] as number) + (called[tp + fp] as number)) / 2;
  const cutoff = { value, rule: 'maximal Youden index on the validation split' };
  const area = points
    .slice(1)
    .reduce((sum, { fpr, tpr }, i) => sum + ((fpr - (points[i]?.fpr ?? 0)) * (tpr + (points[i]?.tpr ?? 0))) / 2, 0);
  const auc: Estimate = { value: area, interval: [area - 0.051, area + 0.049] };
  const row: ModelPerformance = {
    model: model.name,
    role,
    dataset: 'Test split',
    images: MALIGNANT + BENIGN,
    patients: 145,
    cutoff,
    auc,
    sensitivity: proportion(tp, MALIGNANT),
    specificity: proportion(tn, BENIGN),
    accuracy: proportion(tp + tn, MALIGNANT + BENIGN),
    ppv: proportion(tp, tp + fp),
    npv: proportion(tn, tn + fn),
    f1: { ...proportion(2 * tp, 2 * tp + fp + fn) },
  };
  const fpr = Array.from({ length: 51 }, (_, index) => index / 50);
  const tprAt = (x: number) => Math.max(...points.filter((point) => point.fpr <= x).map((point) => point.tpr));
  const half = (x: number) => 0.02 + 0.1 * Math.sqrt(tprAt(x) * (1 - tprAt(x)) * 2);
  const roc: RocCurve = {
    model: model.name,
    role,
    dataset: 'Test split',
    positives: MALIGNANT,
    negatives: BENIGN,
    points,
    auc,
    band: {
      fpr,
      lower: fpr.map((x) => Math.max(0, tprAt(x) - half(x))),
      upper: fpr.map((x) => Math.min(1, tprAt(x) + half(x))),
      description: '95 % interval, 1000 bootstrap replicas of patients',
    },
    operatingPoint: { ...best, cutoff },
  };
  return {
    row,
    roc,
    positive,
    negative,
    cutoff,
    counts: [
      [tn, fp],
      [fn, tp],
    ],
  };
}

function trained({ name, epochs: count, separation }: Model): TrainingHistory {
  const bestEpoch = count - 20;
  const wave = (epoch: number) => Math.sin(epoch * 2.399) + 0.6 * Math.sin(epoch * 5.1);
  const epochs = Array.from({ length: count }, (_, index): Epoch => {
    const epoch = index + 1;
    const fit = Math.exp(-epoch / 12);
    return {
      epoch,
      trainLoss: 0.06 + 0.6 * fit + 0.012 * wave(epoch),
      valLoss: 0.5 + 0.18 * fit + 0.0045 * Math.max(0, epoch - bestEpoch) + 0.02 * wave(epoch + 3),
      valAuc: 0.62 + separation * 0.16 * (1 - fit) - (epoch === bestEpoch ? 0 : 0.012 + 0.006 * wave(epoch)),
      learningRate: epoch > bestEpoch + 5 ? 1e-5 : 1e-4,
    };
  });
  return { model: name, epochs, bestEpoch, earlyStopEpoch: count, selection: 'validation AUC' };
}

/** A cropped lesion as an SVG: tissue, calcifications and, for the overlay, the heat of the model on or off them. */
function patch(index: number, heat: 'none' | 'on' | 'off'): string {
  const dots = Array.from({ length: 14 }, (_, dot) => {
    const angle = dot * 2.4 + index;
    const radius = 9 * Math.sqrt(dot) + (index % 3) * 4;
    const [x, y] = [128 + radius * Math.cos(angle), 120 + radius * Math.sin(angle)];
    return `<circle cx='${x.toFixed(1)}' cy='${y.toFixed(1)}' r='${1.5 + (dot % 3)}' fill='#f4f4f4'/>`;
  });
  const [cx, cy] = heat === 'off' ? [70 + 110 * (index % 2), 205] : [130, 122];
  const stops = [
    ['0', '#800000'],
    ['.25', '#ff4000'],
    ['.5', '#ffff00'],
    ['.75', '#00c0ff'],
    ['1', '#0000c0'],
  ];
  const gradient = stops.map(([at, colour]) => `<stop offset='${at}' stop-color='${colour}'/>`).join('');
  const layer =
    heat === 'none'
      ? ''
      : `<radialGradient id='h' gradientUnits='userSpaceOnUse' cx='${cx}' cy='${cy}' r='150'>${gradient}</radialGradient><rect width='256' height='256' fill='url(#h)' opacity='.45'/>`;
  const tissue = `<radialGradient id='t'><stop offset='0' stop-color='#8a8a8a'/><stop offset='1' stop-color='#2c2c2c'/></radialGradient><rect width='256' height='256' fill='url(#t)'/><path d='M0 ${60 + 20 * index}Q128 20 256 110' stroke='#a0a0a0' stroke-width='3' fill='none' opacity='.5'/>`;
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 256 256' width='256' height='256'>${tissue}${dots.join('')}${layer}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

const KINDS = [
  ['true positive', 'malignant', [0.991, 0.978, 0.972]],
  ['false negative', 'malignant', [0.021, 0.034, 0.052]],
  ['true negative', 'benign', [0.004, 0.006, 0.011]],
  ['false positive', 'benign', [0.941, 0.902, 0.877]],
] as const;

const cases: readonly GalleryCase[] = KINDS.flatMap(([kind, label, scores]) =>
  scores.map((score, index) => ({
    imageDataUri: patch(index, 'none'),
    overlayDataUri: patch(index, kind.startsWith('true') ? 'on' : 'off'),
    patientId: `P0${label === 'malignant' ? 4 : 7}${index}${kind.length % 7}`,
    path: `images/2018/P0${index}4/L_CC_magnification_${label}_${index + 1}.dcm`,
    label,
    score,
    kind,
    ...(index === 0 &&
      kind === 'false negative' && { note: 'The heat lies on the skin fold, not on the segmental calcifications.' }),
  })),
);

const results = MODELS.map(evaluated);
const ensemble = results.at(-1) as (typeof results)[number];

/** A full report. */
export const SAMPLE_REPORT: ReportData = {
  title: 'Microcalcifications: five networks and their ensemble',
  system: {
    name: 'kang2021',
    citation:
      'Kang D, Gweon HM, Eun NL, Youk JH, Kim J-A, Son EJ. A convolutional deep learning model for improving mammographic breast-microcalcification diagnosis. Sci Rep 2021;11:23925.',
    doi: '10.1038/s41598-021-03516-0',
  },
  date: '2024-05-14',
  notes: [
    { kind: 'note', text: 'Scores of the ensemble are the mean of its members.' },
    {
      kind: 'warning',
      text: 'Members started from random weights, not from ImageNet: expect lower performance than the paper reports.',
    },
  ],
  classes: ['benign', 'malignant'],
  performance: {
    models: results.map(({ row }) => row),
    intervals:
      '95 % intervals with patients as clusters: Obuchowski for AUC, robust (sandwich) variance for proportions',
    pValues: {
      test: 'DeLong for AUC, generalised estimating equations for the others',
      auc: 0.00002,
      sensitivity: 0.0011,
      specificity: 0.00004,
      accuracy: 0.087,
      ppv: 0.00001,
      npv: 0.1293,
    },
  },
  roc: results.map(({ roc }) => roc),
  ...SAMPLE_ANALYSES,
  ...SAMPLE_SALIENCY,
  scores: [
    {
      model: 'Ensemble',
      dataset: 'Test split',
      cutoff: ensemble.cutoff,
      classes: [
        { label: 'benign', scores: ensemble.negative },
        { label: 'malignant', scores: ensemble.positive },
      ],
    },
  ],
  confusion: [
    {
      model: 'Ensemble',
      dataset: 'Test split',
      cutoff: ensemble.cutoff,
      classes: ['benign', 'malignant'],
      counts: ensemble.counts,
    },
  ],
  gallery: {
    method: 'Grad-CAM',
    model: 'Inception-ResNet-v2',
    layer: 'conv_7b',
    cutoff: (results[3] as typeof ensemble).cutoff,
    cases,
  },
  training: MODELS.filter(({ epochs }) => epochs > 0).map(trained),
  splits: [
    ['train', 1121, 571, 418, 214, 703, 366],
    ['val', 198, 105, 74, 40, 124, 67],
    ['test', 260, 145, 97, 55, 163, 93],
  ].map(([split, images, patients, malignant, withMalignant, benign, withBenign]) => ({
    split: String(split),
    images: Number(images),
    patients: Number(patients),
    classes: [
      { label: 'benign', patients: Number(withBenign), images: Number(benign) },
      { label: 'malignant', patients: Number(withMalignant), images: Number(malignant) },
    ],
  })),
  exclusions: [
    { reason: 'calcifications with a mass', path: 'images/2012/P311/R_MLO.dcm', patientId: 'P311' },
    { reason: 'calcifications with a mass', path: 'images/2014/P502/R_CC.dcm', patientId: 'P502' },
    { reason: 'no histology', path: 'images/2015/P519/L_CC.dcm', patientId: 'P519' },
  ],
  recipe: [
    {
      name: 'learningRate',
      value: '1e-4',
      sentence: 'The Adam optimizer was used with an initial learning rate of 1e-4 for fine-tuning the five DCNNs.',
    },
    {
      name: 'weightDecay',
      value: '0.0005',
      sentence:
        'The hyper-parameter for controlling the amount of the regularization was set to 0.0005 for all DCNN models.',
    },
    { name: 'patienceEpochs', value: '20', sentence: 'The "patience" was set to 20.' },
    { name: 'maximumEpochs', value: '200' },
  ],
  deviations: [
    {
      name: 'Initial weights',
      paper: 'ImageNet',
      here: 'random',
      reason: 'No pre-trained weights were given with --weights.',
    },
    {
      name: 'Cut-off',
      paper: 'maximal Youden index, split not named',
      here: 'maximal Youden index on the validation split',
      reason: 'A cut-off chosen on the test images is optimistic.',
    },
  ],
  provenance: {
    command:
      './mammoscope train kang2021 --data manifest.csv --out run/ --preset paper --seed 7 --device webgpu --classes benign,malignant',
    seed: 7,
    device: 'webgpu (float32)',
    started: '2024-05-13 21:04 UTC',
    durationSeconds: 40_215,
    versions: [
      { name: 'mammoscope', version: '0.1.0' },
      { name: 'onnxruntime-node', version: '1.30.0' },
      { name: 'node', version: '24.21.0' },
    ],
    hashes: [
      { name: 'manifest.csv', sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
      { name: 'model.onnx', sha256: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752' },
    ],
    loweringsHash: 'fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13',
  },
};

/** The least that a report can be made of. */
export const EMPTY_REPORT: ReportData = {
  title: 'A run without results',
  system: { name: 'kang2021', citation: 'Kang et al. 2021' },
  classes: ['benign', 'malignant'],
};
