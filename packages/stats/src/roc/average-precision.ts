import { type Labels, partBothClasses, type Scores } from '../cases.ts';
import { studentQuantile } from '../distributions/student.ts';
import { DEFAULT_LEVEL, type Interval, tailProbability } from '../interval.ts';
import { proportionInterval } from '../proportions/proportion.ts';
import { rankCases } from '../resampling/resampled-auc.ts';
import { clusterClasses, type Groups, resamplingUnits } from '../resampling/units.ts';
import { placementClusters } from './delong.ts';

/** What an interval of average precision needs. */
export interface AveragePrecisionOptions {
  /** 0.95 where not given. */
  readonly level?: number;
  /** Cases of one cluster (a patient) may depend on each other; independent where not given. */
  readonly clusters?: Groups;
}

/** Average precision with its interval. */
export interface AveragePrecision {
  readonly averagePrecision: number;
  readonly standardError: number;
  /** 'logit', or 'clopper-pearson' where the standard error is 0: see {@link averagePrecision}. */
  readonly interval: Interval & { readonly method: 'logit' | 'clopper-pearson' };
}

/**
 * Average precision's derivative by the weight of each case. With T, F and N = T + F the weights called from a case's
 * score on, AP = sum_i w_i T_i / N_i over positives / P; a positive case gives (T_j / N_j + S_j - AP) / P with
 * S_j = sum_i F_i / N_i^2 over the positives i of its score or below, a negative one -sum_i T_i / N_i^2 / P.
 */
function influences(scores: Scores, labels: Labels): { readonly estimate: number; readonly values: Float64Array } {
  const { rows, positive, last } = rankCases(scores, labels);
  const count = rows.length;
  const [called, calledWrong] = [new Float64Array(count), new Float64Array(count)]; // by rank
  let [tp, fp, area] = [0, 0, 0];
  for (let end = count - 1; end >= 0; ) {
    let start = end;
    while (start > 0 && last[start - 1] === 0) start--;
    let own = 0;
    for (let rank = start; rank <= end; rank++) own += positive[rank] as number;
    tp += own;
    fp += end - start + 1 - own;
    area += (own * tp) / (tp + fp);
    called.fill(tp, start, end + 1);
    calledWrong.fill(fp, start, end + 1);
    end = start - 1;
  }
  const positives = tp;
  const estimate = area / positives;
  const values = new Float64Array(count);
  let [gained, lost] = [0, 0];
  for (let start = 0; start < count; ) {
    let end = start;
    while (last[end] === 0) end++;
    const [t, f] = [called[start] as number, calledWrong[start] as number];
    let own = 0;
    for (let rank = start; rank <= end; rank++) own += positive[rank] as number;
    gained += (own * f) / (t + f) ** 2;
    lost += (own * t) / (t + f) ** 2;
    for (let rank = start; rank <= end; rank++)
      values[rows[rank] as number] =
        positive[rank] === 1 ? (t / (t + f) + gained - estimate) / positives : -lost / positives;
    start = end + 1;
  }
  return { estimate, values };
}

/**
 * Average precision (see precisionRecall) with an interval on the logit scale, which never leaves [0, 1]: standard error
 * by the infinitesimal jackknife over units (clusters where given, else cases) within classes (of clusters: with and
 * without a positive case), Student's t with one degree of freedom less than the rarer class has units. At 50 cases
 * percentiles of a bootstrap hold the truth in 87 % of studies, this in 94 % (see coverage).
 * Where the standard error is 0, as when the classes are separated, the interval is Clopper and Pearson's of that share
 * of as many trials as the rarer class has units, as that of an AUC is.
 * O(n log n). Sources: Jaeckel, Bell Laboratories memorandum MM 72-1215-11 (1972); Efron, "The jackknife, the bootstrap
 * and other resampling plans" (1982), chapter 6; the logit scale: Boyd, Eng and Page, ECML PKDD 2013, 451-466.
 * Throws stats/length, stats/score, stats/label, stats/level, and stats/classes unless each class has two units.
 */
export function averagePrecision(
  scores: Scores,
  labels: Labels,
  { level = DEFAULT_LEVEL, clusters }: AveragePrecisionOptions = {},
): AveragePrecision {
  const tail = tailProbability(level);
  partBothClasses(scores, labels, 2);
  const { estimate, values } = influences(scores, labels);
  const { withPositives, withNegatives } = placementClusters(labels, clusters ?? Array.from(labels, (_, row) => row));
  const least = Math.min(withPositives, withNegatives);
  const classes = clusters ? clusterClasses(labels, clusters) : Uint8Array.from(labels, Number);
  const design = resamplingUnits(labels.length, clusters, classes);
  const { unitOf, units } = design;
  // where all clusters but one have a positive case, that one has no spread of its own
  const strata = design.strata.some(({ length }) => length < 2)
    ? [Uint32Array.from({ length: units }, (_, i) => i)]
    : design.strata;
  const sums = new Float64Array(units);
  unitOf.forEach((unit, row) => {
    sums[unit] = (sums[unit] as number) + (values[row] as number);
  });
  const variance = strata.reduce((total, members) => {
    const own = Float64Array.from(members, (unit) => sums[unit] as number);
    const first = own[0] as number; // centred, so that equal influences have variance 0 exactly
    const mean = own.reduce((sum, value) => sum + (value - first), 0) / own.length;
    const squares = own.reduce((sum, value) => sum + (value - first - mean) ** 2, 0);
    return total + (own.length / (own.length - 1)) * squares;
  }, 0);
  const standardError = Math.sqrt(variance);
  if (standardError === 0 || estimate === 1) {
    const { lower, upper } = proportionInterval(estimate * least, least, { level, method: 'clopper-pearson' });
    return { averagePrecision: estimate, standardError, interval: { lower, upper, level, method: 'clopper-pearson' } };
  }
  const logit = Math.log(estimate / (1 - estimate));
  const half = (studentQuantile(1 - tail, least - 1) * standardError) / (estimate * (1 - estimate));
  const expit = (value: number) => 1 / (1 + Math.exp(-value));
  const interval = { lower: expit(logit - half), upper: expit(logit + half), level, method: 'logit' as const };
  return { averagePrecision: estimate, standardError, interval };
}
