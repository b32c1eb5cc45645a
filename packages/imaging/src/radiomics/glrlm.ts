import { type Aggregation, averageFeatures, directionParts, type MatrixPart } from './aggregation.ts';
import { type GreyLevels, strides } from './grey-levels.ts';
import { type SizeMatrix, sizeMatrixFeatures } from './size-matrix.ts';

/** What {@link glrlmFeatures} gives. */
export type GlrlmFeatures = ReturnType<typeof featuresOf>;

/** Features of the grey-level run-length matrix (IBSI 1, section 3.7). */
export function glrlmFeatures(levels: GreyLevels, aggregation: Aggregation = '3d-merged'): GlrlmFeatures {
  const [first, ...others] = directionParts(levels, aggregation)
    .map((part) => runLengths(levels, part))
    .filter(({ voxels }) => voxels > 0) as [SizeMatrix, ...SizeMatrix[]]; // a region has a voxel
  return averageFeatures([featuresOf(first), ...others.map(featuresOf)]);
}

/**
 * Runs along each step. One pass a step counts voxels by their place in their run; every run that has a place n + 1 has a place n,
 * so runs of length n are the voxels at place n less those at place n + 1.
 */
function runLengths(levels: GreyLevels, { from, to, steps }: MatrixPart): SizeMatrix {
  const { width, height, depth, count, levels: grey } = levels;
  const { row, slice } = strides(levels);
  const stride = Math.max(width, height, depth) + 2;
  const atPlace = new Uint32Array((count + 1) * stride);
  const places = new Uint16Array(grey.length); // the border stays 0
  for (const step of steps) {
    for (let z = from; z < to; z++) {
      for (let y = 0; y < height; y++) {
        const start = (z + 1) * slice + (y + 1) * row + 1;
        for (let i = start; i < start + width; i++) {
          const level = grey[i] as number;
          // All bits where the level before is equal, else none: noise makes a branch here cost more than the rest.
          const same = (((grey[i - step] as number) ^ level) - 1) >> 31;
          const place = ((places[i - step] as number) & same) + 1;
          places[i] = place;
          const cell = level * stride + place;
          atPlace[cell] = (atPlace[cell] as number) + 1;
        }
      }
    }
  }
  let runs = 0;
  const rows = Array.from({ length: count }, (_, i) => {
    const lengths = new Map<number, number>();
    const base = (i + 1) * stride;
    for (let length = 1; length < stride - 1; length++) {
      const voxels = atPlace[base + length] as number;
      runs += voxels;
      const ofLength = voxels - (atPlace[base + length + 1] as number);
      if (ofLength > 0) lengths.set(length, ofLength);
    }
    return lengths;
  });
  return { rows, voxels: runs };
}

function featuresOf(matrix: SizeMatrix) {
  const f = sizeMatrixFeatures(matrix);
  return {
    shortRunsEmphasis: f.small,
    longRunsEmphasis: f.large,
    lowGreyLevelRunEmphasis: f.low,
    highGreyLevelRunEmphasis: f.high,
    shortRunLowGreyLevelEmphasis: f.smallLow,
    shortRunHighGreyLevelEmphasis: f.smallHigh,
    longRunLowGreyLevelEmphasis: f.largeLow,
    longRunHighGreyLevelEmphasis: f.largeHigh,
    greyLevelNonUniformity: f.levelNonUniformity,
    normalisedGreyLevelNonUniformity: f.normalisedLevelNonUniformity,
    runLengthNonUniformity: f.sizeNonUniformity,
    normalisedRunLengthNonUniformity: f.normalisedSizeNonUniformity,
    runPercentage: f.percentage,
    greyLevelVariance: f.levelVariance,
    runLengthVariance: f.sizeVariance,
    runEntropy: f.entropy,
  };
}
