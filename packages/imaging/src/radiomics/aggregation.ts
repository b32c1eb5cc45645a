import { type GreyLevels, strides } from './grey-levels.ts';

/**
 * How matrices of texture are put together (IBSI 1, sections 3.6 to 3.11). 2d: a matrix a slice, features averaged over slices. 2.5d:
 * neighbours within a slice, one matrix for all slices. 3d: neighbours in all three axes. Matrices that depend on a direction have
 * features averaged over directions ('2d-averaged' BTW3, '2.5d-direction-merged' JJUI, '3d-averaged' ITBB), or one
 * matrix for all directions ('2d-slice-merged' SUJT, '2.5d-merged' ZW7Z, '3d-merged' IAZD).
 */
export type Aggregation =
  | '2d-averaged'
  | '2d-slice-merged'
  | '2.5d-direction-merged'
  | '2.5d-merged'
  | '3d-averaged'
  | '3d-merged';

interface AggregationRule {
  readonly volume: boolean;
  readonly bySlice: boolean;
  readonly byDirection: boolean;
}

const RULES: Readonly<Record<Aggregation, AggregationRule>> = {
  '2d-averaged': { volume: false, bySlice: true, byDirection: true },
  '2d-slice-merged': { volume: false, bySlice: true, byDirection: false },
  '2.5d-direction-merged': { volume: false, bySlice: false, byDirection: true },
  '2.5d-merged': { volume: false, bySlice: false, byDirection: false },
  '3d-averaged': { volume: true, bySlice: false, byDirection: true },
  '3d-merged': { volume: true, bySlice: false, byDirection: false },
};

/** What goes into one matrix: slices [from, to), and steps in memory to half of the neighbours, each ahead of its voxel. */
export interface MatrixPart {
  readonly from: number;
  readonly to: number;
  readonly steps: readonly number[];
}

/** The parts of a region that get a matrix of their own each; features are averaged over them. */
export function directionParts(levels: GreyLevels, aggregation: Aggregation): MatrixPart[] {
  const parts = neighbourhoodParts(levels, aggregation);
  return RULES[aggregation].byDirection
    ? parts.flatMap((part) => part.steps.map((step) => ({ ...part, steps: [step] })))
    : parts;
}

/** The same for matrices that know no direction, only a neighbourhood: 8 or 26 voxels. */
export function neighbourhoodParts(levels: GreyLevels, aggregation: Aggregation): MatrixPart[] {
  const { volume, bySlice } = RULES[aggregation];
  const steps = stepsAhead(levels, volume);
  if (!bySlice) return [{ from: 0, to: levels.depth, steps }];
  return Array.from({ length: levels.depth }, (_, z) => ({ from: z, to: z + 1, steps }));
}

/** True where slices are not neighbours of each other. */
export const withinSlice = (aggregation: Aggregation): boolean => !RULES[aggregation].volume;

/** Half of the 8 or 26 neighbours, those later in memory; the others are their mirror images. */
function stepsAhead(levels: GreyLevels, volume: boolean): number[] {
  const { row, slice } = strides(levels);
  const around = [-1, 0, 1];
  return (volume ? around : [0])
    .flatMap((z) => around.flatMap((y) => around.map((x) => z * slice + y * row + x)))
    .filter((step) => step > 0);
}

/** The mean of each feature over the parts that have a matrix. */
export function averageFeatures<Features extends Readonly<Record<string, number>>>(
  parts: readonly [Features, ...Features[]],
): Features {
  if (parts.length === 1) return parts[0];
  const sums: Record<string, number> = {};
  for (const part of parts)
    for (const [name, value] of Object.entries(part)) sums[name] = (sums[name] ?? 0) + value / parts.length;
  return sums as Features;
}
