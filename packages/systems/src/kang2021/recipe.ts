/**
 * Kang, Gweon, Eun, Youk, Kim and Son, "A convolutional deep learning model for improving mammographic
 * breast-microcalcification diagnosis", Scientific Reports 11:23925, 2021. One constant a subsection of its methods;
 * each value has the sentence that it comes from in CITATIONS.
 *
 * Departures from it are in deviationsOf.
 */

import type { AugmentationOptions } from '@mammoscope/imaging';
import type { NetworkName } from '@mammoscope/nn';
import type { Deviation } from '@mammoscope/report';
import { PLAIN_TRAINING, type TrainingRecipe } from '../training/recipe.ts';

export const SYSTEM = {
  name: 'kang2021',
  title: 'Kang 2021: fine-tuned networks, averaged',
  citation:
    'Kang D, Gweon HM, Eun NL, Youk JH, Kim J-A, Son EJ. A convolutional deep learning model for improving mammographic breast-microcalcification diagnosis. Scientific Reports 2021;11:23925.',
  doi: '10.1038/s41598-021-03516-0',
} as const;

/** A network and its images of one update. */
export type NetworkBatch = `${NetworkName}:${number}`;
/** A network and the side of its input, pixels. */
export type NetworkSize = `${NetworkName}:${number}`;

/** Everything that decides a run of this system. A preset names a set of values; --set changes single ones. */
export interface Recipe extends TrainingRecipe {
  readonly networks: readonly NetworkName[];
  /** Images of one update for networks that do not take `batch`, as 'xception:32'. */
  readonly networkBatches: readonly NetworkBatch[];
  /** 'imagenet' or, for images of about 60 px, 'small': a stem that shrinks by 2 instead of 4 and pools less. */
  readonly stem: 'imagenet' | 'small';
  /**
   * Side of the square that is cut out around a lesion of a whole mammogram (a row with a box), stored pixels; resampled to
   * sizePx. 0 where none is cut out: --set, or a manifest without such rows.
   */
  readonly roiPx: number;
  /** Side of the square input of networks, pixels. */
  readonly sizePx: number;
  /** Sides of the inputs of networks that do not take `sizePx`, as 'xception:299'. */
  readonly networkSizes: readonly NetworkSize[];
  readonly normalisation: 'zScore' | 'minMax';
  readonly dropout: number;
  /** How often an epoch has each training image, varied anew each time. */
  readonly copies: number;
  readonly flip: boolean;
  /** Degrees; [0, 0] for none. */
  readonly rotationDeg: readonly [number, number];
  /** Pixels of an image of sizePx; a network of another size sees the same share of its side. */
  readonly translationPx: number;
  /** Factors that images are magnified by, drawn from this range. */
  readonly scale: readonly [number, number];
  /** Normalised values are multiplied by a gain of the one range, and an offset of the other is added. */
  readonly gain: readonly [number, number];
  readonly offset: readonly [number, number];
  readonly valFraction: number;
  readonly testFraction: number;
}

/** What the paper does not do: neither scaling nor changes of intensity; and what was not told apart once: batch and size of one network alone. */
export const PLAIN_IMAGES = {
  networkBatches: [],
  networkSizes: [],
  scale: [1, 1],
  gain: [1, 1],
  offset: [0, 0],
} as const satisfies Partial<Recipe>;

/**
 * Methods, "Training" and "Data preparation". How the ROIs of 512 pixels get into networks is not stated; networkSizes has
 * the input sizes of the published networks, which MATLAB's have too.
 */
const PAPER: Recipe = {
  ...PLAIN_TRAINING,
  ...PLAIN_IMAGES,
  networks: ['resnet101', 'xception', 'inception_v3', 'inceptionresnetv2', 'densenet201'],
  networkBatches: ['xception:32', 'inception_v3:32', 'densenet201:8'],
  stem: 'imagenet',
  roiPx: 512,
  sizePx: 512,
  networkSizes: ['resnet101:224', 'xception:299', 'inception_v3:299', 'inceptionresnetv2:299', 'densenet201:224'],
  normalisation: 'zScore',
  batch: 16,
  epochs: 200,
  patience: 20,
  learningRate: 1e-4,
  weightDecay: 5e-4,
  dropout: 0,
  copies: 5,
  flip: true,
  rotationDeg: [1, 359],
  translationPx: 30,
  valFraction: 198 / 1579,
  testFraction: 260 / 1579,
};

