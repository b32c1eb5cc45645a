/** Batch normalisation as loops over channels (Ioffe and Szegedy 2015, algorithm 1 and the gradients below it). */
import { elementwise, reduced, reshaped, total, type Values } from './reference-array.ts';

const allButChannels = ({ shape }: Values) => [...shape.keys()].filter((axis) => axis !== 1);
/** Sums over all but the channels: [C]. */
const sums = (x: Values) => reduced(x, allButChannels(x), false, total);
const means = (x: Values) => reduced(x, allButChannels(x), false, (list) => total(list) / list.length);
/** A vector [C] against images of a rank. */
const column = (vector: Values, like: Values) =>
  reshaped(vector, [vector.shape[0] as number, ...like.shape.slice(2).map(() => 1)]);
const times = (...factors: Values[]) => elementwise(factors, (...list) => list.reduce((a, b) => a * b));

/** scale (x - mean) / sqrt(variance + epsilon) + bias. */
export function normalised(
  [x, scale, bias, mean, variance]: readonly [Values, Values, Values, Values, Values],
  epsilon: number,
): Values {
  return elementwise(
    [x, ...[scale, bias, mean, variance].map((vector) => column(vector, x))],
    (value, s, b, m, v) =>
      ((s as number) * ((value as number) - (m as number))) / Math.sqrt((v as number) + epsilon) + (b as number),
  );
}

/** Normalised by the batch's own statistics: [y, mean, biased variance, x - mean]. */
export function normalisedByBatch(x: Values, scale: Values, bias: Values, epsilon: number) {
  const mean = means(x);
  const centred = elementwise([x, column(mean, x)], (value, m) => (value as number) - (m as number));
  const variance = means(times(centred, centred));
  return [normalised([x, scale, bias, mean, variance], epsilon), mean, variance, centred] as const;
}

/** [dx, dscale, dbias] through the batch's statistics, from c = x - mean: dx = s (dy - mean dy - c mean(dy c) / (v + e)). */
export function normalisationGradient(centred: Values, dy: Values, scale: Values, variance: Values, epsilon: number) {
  const inverse = elementwise([variance], (v) => 1 / Math.sqrt((v as number) + epsilon));
  const [meanDy, meanDyC] = [means(dy), means(times(dy, centred))];
  const dx = elementwise(
    [dy, centred, ...[meanDy, meanDyC, scale, inverse].map((vector) => column(vector, dy))],
    (...[g, c, m, mc, s, i]) => {
      const [slope, inverseDeviation] = [s as number, i as number];
      const rest = (c as number) * (mc as number) * inverseDeviation ** 2;
      return slope * inverseDeviation * ((g as number) - (m as number) - rest);
    },
  );
  return [dx, times(sums(times(dy, centred)), inverse), sums(dy)] as const;
}
