import { type Aggregation, averageFeatures, type MatrixPart, neighbourhoodParts, withinSlice } from './aggregation.ts';
import { type GreyLevels, strides } from './grey-levels.ts';
import { type SizeMatrix, sizeMatrixFeatures } from './size-matrix.ts';

/** What {@link glszmFeatures} gives. */
export type GlszmFeatures = ReturnType<typeof featuresOf>;

/** Voxels from which on zones are counted in a map. */
const SMALL = 64;

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
  const apart = apartNeighbours(others, row, slice);
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
        // Which neighbours are equal, one bit each, without a branch that cannot be foreseen.
        let equal = 0;
        for (let k = 0; k < others.length; k++) {
          const difference = (grey[i - (others[k] as number)] as number) ^ level;
          equal |= ((difference - 1) >>> 31) << k;
        }
        let top = i;
        parent[i] = i;
        for (let left = apart[equal] as number; left !== 0; left &= left - 1) {
          let other = parent[i - (others[31 - Math.clz32(left & -left)] as number)] as number;
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
  const small = new Uint32Array((count + 1) * SMALL); // most zones are, and a table is faster than a map
  let voxels = 0;
  for (let i = first; i < last; i++) {
    const size = sizes[i] as number;
    if (size === 0) continue;
    voxels += size;
    const level = grey[i] as number;
    if (size < SMALL) {
      const cell = level * SMALL + size;
      small[cell] = (small[cell] as number) + 1;
    } else {
      const row = rows[level - 1] as Map<number, number>;
      row.set(size, (row.get(size) ?? 0) + 1);
    }
  }
  rows.forEach((row, i) => {
    for (let size = 1; size < SMALL; size++) {
      const zones = small[(i + 1) * SMALL + size] as number;
      if (zones > 0) row.set(size, zones);
    }
  });
  return { rows, voxels };
}

/**
 * For every set of equal neighbours, a bit each, those of it that need a look: neighbours that touch each other have been joined
 * already, so one of each group does.
 */
function apartNeighbours(steps: Int32Array, row: number, slice: number): Uint16Array {
  const places = Array.from(steps, (step) => {
    const z = Math.round(step / slice);
    const y = Math.round((step - z * slice) / row);
    return [step - z * slice - y * row, y, z] as const;
  });
  // For each neighbour, the bits of those that touch it, and its own.
  const touching = places.map((a) =>
    places.reduce(
      (bits, b, k) => (a.every((at, axis) => Math.abs(at - (b[axis] as number)) <= 1) ? bits | (1 << k) : bits),
      0,
    ),
  );
  return Uint16Array.from({ length: 1 << steps.length }, (_, equal) => {
    let [kept, left] = [0, equal];
    while (left !== 0) {
      let group = left & -left;
      kept |= group;
      for (let before = 0; before !== group; ) {
        before = group;
        touching.forEach((bits, k) => {
          if ((before >> k) & 1) group |= bits & equal;
        });
      }
      left &= ~group;
    }
    return kept;
  });
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
