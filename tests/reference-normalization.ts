/** Batch normalisation as loops over channels (Ioffe and Szegedy 2015, algorithm 1 and the gradients below it), group normalisation as loops over groups. */
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

/** Images [N, C, ...] as [N, G, C / G, pixels]. */
const grouped = (x: Values, groups: number) => {
  const [n, c] = x.shape as [number, number];
  return reshaped(x, [n, groups, c / groups, x.data.length / (n * c)]);
};
/** A vector [C] for every image, [1, G, C / G, 1]. */
const ofGroups = (vector: Values, groups: number) => reshaped(vector, [1, groups, vector.data.length / groups, 1]);
const groupMeans = (x: Values) => reduced(x, [2, 3], true, (list) => total(list) / list.length);

/** Normalised by each image's groups (Wu and He 2018, equations 1 and 2): [y, mean, biased variance], the last two [N, G]. */
export function normalisedByGroup(x: Values, scale: Values, bias: Values, groups: number, epsilon: number) {
  const values = grouped(x, groups);
  const mean = groupMeans(values);
  const variance = groupMeans(elementwise([values, mean], (value, m) => (value - m) ** 2));
  const y = elementwise(
    [values, mean, variance, ofGroups(scale, groups), ofGroups(bias, groups)],
    (value, m, v, s, o) => (s * (value - m)) / Math.sqrt(v + epsilon) + o,
  );
  const perGroup = [x.shape[0] as number, groups];
  return [reshaped(y, x.shape), reshaped(mean, perGroup), reshaped(variance, perGroup)] as const;
}

/** [dx, dscale, dbias] by z = (x - m) i: dx = i (s dy - mean(s dy) - z mean(s dy z)), the means over a group. */
export function groupGradient(
  [x, dy, scale, mean, variance]: readonly [Values, Values, Values, Values, Values],
  groups: number,
  epsilon: number,
) {
  const shared = (values: Values) => reshaped(values, [x.shape[0] as number, groups, 1, 1]);
  const inverse = elementwise([shared(variance)], (v) => 1 / Math.sqrt(v + epsilon));
  const z = elementwise([grouped(x, groups), shared(mean), inverse], (value, m, i) => (value - m) * i);
  const gradient = grouped(dy, groups);
  const scaled = times(gradient, ofGroups(scale, groups));
  const dx = elementwise(
    [scaled, z, inverse, groupMeans(scaled), groupMeans(times(scaled, z))],
    (g, value, i, m, mz) => i * (g - m - value * mz),
  );
  const sumOf = (values: Values) => reshaped(reduced(values, [0, 3], false, total), scale.shape);
  return [reshaped(dx, x.shape), sumOf(times(gradient, z)), sumOf(gradient)] as const;
}
