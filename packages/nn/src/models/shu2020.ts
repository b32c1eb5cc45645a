/**
 * Shu, Zhang, Wang, Lv and Yi, "Deep neural networks with region-based pooling structures for mammographic image
 * classification", IEEE Transactions on Medical Imaging 39, 2020: in place of the global average, the largest activations
 * of every channel (global group-max pooling) or the few regions that are most probably malignant (region-based
 * group-max pooling) represent the image. Xiao et al. 2021, which compare with it, state DenseNet-169 and "a new pooling
 * structure". Not stated there and chosen here: one cell of the last map is a region, its score the classifier's last
 * logit less its first (classes are listed negative first), and a quarter of the cells, rounded up, is kept.
 */
import * as f from '../graph/functions.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import { dropout, linear } from '../layers/layers.ts';
import type { Network } from './backbone.ts';
import { densenetBody } from './densenet.ts';

/** Part of the cells that is kept. */
const KEPT = 1 / 4;
const keptOf = (cells: number) => Math.ceil(cells * KEPT);

/** Global group-max pooling: [N, C, h, w] to [N, C], the mean of the largest cells of every channel. */
export function globalGroupMaxPool(x: Tensor): Tensor {
  const cells = f.flatten(x, 2); // [N, C, h w]
  return f.reduceMean(f.topK(cells, keptOf(cells.shape[2] as number)).values, [2]);
}

/**
 * Region group-max pooling: [N, C, h, w] and each cell's logits [N, K, h w] to [N, K], the mean logits of the cells
 * with the highest score.
 */
export function regionGroupMaxPool(logits: Tensor): Tensor {
  const [n, outputs, cells] = logits.shape as [number, number, number];
  const kept = keptOf(cells);
  const logitOf = (output: number) => f.slice(logits, { axes: [1], starts: [output], ends: [output + 1], steps: [1] }); // [N, 1, h w]
  const score = outputs === 1 ? logitOf(0) : f.sub(logitOf(outputs - 1), logitOf(0));
  const { indices } = f.topK(score, kept); // [N, 1, kept]
  const picked = f.gatherElements(logits, f.expand(indices, [n, outputs, kept]), 2);
  return f.reduceMean(picked, [2]);
}

const globalGroupMax: Network = (scope, image, options) => {
  const { x, features } = densenetBody(scope, image, 'densenet169', options);
  const head = scope.child('classifier');
  const pooled = head.build(() => globalGroupMaxPool(x)); // [N, 1664]
  const classify = linear(head, pooled.shape[1] as number, options.outputs);
  return { features, logits: classify(dropout(head, options.dropout ?? 0)(pooled)) };
};

const regionGroupMax: Network = (scope, image, options) => {
  const { x, features } = densenetBody(scope, image, 'densenet169', options);
  const [n, channels, ...extents] = x.shape as [number, number, ...number[]];
  const cells = sizeOf(extents);
  const head = scope.child('classifier');
  const rows = head.build(() => f.reshape(f.transpose(x, [0, 2, 3, 1]), [n * cells, channels]));
  const perCell = linear(head, channels, options.outputs)(dropout(head, options.dropout ?? 0)(rows));
  const logits = head.build(() =>
    regionGroupMaxPool(f.transpose(f.reshape(perCell, [n, cells, options.outputs]), [0, 2, 1])),
  );
  return { features, logits };
};

export const shus = {
  shu2020_global: globalGroupMax,
  shu2020_region: regionGroupMax,
} as const satisfies Record<string, Network>;
