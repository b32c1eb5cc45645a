import { type Aggregation, averageFeatures, type MatrixPart, neighbourhoodParts, withinSlice } from './aggregation.ts';
import { type GreyLevels, strides } from './grey-levels.ts';
import { type SizeMatrix, sizeMatrixFeatures } from './size-matrix.ts';

/** What {@link glszmFeatures} gives. */
export type GlszmFeatures = ReturnType<typeof featuresOf>;

/** Features of the grey-level size-zone matrix (IBSI 1, section 3.8): zones of equal level, joined by faces, edges or corners. */
export function glszmFeatures(levels: GreyLevels, aggregation: Aggregation = '3d-merged'): GlszmFeatures {
  const flat = withinSlice(aggregation);
  const [first, ...others] = neighbourhoodParts(levels, aggregation)
    .map((part) => zoneSizes(levels, part, flat))
    .filter(({ voxels }) => voxels > 0) as [SizeMatrix, ...SizeMatrix[]]; // a region has a voxel
  return averageFeatures([featuresOf(first), ...others.map(featuresOf)]);
}

/**
 * Zones by union-find in the order of memory, the earliest voxel being the root. The neighbour straight ahead of a voxel in an
 * earlier slice (or row) touches all its other earlier neighbours, so where it has the voxel's level no other needs a look.
 */
function zoneSizes(levels: GreyLevels, { from, to, steps }: MatrixPart, flat: boolean): SizeMatrix {
  const { width, height, count, levels: grey } = levels;
  const { row, slice } = strides(levels);
  const centre = flat ? row : slice;
  const others = Int32Array.from(steps.filter((step) => step !== centre));
  // The voxel just before touches all of these but the ones diagonally ahead, in the column after.
  const ahead = others.filter((step) => ((step % row) + row) % row === row - 1);
  const parent = new Int32Array(grey.length);
  for (let z = from; z < to; z++) {
    for (let y = 0; y < height; y++) {
      const start = (z + 1) * slice + (y + 1) * row + 1;
      for (let i = start; i < start + width; i++) {
        const level = grey[i] as number;
        if (level === 0) continue;
        if (grey[i - centre] === level) {
          parent[i] = parent[i - centre] as number;
          continue;
        }
        let top = i;
        let unseen = others;
        if (grey[i - 1] === level) {
          top = parent[i - 1] as number;
          while (parent[top] !== top) top = parent[top] as number;
          unseen = ahead;
        }
        parent[i] = top;
        for (let k = 0; k < unseen.length; k++) {
          const before = i - (unseen[k] as number);
          if (grey[before] !== level) continue;
          let other = parent[before] as number;
          while (parent[other] !== other) {
            const above = parent[parent[other] as number] as number; // halves the path
            parent[other] = above;
            other = above;
          }
          if (other < top) {
            parent[top] = other;
            top = other;
          } else parent[other] = top;
        }
      }
    }
  }
  const sizes = new Uint32Array(grey.length);
  const [first, last] = [(from + 1) * slice, (to + 1) * slice];
  for (let i = first; i < last; i++) {
    if (grey[i] === 0) continue;
    const top = parent[parent[i] as number] as number; // parents come before, so theirs are roots by now
    parent[i] = top;
    sizes[top] = (sizes[top] as number) + 1;
  }
  const rows = Array.from({ length: count }, () => new Map<number, number>());
  let voxels = 0;
  for (let i = first; i < last; i++) {
    const size = sizes[i] as number;
    if (size === 0) continue;
    voxels += size;
    const row = rows[(grey[i] as number) - 1] as Map<number, number>;
    row.set(size, (row.get(size) ?? 0) + 1);
  }
  return { rows, voxels };
}

function featuresOf(matrix: SizeMatrix) {
  const f = sizeMatrixFeatures(matrix);
  return {
    smallZoneEmphasis: f.small,
    largeZoneEmphasis: f.large,
    lowGreyLevelZoneEmphasis: f.low,
    highGreyLevelZoneEmphasis: f.high,
    smallZoneLowGreyLevelEmphasis: f.smallLow,
    smallZoneHighGreyLevelEmphasis: f.smallHigh,
    largeZoneLowGreyLevelEmphasis: f.largeLow,
    largeZoneHighGreyLevelEmphasis: f.largeHigh,
    greyLevelNonUniformity: f.levelNonUniformity,
    normalisedGreyLevelNonUniformity: f.normalisedLevelNonUniformity,
    zoneSizeNonUniformity: f.sizeNonUniformity,
    normalisedZoneSizeNonUniformity: f.normalisedSizeNonUniformity,
    zonePercentage: f.percentage,
    greyLevelVariance: f.levelVariance,
    zoneSizeVariance: f.sizeVariance,
    zoneSizeEntropy: f.entropy,
  };
}
