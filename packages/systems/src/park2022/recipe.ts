/**
 * Park et al., "An efficient deep neural network to find small objects in large 3D images" (2022). One constant a subsection of its
 * methods; each value has the sentence that it comes from in CITATIONS. The networks, pooling and choice of patches are in nn's
 * models/gmic.ts and systems/src/gmic.
 *
 * Departures from it are in deviationsOf.
 */
import type { Deviation } from '@mammoscope/report';
import type { GmicSpec } from '../gmic/spec.ts';
import { PLAIN_TRAINING, type TrainingRecipe } from '../training/recipe.ts';
import { PARK_MODALITIES, type ParkModality } from './scored-cases.ts';

export const SYSTEM = {
  name: 'park2022',
  title: 'Park 2022: 3D-GMIC on whole tomosyntheses, GMIC on mammograms and synthetic 2D views',
  citation:
    'Park J, Chledowski J, Jastrzebski S, et al. An efficient deep neural network to find small objects in large 3D images. arXiv:2210.08645, 2022.',
  doi: '10.48550/arXiv.2210.08645',
} as const;

/** Lowest and highest value of what the search draws. */
export type SearchRange = readonly [low: number, high: number];

/** Everything that decides a run of this system. A preset names a set of values; --set changes single ones. The rate of a trial is drawn. */
export interface Recipe extends Omit<TrainingRecipe, 'accumulate' | 'clipNorm' | 'learningRate'> {
  /** What is trained, each by itself; mammograms are pretrained on wherever there are any. */
  readonly modalities: readonly ParkModality[];
  /** Rows and columns of the window that is cut out of mammograms, and of synthetic 2D views and slices. */
  readonly mammogramWindowPx: readonly [rows: number, columns: number];
  readonly sliceWindowPx: readonly [rows: number, columns: number];
  /** Farthest that the window is moved, and most that its rows are grown or shrunk, columns in proportion; each is drawn. */
  readonly shiftPx: number;
  readonly resizePx: number;
  /** Varied copies of an image whose predictions are averaged; 0 for the image as it is. */
  readonly testAugmentations: number;
  /** f_n of equation 1. */
  readonly nonlinearity: GmicSpec['nonlinearity'];
  /** First values of the layer that makes saliency maps: omega everywhere, or at random. */
  readonly initialisation: 'constant' | 'random';
  /** Side of a patch. */
  readonly cropPx: number;
  /** Half-width in slices of what a patch suppresses and is drawn from; 'all' for infinity. */
  readonly zeta: number | 'all';
  /** Slices that the global network sees at once; decides memory and time only. */
  readonly slicesPerRun: number;
  /** 'small': networks for images of some hundred pixels, see Resnet22Options; their channels are multiples of the widths. */
  readonly stem: 'published' | 'small';
  readonly globalWidth: number;
  readonly localWidth: number;
  /** Trials of each modality, and how many of them are the ensemble. */
  readonly trials: number;
  readonly ensemble: number;
  /** Of the learning rate, drawn log-uniformly; decimal logarithms, as those of omega and beta. */
  readonly learningRateLog10: SearchRange;
  readonly omegaLog10: SearchRange;
  /** t, in per cent of the map of one slice; K; beta: of mammograms and synthetic 2D views, and of tomosyntheses. */
  readonly pooledPercent: SearchRange;
  readonly patches: readonly number[];
  readonly betaLog10: SearchRange;
  readonly volumePooledPercent: SearchRange;
  readonly volumePatches: readonly number[];
  readonly volumeBetaLog10: SearchRange;
  /** Images without findings in an epoch for each with one, drawn anew; 0 for all of them. */
  readonly negatives: number;
  /** Of the pretraining on BI-RADS; 0 epochs for none. */
  readonly pretrainEpochs: number;
  readonly pretrainPatience: number;
  readonly pretrainLearningRate: number;
  /** Units of the gates that weigh slices in it. */
  readonly pretrainGates: number;
  readonly valFraction: number;
  readonly testFraction: number;
}

const { accumulate: _, clipNorm: __, ...PLAIN } = PLAIN_TRAINING;

