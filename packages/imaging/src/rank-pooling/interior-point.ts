/**
 * The dual of Equation 1 of Liang et al. (2019), see rank-svm.ts, by Mehrotra's predictor-corrector method (Nocedal and Wright,
 * Numerical Optimization, section 16.6); as its Hessian has rank below T, a step costs T^3.
 */
import { ImagingError } from '../errors.ts';
import { minus, plus, product, times } from './dense-algebra.ts';
import { factorise, substitute } from './positive-definite.ts';

/** A solution of Equation 1. */
export interface RankSvmSolution {
  /** d = sum of weights[t] * psi(I_t). */
  readonly weights: Float64Array;
  /** E(d). */
  readonly objective: number;
  /** E(d) less the value of the dual: E(d) is at most this above its least value. */
  readonly dualityGap: number;
  /** alpha of every pair (q, t), q > t, in the order (1, 0), (2, 0), (2, 1), (3, 0) ... [T (T - 1) / 2]. */
  readonly multipliers: Float64Array;
  readonly iterations: number;
}

/** A duality gap of this share of the objective ends the search. */
const GAP = 1e-12;
/** One up to this share needs no scaling of w, which brings all margins so much above 1 that they stay there when d is rounded. */
const SMALL_GAP = 1e-11;
/** What rounding may leave of it where lambda is small against the squared norms of the slices. */
const WORST_GAP = 1e-8;
const MAX_ITERATIONS = 100;
/** Steps without a smaller gap, once it is small, after which rounding has won. */
const PATIENCE = 2;
/** How much of the way to the border a step goes. */
const STEP = 0.995;
/** Newton's direction is computed again from what is left of its equation, against rounding. */
const REFINEMENTS = 2;

/** min 1/2 |w|^2 + C sum max(0, 1 - <w, rows_q - rows_t>). */
export interface RankProblem {
  readonly slices: number;
  readonly rank: number;
  /** [slices * rank] */
  readonly rows: Float64Array;
}

/** The multipliers of the pairs: alpha, its distance from C, and what these are paired with. All above 0. */
interface Iterate {
  readonly alpha: Float64Array;
  readonly room: Float64Array;
  /** Margin less 1 is surplus less slack. */
  readonly surplus: Float64Array;
  readonly slack: Float64Array;
}

/** Solves it; `lambda` is what rows were divided by the root of. Throws ImagingError slices-unusable where rounding hides how slices differ. */
export function solveByInteriorPoint(problem: RankProblem, lambda: number): RankSvmSolution {
  const { slices } = problem;
  const pairs = (slices * (slices - 1)) / 2;
  const bound = 1 / pairs; // C = 2 / (T (T - 1))
  let now = firstIterate(problem, pairs, bound);
  let best = { ...figuresOf(problem, now, bound), alpha: now.alpha };
  let iterations = 0;
  let idle = 0;
  while (best.gap > GAP * best.objective && iterations < MAX_ITERATIONS && idle < PATIENCE) {
    iterations++;
    now = improved(problem, now);
    const figures = figuresOf(problem, now, bound);
    if (figures.gap < best.gap) {
      best = { ...figures, alpha: now.alpha };
      idle = 0;
    } else if (best.gap <= WORST_GAP * best.objective) idle++;
  }
  if (!(best.gap <= WORST_GAP * best.objective))
    throw new ImagingError(
      'slices-unusable',
      `the ${slices} slices cannot be ranked to better than ${best.gap} of ${best.objective}: they are too much alike`,
    );
  return {
    weights: sliceWeights(pairSums(slices, best.alpha), lambda / best.scale),
    objective: best.objective,
    dualityGap: best.gap,
    multipliers: best.alpha,
    iterations,
  };
}

/** beta_k: what the pairs' multipliers come to at each slice, sum over t of alpha(k, t) less sum over q of alpha(q, k). */
function pairSums(slices: number, alpha: Float64Array): Float64Array {
  const sums = new Float64Array(slices);
  let i = 0;
  for (let q = 1; q < slices; q++) {
    for (let t = 0; t < q; t++, i++) {
      sums[q] = (sums[q] as number) + (alpha[i] as number);
      sums[t] = (sums[t] as number) - (alpha[i] as number);
    }
  }
  return sums;
}

/** d = sum of beta_k V_k / lambda, and V_k is the mean of the first k slices. */
function sliceWeights(beta: Float64Array, lambda: number): Float64Array {
  const weights = new Float64Array(beta.length);
  let sum = 0;
  for (let t = beta.length - 1; t >= 0; t--) {
    sum += (beta[t] as number) / (t + 1);
    weights[t] = sum / lambda;
  }
  return weights;
}

