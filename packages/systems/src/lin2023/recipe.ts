/**
 * Lin, Tan, Ge, Huang, Xiao, Xu, Jin, Shao, Gu, Yan and Yu, "Deep learning for the detection and classification of
 * microcalcifications on mammography", Fundamental Research 5 (2025), 880-889, online 2023. The detector's part of the recipe;
 * each value has the sentence that it comes from in CITATIONS, and what the paper does not say is in DEVIATIONS.
 */

import { type NetworkName, RESNET_WIDTH } from '@mammoscope/nn';
import type { Deviation } from '@mammoscope/report';
import { PUBLISHED_ANCHORS } from '../detection/anchors.ts';
import { TEST_PROPOSALS } from '../detection/proposals.ts';
import { REGION_SAMPLING } from '../detection/sampling.ts';
import { PLAIN_TRAINING, type TrainingRecipe } from '../training/recipe.ts';
import type { MemberName } from './members.ts';
import { SPPNET_PRESETS, type SppnetRecipe, sppnetDeviations } from './sppnet-recipe.ts';

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
  readonly members: readonly MemberName[];
  readonly detector: 'fasterrcnn_resnet50_fpn';
  /** Channels of the detector's first stage, which all others follow. */
  readonly width: number;
  readonly classifier: NetworkName;
  readonly optimiser: 'adam';
  /** All lesions are one class, called malignant, and films are with or without one: for data of other lesions than calcifications. */
  readonly oneClass: boolean;
  /** Boxes below this probability are dropped, and of two that overlap by more than nmsThreshold the lower. */
  readonly scoreThreshold: number;
  readonly nmsThreshold: number;
  /** A breast whose views disagree is malignant above this probability of the malignant view. */
  readonly malignantProbability: number;
  readonly testFraction: number;
  /** Share of the training and validation images, by patient, on which the epoch is chosen. */
  readonly valFraction: number;
  readonly folds: number;
  /** Films of more rows are made smaller for the detector; 0: they are seen as they are, in tiles. */
  readonly filmRowsPx: number;
  /** Sides of the detector's tiles, multiples of 32, and what two of them share; larger films are cut. */
  readonly tileWidthPx: number;
  readonly tileHeightPx: number;
  readonly overlapPx: number;
  /** Square roots of the anchors' areas, pixels, one for each of p2 to p6, and their heights over widths. */
  readonly anchorSizesPx: readonly number[];
  readonly anchorRatios: readonly number[];
  /** 'balanced': 256 anchors of a film are drawn; 'focal': all anchors count, and losses are focal. */
  readonly sampling: 'balanced' | 'focal';
  /** Regions of a tile that the box head is trained on, a quarter of them lesions at most. */
  readonly regions: number;
  /** Proposals of a tile in use, the most probable ones; in training twice as many are drawn from. */
  readonly proposals: number;
  /** Tiles without a lesion in an epoch, drawn anew for each, for every tile with one. */
  readonly emptyTiles: number;
  /** Whether half of the tiles of an epoch are mirrored along either axis. */
  readonly flip: boolean;
  /** Films are kept decoded up to so much memory; beyond it they are read again. */
  readonly cacheMiB: number;
  /** How SPPNet is trained on films and on patches. */
  readonly film: SppnetRecipe;
  readonly patch: SppnetRecipe;
}

