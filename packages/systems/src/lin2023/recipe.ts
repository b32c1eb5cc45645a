/**
 * Lin, Tan, Ge, Huang, Xiao, Xu, Jin, Shao, Gu, Yan and Yu, "Deep learning for the detection and classification of
 * microcalcifications on mammography", Fundamental Research 5 (2025), 880-889, online 2023. The detector's part of the recipe;
 * each value has the sentence that it comes from in CITATIONS, and what the paper does not say is in DEVIATIONS.
 */
import type { NetworkName } from '@mammoscope/nn';
import { type AnchorOptions, PUBLISHED_ANCHORS } from '../detection/anchors.ts';
import type { RecipeDeviation } from '../kang2021/recipe.ts';
import { PLAIN_TRAINING, type TrainingRecipe } from '../training/recipe.ts';

export const SYSTEM = {
  name: 'lin2023',
  title: 'Lin 2023: find the calcifications, then judge the breast',
  citation:
    'Lin Q, Tan W-M, Ge J-Y, Huang Y, Xiao Q, Xu Y-Y, Jin Y-T, Shao Z-M, Gu Y-J, Yan B, Yu K-D. Fundamental Research 2025;5:880-889 (online 2023).',
  doi: '10.1016/j.fmre.2023.04.018',
} as const;

/** Classes of boxes; 0 is the background. */
export const CLASSES = ['benign', 'malignant'] as const;
export type LesionClass = (typeof CLASSES)[number];
export const classIndex = (name: LesionClass): number => CLASSES.indexOf(name) + 1;
export const className = (index: number): LesionClass => CLASSES[index - 1] as LesionClass;

/** Everything that decides a run of this system. */
export interface Recipe extends TrainingRecipe {
  readonly detector: 'fasterrcnn_resnet50_fpn';
  readonly classifier: NetworkName;
  readonly optimiser: 'adam';
  /** Boxes below this probability are dropped, and of two that overlap by more than nmsThreshold the lower. */
  readonly scoreThreshold: number;
  readonly nmsThreshold: number;
  /** A breast whose views disagree is malignant above this probability of the malignant view. */
  readonly malignantProbability: number;
  readonly testFraction: number;
  readonly folds: number;
  /** Sides of the detector's tiles, multiples of 32, and what two of them share; larger films are cut. */
  readonly tileWidthPx: number;
  readonly tileHeightPx: number;
  readonly overlapPx: number;
  readonly anchors: AnchorOptions;
  /** 'balanced': 256 anchors and 512 regions of a film are drawn; 'focal': all anchors count, and losses are focal. */
  readonly sampling: 'balanced' | 'focal';
}

const PAPER: Recipe = {
  ...PLAIN_TRAINING,
  detector: 'fasterrcnn_resnet50_fpn',
  classifier: 'spp_resnet18',
  optimiser: 'adam',
  scoreThreshold: 0.3,
  nmsThreshold: 0.3,
  malignantProbability: 0.5,
  testFraction: 1 / 5,
  folds: 5,
  tileWidthPx: 832,
  tileHeightPx: 1024,
  overlapPx: 256,
  anchors: PUBLISHED_ANCHORS,
  sampling: 'balanced',
  batch: 2,
  epochs: 24,
  patience: 24,
  learningRate: 1e-4,
  weightDecay: 0,
  recompute: true,
};

/** The sentences of the paper that values come from; a value without one is not in the paper. */
export const CITATIONS: Partial<Record<keyof Recipe, string>> = {
  detector:
    'We used FasterRCNN [27] as our detection network [...] In practice, we used Resnet50 [28] as the feature extractor',
  classifier:
    'we took Resnet18 [28] as the baseline model [...] we introduced a Spatial Pyramid Pooling (SPP) [30] structure at the end of this baseline network. Thus, this network was called SPPNet.',
  optimiser: 'The parameters were optimized using ADAM.',
  scoreThreshold:
    'we set both the score threshold and the Non-Maximum Suppression (NMS) threshold to 0.3 and achieved the best results in this setting.',
  nmsThreshold:
    'we set both the score threshold and the Non-Maximum Suppression (NMS) threshold to 0.3 and achieved the best results in this setting.',
  malignantProbability:
    'If the probability of malignancy was greater than 0.5, we resolute the breast as malignant; otherwise, it was considered benign.',
  testFraction: 'We divided the dataset into training and test sets in a 4:1 ratio.',
  folds: 'a five-fold cross-validation was conducted to ensure the effectiveness and non-overfitting of the network',
};

/** What the paper does not say, or this system does otherwise. */
export const DEVIATIONS: readonly RecipeDeviation[] = [
  {
    name: 'learning rate, batch, epochs, anchors, sampling',
    paper: 'not stated',
    here: '1e-4, 2 films, 24 epochs; anchors, 256 anchors and 512 regions as torchvision has them',
  },
  {
    name: 'tiles',
    paper: 'the film as it is, at a size that is not stated',
    here: 'films larger than 832 x 1024 px are cut into tiles that share 256 px, and their boxes merged',
    reason: 'Calcifications of a few pixels would be lost by making the film smaller.',
  },
  {
    name: 'score of an image',
    paper: 'an image with a malignant box is malignant; how its ROC curve is drawn is not stated',
    here: 'the highest probability of a malignant box above the score threshold, 0 without one',
  },
  {
    name: 'normalisation layers',
    paper: 'not stated',
    here: 'running statistics, scales and shifts of the backbone stay as they were imported',
    reason: 'A batch of two films is too small for statistics of its own; torchvision does the same.',
  },
];

export type PresetName = 'paper' | 'tiny';

export const PRESETS: Readonly<Record<PresetName, Recipe>> = {
  paper: PAPER,
  /** Phantom films of a few hundred pixels, small clusters. */
  tiny: {
    ...PAPER,
    batch: 1,
    epochs: 4,
    patience: 4,
    tileWidthPx: 256,
    tileHeightPx: 320,
    overlapPx: 64,
    anchors: { sizesPx: [12, 24, 48, 96, 192], ratios: [0.5, 1, 2] },
  },
};
