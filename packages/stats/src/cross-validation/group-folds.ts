import type { Labels } from '../cases.ts';
import { StatsError } from '../errors.ts';
import type { RandomSource } from '../random-source.ts';
import { clusterClasses, type Groups, numberGroups } from '../resampling/units.ts';

/**
 * The fold of each case, from 0: groups (patients) are kept together, shuffled, and dealt in turn, those with a positive case first, so
 * that folds differ by at most one group of each class. O(n). Throws stats/length, stats/label, stats/argument (fewer than two
 * folds), and stats/classes where a class has fewer groups than there are folds.
 */
export function groupFolds(groups: Groups, labels: Labels, folds: number, random: RandomSource): Uint32Array {
  if (!(Number.isSafeInteger(folds) && folds >= 2)) {
    throw new StatsError('stats/argument', `folds must be a whole number of at least 2, got ${folds}; 10 is usual`);
  }
  const classes = clusterClasses(labels, groups);
  const { index, size } = numberGroups(groups, labels.length, 'groups');
  const classOf = new Uint8Array(size);
  index.forEach((group, row) => {
    classOf[group] = classes[row] as number;
  });
  const foldOf = new Uint32Array(size);
  let dealt = 0;
  for (const wanted of [1, 0]) {
    const members = Uint32Array.from(classOf.keys()).filter((group) => classOf[group] === wanted);
    if (members.length < folds) {
      throw new StatsError(
        'stats/classes',
        `${folds} folds need at least ${folds} groups of each class, got ${members.length} ${wanted ? 'with' : 'without'} a positive case; take fewer folds`,
      );
    }
    for (let last = members.length - 1; last >= 0; last--) {
      const chosen = random.integer(0, last);
      foldOf[members[chosen] as number] = dealt++ % folds;
      members[chosen] = members[last] as number;
    }
  }
  return Uint32Array.from(index, (group) => foldOf[group] as number);
}
