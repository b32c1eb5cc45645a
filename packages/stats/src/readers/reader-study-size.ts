import { fTailQuantile, noncentralFTail } from '../distributions/f-distribution.ts';
import { StatsError } from '../errors.ts';
import type { ReaderGeneralisation, ReaderVariance } from './obuchowski-rockette.ts';

/** A planned study of two modalities, from the components of a pilot. */
export interface ReaderStudyPlan {
  /** Of the pilot, by {@link obuchowskiRockette}. */
  readonly variance: Pick<ReaderVariance, 'modalityReader' | 'error' | 'cov1' | 'cov2' | 'cov3'>;
  /** Cases of the pilot, with the share of positives that the planned study will have. */
  readonly pilotCases: number;
  /** Readers of the planned study. */
  readonly readers: number;
  /** The difference of mean AUCs to detect. */
  readonly difference: number;
  /** 0.05 where not given. */
  readonly alpha?: number;
  /** 'readers-and-cases' where not given. */
  readonly generalise?: ReaderGeneralisation;
}

/** The chance that a planned study finds its difference. */
export interface ReaderStudyPower {
  readonly power: number;
  readonly noncentrality: number;
  readonly denominatorDegrees: number;
  /** The F ratio that must be passed. */
  readonly criticalF: number;
  readonly readers: number;
  readonly cases: number;
}

/** No study has more cases. */
const MOST_CASES = 10_000_000;

function checkPlan({ variance, pilotCases, readers, difference, alpha = 0.05 }: ReaderStudyPlan): void {
  const whole = Number.isSafeInteger(readers) && readers >= 2 && pilotCases > 0;
  const usable = Number.isFinite(difference) && difference !== 0 && alpha > 0 && alpha < 1;
  const excess = Math.max(0, variance.cov2 - variance.cov3);
  // Also refuses NaN
  if (!(whole && usable && variance.error - variance.cov1 - excess > 0)) {
    throw new StatsError(
      'stats/argument',
      `a plan must have two readers, a pilot with error variance above its covariances, a difference other than 0 and alpha in (0, 1), got ${readers} readers, ${pilotCases} pilot cases, a difference of ${difference} and alpha ${alpha}; check the pilot's components`,
    );
  }
}

/**
 * The power of a planned study of two modalities in which each of r readers reads each of K cases under both. Case
 * variances shrink as s = pilot cases / K; with [x] = max(x, 0), e = var - cov1 and c = [cov2 - cov3]:
 * 'readers-and-cases': D = [var(TR)] + s (e + (r - 1) c), df = D^2 / (([var(TR)] + s (e - c))^2 / (r - 1)); 'cases': D
 * = s (e + (r - 1) c), df = K - 1; 'readers': D = [var(TR)] + s (e - c), df = r - 1. The F test's noncentrality is r
 * difference^2 / (2 D). O(sqrt(noncentrality)).
 * Source: Hillis, Obuchowski and Berbaum, "Power estimation for multireader ROC methods: an updated and unified
 * approach", Academic Radiology 18 (2011), 129-142.
 * Throws stats/argument.
 */
export function readerStudyPower(plan: ReaderStudyPlan, cases: number): ReaderStudyPower {
  checkPlan(plan);
  if (!(Number.isSafeInteger(cases) && cases >= 2)) {
    throw new StatsError('stats/argument', `a study must have at least two cases, got ${cases}; pass a whole number`);
  }
  const { variance, pilotCases, readers, difference, alpha = 0.05, generalise = 'readers-and-cases' } = plan;
  const interaction = Math.max(0, variance.modalityReader);
  const shrink = pilotCases / cases;
  const excess = Math.max(0, variance.cov2 - variance.cov3);
  const error = variance.error - variance.cov1;
  const withinCase = interaction + shrink * (error - excess); // expected MS(TR)
  const terms: Readonly<Record<ReaderGeneralisation, readonly [denominator: number, degrees: number]>> = {
    'readers-and-cases': [
      withinCase + shrink * readers * excess,
      (withinCase + shrink * readers * excess) ** 2 / (withinCase ** 2 / (readers - 1)),
    ],
    cases: [shrink * (error + (readers - 1) * excess), cases - 1],
    readers: [withinCase, readers - 1],
  };
  const [denominator, denominatorDegrees] = terms[generalise];
  const noncentrality = (readers * difference ** 2) / (2 * denominator);
  const criticalF = fTailQuantile(alpha, 1, denominatorDegrees);
  const power = noncentralFTail(criticalF, 1, denominatorDegrees, noncentrality);
  return { power, noncentrality, denominatorDegrees, criticalF, readers, cases };
}

/**
 * The fewest cases with which a plan reaches a power, 0.8 where not given, by doubling and halving; power rises with
 * cases. O(log cases). Throws stats/argument where no number of cases reaches it, since readers differ too much: add
 * readers.
 */
export function readerStudyCases(plan: ReaderStudyPlan, power = 0.8): ReaderStudyPower {
  if (!(power > 0 && power < 1)) {
    throw new StatsError('stats/argument', `power must lie between 0 and 1, both excluded, got ${power}; pass 0.8`);
  }
  let enough = 2;
  while (readerStudyPower(plan, enough).power < power) {
    enough *= 2;
    if (enough > MOST_CASES) {
      throw new StatsError(
        'stats/argument',
        `${plan.readers} readers must be able to reach a power of ${power}, got at most ${readerStudyPower(plan, MOST_CASES).power} with any number of cases; add readers`,
      );
    }
  }
  let few = enough / 2;
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2);
    if (readerStudyPower(plan, middle).power < power) few = middle;
    else enough = middle;
  }
  return readerStudyPower(plan, enough === 2 ? 2 : enough);
}