/** The sentences of the paper that the values of the recipe come from; a value without one is not in the paper. */
export const CITATIONS: Partial<Record<keyof Recipe, string>> = {
  networks:
    'we use five state-of-the-art DCNN architectures, ResNet-101, Xception, Inception-v3, Inception-ResNet-v2, and DenseNet-201, which were pre-trained on the ImageNet dataset',
  roiPx: 'cropped each lesion by applying a square region of interest (ROI) of 512×512 pixels',
  batch:
    'The mini-batch sizes were set to 32 for Xception and Inception-v3, 16 for ResNet-101 and Inception-ResNet-v2, and 8 for DenseNet-201.',
  patience:
    'The “patience,” i.e., the number of epochs that the model waits for to observe loss reduction in the validation set before stopping the training, was set to 20.',
  learningRate:
    'The Adam optimizer (β1 = 0.9 and β2 = 0.999) was used with an initial learning rate of 1e-4 for fine-tuning the five DCNNs.',
  weightDecay:
    'The hyper-parameter for controlling the amount of the regularization was set to 0.0005 for all DCNN models.',
  copies: 'fivefold data augmentation of the training data was performed',
  flip: 'randomly flipped horizontally and vertically',
  rotationDeg: 'rotated between 1° and 359°',
  translationPx: 'translated along the x- and y-axis by -30 to +30 pixels',
  valFraction:
    '1121 (positive, 418; negative 703) were randomly chosen as training data and 198 (positive, 74; negative, 124) as validation data',
  testFraction: 'The remaining images (positive, 97; negative, 163) were independently selected as test data.',
};

/** Both learning rates are the paper's. */
const SECOND_RATE = 1e-5;

/** {@link CITATIONS} of a recipe, the paper's second learning rate with its own sentence. */
export const citationsOf = ({ learningRate }: Recipe): typeof CITATIONS =>
  learningRate === SECOND_RATE
    ? {
        ...CITATIONS,
        learningRate: 'The results obtained at a 1e-5 learning rate are described in the Supplementary materials.',
      }
    : CITATIONS;

export type PresetName = 'paper' | 'small' | 'tiny';

export const PRESETS: Readonly<Record<PresetName, Recipe>> = {
  paper: PAPER,
  /** Two networks at 224 px: an afternoon on two cores instead of weeks. */
  small: {
    ...PAPER,
    networks: ['resnet34', 'squeezenet1_1'],
    networkBatches: [],
    networkSizes: [],
    copies: 1,
    sizePx: 224,
    epochs: 40,
    patience: 10,
    translationPx: 13,
  },
  /** One network on 60 px patches, from random weights: minutes. */
  tiny: {
    ...PAPER,
    networks: ['resnet18'],
    networkBatches: [],
    networkSizes: [],
    copies: 1,
    stem: 'small',
    sizePx: 60,
    batch: 32,
    epochs: 8,
    patience: 8,
    learningRate: 3e-4,
    translationPx: 4,
    valFraction: 0.15,
    testFraction: 0.25,
  },
};

/** Images of one update of a network. */
export function batchOf({ batch, networkBatches }: Recipe, network: NetworkName): number {
  const own = networkBatches.find((text) => text.startsWith(`${network}:`));
  return own === undefined ? batch : Number(own.slice(network.length + 1));
}

/** Side of the input of a network, pixels. */
export function inputSizeOf({ sizePx, networkSizes }: Recipe, network: NetworkName): number {
  const own = networkSizes.find((text) => text.startsWith(`${network}:`));
  return own === undefined ? sizePx : Number(own.slice(network.length + 1));
}

/** What differs from the paper whatever the recipe. */
const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'augmentation',
    paper: 'a fivefold augmented training set, made once',
    here: 'drawn anew for every copy of an image and every epoch',
    reason: 'The same distribution, with more variety and no copies on disk.',
  },
  {
    name: 'border',
    paper: 'not stated',
    here: 'the image is mirrored at its border where rotation and translation uncover it',
  },
  {
    name: 'split',
    paper: 'test images by year of examination, validation images at random',
    here: 'by patient, stratified and seeded, unless the manifest has a split column',
    reason: 'No patient is in two splits.',
  },
  {
    name: 'cut-off',
    paper: 'largest Youden index (of which set is not stated)',
    here: 'largest Youden index on the validation set, applied to the test set',
    reason: 'A cut-off chosen on the test set flatters.',
  },
];

