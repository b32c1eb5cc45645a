import { type Aggregation, averageFeatures, directionParts, type MatrixPart } from './aggregation.ts';
import { type GreyLevels, strides } from './grey-levels.ts';

/** What {@link glcmFeatures} gives. */
export type GlcmFeatures = ReturnType<typeof featuresOf>;

/**
 * Features of the grey-level co-occurrence matrix (IBSI 1, section 3.6): distance 1, symmetric, entropies in bits. Where features are
 * averaged, parts without a pair of neighbours are left out; a region without any pair (one voxel) is taken as if each voxel were
 * its own neighbour, which is what a constant region gives. Where the levels of the pairs do not vary the correlation is 1 and the
 * first information correlation 0.
 */
export function glcmFeatures(levels: GreyLevels, aggregation: Aggregation = '3d-merged'): GlcmFeatures {
  const matrices = directionParts(levels, aggregation)
    .map((part) => pairCounts(levels, part))
    .filter((counts) => counts.some((count) => count > 0));
  const [first = selfPairs(levels), ...others] = matrices;
  return averageFeatures([featuresOf(first, levels.count), ...others.map((each) => featuresOf(each, levels.count))]);
}

/** Symmetric counts of pairs, [count, count]. */
function pairCounts(levels: GreyLevels, { from, to, steps }: MatrixPart): Float64Array {
  const { width, height, count, levels: grey } = levels;
  const { row, slice } = strides(levels);
  const side = count + 1;
  const ordered = new Uint32Array(side * side); // row and column 0 take what lies outside
  for (let z = from; z < to; z++) {
    for (let y = 0; y < height; y++) {
      const start = (z + 1) * slice + (y + 1) * row + 1;
      for (const step of steps) {
        for (let i = start; i < start + width; i++) {
          const cell = (grey[i] as number) * side + (grey[i + step] as number);
          ordered[cell] = (ordered[cell] as number) + 1;
        }
      }
    }
  }
  const counts = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++)
      counts[i * count + j] = (ordered[(i + 1) * side + j + 1] as number) + (ordered[(j + 1) * side + i + 1] as number);
  }
  return counts;
}

function selfPairs({ levels, count }: GreyLevels): Float64Array {
  const counts = new Float64Array(count * count);
  for (const level of levels) {
    const cell = (level - 1) * (count + 1);
    if (level > 0) counts[cell] = (counts[cell] as number) + 1;
  }
  return counts;
}

const bits = (p: number) => (p > 0 ? -p * Math.log2(p) : 0);

function featuresOf(counts: Float64Array, n: number) {
  const total = counts.reduce((sum, value) => sum + value, 0);
  const marginal = new Float64Array(n + 1); // p_i, by level
  const differences = new Float64Array(n); // p_(i-j), by |i - j|
  const sums = new Float64Array(2 * n + 1); // p_(i+j), by i + j
  let [jointMaximum, jointEntropy, angularSecondMoment, autocorrelation, inverseVariance] = [0, 0, 0, 0, 0];
  let [inverseDifference, normalisedInverseDifference] = [0, 0];
  let [inverseDifferenceMoment, normalisedInverseDifferenceMoment] = [0, 0];
  for (let i = 1; i <= n; i++) {
    for (let j = 1; j <= n; j++) {
      const p = (counts[(i - 1) * n + j - 1] as number) / total;
      if (p === 0) continue;
      const d = Math.abs(i - j);
      marginal[i] = (marginal[i] as number) + p;
      differences[d] = (differences[d] as number) + p;
      sums[i + j] = (sums[i + j] as number) + p;
      jointMaximum = Math.max(jointMaximum, p);
      jointEntropy += bits(p);
      angularSecondMoment += p * p;
      autocorrelation += i * j * p;
      inverseDifference += p / (1 + d);
      normalisedInverseDifference += p / (1 + d / n);
      inverseDifferenceMoment += p / (1 + d * d);
      normalisedInverseDifferenceMoment += p / (1 + (d / n) ** 2);
      if (d > 0) inverseVariance += p / (d * d);
    }
  }
  const expectation = (distribution: Float64Array, of: (value: number) => number) =>
    distribution.reduce((sum, p, value) => (p > 0 ? sum + p * of(value) : sum), 0);
  const entropy = (distribution: Float64Array) => distribution.reduce((sum, p) => sum + bits(p), 0);
  const mean = expectation(marginal, (i) => i);
  const variance = expectation(marginal, (i) => (i - mean) ** 2);
  const differenceAverage = expectation(differences, (d) => d);
  const sumAverage = expectation(sums, (s) => s);
  const cluster = (power: number) => expectation(sums, (s) => (s - 2 * mean) ** power);
  // HXY1 and HXY2 of a symmetric matrix: both are the entropy of independent marginals, 2 HX.
  const marginalEntropy = entropy(marginal);
  const information = 2 * marginalEntropy - jointEntropy;
  return {
    jointMaximum,
    jointAverage: mean,
    jointVariance: variance,
    jointEntropy,
    differenceAverage,
    differenceVariance: expectation(differences, (d) => (d - differenceAverage) ** 2),
    differenceEntropy: entropy(differences),
    sumAverage,
    sumVariance: expectation(sums, (s) => (s - sumAverage) ** 2),
    sumEntropy: entropy(sums),
    angularSecondMoment,
    contrast: expectation(differences, (d) => d * d),
    dissimilarity: differenceAverage,
    inverseDifference,
    normalisedInverseDifference,
    inverseDifferenceMoment,
    normalisedInverseDifferenceMoment,
    inverseVariance,
    correlation: variance > 0 ? (autocorrelation - mean * mean) / variance : 1,
    autocorrelation,
    clusterTendency: cluster(2),
    clusterShade: cluster(3),
    clusterProminence: cluster(4),
    informationCorrelation1: marginalEntropy > 0 ? -information / marginalEntropy : 0,
    informationCorrelation2: Math.sqrt(Math.max(0, 1 - Math.exp(-2 * information))),
  };
}
