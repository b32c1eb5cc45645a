/**
 * A classification tree by Gini impurity, for two classes.
 * Source: Breiman, Friedman, Olshen and Stone, "Classification and regression trees" (1984); splits halfway between neighbouring
 * values, as scikit-learn's.
 */
import type { Labels } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { type FeatureColumns, requireFeatures } from '../feature-columns.ts';
import type { RandomSource } from '../random-source.ts';

/** A case goes to `low` where its feature is at most the threshold, else to `high`. */
export interface TreeSplit {
  readonly feature: number;
  readonly threshold: number;
  readonly low: TreeNode;
  readonly high: TreeNode;
}

/** The share of positive cases, by weight, where a tree ends. */
export interface TreeLeaf {
  readonly probability: number;
}

/** A split or a leaf. */
export type TreeNode = TreeSplit | TreeLeaf;

/** Where a tree stops growing; it goes on until leaves are pure where nothing is given. */
export interface TreeLimits {
  /** Splits on the way to a leaf. */
  readonly depth?: number;
  /** Cases, each once however it is weighted, on either side of a split; 1 where not given. */
  readonly leafCases?: number;
}

/** What else a tree needs. */
export interface TreeOptions extends TreeLimits {
  /** How often each case counts; once where not given. */
  readonly multiplicities?: ArrayLike<number>;
  /** Features tried at each split, drawn anew; all in their order where not given. */
  readonly draw?: { readonly features: number; readonly random: RandomSource };
}

/**
 * Grows a tree. Of all features and thresholds the split that lowers impurity most is taken, the first of equal ones in the order of
 * features and values. Where all features drawn are constant in a node, further ones are drawn until one varies.
 * O(features n log n) a level. Throws what requireFeatures throws, and stats/argument for limits out of range.
 */
export function decisionTree(features: FeatureColumns, labels: Labels, options: TreeOptions = {}): TreeNode {
  const { columns, truth } = requireFeatures(features, labels);
  const weights = Float64Array.from(options.multiplicities ?? truth, (value) => (options.multiplicities ? value : 1));
  return growTree(rankedColumns(columns), truth, weights, options);
}

/** Columns with the order of their values, computed once for all trees of a forest. */
export interface RankedColumns {
  readonly columns: readonly Float64Array[];
  /** Case by rank, and rank by case. */
  readonly caseAt: readonly Uint32Array[];
  readonly rankOf: readonly Uint32Array[];
}

/** Sorts every column once. */
export function rankedColumns(columns: readonly Float64Array[]): RankedColumns {
  const caseAt = columns.map((column) =>
    Uint32Array.from(column.keys()).sort((a, b) => (column[a] as number) - (column[b] as number) || a - b),
  );
  const rankOf = caseAt.map((order) => {
    const ranks = new Uint32Array(order.length);
    order.forEach((row, rank) => {
      ranks[row] = rank;
    });
    return ranks;
  });
  return { columns, caseAt, rankOf };
}

