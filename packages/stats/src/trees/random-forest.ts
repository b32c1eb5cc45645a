/**
 * A random forest for two classes.
 * Source: Breiman, "Random forests", Machine Learning 45 (2001), 5-32. Trees are grown to purity on bootstrap samples; a forest's
 * probability is the mean of its trees', as scikit-learn has it, not the share of their votes.
 */
import type { Labels } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { type FeatureColumns, requireColumns, requireFeatures } from '../feature-columns.ts';
import type { RandomSource } from '../random-source.ts';
import { type Groups, resamplingUnits } from '../resampling/units.ts';
import { growTree, rankedColumns, type TreeLimits, type TreeNode, treeProbability } from './decision-tree.ts';

/** What a forest needs. */
export interface RandomForestOptions extends TreeLimits {
  readonly random: RandomSource;
  /** 500 where not given. */
  readonly trees?: number;
  /** Features tried at each split; the whole part of the square root of their number where not given. */
  readonly features?: number;
  /** Cases of one cluster (a patient) are drawn together, and are out of bag together; single cases where not given. */
  readonly clusters?: Groups;
}

/** A grown forest. */
export interface RandomForest {
  readonly trees: readonly TreeNode[];
  /** Number of features that it was grown on. */
  readonly features: number;
  /**
   * For each case the mean probability of the trees that did not see it; undefined where every tree did. `accuracy` is the share of the
   * cases with a value whose class it gives at 0.5; undefined where there is none.
   */
  readonly outOfBag: {
    readonly probabilities: readonly (number | undefined)[];
    readonly accuracy: number | undefined;
  };
}

/**
 * Grows a forest: each tree on as many clusters (cases) as there are, drawn with replacement. A draw of one class only gives a tree
 * of one leaf. O(trees sqrt(features) n log n) a level of depth.
 * Throws what requireFeatures throws, stats/length for clusters, stats/argument for a number of trees that is not from 1 to 100,000.
 */
export function randomForest(features: FeatureColumns, labels: Labels, options: RandomForestOptions): RandomForest {
  const { columns, truth } = requireFeatures(features, labels);
  const { random, trees = 500, features: tried = Math.floor(Math.sqrt(columns.length)), clusters, ...limits } = options;
  if (!(Number.isSafeInteger(trees) && trees >= 1 && trees <= 100_000)) {
    throw new StatsError('stats/argument', `a forest needs 1 to 100,000 trees, got ${trees}; 500 is usual`);
  }
  const ranked = rankedColumns(columns);
  const { unitOf, units } = resamplingUnits(truth.length, clusters);
  const sums = new Float64Array(truth.length);
  const counts = new Uint32Array(truth.length);
  const grown = Array.from({ length: trees }, () => {
    const drawn = new Uint32Array(units);
    for (let i = 0; i < units; i++) {
      const unit = random.integer(0, units - 1);
      drawn[unit] = (drawn[unit] as number) + 1;
    }
    const weights = Float64Array.from(unitOf, (unit) => drawn[unit] as number);
    const tree = growTree(ranked, truth, weights, { ...limits, draw: { features: tried, random } });
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] !== 0) continue;
      sums[i] = (sums[i] as number) + treeProbability(tree, (j) => columns[j]?.[i] as number);
      counts[i] = (counts[i] as number) + 1;
    }
    return tree;
  });
  const probabilities = Array.from(sums, (sum, i) => (counts[i] ? sum / (counts[i] as number) : undefined));
  const known = probabilities.flatMap((p, i) => (p === undefined ? [] : [p > 0.5 === (truth[i] === 1)]));
  const accuracy = known.length > 0 ? known.filter(Boolean).length / known.length : undefined;
  return { trees: grown, features: columns.length, outOfBag: { probabilities, accuracy } };
}

/**
 * The probability of every case: the mean over trees. O(cases trees depth). Throws stats/argument for another number of features than
 * the forest's, or a value that is no finite number, stats/length for unequal columns.
 */
export function forestProbabilities({ trees, features }: RandomForest, columns: FeatureColumns): Float64Array {
  if (columns.length !== features) {
    throw new StatsError(
      'stats/argument',
      `a forest of ${features} features needs as many columns, got ${columns.length}; pass those it was grown on`,
    );
  }
  const checked = requireColumns(columns, columns[0]?.length ?? 0);
  return Float64Array.from({ length: checked[0]?.length ?? 0 }, (_, i) => {
    const sum = trees.reduce((total, tree) => total + treeProbability(tree, (j) => checked[j]?.[i] as number), 0);
    return sum / trees.length;
  });
}