/** How a recipe departs from the paper: always, and in each value that the paper states otherwise. */
export function deviationsOf(recipe: Recipe): Deviation[] {
  const shown = (value: Recipe[keyof Recipe]) => (Array.isArray(value) ? value.join(', ') : formatValue(value));
  const stated = (Object.keys(CITATIONS) as (keyof Recipe)[]).filter((key) => key !== 'batch');
  const added = (Object.keys(PLAIN_IMAGES) as (keyof typeof PLAIN_IMAGES)[]).filter(
    (key) => key !== 'networkBatches' && key !== 'networkSizes' && shown(recipe[key]) !== shown(PLAIN_IMAGES[key]),
  );
  const differs = (key: keyof Recipe) =>
    shown(recipe[key]) !== shown(PAPER[key]) && !(key === 'learningRate' && recipe.learningRate === SECOND_RATE);
  return [
    ...stated
      .filter(differs)
      .map((key) => ({ name: key, paper: shown(PAPER[key]), here: shown(recipe[key]), reason: reasonOf(key, recipe) })),
    ...(recipe.networks.some((network) => batchOf(recipe, network) !== batchOf(PAPER, network))
      ? [
          {
            name: 'batch',
            paper: '32 for Xception and Inception-v3, 16 for ResNet-101 and Inception-ResNet-v2, 8 for DenseNet-201',
            here: partsInWords(recipe, 1),
            reason: 'Preset or --set.',
          },
        ]
      : []),
    {
      name: 'input size',
      paper: 'not stated (ROIs have 512 × 512 pixels)',
      here: sizesInWords(recipe),
      reason: recipe.networks.every((network) => inputSizeOf(recipe, network) === publishedSizeOf(network))
        ? 'The sizes of the published networks, which fine-tuning starts from.'
        : 'Preset or --set.',
    },
    ...added.map((key) => ({ name: key, paper: 'not done', here: shown(recipe[key]), reason: '--set.' })),
    ...(recipe.roiPx > 0
      ? [
          {
            name: 'place of the ROI',
            paper: 'chosen by a radiologist',
            here: "around the centre of the lesion's box, moved into the image where it would reach out of it",
          },
        ]
      : []),
    {
      name: 'normalisation',
      paper: 'not stated',
      here:
        recipe.normalisation === 'zScore'
          ? 'each image to mean 0 and standard deviation 1'
          : 'each image to its smallest and largest value',
    },
    ...(recipe.accumulate > 1
      ? [
          {
            name: 'batch statistics',
            paper: 'of a mini-batch',
            here: `of a part of it, images: ${partsInWords(recipe, recipe.accumulate)} (accumulate=${recipe.accumulate})`,
            reason: 'A part at a time needs less memory.',
          },
        ]
      : []),
    ...DEVIATIONS,
  ];
}

const reasonOf = (key: keyof Recipe, { roiPx }: Recipe) =>
  key === 'roiPx' && roiPx === 0 ? 'Images are taken whole, as they are.' : 'Preset or --set.';

/** The input that a network of the paper was published with. */
const publishedSizeOf = (network: NetworkName) => inputSizeOf({ ...PAPER, sizePx: 0 }, network);

/** A number of each network: '16', or '32 for xception, 16 for resnet101 and densenet201'. */
function inWords({ networks }: Recipe, numberOf: (network: NetworkName) => number | string): string {
  const values = Map.groupBy(networks, numberOf);
  if (values.size === 1) return [...values.keys()].join();
  return [...values].map(([value, names]) => `${value} for ${names.join(' and ')}`).join(', ');
}

/** The images of a part of each network's batch. */
const partsInWords = (recipe: Recipe, parts: number) => inWords(recipe, (network) => batchOf(recipe, network) / parts);

/** The inputs of the networks: '224 × 224', or '224 × 224 for resnet101, 299 × 299 for xception'. */
export const sizesInWords = (recipe: Recipe): string =>
  inWords(recipe, (network) => [inputSizeOf(recipe, network), inputSizeOf(recipe, network)].join(' × '));

/** Three significant digits are enough for a fraction such as 198/1579. */
const formatValue = (value: unknown) => String(typeof value === 'number' ? Number(value.toPrecision(3)) : value);

/** The augmentation of images for a network, as the imaging package takes it. */
export function augmentationOf(recipe: Recipe, network: NetworkName): AugmentationOptions {
  const { sizePx, flip, rotationDeg, translationPx, scale, gain, offset } = recipe;
  const reach = (translationPx * inputSizeOf(recipe, network)) / sizePx;
  const translation = [-reach, reach] as const;
  return {
    ...(flip ? { flipHorizontal: 0.5, flipVertical: 0.5 } : {}),
    angleDeg: rotationDeg,
    translateXPx: translation,
    translateYPx: translation,
    scale,
    gain,
    offset,
  };
}
