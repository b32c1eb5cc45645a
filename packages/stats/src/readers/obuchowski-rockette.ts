/**
 * Multi-reader multi-case analysis of a factorial study (every reader reads every case under every modality) by
 * Obuchowski and Rockette's analysis of variance, with Hillis' degrees of freedom.
 * Sources: Obuchowski and Rockette, Communications in Statistics: Simulation and Computation 24 (1995), 285-308;
 * Hillis, "A comparison of denominator degrees of freedom methods for multiple observer ROC analysis", Statistics in
 * Medicine 26 (2007), 596-619.
 */
import type { Labels, Scores } from '../cases.ts';
import { fTail } from '../distributions/f-distribution.ts';
import { studentQuantile, studentTwoSidedP } from '../distributions/student.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, tailProbability } from '../interval.ts';
import { type ReaderCovarianceMethod, readerAucs } from './reader-covariance.ts';

/** To what the result applies beyond the study: to other readers and cases, to other cases, or to other readers. */
export type ReaderGeneralisation = 'readers-and-cases' | 'cases' | 'readers';

/** 'readers-and-cases', 'jackknife' and 0.95 where not given. */
export interface ObuchowskiRocketteOptions {
  readonly generalise?: ReaderGeneralisation;
  readonly covariance?: ReaderCovarianceMethod;
  readonly level?: number;
}

/**
 * Variance components of a reader study, of AUCs; those of readers may come out negative, being differences of mean
 * squares.
 */
export interface ReaderVariance {
  readonly reader: number;
  readonly modalityReader: number;
  /** Of one AUC over cases. */
  readonly error: number;
  /** Of AUCs of one reader under two modalities. */
  readonly cov1: number;
  /** Of two readers under one modality. */
  readonly cov2: number;
  /** Of two readers under two modalities. */
  readonly cov3: number;
}

/** The mean AUC of a modality. */
export interface ModalityAuc {
  readonly auc: number;
  readonly standardError: number;
  /** Infinity where the normal distribution is used. */
  readonly degreesOfFreedom: number;
  /** Cut at 0 and 1. */
  readonly interval: Interval;
}

/** The difference of two modalities. */
export interface ModalityDifference {
  /** Indices of the modalities. */
  readonly a: number;
  readonly b: number;
  /** Mean AUC of a less that of b. */
  readonly difference: number;
  readonly standardError: number;
  readonly degreesOfFreedom: number;
  readonly t: number;
  readonly p: number;
  /** Cut at -1 and 1. */
  readonly interval: Interval;
}

