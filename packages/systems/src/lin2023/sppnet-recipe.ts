/** How SPPNet is trained: on whole films and on patches, of which the paper states the network and the optimiser alone. */
import type { Deviation } from '@mammoscope/report';
import { PLAIN_TRAINING, type TrainingRecipe } from '../training/recipe.ts';

/** Everything that decides one SPPNet. */
export interface SppnetRecipe extends TrainingRecipe {
  /** Side of the square into which films and patches are fitted, pixels. */
  readonly sizePx: number;
  /** 'imagenet', or for patches of about 60 px 'small': a stem that shrinks by 2 instead of 4. */
  readonly stem: 'imagenet' | 'small';
  /** Channels of the first stage; 64 as published. */
  readonly width: number;
  readonly dropout: number;
  /** Whether training images are mirrored along either axis, each with probability one half. */
  readonly flip: boolean;
  /** Training images are turned by up to so many degrees either way, and made larger or smaller by up to this share. */
  readonly turnDeg: number;
  readonly zoomShare: number;
  /** Black or tissue around a patch's box on each side, as a share of the box's longer side. */
  readonly marginShare: number;
}

/** What is scored: a film, or a patch around a malignant lesion. */
export type SppnetSubject = 'film' | 'patch';

const FILM: SppnetRecipe = {
  ...PLAIN_TRAINING,
  sizePx: 768,
  stem: 'imagenet',
  width: 64,
  dropout: 0,
  flip: true,
  turnDeg: 0,
  zoomShare: 0,
  marginShare: 0,
  batch: 8,
  accumulate: 2,
  recompute: true,
  epochs: 24,
  patience: 8,
  learningRate: 1e-4,
  weightDecay: 0,
};

const PATCH: SppnetRecipe = { ...FILM, sizePx: 224, batch: 32, accumulate: 1, recompute: false, marginShare: 0.1 };

/** Of narrow networks that start from random weights and have a hundred images to learn from. */
const LEARNING_AT_RANDOM = {
  width: 16,
  dropout: 0.1,
  batch: 8,
  learningRate: 1e-3,
  schedule: 'cosine',
  weightDecay: 3e-4,
} as const satisfies Partial<SppnetRecipe>;

/** By the names of the system's presets. 'tiny' is for phantom films of a few hundred pixels: minutes on one core. */
export const SPPNET_PRESETS: Readonly<
  Record<'paper' | 'small' | 'tiny', Readonly<Record<SppnetSubject, SppnetRecipe>>>
> = {
  paper: { film: FILM, patch: PATCH },
  small: {
    film: { ...FILM, sizePx: 512, width: 32, batch: 8, epochs: 16, learningRate: 3e-4 },
    patch: { ...PATCH, sizePx: 112, width: 32, batch: 16, epochs: 20, learningRate: 3e-4 },
  },
  tiny: {
    film: {
      ...FILM,
      ...LEARNING_AT_RANDOM,
      sizePx: 256,
      accumulate: 1,
      recompute: false,
      epochs: 16,
      patience: 16,
    },
    patch: {
      ...PATCH,
      ...LEARNING_AT_RANDOM,
      sizePx: 64,
      stem: 'small',
      turnDeg: 20,
      zoomShare: 0.15,
      epochs: 32,
      patience: 32,
    },
  },
};

/** What the paper does not say of SPPNet, or this system does otherwise. */
export const sppnetDeviations = ({ film, patch }: Readonly<Record<SppnetSubject, SppnetRecipe>>): Deviation[] => [
  {
    name: 'SPPNet: pyramid, learning rate, batch, epochs',
    paper: 'not stated',
    here: `maxima of 4 x 4, 2 x 2 and 1 x 1 bins; films ${film.learningRate}, ${film.batch}, ${film.epochs}; patches ${patch.learningRate}, ${patch.batch}, ${patch.epochs}`,
  },
  {
    name: 'SPPNet: size of films and patches',
    paper: 'not stated; a spatial pyramid takes any size',
    here: `fitted by the longer side into squares of ${film.sizePx} and ${patch.sizePx} px, black beside them`,
    reason: 'Graphs are of one size, and a batch of one film would leave normalisation without statistics.',
  },
  {
    name: 'SPPNet: imbalance',
    paper:
      'not handled: "considering the imbalance in the sample size, a stochastic model could also achieve similar results"',
    here: 'an epoch has rows of the rarer class several times, varied anew each time; the commoner class is printed beside the accuracy',
  },
  {
    name: 'class activation maps',
    paper: 'how they are computed is not stated; shown of FPNNet',
    here: 'Grad-CAM of SPPNet at its last feature map',
  },
];
