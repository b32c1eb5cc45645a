import { StatsError } from '../errors.ts';
import type { Detection, Lesion, Volume } from './findings.ts';
import { dbtexHit, findHits, type HitRule } from './hits.ts';

/** One point of a FROC: the rule "score >= threshold is marked". */
export interface FrocPoint {
  readonly threshold: number;
  /** Marks that find no lesion, a volume. */
  readonly falsePositives: number;
  /** The share of lesions found. */
  readonly sensitivity: number;
}

/** The free-response ROC. */
export interface FrocCurve {
  /**
   * From threshold Infinity (0, 0) through the score of every mark that finds a lesion down to the lowest score of all:
   * the points of the DBTex challenge, which joins them by straight lines.
   */
  readonly points: readonly FrocPoint[];
  readonly lesions: number;
  readonly volumes: number;
}

/** {@link dbtexHit} where not given. */
export interface FrocOptions {
  readonly hit?: HitRule;
}

/** The DBTex challenge's figures. */
export interface DbtexScore {
  /** Sensitivity at 1, 2, 3 and 4 false positives a volume, volumes with lesions alone. */
  readonly positiveSensitivities: readonly number[];
  /** Their mean, by which the challenge ranks. */
  readonly meanSensitivity: number;
  /** Sensitivity at 2 false positives a volume, all volumes. */
  readonly sensitivityAtTwo: number;
  readonly positives: FrocCurve;
  readonly all: FrocCurve;
}

const RANKING_RATES = [1, 2, 3, 4];

/**
 * The FROC of detections. Several marks on one lesion find it once and are no false positives; a mark near several
 * lesions finds the nearest. With `hit` any other rule counts. O(n log n) and the cost of {@link findHits}.
 * Source: Bunch, Hamilton, Sanderson and Simmons, SPIE 127 (1977), 124-135; counting as in the DBTex challenge.
 * Throws stats/classes where there is no lesion, and as {@link findHits} does.
 */
export function froc(
  detections: readonly Detection[],
  lesions: readonly Lesion[],
  volumes: readonly Volume[],
  { hit = dbtexHit }: FrocOptions = {},
): FrocCurve {
  const { lesionOf, best } = findHits(detections, lesions, volumes, hit);
  if (lesions.length === 0) {
    throw new StatsError(
      'stats/classes',
      'a FROC needs at least one lesion, got none; report false positives a volume instead',
    );
  }
  const wrong = detections
    .filter((_, row) => lesionOf[row] === -1)
    .map(({ score }) => score)
    .sort((a, b) => b - a);
  const found = best.filter((score) => score > Number.NEGATIVE_INFINITY).sort((a, b) => b - a);
  const marksThatFind = detections.filter((_, row) => lesionOf[row] !== -1).map(({ score }) => score);
  const least = detections.reduce((low, { score }) => Math.min(low, score), Number.POSITIVE_INFINITY);
  const points: FrocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, falsePositives: 0, sensitivity: 0 }];
  const thresholds = new Set(detections.length === 0 ? [] : [...marksThatFind.sort((a, b) => b - a), least]);
  let [marks, hits] = [0, 0];
  for (const threshold of thresholds) {
    while ((wrong[marks] ?? Number.NEGATIVE_INFINITY) >= threshold) marks++;
    while ((found[hits] ?? Number.NEGATIVE_INFINITY) >= threshold) hits++;
    points.push({ threshold, falsePositives: marks / volumes.length, sensitivity: hits / lesions.length });
  }
  return { points, lesions: lesions.length, volumes: volumes.length };
}

/**
 * The sensitivity at a rate of false positives a volume: on the straight line between the two points around it, at
 * equal rates that of the higher sensitivity, and beyond the last point the last sensitivity. O(points). Throws
 * stats/argument for a negative rate.
 */
export function sensitivityAt({ points }: FrocCurve, falsePositives: number): number {
  if (!(falsePositives >= 0)) {
    throw new StatsError(
      'stats/argument',
      `a rate of false positives must be at least 0, got ${falsePositives}; pass marks a volume`,
    );
  }
  const after = points.findIndex((point) => point.falsePositives > falsePositives);
  const left = points[after === -1 ? points.length - 1 : after - 1] as FrocPoint;
  const right = points[after];
  if (right === undefined) return left.sensitivity;
  const share = (falsePositives - left.falsePositives) / (right.falsePositives - left.falsePositives);
  return left.sensitivity + share * (right.sensitivity - left.sensitivity);
}

/**
 * The figures by which the DBTex challenge ranks: the mean sensitivity at 1, 2, 3 and 4 false positives a volume over
 * the volumes that have lesions, and the sensitivity at 2 over all. A figure may lie on the line between two operating
 * points.
 * Throws as {@link froc} does.
 */
export function dbtexScore(
  detections: readonly Detection[],
  lesions: readonly Lesion[],
  volumes: readonly Volume[],
): DbtexScore {
  const all = froc(detections, lesions, volumes);
  const diseased = new Set(lesions.map(({ volume }) => volume));
  const positives = froc(
    detections.filter(({ volume }) => diseased.has(volume)),
    lesions,
    volumes.filter(({ id }) => diseased.has(id)),
  );
  const positiveSensitivities = RANKING_RATES.map((rate) => sensitivityAt(positives, rate));
  return {
    positiveSensitivities,
    meanSensitivity: positiveSensitivities.reduce((sum, value) => sum + value, 0) / positiveSensitivities.length,
    sensitivityAtTwo: sensitivityAt(all, 2),
    positives,
    all,
  };
}
