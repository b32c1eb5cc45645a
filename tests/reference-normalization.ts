/** Batch normalisation as loops over channels (Ioffe and Szegedy 2015, algorithm 1 and the gradients below it). */
import { elementwise, reduced, reshaped, total, type Values } from './reference-array.ts';

const allButChannels = ({ shape }: Values) => [...shape.keys()].filter((axis) => axis !== 1);
/** Sums over all but the channels: [C]. */
const sums = (x: Values) => reduced(x, allButChannels(x), false, total);
const means = (x: Values) => reduced(x, allButChannels(x), false, (list) => total(list) / list.length);
/** A vector [C] against images of a rank. */
const column = (vector: Values, like: Values) =>
  reshaped(vector, [vector.shape[0] as number, ...like.shape.slice(2).map(() => 1)]);
const times = (a: Values, b: Values) => elementwise([a, b], (x, y) => x * y);

/** scale (x - mean) / sqrt(variance + epsilon) + bias. */
export function normalised(x: Values, vectors: readonly [Values, Values, Values, Values], epsilon: number): Values {
  return elementwise(
    [x, ...vectors.map((vector) => column(vector, x))],
    (value, scale, bias, mean, variance) => (scale * (value - mean)) / Math.sqrt(variance + epsilon) + bias,
  );
}

/** Normalised by the batch's own statistics: [y, mean, biased variance, x - mean]. */
export function normalisedByBatch(x: Values, scale: Values, bias: Values, epsilon: number) {
  const mean = means(x);
  const centred = elementwise([x, column(mean, x)], (value, m) => value - m);
  const variance = means(times(centred, centred));
  return [normalised(x, [scale, bias, mean, variance], epsilon), mean, variance, centred] as const;
}

/** [dx, dscale, dbias] from c = x - mean: dx = s (dy - mean dy - c mean(dy c) i^2), i = 1 / sqrt(v + e), s = scale i. */
export function normalisationGradient(centred: Values, dy: Values, scale: Values, variance: Values, epsilon: number) {
  const inverse = elementwise([variance], (v) => 1 / Math.sqrt(v + epsilon));
  const product = times(dy, centred);
  const vectors = [means(dy), means(product), scale, inverse].map((vector) => column(vector, dy));
  const dx = elementwise([dy, centred, ...vectors], (g, c, m, mc, s, i) => s * i * (g - m - c * mc * i * i));
  return [dx, times(sums(product), inverse), sums(dy)] as const;
}