/** The analysis. */
export interface ObuchowskiRockette {
  /** [modalities][readers]. */
  readonly aucs: readonly (readonly number[])[];
  /** Each from the readers of its modality alone. */
  readonly modalities: readonly ModalityAuc[];
  readonly meanSquares: { readonly modality: number; readonly reader: number; readonly modalityReader: number };
  readonly variance: ReaderVariance;
  /** That all modalities are equal; with infinite denominator degrees F times the numerator's is chi-square. */
  readonly overall: {
    readonly f: number;
    readonly numeratorDegrees: number;
    readonly denominatorDegrees: number;
    readonly p: number;
  };
  /** Every pair, with the standard error of the overall test. */
  readonly differences: readonly ModalityDifference[];
  readonly generalise: ReaderGeneralisation;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const sumSquares = (values: readonly number[], centre: number) =>
  values.reduce((sum, value) => sum + (value - centre) ** 2, 0);

function checkStudy(scores: readonly (readonly Scores[])[]): { modalities: number; readers: number } {
  const [modalities, readers] = [scores.length, scores[0]?.length ?? 0];
  if (modalities < 2 || readers < 2 || scores.some((own) => own.length !== readers)) {
    throw new StatsError(
      'stats/argument',
      `a reader study must have two modalities and two readers, every reader under every modality, got readers ${scores.map((own) => own.length).join(', ') || 'none'}; leave out readers who missed a modality`,
    );
  }
  return { modalities, readers };
}

/** t = estimate / error; 0 for 0 without error. */
function ratio(estimate: number, standardError: number): number {
  if (standardError > 0) return estimate / standardError;
  if (Math.abs(estimate) < 1e-12) return 0;
  throw new StatsError(
    'stats/variance',
    `a reader study needs variance between readers or cases, got a difference of ${estimate} with none; add readers or cases`,
  );
}

/**
 * The analysis of variance. `scores` is [modalities][readers], each one score a case; a higher score is more
 * suspicious.
 *
 * With r readers, t modalities and [x] = max(x, 0), the error of the F test and its degrees of freedom are
 * 'readers-and-cases': MS(TR) + r [cov2 - cov3], that squared over MS(TR)^2 / ((t - 1) (r - 1)); 'cases': var - cov1 +
 * (r - 1) [cov2 - cov3], infinite; 'readers': MS(TR), (t - 1) (r - 1). A modality alone: MS(R) + r [cov2], that squared
 * over MS(R)^2 / (r - 1); var + (r - 1) [cov2], infinite; MS(R), r - 1, with the mean square and covariances of its own
 * readers. Equal AUCs without variance give 0 and p = 1. O((t r)^2 n). Throws stats/variance, stats/argument,
 * stats/classes unless each class has two cases, stats/length, stats/score, stats/label, stats/level.
 */
export function obuchowskiRockette(
  scores: readonly (readonly Scores[])[],
  labels: Labels,
  {
    generalise = 'readers-and-cases',
    covariance: method = 'jackknife',
    level = DEFAULT_LEVEL,
  }: ObuchowskiRocketteOptions = {},
): ObuchowskiRockette {
  const upper = 1 - tailProbability(level);
  const { modalities: t, readers: r } = checkStudy(scores);
  const { aucs, covariance } = readerAucs(scores, labels, method);
  const modalityMeans = aucs.map(mean);
  const readerMeans = (aucs[0] ?? []).map((_, j) => mean(aucs.map((own) => own[j] ?? 0)));
  const grand = mean(modalityMeans);
  const interactions = aucs.flatMap((own, i) =>
    own.map((auc, j) => auc - (modalityMeans[i] ?? 0) - (readerMeans[j] ?? 0) + grand),
  );
  const meanSquares = {
    modality: (r * sumSquares(modalityMeans, grand)) / (t - 1),
    reader: (t * sumSquares(readerMeans, grand)) / (r - 1),
    modalityReader: sumSquares(interactions, 0) / ((t - 1) * (r - 1)),
  };

  const cells = aucs.flatMap((own, i) => own.map((_, j) => ({ i, j })));
  const averages = (keep: (a: { i: number; j: number }, b: { i: number; j: number }) => boolean) =>
    mean(cells.flatMap((a) => cells.filter((b) => keep(a, b)).map((b) => covariance(a.i, a.j, b.i, b.j))));
  const error = averages((a, b) => a.i === b.i && a.j === b.j);
  const cov1 = averages((a, b) => a.i !== b.i && a.j === b.j);
  const cov2 = averages((a, b) => a.i === b.i && a.j !== b.j);
  const cov3 = averages((a, b) => a.i !== b.i && a.j !== b.j);
  const variance = {
    // E MS(R) = t var(R) + var(TR) + var - cov2 + (t - 1) (cov1 - cov3), E MS(TR) = var(TR) + var - cov1 - cov2 + cov3
    reader: (meanSquares.reader - meanSquares.modalityReader) / t - cov1 + cov3,
    modalityReader: meanSquares.modalityReader - error + cov1 + cov2 - cov3,
    error,
    cov1,
    cov2,
    cov3,
  };

  const excess = Math.max(0, cov2 - cov3);
  const analysis = {
    'readers-and-cases': () => {
      const denominator = meanSquares.modalityReader + r * excess;
      const degrees = denominator ** 2 / (meanSquares.modalityReader ** 2 / ((t - 1) * (r - 1)));
      return { denominator, degrees: denominator === 0 ? Number.POSITIVE_INFINITY : degrees };
    },
    cases: () => ({ denominator: error - cov1 + (r - 1) * excess, degrees: Number.POSITIVE_INFINITY }),
    readers: () => ({ denominator: meanSquares.modalityReader, degrees: (t - 1) * (r - 1) }),
  };
  if (!Object.hasOwn(analysis, generalise)) {
    throw new StatsError(
      'stats/argument',
      `a reader study must generalise to ${Object.keys(analysis).join(', ')}, got "${generalise}"; choose one of them`,
    );
  }
  const { denominator, degrees } = analysis[generalise]();
  const f = ratio(meanSquares.modality, denominator);

  const pairs = modalityMeans.flatMap((_, a) =>
    modalityMeans.slice(a + 1).map((__, offset) => [a, a + 1 + offset] as const),
  );
  const differences = pairs.map(([a, b]): ModalityDifference => {
    const difference = (modalityMeans[a] ?? 0) - (modalityMeans[b] ?? 0);
    const standardError = Math.sqrt((2 * Math.max(0, denominator)) / r);
    const statistic = ratio(difference, standardError);
    const half = studentQuantile(upper, degrees) * standardError;
    const interval = { lower: Math.max(-1, difference - half), upper: Math.min(1, difference + half), level };
    return {
      a,
      b,
      difference,
      standardError,
      degreesOfFreedom: degrees,
      t: statistic,
      p: studentTwoSidedP(statistic, degrees),
      interval,
    };
  });

  const modalities = aucs.map((own, i): ModalityAuc => {
    const auc = modalityMeans[i] ?? 0;
    const square = sumSquares(own, auc) / (r - 1);
    const ownError = mean(own.map((_, j) => covariance(i, j, i, j)));
    const shared = Math.max(
      0,
      mean(own.flatMap((_, j) => own.flatMap((__, l) => (j === l ? [] : [covariance(i, j, i, l)])))),
    );
    const single = {
      'readers-and-cases': [square + r * shared, (square + r * shared) ** 2 / (square ** 2 / (r - 1))],
      cases: [ownError + (r - 1) * shared, Number.POSITIVE_INFINITY],
      readers: [square, r - 1],
    } as const;
    const [spread, ownDegrees] = single[generalise];
    const standardError = Math.sqrt(spread / r);
    const degreesOfFreedom = spread === 0 ? Number.POSITIVE_INFINITY : ownDegrees;
    const half = studentQuantile(upper, degreesOfFreedom) * standardError;
    return {
      auc,
      standardError,
      degreesOfFreedom,
      interval: { lower: Math.max(0, auc - half), upper: Math.min(1, auc + half), level },
    };
  });
  const overall = { f, numeratorDegrees: t - 1, denominatorDegrees: degrees, p: fTail(f, t - 1, degrees) };
  return { aucs, modalities, meanSquares, variance, overall, differences, generalise };
}
