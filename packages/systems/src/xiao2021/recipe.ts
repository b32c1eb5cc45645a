/**
 * Xiao et al., "Classification of microcalcification clusters in digital breast tomosynthesis
 * using ensemble convolutional neural network", BioMedical Engineering OnLine 20:71, 2021. One constant a subsection of its
 * methods; each value has the sentence that it comes from in CITATIONS.
 *
 * Departures from it are in deviationsOf.
 */

import type { AugmentationOptions } from '@mammoscope/imaging';
import type { Deviation } from '@mammoscope/report';
import { PLAIN_TRAINING, type TrainingRecipe } from '../training/recipe.ts';
import { type MemberName, memberOf, seesSlices } from './members.ts';

export const SYSTEM = {
  name: 'xiao2021',
  title: 'Xiao 2021: focus slice and anisotropic volume of a tomosynthesis, averaged',
  citation:
    'Xiao B, Sun H, Meng Y, et al. Classification of microcalcification clusters in digital breast tomosynthesis using ensemble convolutional neural network. BioMedical Engineering OnLine 2021;20:71.',
  doi: '10.1186/s12938-021-00908-1',
} as const;

/** Everything that decides a run of this system. A preset names a set of values; --set changes single ones. */
export interface Recipe extends TrainingRecipe {
  /** The first that sees the focus slice and the first that sees slices are the two of the ensembles. */
  readonly members: readonly MemberName[];
  /** Region that is cut out around the centre of a lesion: pixels a side and slices. */
  readonly roiPx: number;
  readonly roiSlices: number;
  /** Side of what networks see, pixels. */
  readonly sizePx: number;
  /** 'imagenet', or for regions of about 60 px 'small': a stem that shrinks by 2 instead of 4. */
  readonly stem: 'imagenet' | 'small';
  /** Channels of the first stage of ResNets and of wichakam; the other networks of Table 7 have their own. */
  readonly width: number;
  /** Residual blocks of each of the four stages of ResNets of volumes; empty for those of the networks as published. */
  readonly volumeBlocks: readonly number[];
  /** Volumes of one update, and the learning rate of networks that see them; `batch` and `learningRate` are those of the others. */
  readonly volumeBatch: number;
  readonly volumeLearningRate: number;
  readonly dropout: number;
  /** How often an epoch has a training lesion of each class, negative first, each time varied anew; empty: so that classes balance. */
  readonly copies: readonly number[];
  readonly flip: boolean;
  /** Degrees; [0, 0] for none. */
  readonly rotationDeg: readonly [number, number];
  readonly translationPx: number;
  /** Where no calcification is found in a region: refuse it, or take its centre slice. */
  readonly withoutFocus: 'refuse' | 'centre';
  /** Weights of the focus slice's network in ensembles of decisions, the first that of the headline. */
  readonly focusWeights: readonly number[];
  /** Whether `evaluate` trains and measures the radiomics comparator too: two seconds a region of the paper's size. */
  readonly radiomics: boolean;
  readonly valFraction: number;
  readonly testFraction: number;
}

const PAPER: Recipe = {
  ...PLAIN_TRAINING,
  members: ['focus-resnet34', 'anisotropic-8'],
  roiPx: 300,
  roiSlices: 12,
  sizePx: 224,
  stem: 'imagenet',
  width: 64,
  volumeBlocks: [],
  batch: 16,
  volumeBatch: 4,
  epochs: 100,
  patience: 20,
  learningRate: 1e-4,
  volumeLearningRate: 1e-5,
  schedule: 'plateau',
  scheduleEpochs: 1,
  scheduleFactor: 0.8,
  scheduleFigure: 'trainLoss',
  weightDecay: 0,
  dropout: 0.5,
  copies: [37, 23],
  flip: true,
  rotationDeg: [0, 360],
  translationPx: 20,
  withoutFocus: 'refuse',
  focusWeights: [0.5, 0.3, 0.7],
  radiomics: true,
  valFraction: 0.1,
  testFraction: 0.1,
};

/** The sentences of the paper that the values of the recipe come from; a value without one is not in the paper. */
export const CITATIONS: Partial<Record<keyof Recipe, string>> = {
  members: 'we used these two CNNs as the basic model of the ensemble CNN',
  roiPx: 'we cut out a 300 × 300 × 12 volume from the center of the lesion',
  roiSlices: 'we cut out a 300 × 300 × 12 volume from the center of the lesion',
  sizePx: 'the image size was resized from 300 × 300 × 1 to 224 × 224 × 1',
  volumeBlocks: 'The next three residual blocks were similar to the first one with 4, 6 and 3 residual modules.',
  width: 'The numbers of output channels of the four residual blocks were 64, 128, 256, 512, respectively',
  learningRate:
    'we set the initial learning rates of 2D ResNet34 and anisotropic 3D ResNet as 0.0001 and 0.00001, respectively',
  volumeLearningRate:
    'we set the initial learning rates of 2D ResNet34 and anisotropic 3D ResNet as 0.0001 and 0.00001, respectively',
  schedule: 'When the loss of the training set did not decrease, the learning rate decayed by a factor of 0.8.',
  scheduleFactor: 'When the loss of the training set did not decrease, the learning rate decayed by a factor of 0.8.',
  scheduleFigure: 'When the loss of the training set did not decrease, the learning rate decayed by a factor of 0.8.',
  weightDecay: 'we used Adam [26] with default settings as the optimizer',
  dropout: 'The fully connected layer was added to dropout (p = 0.5) to prevent overfitting',
  copies:
    'different augmentation ratios were adopted for benign MCs and malignant MCs, respectively, to ensure the balance of training samples (Table 8: 138 to 5106 and 258 to 5934)',
  flip: 'data augmentation was used to increase the number of training samples, including translation, flip and rotation',
  focusWeights:
    'unweighted average … For the WA, we set a weight of 0.3 [Decision-Ensemble-WA (0.3)] or 0.7 [Decision-Ensemble-WA (0.7)] for 2D ResNet34',
  radiomics:
    'we extracted 2D features from the focus slice and the maximum intensity projection image, and 3D features from volume',
  valFraction: 'randomly divided into training, validation and test sets by 8:1:1',
  testFraction: 'randomly divided into training, validation and test sets by 8:1:1',
};

