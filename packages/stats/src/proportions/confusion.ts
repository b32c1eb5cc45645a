import { type Labels, partByLabel, type Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { type F1Method, type F1Score, f1Score } from './f1.ts';
import { type Proportion, type ProportionMethod, proportion } from './proportion.ts';

/** The four counts of a binary decision: t true, f false, p called positive, n called negative. */
export interface ConfusionCounts {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
}

/**
 * What the four counts say. A proportion without cases in its denominator has a null value and interval: ppv where
 * nothing was called positive, sensitivity where there is no positive case. `mcc` and `kappa` are null where they are
 * 0/0 (a row or a column of the matrix is empty; for kappa, chance agreement is 1). Never 0 in their place, as some
 * libraries have it: 0 would read as a measured value.
 */
export interface ConfusionMetrics extends ConfusionCounts {
  /** tp / (tp + fn), also called recall. */
  readonly sensitivity: Proportion;
  /** tn / (tn + fp). */
  readonly specificity: Proportion;
  /** (tp + tn) / all. */
  readonly accuracy: Proportion;
  /** Positive predictive value tp / (tp + fp), also called precision; holds at the prevalence of these cases. */
  readonly ppv: Proportion;
  /** Negative predictive value tn / (tn + fn); holds at the prevalence of these cases. */
  readonly npv: Proportion;
  readonly f1: F1Score;
  /** Matthews correlation coefficient, Biochimica et Biophysica Acta 405 (1975), 442-451. */
  readonly mcc: number | null;
  /** Cohen's kappa, Educational and Psychological Measurement 20 (1960), 37-46. */
  readonly kappa: number | null;
}

/** Level and methods of the intervals; 0.95, Wilson and Wilson's indirect one of F1 where not given. */
export interface ConfusionOptions {
  readonly level?: number;
  readonly method?: ProportionMethod;
  readonly f1Method?: F1Method;
}

/** Counts at a cut-off: a case with score >= cutoff is called positive. Either class may be absent. */
export function confusionCounts(scores: Scores, labels: Labels, cutoff: number): ConfusionCounts {
  if (typeof cutoff !== 'number' || Number.isNaN(cutoff)) {
    throw new StatsError('stats/argument', `cutoff must be a number, got ${cutoff}; pass a score such as 0.5`);
  }
  const { positives, negatives } = partByLabel(scores, labels);
  const called = (part: Float64Array) => part.reduce((count, score) => count + (score >= cutoff ? 1 : 0), 0);
  const tp = called(positives);
  const fp = called(negatives);
  return { tp, fp, tn: negatives.length - fp, fn: positives.length - tp };
}

/** Kappa as 2 (tp tn - fp fn) / ((tp + fp)(fp + tn) + (tp + fn)(fn + tn)): (observed - chance) / (1 - chance), times n^2. */
function kappa({ tp, fp, tn, fn }: ConfusionCounts): number | null {
  const scale = (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn);
  return scale === 0 ? null : (2 * (tp * tn - fp * fn)) / scale;
}

function matthews({ tp, fp, tn, fn }: ConfusionCounts): number | null {
  const scale = Math.sqrt((tp + fp) * (tp + fn)) * Math.sqrt((tn + fp) * (tn + fn));
  return scale === 0 ? null : (tp * tn - fp * fn) / scale;
}

/** Everything that four counts say. Throws stats/argument for a count that is not a non-negative integer. */
export function confusionMetrics(counts: ConfusionCounts, options: ConfusionOptions = {}): ConfusionMetrics {
  const { tp, fp, tn, fn } = counts;
  for (const [name, count] of Object.entries({ tp, fp, tn, fn })) {
    if (!(Number.isSafeInteger(count) && count >= 0)) {
      throw new StatsError(
        'stats/argument',
        `${name} must be a count of cases, a non-negative integer, got ${count}; count cases, not rates`,
      );
    }
  }
  return {
    tp,
    fp,
    tn,
    fn,
    sensitivity: proportion(tp, tp + fn, options),
    specificity: proportion(tn, tn + fp, options),
    accuracy: proportion(tp + tn, tp + fp + tn + fn, options),
    ppv: proportion(tp, tp + fp, options),
    npv: proportion(tn, tn + fn, options),
    f1: f1Score(counts, { level: options.level, method: options.f1Method }),
    mcc: matthews(counts),
    kappa: kappa(counts),
  };
}

/** Metrics at a cut-off: {@link confusionMetrics} of {@link confusionCounts}, with the cut-off. */
export function confusion(
  scores: Scores,
  labels: Labels,
  cutoff: number,
  options: ConfusionOptions = {},
): ConfusionMetrics & { readonly cutoff: number } {
  return { cutoff, ...confusionMetrics(confusionCounts(scores, labels, cutoff), options) };
}
