/**
 * Samala, Chan, Hadjiiski, Cha and Helvie, "Deep-learning convolution neural network for computer-aided detection of
 * microcalcifications in digital breast tomosynthesis", SPIE Medical Imaging 2016, as Xiao et al. 2021 compare with it:
 * "a CNN with 4 convolutional layers" on maximum intensity projections. Not stated in Xiao et al. and chosen here:
 * kernels of 5, channels 32, 32, 64, 64, an overlapping max pooling after each convolution but the last, and global
 * average pooling before one linear layer.
 */
import { heFanIn, zeros } from '../layers/scope.ts';
import { classifyAverage, type Network, requireImage, runStages } from './backbone.ts';
import { convolutionStack } from './convolution-stack.ts';

const conv = (outputs: number) =>
  ({ outputs, kernel: 5, padding: 2, initialiser: heFanIn, biasInitialiser: zeros }) as const;
const pool = { pool: 3 } as const;
const STEPS = [conv(32), pool, conv(32), pool, conv(64), pool, conv(64)];
/** Three poolings of 3 by 2. */
const LEAST_PX = 15;

const samala2016: Network = (scope, image, options) => {
  requireImage('samala2016', image, LEAST_PX);
  const stages = convolutionStack(scope.child('features'), image.shape[1] as number, STEPS);
  const { x, features } = runStages(image, stages); // [N, 64, H/8, W/8]
  const end = { outputs: options.outputs, dropout: options.dropout ?? 0.5 };
  return { features, logits: classifyAverage(scope.child('classifier'), x, end) };
};

export const samalas = { samala2016 } as const satisfies Record<string, Network>;