/** {@link decisionTree} on columns that are sorted already; cases of weight 0 take no part. */
export function growTree(
  ranked: RankedColumns,
  truth: Uint8Array,
  weights: Float64Array,
  { depth = Number.POSITIVE_INFINITY, leafCases = 1, draw }: TreeOptions = {},
): TreeNode {
  const tried = draw?.features ?? ranked.columns.length;
  const whole = Number.isSafeInteger(tried) && Number.isSafeInteger(leafCases);
  if (!(whole && tried >= 1 && tried <= ranked.columns.length && leafCases >= 1 && depth >= 0)) {
    throw new StatsError(
      'stats/argument',
      `a tree needs 1 to ${ranked.columns.length} features a split, at least 1 case a leaf and a depth from 0, got ${tried}, ${leafCases} and ${depth}`,
    );
  }
  const order = Uint32Array.from(ranked.columns.keys());
  const grow = (rows: Uint32Array, left: number): TreeNode => {
    let [total, positive] = [0, 0];
    for (const row of rows) {
      total += weights[row] as number;
      positive += (weights[row] as number) * (truth[row] as number);
    }
    const leaf = { probability: positive / total };
    if (left <= 0 || positive === 0 || positive === total || rows.length < 2 * leafCases) return leaf;
    let best: BestSplit | undefined;
    let varying = 0;
    for (let k = 0; k < order.length && varying < tried; k++) {
      if (draw) {
        const chosen = draw.random.integer(k, order.length - 1);
        [order[k], order[chosen]] = [order[chosen] as number, order[k] as number];
      }
      const split = bestSplit(ranked, order[k] as number, rows, truth, weights, { total, positive, leafCases });
      if (split === 'constant') continue;
      varying++;
      if (split && split.purity > (best?.purity ?? Number.NEGATIVE_INFINITY)) best = split;
    }
    if (!best) return leaf;
    const { feature, threshold } = best;
    const column = ranked.columns[feature] as Float64Array;
    const low = rows.filter((row) => (column[row] as number) <= threshold);
    const high = rows.filter((row) => (column[row] as number) > threshold);
    return { feature, threshold, low: grow(low, left - 1), high: grow(high, left - 1) };
  };
  const rows = Uint32Array.from(weights.keys()).filter((row) => (weights[row] as number) > 0);
  return grow(rows, depth);
}

interface BestSplit {
  readonly feature: number;
  readonly threshold: number;
  /** What is left of the weighted Gini impurity, but for a constant and turned: larger is purer. */
  readonly purity: number;
}

interface NodeTotals {
  readonly total: number;
  readonly positive: number;
  readonly leafCases: number;
}

/** The best split of a node by one feature; undefined where none leaves enough cases on both sides. */
function bestSplit(
  { columns, caseAt, rankOf }: RankedColumns,
  feature: number,
  rows: Uint32Array,
  truth: Uint8Array,
  weights: Float64Array,
  { total, positive, leafCases }: NodeTotals,
): BestSplit | 'constant' | undefined {
  const [column, order, ranks] = [columns[feature], caseAt[feature], rankOf[feature]] as [
    Float64Array,
    Uint32Array,
    Uint32Array,
  ];
  const sorted = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) sorted[i] = ranks[rows[i] as number] as number;
  sorted.sort();
  const valueAt = (i: number) => column[order[sorted[i] as number] as number] as number;
  if (valueAt(0) === valueAt(rows.length - 1)) return 'constant';
  let best: BestSplit | undefined;
  let [below, positiveBelow] = [0, 0];
  let value = valueAt(0);
  for (let i = 0; i + 1 < rows.length; i++) {
    const row = order[sorted[i] as number] as number;
    below += weights[row] as number;
    positiveBelow += (weights[row] as number) * (truth[row] as number);
    const next = valueAt(i + 1);
    const here = value;
    value = next;
    if (next === here || i + 1 < leafCases || rows.length - i - 1 < leafCases) continue;
    const [above, positiveAbove] = [total - below, positive - positiveBelow];
    // w (1 - p^2 - q^2) = 2 w p q on each side; with the constants gone, the sum of (w_p^2 + w_q^2) / w.
    const purity =
      (positiveBelow ** 2 + (below - positiveBelow) ** 2) / below +
      (positiveAbove ** 2 + (above - positiveAbove) ** 2) / above;
    if (best && purity <= best.purity) continue;
    const middle = here / 2 + next / 2;
    best = { feature, threshold: middle >= next ? here : middle, purity };
  }
  return best;
}

/** The probability that a tree gives a case; `featureOf(j)` is its feature j. O(depth). */
export function treeProbability(tree: TreeNode, featureOf: (feature: number) => number): number {
  let node = tree;
  while ('feature' in node) node = featureOf(node.feature) <= node.threshold ? node.low : node.high;
  return node.probability;
}
