/**
 * Wichakam et al., "Deep multi-label 3D ConvNet for breast cancer diagnosis in DBT with inversion augmentation", 2018, as
 * Xiao et al. 2021 compare with it: "a 3D CNN with 8 convolutional layers". Not stated in Xiao et al. and chosen here: the eight 3 x 3 x 3 convolutions of C3D (Tran et al. 2015, "Learning
 * spatiotemporal features with 3D convolutional networks", figure 3), whose first pooling leaves D alone, with global
 * average pooling and one linear layer in place of its last pooling and its three linear layers.
 */
import * as f from '../graph/functions.ts';
import { convolution, type Layer, relu, sequence } from '../layers/layers.ts';
import { heFanIn, type Scope, zeros } from '../layers/scope.ts';
import { classifyAverage, type Network, requireVolume, runStages, type Stage } from './backbone.ts';

/** Convolutions by their names in C3D, and the poolings between them. */
const STEPS = [
  { name: 'conv1', outputs: 64 },
  { name: 'pool1', slices: 1 },
  { name: 'conv2', outputs: 128 },
  { name: 'pool2', slices: 2 },
  { name: 'conv3a', outputs: 256 },
  { name: 'conv3b', outputs: 256 },
  { name: 'pool3', slices: 2 },
  { name: 'conv4a', outputs: 512 },
  { name: 'conv4b', outputs: 512 },
  { name: 'pool4', slices: 2 },
  { name: 'conv5a', outputs: 512 },
  { name: 'conv5b', outputs: 512 },
] as const;
/** Channels of the first convolution, which the others are multiples of. */
const WIDTH = 64;
/** Four poolings by 2 within slices, three across. */
const LEAST = { px: 16, slices: 8 } as const;

const conv = (scope: Scope, inputs: number, outputs: number): Layer =>
  sequence(
    convolution(scope, {
      inputs,
      outputs,
      kernel: [3, 3, 3],
      padding: 1,
      initialiser: heFanIn,
      biasInitialiser: zeros,
    }),
    relu(scope),
  );

const wichakam2018: Network = (scope, volume, options) => {
  requireVolume('wichakam2018', volume, LEAST.px, LEAST.slices);
  const { width = WIDTH } = options;
  let inputs = volume.shape[1] as number;
  const stages = STEPS.map((step): Stage => {
    const at = scope.child(step.name);
    if ('slices' in step) {
      const pool: Layer = (x) => at.build(() => f.maxPool(x, [step.slices, 2, 2]));
      return { layer: pool, stride: 2, sliceStride: step.slices, feature: step.name };
    }
    const outputs = (step.outputs * width) / WIDTH;
    const layer = conv(at, inputs, outputs);
    inputs = outputs;
    return { layer, feature: step.name };
  });
  const { x, features } = runStages(volume, stages); // [N, 8 width, D/8, H/16, W/16]
  const end = { outputs: options.outputs, dropout: options.dropout ?? 0.5 };
  return { features, logits: classifyAverage(scope.child('classifier'), x, end) };
};

export const wichakams = { wichakam2018 } as const satisfies Record<string, Network>;
