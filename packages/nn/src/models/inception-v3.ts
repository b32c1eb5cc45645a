/**
 * Inception-v3: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for computer vision",
 * CVPR 2016, without the auxiliary classifier. Names are torchvision's.
 *
 * torchvision builds its pretrained network with transform_input: it takes images normalised by ImageNet's statistics and
 * brings them to (v - 0.5) / 0.5, v in [0, 1], before the first convolution. That step is not here: published weights
 * expect images in [-1, 1]. With images normalised one by one they are a start for training, as they are for the others.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type Layer, sequence } from '../layers/layers.ts';
import { gaussian, type Scope } from '../layers/scope.ts';
import {
  type Classification,
  classifyAverage,
  type Network,
  type NetworkOptions,
  requireImage,
  runStages,
  type Stage,
} from './backbone.ts';
import { type ConvStep, chain, halvingPool, same, sideBySide, valid } from './inception-branch.ts';

/** torchvision draws from a normal cut at +-2, which is 20 of its standard deviations: nothing is cut. */
const start = () => gaussian(0.1);

type Block = (scope: Scope, inputs: number) => Layer;

const branch = (scope: Scope, inputs: number, ...steps: readonly ConvStep[]) => chain(scope, inputs, steps, start);

/** A 3 x 3 average that keeps the size, then a 1 x 1 convolution. */
const poolBranch = (scope: Scope, inputs: number, outputs: number) =>
  sequence(
    (x) => scope.build(() => f.averagePool(x, 3, { stride: 1, padding: 1 })),
    branch(scope, inputs, same('branch_pool', outputs, 1)),
  );

/** Figure 5: the 5 x 5 convolution as two 3 x 3 in one of the branches. To 224 + pool channels. */
const blockA =
  (pool: number): Block =>
  (scope, inputs) =>
    sideBySide(
      scope,
      branch(scope, inputs, same('branch1x1', 64, 1)),
      branch(scope, inputs, same('branch5x5_1', 48, 1), same('branch5x5_2', 64, 5)),
      branch(
        scope,
        inputs,
        same('branch3x3dbl_1', 64, 1),
        same('branch3x3dbl_2', 96, 3),
        same('branch3x3dbl_3', 96, 3),
      ),
      poolBranch(scope, inputs, pool),
    );

/** Figure 10: halves the grid, strided convolutions beside a pooling. To 480 channels more. */
const blockB: Block = (scope, inputs) =>
  sideBySide(
    scope,
    branch(scope, inputs, valid('branch3x3', 384, 3, 2)),
    branch(
      scope,
      inputs,
      same('branch3x3dbl_1', 64, 1),
      same('branch3x3dbl_2', 96, 3),
      valid('branch3x3dbl_3', 96, 3, 2),
    ),
    halvingPool(scope),
  );

/** Figure 6 with n = 7: 7 x 7 as 1 x 7 and 7 x 1; `width` is the channels inside. To 768 channels. */
const blockC =
  (width: number): Block =>
  (scope, inputs) =>
    sideBySide(
      scope,
      branch(scope, inputs, same('branch1x1', 192, 1)),
      branch(
        scope,
        inputs,
        same('branch7x7_1', width, 1),
        same('branch7x7_2', width, [1, 7]),
        same('branch7x7_3', 192, [7, 1]),
      ),
      branch(
        scope,
        inputs,
        same('branch7x7dbl_1', width, 1),
        same('branch7x7dbl_2', width, [7, 1]),
        same('branch7x7dbl_3', width, [1, 7]),
        same('branch7x7dbl_4', width, [7, 1]),
        same('branch7x7dbl_5', 192, [1, 7]),
      ),
      poolBranch(scope, inputs, 192),
    );

/** Halves the grid of 17 x 17. To 512 channels more. */
const blockD: Block = (scope, inputs) =>
  sideBySide(
    scope,
    branch(scope, inputs, same('branch3x3_1', 192, 1), valid('branch3x3_2', 320, 3, 2)),
    branch(
      scope,
      inputs,
      same('branch7x7x3_1', 192, 1),
      same('branch7x7x3_2', 192, [1, 7]),
      same('branch7x7x3_3', 192, [7, 1]),
      valid('branch7x7x3_4', 192, 3, 2),
    ),
    halvingPool(scope),
  );

/** Figure 7: branches that part into 1 x 3 and 3 x 1. To 2048 channels. */
const blockE: Block = (scope, inputs) => {
  const parted = (a: string, b: string) =>
    sideBySide(scope, branch(scope, 384, same(a, 384, [1, 3])), branch(scope, 384, same(b, 384, [3, 1])));
  return sideBySide(
    scope,
    branch(scope, inputs, same('branch1x1', 320, 1)),
    sequence(branch(scope, inputs, same('branch3x3_1', 384, 1)), parted('branch3x3_2a', 'branch3x3_2b')),
    sequence(
      branch(scope, inputs, same('branch3x3dbl_1', 448, 1), same('branch3x3dbl_2', 384, 3)),
      parted('branch3x3dbl_3a', 'branch3x3dbl_3b'),
    ),
    poolBranch(scope, inputs, 192),
  );
};

/** Table 1 of the paper after its stem: name, block, channels that it reads, stride. */
const BLOCKS: readonly (readonly [name: string, block: Block, inputs: number, stride: number])[] = [
  ['Mixed_5b', blockA(32), 192, 1],
  ['Mixed_5c', blockA(64), 256, 1],
  ['Mixed_5d', blockA(64), 288, 1],
  ['Mixed_6a', blockB, 288, 2],
  ['Mixed_6b', blockC(128), 768, 1],
  ['Mixed_6c', blockC(160), 768, 1],
  ['Mixed_6d', blockC(160), 768, 1],
  ['Mixed_6e', blockC(192), 768, 1],
  ['Mixed_7a', blockD, 768, 2],
  ['Mixed_7b', blockE, 1280, 1],
  ['Mixed_7c', blockE, 2048, 1],
];

/** The first convolution of the small stem keeps every pixel. */
const STEMS = { imagenet: { leastPx: 75, stride: 2 }, small: { leastPx: 39, stride: 1 } } as const;

function inceptionV3(scope: Scope, image: Tensor, options: NetworkOptions): Classification {
  const { leastPx, stride } = STEMS[options.stem ?? 'imagenet'];
  requireImage('inception_v3', image, leastPx);
  const step = (inputs: number, conv: ConvStep): Stage => ({
    layer: branch(scope, inputs, conv),
    stride: conv.stride,
    feature: conv.name,
  });
  const pool = (name: string): Stage => ({ layer: halvingPool(scope.child(name)), stride: 2, feature: name });
  const { x, features } = runStages(image, [
    step(image.shape[1] as number, valid('Conv2d_1a_3x3', 32, 3, stride)),
    step(32, valid('Conv2d_2a_3x3', 32, 3)),
    step(32, same('Conv2d_2b_3x3', 64, 3)),
    pool('maxpool1'),
    step(64, valid('Conv2d_3b_1x1', 80, 1)),
    step(80, valid('Conv2d_4a_3x3', 192, 3)),
    pool('maxpool2'),
    ...BLOCKS.map(([name, block, inputs, shrinks]) => ({
      layer: block(scope.child(name), inputs),
      stride: shrinks,
      feature: name,
    })),
  ]); // [N, 2048, H/32, W/32]
  const logits = classifyAverage(scope.child('fc'), x, {
    outputs: options.outputs,
    dropout: options.dropout ?? 0.5,
    initialiser: start(),
  });
  return { features, logits };
}

export const inceptions: Readonly<Record<'inception_v3', Network>> = { inception_v3: inceptionV3 };
