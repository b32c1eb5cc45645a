import { type Labels, partByLabel } from '../cases.ts';
import { StatsError } from '../errors.ts';
import type { RandomSource } from '../random-source.ts';

/** A column that groups cases: patient numbers or names, class labels, hospitals. */
export type Groups = ArrayLike<number | string | boolean>;

/**
 * A statistic of a resample: `multiplicities[i]` says how often case i was drawn. Returns undefined where it has no
 * value (one class only): that replicate is discarded.
 */
export type ResampledStatistic = (multiplicities: Uint32Array) => number | undefined;

/** What a bootstrap draws: units (patients, or single cases) in strata, all cases of a unit together. */
export interface ResamplingUnits {
  /** The unit of each case, from 0. */
  readonly unitOf: Uint32Array;
  readonly units: number;
  /** The units of each stratum. */
  readonly strata: readonly Uint32Array[];
}

/** Numbers groups from 0 in the order of their first case. Throws stats/length, and stats/argument for a missing name. */
export function numberGroups(
  groups: Groups,
  count: number,
  what: string,
): { readonly index: Uint32Array; readonly size: number } {
  if (groups.length !== count) {
    throw new StatsError(
      'stats/length',
      `${what} must have one entry a case, got ${groups.length} for ${count} cases; pass columns of the same table`,
    );
  }
  const numbers = new Map<number | string | boolean, number>();
  const index = Uint32Array.from(groups, (group, row) => {
    // Cases without a name would all become one group
    if (group === undefined || group === null || group === '' || Number.isNaN(group)) {
      throw new StatsError('stats/argument', `${what}[${row}] must name a group, got ${group}; fill in the column`);
    }
    const known = numbers.get(group);
    if (known !== undefined) return known;
    numbers.set(group, numbers.size);
    return numbers.size - 1;
  });
  return { index, size: numbers.size };
}

/**
 * The units of a bootstrap over `count` cases: clusters where given, else single cases, parted into strata where given.
 * A cluster must lie in one stratum. O(n). Throws stats/length, stats/cluster, and stats/argument for no cases.
 */
export function resamplingUnits(count: number, clusters?: Groups, strata?: Groups): ResamplingUnits {
  if (count === 0) {
    throw new StatsError('stats/argument', 'a bootstrap needs at least one case, got none; check the table');
  }
  const unit = clusters
    ? numberGroups(clusters, count, 'clusters')
    : { index: Uint32Array.from({ length: count }, (_, i) => i), size: count };
  const stratum = strata ? numberGroups(strata, count, 'strata') : { index: new Uint32Array(count), size: 1 };
  const stratumOf = new Int32Array(unit.size).fill(-1);
  const members: number[][] = Array.from({ length: stratum.size }, () => []);
  unit.index.forEach((id, row) => {
    const here = stratum.index[row] as number;
    if (stratumOf[id] === -1) {
      stratumOf[id] = here;
      members[here]?.push(id);
    } else if (stratumOf[id] !== here) {
      throw new StatsError(
        'stats/cluster',
        `a cluster must lie in one stratum, got cluster "${clusters?.[row]}" in stratum "${strata?.[row]}" (row ${row}) and in another; stratify by a column that is constant in a patient, or not at all`,
      );
    }
  });
  return { unitOf: unit.index, units: unit.size, strata: members.map((ids) => Uint32Array.from(ids)) };
}

/** One resample: as many units from each stratum as it has, with replacement; how often each case was drawn. */
export function drawUnits(
  { unitOf, units, strata }: ResamplingUnits,
  random: RandomSource,
  multiplicities: Uint32Array,
): void {
  const drawn = new Uint32Array(units);
  for (const members of strata) {
    for (let i = 0; i < members.length; i++) {
      const unit = members[random.integer(0, members.length - 1)] as number;
      drawn[unit] = (drawn[unit] as number) + 1;
    }
  }
  for (let i = 0; i < multiplicities.length; i++) multiplicities[i] = drawn[unitOf[i] as number] as number;
}

/**
 * Strata of whole clusters by class, for a stratified bootstrap by patient: 1 for every case of a cluster with a
 * positive case, else 0. A patient with one diseased and one healthy breast is in stratum 1. O(n). Throws stats/length
 * and stats/label.
 */
export function clusterClasses(labels: Labels, clusters: Groups): Uint8Array {
  partByLabel(new Uint8Array(labels.length), labels);
  const { index, size } = numberGroups(clusters, labels.length, 'clusters');
  const diseased = new Uint8Array(size);
  index.forEach((id, row) => {
    if (labels[row] === 1 || labels[row] === true) diseased[id] = 1;
  });
  return Uint8Array.from(index, (id) => diseased[id] as number);
}