const PAPER: Recipe = {
  ...PLAIN,
  recompute: false,
  modalities: PARK_MODALITIES,
  mammogramWindowPx: [2866, 1814],
  sliceWindowPx: [2116, 1339],
  shiftPx: 100,
  resizePx: 100,
  testAugmentations: 10,
  nonlinearity: 'reluTanh',
  initialisation: 'constant',
  cropPx: 256,
  zeta: 10,
  slicesPerRun: 1,
  stem: 'published',
  globalWidth: 16,
  localWidth: 64,
  batch: 4,
  epochs: 40,
  patience: 15,
  weightDecay: 0,
  trials: 40,
  ensemble: 5,
  learningRateLog10: [-5.5, -4.5],
  omegaLog10: [-3, -2],
  pooledPercent: [1, 25],
  patches: [4, 6, 8],
  betaLog10: [-5.5, -3.5],
  volumePooledPercent: [10.97, 274.25],
  volumePatches: [8, 12, 16],
  volumeBetaLog10: [-6.54, -4.54],
  negatives: 1,
  pretrainEpochs: 40,
  pretrainPatience: 15,
  pretrainLearningRate: 1e-5,
  pretrainGates: 128,
  valFraction: 0.1,
  testFraction: 0.1,
};

const WINDOWS =
  'FFDM images are cropped to the size of 2866 × 1814 pixels, whereas synthetic 2D images and DBT images are cropped to the size of 2116 × 1339 pixels';
const AUGMENTATION =
  'We also apply random shifting and resizing during training and testing phases for a maximum of 100 pixels in any direction.';
const SPLIT =
  'We designated the first 80% of the patients to the training set, the next 10% to the validation set, and the remaining 10% to the test set.';
const FLAT_SEARCH =
  'For 2D GMIC, we randomly sample the pooling percentage t from uniform distribution U(1%, 25%), the number of patches K from {4, 6, 8} with equal probabilities, and log10(beta) from U(-5.5, -3.5)';
const VOLUME_SEARCH =
  'we randomly sample the pooling percentage t from uniform distribution U(10.97%, 274.25%) with respect to one slice of an image, number of patches K from {8, 12, 16} with equal probabilities, and the regularization weight from U(-6.54, -4.54)';
const STOPPING =
  'All models were trained for a maximum of 40 epochs but the ones which do not show any improvement in validation performances for 15 consecutive epochs are early stopped.';
const NETWORKS =
  'the global network is parameterized as ResNet-22 [31]; Table I has ResNet-18 and the local module S = 512 features';

/** The sentences of the paper that the values of the recipe come from; a value without one is not in the paper. */
export const CITATIONS: Partial<Record<keyof Recipe, string>> = {
  modalities: '(1) FFDM: Full-Field Digital Mammography, (2) DBT: Digital Breast Tomosynthesis and (3) synthetic 2D',
  mammogramWindowPx: WINDOWS,
  sliceWindowPx: WINDOWS,
  shiftPx: AUGMENTATION,
  resizePx: AUGMENTATION,
  testAugmentations:
    'At test time, we apply 10 random augmentations to get 10 predictions for each image and average them',
  nonlinearity: 'we propose ReLU(tanh(x)) for f_n',
  initialisation:
    'we initialize the conv1x1 layer in the semantic segmentation layer with constant, positive weights ω',
  cropPx: 'The width and height of the patches are fixed to 256 in all experiments.',
  zeta: 'The default value of ζ = 10 was set in initial experiments',
  stem: NETWORKS,
  globalWidth: NETWORKS,
  localWidth: NETWORKS,
  batch: 'The effective batch size per update is 4 images.',
  epochs: STOPPING,
  patience: STOPPING,
  trials: 'we optimize their hyperparameters with 40 random search trials',
  ensemble:
    'We selected 5 models with the highest AUC scores in identifying images with malignant findings on the validation set.',
  learningRateLog10: 'we randomly sample the learning rate η from log-uniform distribution log10(η) ∼ U(-5.5, -4.5)',
  omegaLog10: 'the initialization constant ω from log-uniform distribution log10(ω) ∼ U(-3, -2)',
  pooledPercent: FLAT_SEARCH,
  patches: FLAT_SEARCH,
  betaLog10: FLAT_SEARCH,
  volumePooledPercent: VOLUME_SEARCH,
  volumePatches: VOLUME_SEARCH,
  volumeBetaLog10: VOLUME_SEARCH,
  pretrainGates: 'In all experiments, we set L = 128 and S = 512.',
  valFraction: SPLIT,
  testFraction: SPLIT,
};

export type PresetName = 'paper' | 'small' | 'tiny';