export type PresetName = 'paper' | 'small' | 'tiny';

export const PRESETS: Readonly<Record<PresetName, Recipe>> = {
  paper: PAPER,
  /** Regions at half the resolution, a fraction of the copies: an evening on two cores. */
  small: { ...PAPER, sizePx: 112, epochs: 30, patience: 8, copies: [], volumeLearningRate: 5e-5, translationPx: 10 },
  /** Regions of 48 pixels of a third of a millimetre, narrow networks: minutes. */
  tiny: {
    ...PAPER,
    roiPx: 48,
    sizePx: 48,
    stem: 'small',
    width: 16,
    volumeBlocks: [1, 1, 1, 1],
    batch: 8,
    volumeBatch: 8,
    epochs: 16,
    patience: 16,
    learningRate: 1e-3,
    volumeLearningRate: 1e-3,
    schedule: 'cosine',
    dropout: 0.2,
    copies: [],
    withoutFocus: 'centre',
    translationPx: 3,
    radiomics: false,
    valFraction: 0.2,
    testFraction: 0.3,
  },
};

/** How the recipe of one member differs from that of the run. */
export const recipeOfMember = (recipe: Recipe, name: MemberName): Recipe =>
  seesSlices(name) ? { ...recipe, batch: recipe.volumeBatch, learningRate: recipe.volumeLearningRate } : recipe;

/** How often an epoch has a lesion of each class; what is not set balances the classes: as often as the largest class is larger. */
export function copiesOf({ copies }: Pick<Recipe, 'copies'>, perClass: readonly number[]): readonly number[] {
  if (copies.length > 0) return perClass.map((_, i) => copies[i] ?? 1);
  const largest = Math.max(...perClass);
  return perClass.map((count) => (count === 0 ? 1 : Math.max(1, Math.round(largest / count))));
}

/** The augmentation of a recipe, as the imaging package takes it: the same for all slices of a region. */
export function augmentationOf({ flip, rotationDeg, translationPx }: Recipe): AugmentationOptions {
  const translation = [-translationPx, translationPx] as const;
  return {
    ...(flip ? { flipHorizontal: 0.5, flipVertical: 0.5 } : {}),
    angleDeg: rotationDeg,
    translateXPx: translation,
    translateYPx: translation,
  };
}

/** The copies of a recipe as a report shows them. */
export const copiesWords = ({ copies }: Pick<Recipe, 'copies'>): string =>
  copies.length > 0 ? copies.join(', ') : 'so that classes balance';

/** What differs from the paper whatever the recipe. */
const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'calcifications of Eq. 8',
    paper: 'how they are segmented is not stated',
    here: 'a white top-hat and one threshold for all slices of the region',
  },
  {
    name: 'normalisation',
    paper: 'smallest and largest value of "the whole image" (Eq. 7)',
    here: 'smallest and largest value of the region that is cut out',
  },
  {
    name: 'augmentation',
    paper: 'copies of the training set, made once; ranges are not stated',
    here: 'drawn anew for every copy and epoch, about all angles, mirrored at the border',
    reason: 'The same distribution, with more variety and no copies on disk.',
  },
  {
    name: 'batch, epochs and patience',
    paper: 'not stated',
    here: 'in the recipe; the epoch with the largest validation AUC is kept',
  },
  {
    name: 'split',
    paper: 'lesions at random',
    here: 'by patient, stratified and seeded, unless the manifest has a split column',
    reason: 'No patient is in two splits.',
  },
  {
    name: 'cut-off',
    paper: 'not stated',
    here: 'largest Youden index on the validation set, applied to the test set',
  },
];

/** Of networks whose features are joined. */
const JOINED: Deviation = {
  name: 'joined features',
  paper: 'how the joined networks are trained is not stated',
  here: 'both at once from their first values, with the batch and learning rate of volumes',
};

/** How a recipe departs from the paper: in each value that the paper states otherwise, and always. */
export function deviationsOf(recipe: Recipe): Deviation[] {
  const shown = (value: Recipe[keyof Recipe]) => (Array.isArray(value) ? value.join(', ') : String(value));
  const paperOf = (key: keyof Recipe) => shown(PAPER[key]);
  return [
    ...(Object.keys(CITATIONS) as (keyof Recipe)[])
      .filter((key) => shown(recipe[key]) !== paperOf(key))
      .map((key) => ({
        name: key,
        paper: paperOf(key),
        here: key === 'copies' ? copiesWords(recipe) : shown(recipe[key]),
        reason: 'Preset or --set.',
      })),
    ...(recipe.members.some((name) => memberOf(name).input.kind === 'focus slice and slices') ? [JOINED] : []),
    ...DEVIATIONS,
  ];
}
