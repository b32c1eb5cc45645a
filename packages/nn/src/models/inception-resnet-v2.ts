/**
 * Inception-ResNet-v2: Szegedy, Ioffe, Vanhoucke and Alemi, "Inception-v4, Inception-ResNet and the impact of residual
 * connections on learning", AAAI 2017, as released by the authors. Names are those of Cadene's pretrained models.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { convolution, type Layer, relu, sequence } from '../layers/layers.ts';
import type { Scope } from '../layers/scope.ts';
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

/** 'branch1' with steps numbered 'branch1.0', 'branch1.1'; a single step has no number. */
function branch(scope: Scope, inputs: number, name: string, ...steps: readonly ((name: string) => ConvStep)[]): Layer {
  return chain(
    scope,
    inputs,
    steps.map((step, i) => step(steps.length === 1 ? name : `${name}.${i}`)),
  );
}

const keep = (outputs: number, kernel: ConvStep['kernel']) => (name: string) => same(name, outputs, kernel);
const halve = (outputs: number) => (name: string) => valid(name, outputs, 3, 2);

/** Mixed 5b, the Inception-A block of the release before the residual ones: 192 to 320 channels. */
function mixed5b(scope: Scope): Layer {
  return sideBySide(
    scope,
    branch(scope, 192, 'branch0', keep(96, 1)),
    branch(scope, 192, 'branch1', keep(48, 1), keep(64, 5)),
    branch(scope, 192, 'branch2', keep(64, 1), keep(96, 3), keep(96, 3)),
    sequence(
      (x) => scope.build(() => f.averagePool(x, 3, { stride: 1, padding: 1, countIncludePad: false })),
      branch(scope, 192, 'branch3.1', keep(64, 1)),
    ),
  );
}

/** Figure 7 with k = 256, l = 256, m = 384, n = 384: 320 to 1088 channels. */
function mixed6a(scope: Scope): Layer {
  return sideBySide(
    scope,
    branch(scope, 320, 'branch0', halve(384)),
    branch(scope, 320, 'branch1', keep(256, 1), keep(256, 3), halve(384)),
    halvingPool(scope),
  );
}

/** Figure 18: 1088 to 2080 channels. */
function mixed7a(scope: Scope): Layer {
  return sideBySide(
    scope,
    branch(scope, 1088, 'branch0', keep(256, 1), halve(384)),
    branch(scope, 1088, 'branch1', keep(256, 1), halve(288)),
    branch(scope, 1088, 'branch2', keep(256, 1), keep(288, 3), halve(320)),
    halvingPool(scope),
  );
}

/** A residual block: its branches, the channels they read and give, and the factor that tames their sum (section 3.3). */
interface Residual {
  readonly channels: number;
  readonly inner: number;
  readonly scale: number;
  readonly branches: (scope: Scope) => readonly Layer[];
}

/** Figure 16, Inception-ResNet-A on 35 x 35. */
const block35: Residual = {
  channels: 320,
  inner: 128,
  scale: 0.17,
  branches: (scope) => [
    branch(scope, 320, 'branch0', keep(32, 1)),
    branch(scope, 320, 'branch1', keep(32, 1), keep(32, 3)),
    branch(scope, 320, 'branch2', keep(32, 1), keep(48, 3), keep(64, 3)),
  ],
};

/** Figure 17, Inception-ResNet-B on 17 x 17. */
const block17: Residual = {
  channels: 1088,
  inner: 384,
  scale: 0.1,
  branches: (scope) => [
    branch(scope, 1088, 'branch0', keep(192, 1)),
    branch(scope, 1088, 'branch1', keep(128, 1), keep(160, [1, 7]), keep(192, [7, 1])),
  ],
};

/** Figure 19, Inception-ResNet-C on 8 x 8. */
const block8: Residual = {
  channels: 2080,
  inner: 448,
  scale: 0.2,
  branches: (scope) => [
    branch(scope, 2080, 'branch0', keep(192, 1)),
    branch(scope, 2080, 'branch1', keep(192, 1), keep(224, [1, 3]), keep(256, [3, 1])),
  ],
};

/** x + scale * conv2d(branches(x)), without the ReLU that follows. */
function residual(scope: Scope, { channels, inner, scale, branches }: Residual): Layer {
  const inside = sequence(
    sideBySide(scope, ...branches(scope)),
    convolution(scope.child('conv2d'), { inputs: inner, outputs: channels, kernel: 1 }),
  );
  return (x) => {
    const change = inside(x);
    return scope.build(() => f.add(scale === 1 ? change : f.mul(change, scale), x));
  };
}

const repeated = (scope: Scope, count: number, block: Residual) =>
  sequence(...Array.from({ length: count }, (_, i) => sequence(residual(scope.child(i), block), relu(scope.child(i)))));

/** The first convolution of the small stem keeps every pixel. */
const STEMS = { imagenet: { leastPx: 75, stride: 2 }, small: { leastPx: 39, stride: 1 } } as const;

function inceptionResnetV2(scope: Scope, image: Tensor, options: NetworkOptions): Classification {
  const { leastPx, stride } = STEMS[options.stem ?? 'imagenet'];
  requireImage('inceptionresnetv2', image, leastPx);
  const step = (inputs: number, conv: ConvStep): Stage => ({
    layer: chain(scope, inputs, [conv]),
    stride: conv.stride,
    feature: conv.name,
  });
  const part = (name: string, build: (scope: Scope) => Layer, shrinks = 1): Stage => ({
    layer: build(scope.child(name)),
    stride: shrinks,
    feature: name,
  });
  const { x, features } = runStages(image, [
    step(image.shape[1] as number, valid('conv2d_1a', 32, 3, stride)),
    step(32, valid('conv2d_2a', 32, 3)),
    step(32, same('conv2d_2b', 64, 3)),
    part('maxpool_3a', halvingPool, 2),
    step(64, valid('conv2d_3b', 80, 1)),
    step(80, valid('conv2d_4a', 192, 3)),
    part('maxpool_5a', halvingPool, 2),
    part('mixed_5b', mixed5b),
    part('repeat', (own) => repeated(own, 10, block35)),
    part('mixed_6a', mixed6a, 2),
    part('repeat_1', (own) => repeated(own, 20, block17)),
    part('mixed_7a', mixed7a, 2),
    part('repeat_2', (own) => repeated(own, 9, block8)),
    part('block8', (own) => residual(own, { ...block8, scale: 1 })),
    step(2080, same('conv2d_7b', 1536, 1)),
  ]); // [N, 1536, H/32, W/32]
  const logits = classifyAverage(scope.child('last_linear'), x, {
    outputs: options.outputs,
    dropout: options.dropout ?? 0.2, // figure 15: keep 0.8
  });
  return { features, logits };
}

export const inceptionResnets: Readonly<Record<'inceptionresnetv2', Network>> = {
  inceptionresnetv2: inceptionResnetV2,
};
