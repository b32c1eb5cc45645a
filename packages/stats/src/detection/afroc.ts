import { StatsError } from '../errors.ts';
import { midranks } from '../roc/midranks.ts';
import type { Detection, Lesion, Volume } from './findings.ts';
import type { FrocOptions } from './froc.ts';
import { findHits } from './hits.ts';

/** One point of an AFROC: the rule "score >= threshold is marked". */
export interface AfrocPoint {
  readonly threshold: number;
  /** The share of volumes without lesions that have a mark. */
  readonly falsePositiveFraction: number;
  /** The share of lesions found. */
  readonly sensitivity: number;
}

/** The alternative free-response ROC. */
export interface Afroc {
  /** From threshold Infinity (0, 0) down through every distinct rating, and at last (1, 1). */
  readonly points: readonly AfrocPoint[];
  /** Under the straight lines between the points: the figure of merit of JAFROC, in [0, 1]. */
  readonly area: number;
  readonly lesions: number;
  readonly normals: number;
}

/**
 * The AFROC: lesions found against volumes without lesions that are marked at all. A lesion is rated by its highest
 * mark, a volume without lesions by the highest mark on it, and each by -Infinity where there is none; marks beside
 * lesions in volumes with lesions do not count (the variant of JAFROC, not AFROC1). The area is the chance that a
 * lesion is rated above such a volume, ties one half. O(n log n).
 * Sources: Chakraborty and Winter, Radiology 174 (1990), 873-881; Chakraborty and Berbaum, Medical Physics 31 (2004),
 * 2313-2330.
 * Throws stats/classes without a lesion or without a volume free of lesions, and as {@link findHits} does.
 */
export function afroc(
  detections: readonly Detection[],
  lesions: readonly Lesion[],
  volumes: readonly Volume[],
  { hit }: FrocOptions = {},
): Afroc {
  const { best } = findHits(detections, lesions, volumes, hit);
  const diseased = new Set(lesions.map(({ volume }) => volume));
  const highest = new Map<string, number>();
  for (const { id } of volumes) if (!diseased.has(id)) highest.set(id, Number.NEGATIVE_INFINITY);
  if (lesions.length === 0 || highest.size === 0) {
    throw new StatsError(
      'stats/classes',
      `an AFROC needs a lesion and a volume without lesions, got ${lesions.length} lesions and ${highest.size} such volumes; use a FROC`,
    );
  }
  for (const { volume, score } of detections) {
    const before = highest.get(volume);
    if (before !== undefined) highest.set(volume, Math.max(before, score));
  }
  const normal = Float64Array.from(highest.values());
  const [m, n] = [best.length, normal.length];
  const rankSum = midranks([...best, ...normal])
    .subarray(0, m)
    .reduce((sum, rank) => sum + rank, 0);
  const area = (rankSum - (m * (m + 1)) / 2) / (m * n);
  const [found, marked] = [best.slice().sort().reverse(), normal.sort().reverse()];
  const ratings = new Set(
    [...found, ...marked].filter((rating) => rating > Number.NEGATIVE_INFINITY).sort((a, b) => b - a),
  );
  let [hits, marks] = [0, 0];
  const points = [Number.POSITIVE_INFINITY, ...ratings].map((threshold) => {
    while ((found[hits] ?? Number.NEGATIVE_INFINITY) >= threshold) hits++;
    while ((marked[marks] ?? Number.NEGATIVE_INFINITY) >= threshold) marks++;
    return { threshold, falsePositiveFraction: marks / n, sensitivity: hits / m };
  });
  const last = { threshold: Number.NEGATIVE_INFINITY, falsePositiveFraction: 1, sensitivity: 1 };
  return { points: [...points, last], area, lesions: m, normals: n };
}
