import type { Labels, Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { type RocCurve, type RocPoint, rocCurve } from './roc.ts';

/** 'at-least': the target is reached or passed. 'nearest': the rate closest to the target on either side. */
export type TargetRule = 'at-least' | 'nearest';

/** A cut-off with the rates and counts it gives. */
export interface OperatingPoint {
  /** An observed score or Infinity; score >= threshold is positive. */
  readonly threshold: number;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
  /** The rate reached less the rate asked for. */
  readonly deviation: number;
}

/** What to hold fixed. */
export interface FixedRate {
  /** The rate asked for, in [0, 1]. */
  readonly target: number;
  /** 'nearest', as Park 2022 has it, where not given. */
  readonly rule?: TargetRule;
}

/** Counts within this share of one case of the target are on it: 0.9 * 10 is 9. */
const COUNT_TOLERANCE = 1e-9;

/**
 * The index of the count, of ascending `counts`, that the rule chooses for `wanted` cases. Of two equally near counts
 * the larger; of equal counts the first.
 */
function choose(counts: readonly number[], wanted: number, rule: TargetRule): number {
  const slack = COUNT_TOLERANCE * Math.max(1, wanted);
  const reached = counts.findIndex((count) => count >= wanted - slack); // the last count is all cases, so there is one
  if (rule === 'at-least' || reached === 0) return reached;
  const below = counts.indexOf(counts[reached - 1] as number);
  const [under, over] = [wanted - (counts[below] as number), (counts[reached] as number) - wanted];
  return under < over - slack ? below : reached;
}

function requireTarget(name: string, { target, rule = 'nearest' }: FixedRate): TargetRule {
  if (!(target >= 0 && target <= 1)) {
    throw new StatsError('stats/argument', `the ${name} to hold must lie in [0, 1], got ${target}; pass 0.9 for 90 %`);
  }
  if (rule !== 'at-least' && rule !== 'nearest') {
    throw new StatsError(
      'stats/argument',
      `the rule for a fixed ${name} must be at-least or nearest, got "${rule}"; choose one of them`,
    );
  }
  return rule;
}

function describe({ positives, negatives }: RocCurve, { threshold, tp, fp, tpr }: RocPoint) {
  const tn = negatives - fp;
  return { threshold, sensitivity: tpr, specificity: tn / negatives, tp, fp, tn, fn: positives - tp };
}

/** The point on a curve at a fixed sensitivity; see {@link fixedSensitivity}. O(n). */
export function pointAtSensitivity(curve: RocCurve, fixed: FixedRate): OperatingPoint {
  const rule = requireTarget('sensitivity', fixed);
  const counts = curve.points.map((point) => point.tp); // ascends as the threshold descends
  const point = describe(curve, curve.points[choose(counts, fixed.target * curve.positives, rule)] as RocPoint);
  return { ...point, deviation: point.sensitivity - fixed.target };
}

/**
 * The cut-off at a fixed sensitivity. 'nearest' is the rule of Park 2022 (footnote 6): "If no threshold leads to
 * exactly 90 % sensitivity, then the threshold that leads to the closest sensitivity value is chosen"; of two equally
 * close the higher sensitivity. 'at-least' is the smallest sensitivity that reaches the target. Among thresholds of the
 * same sensitivity the highest, so the best specificity. O(n log n). Throws stats/argument for a target outside [0, 1],
 * and as {@link rocCurve} does.
 */
export function fixedSensitivity(scores: Scores, labels: Labels, fixed: FixedRate): OperatingPoint {
  return pointAtSensitivity(rocCurve(scores, labels), fixed);
}

/**
 * The cut-off at a fixed specificity, the mirror of {@link fixedSensitivity}: of equally near specificities the higher,
 * among thresholds of the same specificity the lowest, so the best sensitivity. O(n log n). Throws alike.
 */
export function fixedSpecificity(scores: Scores, labels: Labels, fixed: FixedRate): OperatingPoint {
  const rule = requireTarget('specificity', fixed);
  const curve = rocCurve(scores, labels);
  const rising = curve.points.toReversed(); // thresholds ascend, and with them specificity
  const counts = rising.map((point) => curve.negatives - point.fp);
  const point = describe(curve, rising[choose(counts, fixed.target * curve.negatives, rule)] as RocPoint);
  return { ...point, deviation: point.specificity - fixed.target };
}