const PAPER: Recipe = {
  ...PLAIN_TRAINING,
  members: ['detector', 'sppnet'],
  ...SPPNET_PRESETS.paper,
  detector: 'fasterrcnn_resnet50_fpn',
  width: RESNET_WIDTH,
  classifier: 'spp_resnet18',
  optimiser: 'adam',
  oneClass: false,
  scoreThreshold: 0.3,
  nmsThreshold: 0.3,
  malignantProbability: 0.5,
  testFraction: 1 / 5,
  valFraction: 1 / 10,
  folds: 5,
  filmRowsPx: 0,
  tileWidthPx: 832,
  tileHeightPx: 1024,
  overlapPx: 256,
  anchorSizesPx: PUBLISHED_ANCHORS.sizesPx,
  anchorRatios: PUBLISHED_ANCHORS.ratios,
  sampling: 'balanced',
  regions: REGION_SAMPLING.count,
  proposals: TEST_PROPOSALS.after,
  emptyTiles: 1,
  flip: false,
  cacheMiB: 4096,
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

/** How a recipe departs from the paper, or fills what the paper leaves open. */
export function deviationsOf(recipe: Recipe): Deviation[] {
  const { learningRate, batch, epochs, tileWidthPx, tileHeightPx, overlapPx, anchorSizesPx, emptyTiles } = recipe;
  const stated = (Object.keys(CITATIONS) as (keyof Recipe)[]).filter(
    (key) => String(recipe[key]) !== String(PAPER[key]),
  );
  return [
    ...stated.map((name) => ({
      name,
      paper: String(PAPER[name]),
      here: String(recipe[name]),
      reason: 'Preset or --set.',
    })),
    {
      name: 'learning rate, batch, epochs, anchors, sampling',
      paper: 'not stated',
      here: `${learningRate}, ${batch} tiles, ${epochs} epochs; anchors of ${anchorSizesPx.join(', ')} px; ${recipe.sampling === 'focal' ? 'all anchors with focal losses' : '256 anchors'} and ${recipe.regions} regions of a tile (torchvision: 256 and 512)`,
    },
    ...(recipe.oneClass
      ? [
          {
            name: 'classes',
            paper: 'benign and malignant',
            here: 'every lesion is called malignant, films without one benign',
          },
        ]
      : []),
    ...(recipe.width === PAPER.width
      ? []
      : [
          {
            name: 'channels of the detector',
            paper: `${PAPER.width} in the first stage of ResNet-50, 256 in the pyramid`,
            here: `${recipe.width} and ${4 * recipe.width}`,
            reason: 'Minutes on two cores.',
          },
        ]),
    ...(recipe.flip
      ? [{ name: 'augmentation', paper: 'not stated', here: 'half of the tiles are mirrored along either axis' }]
      : []),
    {
      name: 'tiles',
      paper: 'the film as it is, at a size that is not stated',
      here: `films larger than ${tileWidthPx} x ${tileHeightPx} px are cut into tiles that share ${overlapPx} px, and their boxes merged`,
      reason: 'Calcifications of a few pixels would be lost by making the film smaller.',
    },
    ...(recipe.filmRowsPx > 0
      ? [
          {
            name: 'size of films',
            paper: 'not stated',
            here: `films of more than ${recipe.filmRowsPx} rows are made smaller before the detector sees them`,
            reason: 'Minutes on two cores; fine calcifications are lost.',
          },
        ]
      : []),
    {
      name: 'tiles of an epoch',
      paper: 'every film holds a lesion',
      here: `all tiles with a lesion, and ${emptyTiles} times as many without, drawn anew for each epoch`,
      reason: 'Most tiles of a large film are empty.',
    },
    ...(recipe.members.some((name) => name !== 'detector') ? sppnetDeviations(recipe) : []),
    ...DEVIATIONS,
  ];
}

/** Whatever the recipe. */
const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'score of an image',
    paper: 'an image with a malignant box is malignant; how its ROC curve is drawn is not stated',
    here: 'the highest probability of a malignant box, also of one below the score threshold, down to 0.05; 0 without one',
  },
  {
    name: 'image standardisation',
    paper: 'all columns up to the first black one are kept',
    here: "where those have less than half of the film's brightness, the run of columns that has most",
    reason: 'On scanned films the edge of the plate may lie at the chest wall, with a black gap before the breast.',
  },
  {
    name: 'choice of the epoch',
    paper: 'not stated',
    here: 'the largest AUC of validation films by the image rule, then the largest average precision at an overlap of 0.5',
  },
  {
    name: 'normalisation layers',
    paper: 'not stated',
    here: 'running statistics, scales and shifts of the backbone stay as they were imported; without weights the statistics are measured on 40 tiles before training, and scales and shifts are trained',
    reason: 'A batch of two films is too small for statistics of its own; torchvision does the same.',
  },
];

export type PresetName = 'paper' | 'small' | 'tiny';

export const PRESETS: Readonly<Record<PresetName, Recipe>> = {
  paper: PAPER,
  /** Films of about 1,100 rows, one at a time: hours on two cores. */
  small: {
    ...PAPER,
    ...SPPNET_PRESETS.small,
    batch: 1,
    epochs: 12,
    patience: 6,
    tileWidthPx: 512,
    tileHeightPx: 640,
    overlapPx: 128,
    anchorSizesPx: [16, 32, 64, 128, 256],
    flip: true,
    cacheMiB: 1024,
  },
  /** Films of 320 rows, on which clusters of the phantom have 12 to 45 px, by a narrow network: minutes on two cores from random weights. */
  tiny: {
    ...PAPER,
    ...SPPNET_PRESETS.tiny,
    width: 8,
    batch: 1,
    epochs: 16,
    patience: 16,
    learningRate: 1e-3,
    schedule: 'cosine',
    clipNorm: 10,
    recompute: false,
    filmRowsPx: 320,
    tileWidthPx: 160,
    tileHeightPx: 320,
    overlapPx: 64,
    anchorSizesPx: [12, 18, 28, 42, 60],
    regions: 128,
    proposals: 200,
    flip: true,
    cacheMiB: 256,
  },
};
