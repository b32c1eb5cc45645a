/**
 * AlexNet: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv 1404.5997, the
 * single-column version of Krizhevsky, Sutskever and Hinton 2012 (figure 2), without response normalisation. Names and
 * channels are torchvision's, and so are the first values: PyTorch's defaults.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { dropout, linear, relu, sequence } from '../layers/layers.ts';
import type { Scope } from '../layers/scope.ts';
import { type Classification, type Network, type NetworkOptions, requireImage, runStages } from './backbone.ts';
import { convolutionStack } from './convolution-stack.ts';

/** Rows and columns of the grid that the linear layers see. */
const GRID_PX = 6;
/** Units of each hidden linear layer. */
const HIDDEN = 4096;

/** With the small stem 60 px reach the linear layers as 6 x 6, as 224 px do otherwise. */
const STEMS = {
  imagenet: { leastPx: 63, convolution: { outputs: 64, kernel: 11, stride: 4, padding: 2 } },
  small: { leastPx: 15, convolution: { outputs: 64, kernel: 5, padding: 2 } },
} as const;

/** The five convolutions and three poolings on images [N, C, H, W]: `x` is [N, 256, H/32, W/32]. */
export function alexnetBody(scope: Scope, image: Tensor, { stem: kind = 'imagenet' }: Pick<NetworkOptions, 'stem'>) {
  const stem = STEMS[kind];
  requireImage('alexnet', image, stem.leastPx);
  const stages = convolutionStack(scope.child('features'), image.shape[1] as number, [
    stem.convolution,
    { pool: 3 },
    { outputs: 192, kernel: 5, padding: 2 },
    { pool: 3 },
    { outputs: 384, kernel: 3, padding: 1 },
    { outputs: 256, kernel: 3, padding: 1 },
    { outputs: 256, kernel: 3, padding: 1 },
    { pool: 3 },
  ]);
  return runStages(image, stages);
}

function alexnet(scope: Scope, image: Tensor, options: NetworkOptions): Classification {
  const { x, features } = alexnetBody(scope, image, options);
  const grid = scope.child('avgpool').build(() => f.flatten(f.adaptiveAveragePool(x, [GRID_PX, GRID_PX]))); // [N, 9216]
  const probability = options.dropout ?? 0.5;
  const classifier = (place: number) => scope.child('classifier', place);
  const head = sequence(
    dropout(classifier(0), probability),
    linear(classifier(1), 256 * GRID_PX ** 2, HIDDEN),
    relu(classifier(1)),
    dropout(classifier(3), probability),
    linear(classifier(4), HIDDEN, HIDDEN),
    relu(classifier(4)),
    linear(classifier(6), HIDDEN, options.outputs),
  );
  return { features, logits: head(grid) };
}

export const alexnets: Readonly<Record<'alexnet', Network>> = { alexnet };