export const PRESETS: Readonly<Record<PresetName, Recipe>> = {
  paper: PAPER,
  /** Images at a third of the resolution, as `phantom --preset small` draws them, eight trials: a night on a workstation. */
  small: {
    ...PAPER,
    mammogramWindowPx: [956, 605],
    sliceWindowPx: [705, 446],
    shiftPx: 33,
    resizePx: 33,
    cropPx: 96,
    zeta: 5,
    trials: 8,
    epochs: 20,
    patience: 8,
    learningRateLog10: [-4.5, -3.5],
    pretrainEpochs: 10,
    pretrainPatience: 5,
    pretrainLearningRate: 1e-4,
    testAugmentations: 4,
    valFraction: 0.15,
    testFraction: 0.2,
  },
  /** Images at an eighth of the resolution, as `phantom --preset tiny --screening` draws them, narrow networks, two trials a modality: half an hour on two cores. */
  tiny: {
    ...PAPER,
    mammogramWindowPx: [358, 227],
    sliceWindowPx: [264, 167],
    shiftPx: 12,
    resizePx: 12,
    cropPx: 64,
    zeta: 2,
    slicesPerRun: 15,
    stem: 'small',
    globalWidth: 8,
    localWidth: 16,
    batch: 2,
    trials: 2,
    ensemble: 2,
    epochs: 20,
    patience: 15,
    schedule: 'cosine',
    learningRateLog10: [-3.4, -3.2],
    omegaLog10: [-2.2, -1.8],
    pooledPercent: [1, 3],
    volumePooledPercent: [4, 12],
    patches: [6],
    volumePatches: [8],
    pretrainEpochs: 3,
    pretrainPatience: 3,
    pretrainLearningRate: 5e-4,
    pretrainGates: 32,
    testAugmentations: 4,
    valFraction: 0.2,
    testFraction: 0.3,
  },
};

/** zeta as the engine takes it. */
export const zetaOf = ({ zeta }: Pick<Recipe, 'zeta'>): number => (zeta === 'all' ? Number.POSITIVE_INFINITY : zeta);

/** What differs from the paper whatever the recipe. */
const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'optimiser',
    paper: 'not stated',
    here: 'Adam with its usual constants',
  },
  {
    name: 'images of an epoch',
    paper: 'not stated; 40 epochs in three days leave no room for all of them',
    here: 'every image with a finding, and for each of these `negatives` images without, drawn anew',
  },
  {
    name: 'normalisation',
    paper: 'not stated',
    here: 'each slice by itself, so that a volume is read once: mean 0 and standard deviation 1 over the breast, background at -2',
  },
  {
    name: 'window',
    paper: '"the procedure described by Wu et al.": against the chest wall, on the row of the nipple',
    here: 'the same, with the nipple where the breast reaches farthest; right breasts are mirrored',
  },
  {
    name: 'resizing',
    paper: 'up to 100 pixels in any direction',
    here: 'rows by up to so many pixels, columns in proportion, one draw for all slices of a volume',
  },
  {
    name: 'early stopping',
    paper: '"validation performances"',
    here: 'the AUC of malignant findings on validation images without augmentation, by which the epoch is chosen too',
  },
  {
    name: 'global-only models',
    paper: 'a variant with the global module only is trained by itself',
    here: 'p_global of the same models',
    reason:
      'The two modules share neither weights nor gradients, so the global module learns the same; only the epoch that is kept is chosen by p_final.',
  },
  {
    name: 'volumes of more than 96 slices',
    paper: 'discarded',
    here: 'used as any other: memory does not grow with slices',
  },
  {
    name: 'BI-RADS 6',
    paper: 'not named',
    here: 'left out of the pretraining: it is given after a biopsy',
  },
  {
    name: 'pretraining',
    paper: 'on 210,389 further examinations, its learning rate and length not stated',
    here: 'on the training images of the manifest that have a BI-RADS category; the epoch with the largest AUC of category 0, 4 or 5 against others is kept',
  },
  {
    name: 'precision',
    paper: 'mixed',
    here: 'float32',
  },
  {
    name: 'split',
    paper: 'by the date of the last examination',
    here: 'by patient, stratified and seeded, unless the manifest has a split column',
  },
];

/** How a recipe departs from the paper: in each value that the paper states otherwise, and always. */
export function deviationsOf(recipe: Recipe): Deviation[] {
  const shown = (value: Recipe[keyof Recipe]) => (Array.isArray(value) ? value.join(', ') : String(value));
  return [
    ...(Object.keys(CITATIONS) as (keyof Recipe)[])
      .filter((key) => shown(recipe[key]) !== shown(PAPER[key]))
      .map((key) => ({ name: key, paper: shown(PAPER[key]), here: shown(recipe[key]), reason: 'Preset or --set.' })),
    ...DEVIATIONS,
  ];
}
