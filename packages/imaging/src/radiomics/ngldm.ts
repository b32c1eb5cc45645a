import { type Aggregation, averageFeatures, type MatrixPart, neighbourhoodParts } from './aggregation.ts';
import { type GreyLevels, strides } from './grey-levels.ts';
import { type SizeMatrix, sizeMatrixFeatures } from './size-matrix.ts';

/** What {@link ngldmFeatures} gives. */
export type NgldmFeatures = ReturnType<typeof featuresOf>;

/**
 * Features of the neighbouring grey-level dependence matrix (IBSI 1, section 3.11): distance 1, coarseness 0, so a voxel's dependence
 * is 1 + the number of its neighbours of equal level. The percentage is left out: it is 1 by definition.
 */
export function ngldmFeatures(levels: GreyLevels, aggregation: Aggregation = '3d-merged'): NgldmFeatures {
  const [first, ...others] = neighbourhoodParts(levels, aggregation)
    .map((part) => dependences(levels, part))
    .filter(({ voxels }) => voxels > 0) as [SizeMatrix, ...SizeMatrix[]]; // a region has a voxel
  return averageFeatures([featuresOf(first), ...others.map(featuresOf)]);
}

function dependences(levels: GreyLevels, { from, to, steps }: MatrixPart): SizeMatrix {
  const { width, height, count, levels: grey } = levels;
  const { row, slice } = strides(levels);
  const equal = new Uint8Array(grey.length);
  const rows = Array.from({ length: count }, () => new Map<number, number>());
  let voxels = 0;
  const visit = (each: (i: number, level: number) => void) => {
    for (let z = from; z < to; z++) {
      for (let y = 0; y < height; y++) {
        const start = (z + 1) * slice + (y + 1) * row + 1;
        for (let i = start; i < start + width; i++) if (grey[i]) each(i, grey[i] as number);
      }
    }
  };
  visit((i, level) => {
    for (const step of steps) {
      if (grey[i + step] !== level) continue;
      equal[i] = (equal[i] as number) + 1;
      equal[i + step] = (equal[i + step] as number) + 1;
    }
  });
  visit((i, level) => {
    const row = rows[level - 1] as Map<number, number>;
    const dependence = (equal[i] as number) + 1;
    row.set(dependence, (row.get(dependence) ?? 0) + 1);
    voxels++;
  });
  return { rows, voxels };
}

function featuresOf(matrix: SizeMatrix) {
  const f = sizeMatrixFeatures(matrix);
  const energy = matrix.rows.reduce(
    (sum, row) => [...row.values()].reduce((inner, count) => inner + (count / matrix.voxels) ** 2, sum),
    0,
  );
  return {
    lowDependenceEmphasis: f.small,
    highDependenceEmphasis: f.large,
    lowGreyLevelCountEmphasis: f.low,
    highGreyLevelCountEmphasis: f.high,
    lowDependenceLowGreyLevelEmphasis: f.smallLow,
    lowDependenceHighGreyLevelEmphasis: f.smallHigh,
    highDependenceLowGreyLevelEmphasis: f.largeLow,
    highDependenceHighGreyLevelEmphasis: f.largeHigh,
    greyLevelNonUniformity: f.levelNonUniformity,
    normalisedGreyLevelNonUniformity: f.normalisedLevelNonUniformity,
    dependenceCountNonUniformity: f.sizeNonUniformity,
    normalisedDependenceCountNonUniformity: f.normalisedSizeNonUniformity,
    greyLevelVariance: f.levelVariance,
    dependenceCountVariance: f.sizeVariance,
    dependenceCountEntropy: f.entropy,
    dependenceCountEnergy: energy,
  };
}