/** <w, rows_q - rows_t> of every pair, w being the rows' sum weighted by beta. */
function marginsOf(problem: RankProblem, beta: Float64Array): Float64Array {
  return differences(problem, weightedRows(problem, beta));
}

/** Sum of rows weighted by beta, [rank]. */
function weightedRows({ slices, rank, rows }: RankProblem, beta: Float64Array): Float64Array {
  const w = new Float64Array(rank);
  for (let k = 0; k < slices; k++)
    for (let c = 0; c < rank; c++) w[c] = (w[c] as number) + (beta[k] as number) * (rows[k * rank + c] as number);
  return w;
}

/** <w, rows_q - rows_t> of every pair. */
function differences({ slices, rank, rows }: RankProblem, w: Float64Array): Float64Array {
  const scores = new Float64Array(slices);
  for (let k = 0; k < slices; k++) {
    let sum = 0;
    for (let c = 0; c < rank; c++) sum += (rows[k * rank + c] as number) * (w[c] as number);
    scores[k] = sum;
  }
  const result = new Float64Array((slices * (slices - 1)) / 2);
  let i = 0;
  for (let q = 1; q < slices; q++)
    for (let t = 0; t < q; t++, i++) result[i] = (scores[q] as number) - (scores[t] as number);
  return result;
}

/** All pairs alike, scaled so that margins are about 1; surplus and slack differ by margin - 1, so nothing is infeasible. */
function firstIterate(problem: RankProblem, pairs: number, bound: number): Iterate {
  const { slices } = problem;
  const unit = marginsOf(problem, pairSums(slices, new Float64Array(pairs).fill(bound / 2)));
  const scale = Math.min(1, 1 / (unit.reduce((sum, margin) => sum + Math.abs(margin), 0) / pairs));
  const alpha = new Float64Array(pairs).fill((scale * bound) / 2);
  const above = unit.map((margin) => scale * margin - 1);
  return {
    alpha,
    room: alpha.map((value) => bound - value),
    surplus: above.map((value) => Math.max(value, 0) + 0.5),
    slack: above.map((value) => Math.max(-value, 0) + 0.5),
  };
}

/**
 * E(d) and the duality gap of w, or of `scale` times w where that is better, the scale that brings the smallest margin to just above 1: where
 * lambda is small against the slices, all pairs can be ranked, E(d) is all |d|^2, and what rounding leaves of the hinge would be a
 * large share of it. With s the scale, w = sum alpha_i D_i and margins m_i = <w, D_i>, the gap is
 * (s - 1)^2 |w|^2 / 2 + sum alpha_i (s m_i - 1), all s m_i being 1 or more. Its terms, as those of the gap of w itself, are
 * products of numbers that are not negative: no digits cancel.
 */
function figuresOf(problem: RankProblem, { alpha, room }: Iterate, bound: number) {
  const beta = pairSums(problem.slices, alpha);
  const w = weightedRows(problem, beta);
  const margins = differences(problem, w);
  const norm = w.reduce((sum, value) => sum + value * value, 0);
  let hinge = 0;
  let gap = 0;
  let least = Infinity;
  for (const [i, margin] of margins.entries()) {
    least = Math.min(least, margin);
    if (margin < 1) {
      hinge += 1 - margin;
      gap += (room[i] as number) * (1 - margin);
    } else gap += (alpha[i] as number) * (margin - 1);
  }
  const own = { objective: norm / 2 + bound * hinge, gap, scale: 1 };
  if (gap <= SMALL_GAP * own.objective || !(least > 0)) return own;
  const scale = (1 + SMALL_GAP) / least;
  const beyond = margins.reduce((sum, m, i) => sum + (alpha[i] as number) * Math.max(0, scale * m - 1), 0);
  const scaled = { objective: (scale ** 2 * norm) / 2, gap: ((scale - 1) ** 2 * norm) / 2 + beyond, scale };
  return scaled.gap < own.gap ? scaled : own;
}

/** One step: the affine direction tells how far the corrector should centre. */
function improved(problem: RankProblem, now: Iterate): Iterate {
  const { alpha, room, surplus, slack } = now;
  const pairs = alpha.length;
  const system = newtonSystem(problem, now);
  const affine = system(new Float64Array(pairs), new Float64Array(pairs));
  const mu = complementarity(now);
  const centring = (complementarity(moved(now, affine, longestStep(now, affine))) / mu) ** 3 * mu;
  const lower = alpha.map((_, i) => centring - (affine.alpha[i] as number) * (affine.surplus[i] as number));
  const upper = room.map((_, i) => centring + (affine.alpha[i] as number) * (affine.slack[i] as number));
  const step = system(lower, upper);
  return moved({ alpha, room, surplus, slack }, step, STEP * longestStep(now, step));
}

type Direction = Omit<Iterate, 'room'>;

