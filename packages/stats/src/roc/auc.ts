import { type Labels, partBothClasses, type Scores } from '../cases.ts';
import { midranks } from './midranks.ts';

/**
 * The area under the empirical ROC curve: the chance that a positive case scores above a negative one, ties counting
 * one half. From the rank sum of the positives (Mann-Whitney), exact but for one division. O(n log n).
 * Source: Hanley and McNeil, Radiology 143 (1982), 29-36. Throws stats/length, stats/score, stats/label and stats/classes.
 */
export function auc(scores: Scores, labels: Labels): number {
  const { positives, negatives } = partBothClasses(scores, labels);
  const m = positives.length;
  const n = negatives.length;
  const ranks = midranks([...positives, ...negatives]);
  const rankSum = ranks.subarray(0, m).reduce((sum, rank) => sum + rank, 0);
  return (rankSum - (m * (m + 1)) / 2) / (m * n);
}
