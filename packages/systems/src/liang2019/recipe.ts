/**
 * Liang, Wang, Zhang, Xing, Blanton, Salem and Jacobs, "Joint 2D-3D breast cancer classification", IEEE BIBM 2019. Each value has the
 * sentence that it comes from in CITATIONS; departures are in deviationsOf.
 */
import type { Deviation } from '@mammoscope/report';
import { PLAIN_TRAINING, type TrainingRecipe } from '../training/recipe.ts';

export const SYSTEM = {
  name: 'liang2019',
  title: 'Liang 2019: mammogram and tomosynthesis read together',
  citation:
    'Liang G, Wang X, Zhang Y, Xing X, Blanton H, Salem T, Jacobs N. Joint 2D-3D Breast Cancer Classification. IEEE International Conference on Bioinformatics and Biomedicine (BIBM) 2019; arXiv:2002.12392.',
  doi: '10.48550/arXiv.2002.12392',
} as const;

/** The backbones of section IV-B, and the feature map that their last convolution ends in, without what pools or classifies it. */
export const BACKBONES = {
  alexnet: 'features.11',
  resnet18: 'layer4',
  resnet50: 'layer4',
  densenet121: 'features.norm5',
  squeezenet1_0: 'features.12',
  squeezenet1_1: 'features.12',
} as const;

export type Backbone = keyof typeof BACKBONES;

/** The classifiers, in the order of Table IV. */
export const CLASSIFIERS = ['dm', 'dbt', 'dm-dbt'] as const;

export type Classifier = (typeof CLASSIFIERS)[number];

/** The models that section IV-C compares with: of a mammogram, and of slices of a tomosynthesis. */
export const BASELINES = ['2d-t3-alex', '3d-t2-alex'] as const;

export type Baseline = (typeof BASELINES)[number];

/** What a run trains. */
export type Member = Classifier | Baseline;

export const isBaseline = (member: Member): member is Baseline => (BASELINES as readonly Member[]).includes(member);

/** The members of a run, in the order in which they are trained; the ensemble is that of the first three. */
export const membersOf = ({ baselines }: Pick<Recipe, 'baselines'>): readonly Member[] => [
  ...CLASSIFIERS,
  ...baselines,
];

/** Everything that decides a run of this system. */
export interface Recipe extends TrainingRecipe {
  readonly backbone: Backbone;
  /** Side of mammogram and dynamic image as the backbone sees them. */
  readonly sizePx: number;
  /** Frames of a tomosynthesis are shrunk to this longer side before they are pooled. */
  readonly framePx: number;
  /** Equation 1 solved, or its first gradient step in its place. */
  readonly pooling: 'exact' | 'approximate';
  /** Of Equation 1. */
  readonly lambda: number;
  /** Models trained and measured beside the three classifiers; none, or any of BASELINES. */
  readonly baselines: readonly Baseline[];
  /** Slices of a tomosynthesis that 3D-T2-Alex sees, evenly spaced: its K. */
  readonly slices: number;
  /** Pairs of one update of 3D-T2-Alex, whose input is `slices` times as large; `batch` and `accumulate` are those of the others. */
  readonly volumeBatch: number;
  /** How many of the eight reflections and rotations of an image are trained on, itself included. */
  readonly variants: number;
  /** Rows and columns that the pooled map is averaged to before FC1; 0, as in the paper, for none. */
  readonly gridPx: number;
  readonly dropout: number;
  /** Of Equation 2: the votes of the DM, the DBT and the DM-DBT classifier. */
  readonly voteWeights: readonly number[];
  readonly valFraction: number;
  readonly testFraction: number;
  /** Largest size of the folder of features, GiB. */
  readonly cacheGiB: number;
}

/** Sections III and IV. */
const PAPER: Recipe = {
  ...PLAIN_TRAINING,
  backbone: 'squeezenet1_1',
  sizePx: 832,
  framePx: 1024,
  pooling: 'exact',
  lambda: 1,
  baselines: BASELINES,
  slices: 30,
  volumeBatch: 8,
  variants: 8,
  gridPx: 0,
  batch: 32,
  epochs: 100,
  patience: 100,
  learningRate: 1e-4,
  weightDecay: 0,
  dropout: 0.5,
  voteWeights: [1 / 3, 1 / 3, 1 / 3],
  valFraction: 0.1,
  testFraction: 0.2,
  cacheGiB: 16,
};

