/**
 * Wang and Yang, "A context-sensitive deep learning approach for microcalcification detection in mammograms", Pattern
 * Recognition 78, 2018, as Xiao et al. 2021 compare with it: two networks see the surroundings of a microcalcification
 * (95 x 95 px) and itself (9 x 9 px), and "the feature vectors of two CNNs after global pooling were concatenated for
 * the final classification". The small window is the middle of the image given. Not stated in Xiao et al. and chosen
 * here: five convolutions of 5 x 5 with poolings that take 95 px to 5, three unpadded ones of 3 x 3 that take 9 px to 3.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { dropout, linear } from '../layers/layers.ts';
import { heFanIn, zeros } from '../layers/scope.ts';
import { type Network, requireImage, runStages } from './backbone.ts';
import { convolutionStack } from './convolution-stack.ts';

/** Side of the small window. */
const LOCAL_PX = 9;
/** Four poolings of 3 by 2 over the surroundings. */
const LEAST_PX = 31;

const conv = (outputs: number, kernel: number, padding: number) =>
  ({ outputs, kernel, padding, initialiser: heFanIn, biasInitialiser: zeros }) as const;
const wide = (outputs: number) => conv(outputs, 5, 2);
const pool = { pool: 3 } as const;
const CONTEXT = [wide(32), pool, wide(32), pool, wide(64), pool, wide(64), pool, wide(64)];
const LOCAL = [conv(32, 3, 0), conv(32, 3, 0), conv(64, 3, 0)];

/** The middle of images, rounded towards the first row and column: [N, C, 9, 9]. */
function middle(image: Tensor): Tensor {
  const starts = image.shape.slice(2).map((extent) => Math.floor((extent - LOCAL_PX) / 2));
  return f.slice(image, { axes: [2, 3], starts, ends: starts.map((start) => start + LOCAL_PX), steps: [1, 1] });
}

const wang2018: Network = (scope, image, options) => {
  requireImage('wang2018', image, LEAST_PX);
  const channels = image.shape[1] as number;
  const local = runStages(
    scope.child('local').build(() => middle(image)),
    convolutionStack(scope.child('local'), channels, LOCAL),
  );
  const context = runStages(image, convolutionStack(scope.child('context'), channels, CONTEXT));
  const fc = scope.child('fc');
  const means = [local.x, context.x].map((x) => f.flatten(f.globalAveragePool(x)));
  const joined = fc.build(() => f.concat(means, 1)); // [N, 64 + 64]
  const classify = linear(fc, joined.shape[1] as number, options.outputs);
  return {
    features: new Map([...local.features, ...context.features]),
    logits: classify(dropout(fc, options.dropout ?? 0)(joined)),
  };
};

export const wangs = { wang2018 } as const satisfies Record<string, Network>;
