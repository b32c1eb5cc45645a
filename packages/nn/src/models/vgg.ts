/**
 * VGG: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015. Without
 * batch normalisation, as published; names and first values are torchvision's.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { dropout, linear, relu, sequence } from '../layers/layers.ts';
import { gaussian, heFanOut, type Scope, zeros } from '../layers/scope.ts';
import { type Classification, type Network, type NetworkOptions, requireImage, runStages } from './backbone.ts';
import { convolutionStack } from './convolution-stack.ts';

/** Rows and columns of the grid that the linear layers see. */
const GRID_PX = 7;
/** Units of each hidden linear layer. */
const HIDDEN = 4096;
/** Five poolings by 2. */
const LEAST_PX = 32;

/** Table 1 of the paper, configurations D and E: 3 x 3 convolutions before each of the five poolings. */
const VARIANTS = {
  vgg16: [2, 2, 3, 3, 3],
  vgg19: [2, 2, 4, 4, 4],
} as const;
/** Channels of the convolutions before each pooling. */
const CHANNELS = [64, 128, 256, 512, 512] as const;

const conv = (outputs: number) =>
  ({ outputs, kernel: 3, padding: 1, initialiser: heFanOut, biasInitialiser: zeros }) as const;

/** The first stage shrinks by 2 only, so the small stem is the published one. */
function vgg(scope: Scope, image: Tensor, name: keyof typeof VARIANTS, options: NetworkOptions): Classification {
  requireImage(name, image, LEAST_PX);
  const steps = VARIANTS[name].flatMap((count, stage) => [
    ...new Array(count).fill(conv(CHANNELS[stage] as number)),
    { pool: 2 },
  ]);
  const stages = convolutionStack(scope.child('features'), image.shape[1] as number, steps);
  const { x, features } = runStages(image, stages); // [N, 512, H/32, W/32]
  const grid = scope.child('avgpool').build(() => f.flatten(f.adaptiveAveragePool(x, [GRID_PX, GRID_PX]))); // [N, 25088]
  const probability = options.dropout ?? 0.5;
  const start = { initialiser: gaussian(0.01), biasInitialiser: zeros };
  const classifier = (place: number) => scope.child('classifier', place);
  const head = sequence(
    linear(classifier(0), 512 * GRID_PX ** 2, HIDDEN, start),
    relu(classifier(0)),
    dropout(classifier(2), probability),
    linear(classifier(3), HIDDEN, HIDDEN, start),
    relu(classifier(3)),
    dropout(classifier(5), probability),
    linear(classifier(6), HIDDEN, options.outputs, start),
  );
  return { features, logits: head(grid) };
}

export const vggs: Readonly<Record<keyof typeof VARIANTS, Network>> = {
  vgg16: (scope, x, options) => vgg(scope, x, 'vgg16', options),
  vgg19: (scope, x, options) => vgg(scope, x, 'vgg19', options),
};
