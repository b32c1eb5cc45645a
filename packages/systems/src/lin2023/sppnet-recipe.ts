/** How SPPNet is trained: on whole films and on patches, of which the paper states the network and the optimiser alone. */
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

/** By the names of the system's presets. 'tiny' is for phantom films of a few hundred pixels: a minute or two on two cores. */
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
      sizePx: 256,
      width: 32,
      accumulate: 1,
      recompute: false,
      epochs: 16,
      patience: 16,
      learningRate: 5e-4,
    },
    patch: {
      ...PATCH,
      sizePx: 64,
      stem: 'small',
      width: 16,
      batch: 16,
      epochs: 16,
      patience: 16,
      learningRate: 1e-3,
    },
  },
};
