import { type Labels, partBothClasses, type Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';

/**
 * A fitted sigmoid: probability = 1 / (1 + exp(-(slope score + intercept))). Platt's A and B are -slope and -intercept.
 */
export interface Platt {
  readonly slope: number;
  readonly intercept: number;
  readonly iterations: number;
}

const MAX_ITERATIONS = 100;
const MIN_STEP = 1e-10;
/** Added to the Hessian's diagonal, so that equal scores leave it invertible. */
const RIDGE = 1e-12;
/** Of the gradient, in units of cases. */
const TOLERANCE = 1e-12;

/** log(1 + exp(x)) without overflow. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** 1 / (1 + exp(-x)) without overflow. */
const expit = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/**
 * Platt scaling: the logistic regression of the truth on a score, towards the targets (positives + 1) / (positives + 2)
 * and 1 / (negatives + 2) in place of 1 and 0, so that a separating score has a finite fit. Newton's method with the
 * line search of Lin, Lin and Weng; scores are centred and scaled for the iteration, so that a fit does not depend on
 * their unit. Fit it on cases that the model was not trained on. All scores equal give slope 0 and the mean target.
 * O(n) an iteration.
 * Sources: Platt, "Probabilistic outputs for support vector machines" (1999); Lin, Lin and Weng, Machine Learning 68
 * (2007), 267-276. Throws stats/length, stats/score, stats/label, stats/classes.
 */
export function platt(scores: Scores, labels: Labels): Platt {
  const { positives, negatives } = partBothClasses(scores, labels);
  const all = Float64Array.from([...positives, ...negatives]);
  const centre = all.reduce((sum, score) => sum + score / all.length, 0);
  const spread = all.reduce((largest, score) => Math.max(largest, Math.abs(score - centre)), 0);
  // A spread of rounding alone is none: the mean of equal scores need not be their value.
  const scale = spread > 1e-14 * Math.abs(centre) ? spread : Number.POSITIVE_INFINITY;
  const x = all.map((score) => (score - centre) / scale);
  const [high, low] = [(positives.length + 1) / (positives.length + 2), 1 / (negatives.length + 2)];
  const target = x.map((_, i) => (i < positives.length ? high : low));
  const loss = (a: number, b: number) =>
    x.reduce((sum, value, i) => sum + softplus(a * value + b) - (target[i] as number) * (a * value + b), 0);

  let [a, b] = [0, Math.log((positives.length + 1) / (negatives.length + 1))];
  let value = loss(a, b);
  let iterations = 0;
  for (; iterations < MAX_ITERATIONS; iterations++) {
    let [haa, hab, hbb, ga, gb] = [RIDGE, 0, RIDGE, 0, 0];
    x.forEach((at, i) => {
      const p = expit(a * at + b);
      const weight = p * (1 - p);
      haa += at * at * weight;
      hab += at * weight;
      hbb += weight;
      ga += at * (p - (target[i] as number));
      gb += p - (target[i] as number);
    });
    if (Math.max(Math.abs(ga), Math.abs(gb)) <= TOLERANCE * all.length) break;
    const determinant = haa * hbb - hab * hab;
    const [da, db] = [-(hbb * ga - hab * gb) / determinant, -(haa * gb - hab * ga) / determinant];
    const descent = ga * da + gb * db;
    let step = 1;
    for (; step >= MIN_STEP; step /= 2) {
      const next = loss(a + step * da, b + step * db);
      if (next < value + 1e-4 * step * descent) {
        [a, b, value] = [a + step * da, b + step * db, next];
        break;
      }
    }
    if (step < MIN_STEP) {
      // Near the optimum the loss no longer resolves a Newton step; it is taken whole, once.
      [a, b] = [a + da, b + db];
      break;
    }
  }
  const slope = a / scale;
  return { slope, intercept: b - slope * centre, iterations };
}

/** The calibrated probability of a score, strictly between 0 and 1 but for rounding. Throws stats/score. */
export function plattProbability({ slope, intercept }: Platt, score: number): number {
  if (!Number.isFinite(score)) {
    throw new StatsError(
      'stats/score',
      `a score to calibrate must be a finite number, got ${score}; leave the case out`,
    );
  }
  return expit(slope * score + intercept);
}