/** The sentences of the paper that the values of the recipe come from; a value without one is not in the paper. */
export const CITATIONS: Partial<Record<keyof Recipe, string>> = {
  backbone:
    'Four popular CNN networks were used as the backbone feature extractor in this study, namely AlexNet, ResNet, DenseNet, and SqueezeNet.',
  sizePx: 'Both the DM and dynamic feature images were down sampled to 832×832.',
  framePx: 'The DBT was provided in 8-bit AVI format with a resolution of 1024×1024.',
  pooling: 'we applied RankSVM directly on DBT data to extract a fixed, one-slice representation of each DBT',
  variants: 'Each original image was flipped horizontally and rotated by each of 90, 180, and 270 degrees.',
  baselines:
    'We use the 2D-T3-Alex and 3D-T2-Alex models from [12] as the baseline model for DM and DBT, respectively.',
  slices: 'K = 30 was chosen in their paper.',
  gridPx: 'Max pooling has a 2×2 or 2×2×1 receptive field with stride 1 for 2D or 3D Conv layer, respectively.',
  batch: 'The batch size is 32.',
  epochs: 'trained with balanced mini-batches for 100 epochs',
  learningRate: 'Adam optimizer with a learning rate of 0.0001 is used as the optimizer.',
  dropout: 'Dropout with a rate of 0.5 is applied to the FC layers.',
  voteWeights: 'where h_i is the classifier, w_i is the weights that sum to 1',
  testFraction:
    'The dataset was randomly partitioned into training and testing datasets with a 4:1 ratio on the patient-level.',
};

export type PresetName = 'paper' | 'small' | 'tiny';

export const PRESETS: Readonly<Record<PresetName, Recipe>> = {
  paper: PAPER,
  /** Half the side, and FC1 on a grid of 6 x 6: hours on two cores where the paper's first layer alone has 300 million weights. */
  small: { ...PAPER, sizePx: 416, framePx: 512, gridPx: 6, epochs: 40, patience: 40, cacheGiB: 8 },
  /** Images of 128 px, each as it lies, and 8 slices of a tomosynthesis: minutes. */
  tiny: {
    ...PAPER,
    sizePx: 128,
    framePx: 256,
    slices: 8,
    variants: 1,
    gridPx: 3,
    batch: 16,
    epochs: 12,
    patience: 12,
    learningRate: 5e-4,
    valFraction: 0.2,
    testFraction: 0.25,
    cacheGiB: 1,
  },
};

/** What differs from the paper whatever the recipe. */
const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'split',
    paper: '4:1 into training and test; validation is not mentioned',
    here: 'by patient, stratified and seeded, with validation patients taken from the training part',
    reason: 'The epoch whose weights are kept must not be chosen on the test patients.',
  },
  {
    name: 'normalisation',
    paper: 'not stated',
    here: 'each image to mean 0 and standard deviation 1, repeated for the three channels of the backbone',
  },
  {
    name: 'augmentation',
    paper: '6875 pairs of about 1400, which is five each: itself, the reflection and three rotations',
    here: 'reflection times rotation, eight each, both images of a pair alike',
    reason: '"through a combination of reflection and rotation"; --set variants=5 takes the five.',
  },
  {
    name: 'ensemble score',
    paper: 'not stated: a majority vote has none, and an AUC is given',
    here: 'the mean of the three probabilities, weighted as the votes; the class is that of the vote',
  },
  {
    name: 'baselines',
    paper:
      '"firstly uses the regular AlexNet model to extract feature maps of every slice"; which K, and their training, not stated',
    here: 'frozen AlexNet up to its last pooling, then 256 channels each; K slices evenly spaced, neither reflected nor turned; trained as the classifiers are, 3D-T2-Alex by volumeBatch pairs',
  },
  {
    name: 'frames',
    paper: '8-bit AVI, each frame saved as JPEG',
    here: 'the stored values of whatever file there is, without a lossy copy',
  },
];

/** The recipe that a member is trained by. */
export const recipeOfMember = (recipe: Recipe, member: Member): Recipe =>
  member === '3d-t2-alex' ? { ...recipe, batch: recipe.volumeBatch, accumulate: 1, variants: 1 } : recipe;

/** How a recipe departs from the paper: always, and in each value that the paper states otherwise. */
export function deviationsOf(recipe: Recipe): Deviation[] {
  const shown = (value: Recipe[keyof Recipe]) =>
    Array.isArray(value) ? value.map((v) => Number(v).toPrecision(3)).join(', ') : String(value);
  return [
    ...(Object.keys(CITATIONS) as (keyof Recipe)[])
      .filter((key) => key !== 'backbone' && shown(recipe[key]) !== shown(PAPER[key]))
      .map((key) => ({ name: key, paper: shown(PAPER[key]), here: shown(recipe[key]), reason: 'Preset or --set.' })),
    { name: 'lambda', paper: 'not stated', here: String(recipe.lambda) },
    ...DEVIATIONS,
  ];
}