/** Mean product of what should be complementary. */
function complementarity({ alpha, room, surplus, slack }: Iterate): number {
  let sum = 0;
  for (let i = 0; i < alpha.length; i++)
    sum += (alpha[i] as number) * (surplus[i] as number) + (room[i] as number) * (slack[i] as number);
  return sum / (2 * alpha.length);
}

function moved({ alpha, room, surplus, slack }: Iterate, direction: Direction, step: number): Iterate {
  const along = (values: Float64Array, change: Float64Array, sign: number) =>
    values.map((value, i) => value + sign * step * (change[i] as number));
  return {
    alpha: along(alpha, direction.alpha, 1),
    room: along(room, direction.alpha, -1),
    surplus: along(surplus, direction.surplus, 1),
    slack: along(slack, direction.slack, 1),
  };
}

/** The longest step, at most 1, that leaves nothing below 0. */
function longestStep({ alpha, room, surplus, slack }: Iterate, direction: Direction): number {
  let step = 1;
  const limit = (value: number, change: number) => {
    if (change < 0) step = Math.min(step, -value / change);
  };
  for (let i = 0; i < alpha.length; i++) {
    limit(alpha[i] as number, direction.alpha[i] as number);
    limit(room[i] as number, -(direction.alpha[i] as number));
    limit(surplus[i] as number, direction.surplus[i] as number);
    limit(slack[i] as number, direction.slack[i] as number);
  }
  return step;
}

/**
 * Newton's direction at an iterate for any right-hand sides. With A the pairs' differences of rows and D = surplus / alpha +
 * slack / room, (A A' + D) dAlpha = h is solved as dAlpha = (h - A y) / D, (I + A' A / D) y = A' h / D; A' A / D is
 * rows' L rows, L the Laplacian of the complete graph of slices with weights 1 / D.
 */
function newtonSystem(problem: RankProblem, { alpha, room, surplus, slack }: Iterate) {
  const { slices, rank } = problem;
  const inverse = alpha.map(
    (value, i) => 1 / ((surplus[i] as number) / value + (slack[i] as number) / (room[i] as number)),
  );
  const margins = marginsOf(problem, pairSums(slices, alpha));
  const factor = normalMatrix(problem, inverse);
  factorise(factor, rank);
  const solve = (h: Float64Array) => {
    const y = weightedRows(problem, pairSums(slices, times(h, inverse)));
    substitute(factor, rank, y);
    return times(minus(h, differences(problem, y)), inverse);
  };
  return (lower: Float64Array, upper: Float64Array): Direction => {
    const low = minus(lower, times(alpha, surplus));
    const high = minus(upper, times(room, slack));
    const h = low.map((value, i) => {
      const residual = (margins[i] as number) - 1 - (surplus[i] as number) + (slack[i] as number);
      return value / (alpha[i] as number) - (high[i] as number) / (room[i] as number) - residual;
    });
    let change = solve(h);
    for (let pass = 0; pass < REFINEMENTS; pass++) {
      const reached = marginsOf(problem, pairSums(slices, change)); // A A' dAlpha
      const missing = h.map(
        (value, i) => value - (reached[i] as number) - (change[i] as number) / (inverse[i] as number),
      );
      change = plus(change, solve(missing));
    }
    return {
      alpha: change,
      surplus: low.map((value, i) => (value - (surplus[i] as number) * (change[i] as number)) / (alpha[i] as number)),
      slack: high.map((value, i) => (value + (slack[i] as number) * (change[i] as number)) / (room[i] as number)),
    };
  };
}

/** I + rows' L rows, [rank * rank]. */
function normalMatrix({ slices, rank, rows }: RankProblem, weights: Float64Array): Float64Array {
  const laplacian = new Float64Array(slices * slices);
  let i = 0;
  for (let q = 1; q < slices; q++) {
    for (let t = 0; t < q; t++, i++) {
      const weight = weights[i] as number;
      laplacian[q * slices + t] = -weight;
      laplacian[t * slices + q] = -weight;
      laplacian[q * slices + q] = (laplacian[q * slices + q] as number) + weight;
      laplacian[t * slices + t] = (laplacian[t * slices + t] as number) + weight;
    }
  }
  const half = product(laplacian, rows, slices, slices, rank); // L rows
  const matrix = new Float64Array(rank * rank);
  for (let k = 0; k < slices; k++)
    for (let a = 0; a < rank; a++) {
      const row = rows[k * rank + a] as number;
      for (let b = 0; b <= a; b++)
        matrix[a * rank + b] = (matrix[a * rank + b] as number) + row * (half[k * rank + b] as number);
    }
  for (let a = 0; a < rank; a++) matrix[a * rank + a] = (matrix[a * rank + a] as number) + 1;
  return matrix; // the lower triangle, all that Cholesky's method reads
}
