/**
 * Kang, Gweon, Eun, Youk, Kim and Son, "A convolutional deep learning model for improving mammographic
 * breast-microcalcification diagnosis", Scientific Reports 11:23925, 2021. One constant a subsection of its methods;
 * each value has the sentence that it comes from in CITATIONS.
 *
 * Deviations are in DEVIATIONS, and per preset in PRESETS.
 */
import type { AugmentationOptions } from '@mammoscope/imaging';
import type { NetworkName } from '@mammoscope/nn';

export const SYSTEM = {
  name: 'kang2021',
  title: 'Kang 2021: fine-tuned networks, averaged',
  citation:
    'Kang D, Gweon HM, Eun NL, Youk JH, Kim J-A, Son EJ. A convolutional deep learning model for improving mammographic breast-microcalcification diagnosis. Scientific Reports 2021;11:23925.',
  doi: '10.1038/s41598-021-03516-0',
} as const;

/** Everything that decides a run of this system. A preset names a set of values; --set changes single ones. */
export interface Recipe {
  readonly networks: readonly NetworkName[];
  /** 'imagenet' or, for images of about 60 px, 'small': a stem that shrinks by 2 instead of 4 and pools less. */
  readonly stem: 'imagenet' | 'small';
  readonly sizePx: number;
  readonly normalisation: 'zScore' | 'minMax';
  readonly batch: number;
  readonly epochs: number;
  readonly patience: number;
  readonly learningRate: number;
  /** L2 penalty, added to the gradient. */
  readonly weightDecay: number;
  readonly dropout: number;
  readonly flip: boolean;
  /** Degrees; [0, 0] for none. */
  readonly rotationDeg: readonly [number, number];
  readonly translationPx: number;
  readonly valFraction: number;
  readonly testFraction: number;
}

/** Methods, "Training" and "Data preparation". */
const PAPER: Recipe = {
  networks: ['resnet101', 'resnet50', 'resnet34', 'resnet18', 'squeezenet1_1'],
  stem: 'imagenet',
  sizePx: 512,
  normalisation: 'zScore',
  batch: 16,
  epochs: 200,
  patience: 20,
  learningRate: 1e-4,
  weightDecay: 5e-4,
  dropout: 0,
  flip: true,
  rotationDeg: [1, 359],
  translationPx: 30,
  valFraction: 198 / 1579,
  testFraction: 260 / 1579,
};

/** Where the values of the recipe come from. */
export const CITATIONS: Partial<Record<keyof Recipe, string>> = {
  sizePx: '"cropped each lesion by applying a square region of interest (ROI) of 512 x 512 pixels"',
  batch:
    '"The mini-batch sizes were set to 32 for Xception and Inception-v3, 16 for ResNet-101 and Inception-ResNet-v2, and 8 for DenseNet-201."',
  patience:
    '"The patience, i.e., the number of epochs that the model waits for to observe loss reduction in the validation set before stopping the training, was set to 20."',
  learningRate: '"The Adam optimizer (beta1 = 0.9 and beta2 = 0.999) was used with an initial learning rate of 1e-4"',
  weightDecay:
    '"The hyper-parameter for controlling the amount of the regularization was set to 0.0005 for all DCNN models."',
  flip: '"randomly flipped horizontally and vertically"',
  rotationDeg: '"rotated between 1 and 359 degrees"',
  translationPx: '"translated along the x- and y-axis by -30 to +30 pixels"',
  valFraction: '"1121 [...] were randomly chosen as training data and 198 [...] as validation data"',
  testFraction: '"The remaining images (positive, 97; negative, 163) were independently selected as test data."',
};

export type PresetName = 'paper' | 'small' | 'tiny';

export const PRESETS: Readonly<Record<PresetName, Recipe>> = {
  paper: PAPER,
  /** Two networks at 224 px: an afternoon on two cores instead of weeks. */
  small: {
    ...PAPER,
    networks: ['resnet34', 'squeezenet1_1'],
    sizePx: 224,
    epochs: 40,
    patience: 10,
    translationPx: 13,
  },
  /** One network on 60 px patches, from random weights: minutes. */
  tiny: {
    ...PAPER,
    networks: ['resnet18'],
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

/** What differs from the paper whatever the preset. */
export const DEVIATIONS: readonly {
  readonly name: string;
  readonly paper: string;
  readonly here: string;
  readonly reason?: string;
}[] = [
  {
    name: 'networks',
    paper: 'ResNet-101, Xception, Inception-v3, Inception-ResNet-v2, DenseNet-201',
    here: 'ResNet-18, 34, 50, 101 and SqueezeNet 1.1',
    reason: 'The other four networks are not built yet.',
  },
  {
    name: 'augmentation',
    paper: 'an augmented training set made once',
    here: 'drawn anew for every image and epoch',
    reason: 'The same distribution, with more variety and no copies on disk.',
  },
  {
    name: 'border',
    paper: 'not stated',
    here: 'the image is mirrored at its border where rotation and translation uncover it',
  },
  {
    name: 'split',
    paper: 'by date of examination',
    here: 'by patient, stratified and seeded, unless the manifest has a split column',
  },
  {
    name: 'cut-off',
    paper: 'largest Youden index (of which set is not stated)',
    here: 'largest Youden index on the validation set, applied to the test set',
    reason: 'A cut-off chosen on the test set flatters.',
  },
  { name: 'normalisation', paper: 'not stated', here: 'each image to mean 0 and standard deviation 1' },
];

/** The augmentation of a recipe, as the imaging package takes it. */
export function augmentationOf({ flip, rotationDeg, translationPx }: Recipe): AugmentationOptions {
  const translation = [-translationPx, translationPx] as const;
  return {
    ...(flip ? { flipHorizontal: 0.5, flipVertical: 0.5 } : {}),
    angleDeg: rotationDeg,
    translateXPx: translation,
    translateYPx: translation,
  };
}
