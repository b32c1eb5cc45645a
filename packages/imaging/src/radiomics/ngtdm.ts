import { type Aggregation, averageFeatures, type MatrixPart, neighbourhoodParts, withinSlice } from './aggregation.ts';
import { type GreyLevels, strides } from './grey-levels.ts';

/** What {@link ngtdmFeatures} gives. */
export type NgtdmFeatures = ReturnType<typeof featuresOf>;

/** What coarseness is where no voxel differs from its neighbours (IBSI 1, section 3.10.1). */
export const GREATEST_COARSENESS = 1e6;

/** For each level from 1, at level - 1: voxels with a neighbour, and the sum of their differences from their surroundings. */
interface ToneDifferences {
  readonly counts: Float64Array;
  readonly differences: Float64Array;
}

/**
 * Features of the neighbourhood grey-tone difference matrix (IBSI 1, section 3.10), distance 1. Voxels without a neighbour in the
 * region take no part. Where nothing differs, coarseness is 1e6 and the others are 0.
 */
export function ngtdmFeatures(levels: GreyLevels, aggregation: Aggregation = '3d-merged'): NgtdmFeatures {
  const flat = withinSlice(aggregation);
  const parts = neighbourhoodParts(levels, aggregation)
    .map((part) => toneDifferences(levels, part, flat))
    .filter(({ counts }) => counts.some((count) => count > 0));
  const [first, ...others] = parts;
  if (!first) return featuresOf({ counts: new Float64Array(1), differences: new Float64Array(1) });
  return averageFeatures([featuresOf(first), ...others.map(featuresOf)]);
}

/** Voxels are counted in the bits above levels, so that one sum over a neighbourhood gives both; 27 levels stay below it. */
const ONE_VOXEL = 1 << 16;

function toneDifferences(levels: GreyLevels, { from, to }: MatrixPart, flat: boolean): ToneDifferences {
  const { width, height, count, levels: grey } = levels;
  const { row, slice } = strides(levels);
  const reach = flat ? 0 : 1;
  const [start, end] = [(from + 1 - reach) * slice, (to + 1 + reach) * slice];
  const along = new Int32Array(end - start);
  for (let i = start + 1; i < end - 1; i++) along[i - start] = packed(i - 1) + packed(i) + packed(i + 1);
  function packed(i: number): number {
    const level = grey[i] as number;
    return level > 0 ? level + ONE_VOXEL : 0;
  }
  const plane = new Int32Array(along.length);
  for (let i = row; i < along.length - row; i++)
    plane[i] = (along[i - row] as number) + (along[i] as number) + (along[i + row] as number);
  const counts = new Float64Array(count);
  const differences = new Float64Array(count);
  for (let z = from; z < to; z++) {
    for (let y = 0; y < height; y++) {
      const first = (z + 1) * slice + (y + 1) * row + 1;
      for (let i = first; i < first + width; i++) {
        const level = grey[i] as number;
        if (level === 0) continue;
        const at = i - start;
        let sum = plane[at] as number;
        if (!flat) sum += (plane[at - slice] as number) + (plane[at + slice] as number);
        const neighbours = (sum >> 16) - 1;
        if (neighbours === 0) continue;
        const mean = ((sum & (ONE_VOXEL - 1)) - level) / neighbours;
        counts[level - 1] = (counts[level - 1] as number) + 1;
        differences[level - 1] = (differences[level - 1] as number) + Math.abs(level - mean);
      }
    }
  }
  return { counts, differences };
}

function featuresOf({ counts, differences }: ToneDifferences) {
  const total = counts.reduce((sum, value) => sum + value, 0);
  const present = [...counts].flatMap((count, i) =>
    count > 0 ? [{ level: i + 1, p: count / total, s: differences[i] as number }] : [],
  );
  const sumOf = (of: (entry: { level: number; p: number; s: number }) => number) =>
    present.reduce((sum, entry) => sum + of(entry), 0);
  const weighted = sumOf(({ p, s }) => p * s);
  const difference = sumOf(({ s }) => s);
  let [contrast, busyness, complexity, strength] = [0, 0, 0, 0];
  for (const a of present) {
    for (const b of present) {
      const apart = a.level - b.level;
      contrast += a.p * b.p * apart * apart;
      busyness += Math.abs(a.level * a.p - b.level * b.p);
      complexity += (Math.abs(apart) * (a.p * a.s + b.p * b.s)) / (a.p + b.p);
      strength += (a.p + b.p) * apart * apart;
    }
  }
  const levels = present.length;
  return {
    coarseness: weighted > 0 ? Math.min(GREATEST_COARSENESS, 1 / weighted) : GREATEST_COARSENESS,
    contrast: levels > 1 ? ((contrast / (levels * (levels - 1))) * difference) / total : 0,
    busyness: busyness > 0 && levels > 1 ? weighted / busyness : 0,
    complexity: total > 0 ? complexity / total : 0,
    strength: difference > 0 ? strength / difference : 0,
  };
}
