import { StatsError } from '../errors.ts';

/** The model at one penalty: logit p = intercept + sum_j coefficients[j] x_j, in the units of the features. */
export interface LassoFit {
  readonly penalty: number;
  readonly intercept: number;
  readonly coefficients: Float64Array;
  /** Indices of the features with a coefficient that is not 0. */
  readonly selected: readonly number[];
  /** 1 - deviance / deviance of the intercept alone. */
  readonly devianceRatio: number;
}

const MAX_NEWTON_STEPS = 10_000;
const MAX_SWEEPS = 100_000;
const MAX_HALVINGS = 30;
/** An objective that rose by less than this only rounds. */
const ROUNDING = 1e-12;

/** log(1 + exp(x)) without overflow. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const softThreshold = (x: number, by: number) => (x > by ? x - by : x < -by ? x + by : 0);

/**
 * Features standardised once, and the solution at the last penalty, from which the next is sought: Newton's quadratic approximation of
 * the log likelihood outside, coordinate descent inside, over the features that the strong rule keeps; the others are held to the
 * conditions of an optimum afterwards.
 */
export class LassoProblem {
  /** The least penalty that selects nothing; 0 where no feature varies with the labels. */
  readonly greatestPenalty: number;
  readonly #columns: readonly Float64Array[];
  readonly #means: Float64Array;
  readonly #deviations: Float64Array;
  readonly #truth: Uint8Array;
  readonly #nullLoss: number;
  readonly #tolerance: number;
  #slopes: Float64Array;
  #intercept: number;
  #penalty: number;
  /** Features that had a coefficient at some penalty, in the order in which they came. */
  readonly #active: number[] = [];

  /**
   * @param columns of finite numbers, one entry a case; they are standardised in place. @param truth 0 and 1, both there.
   * @param tolerance a step that changes the quadratic loss by no more than this share of the null loss is none.
   */
  constructor(columns: readonly Float64Array[], truth: Uint8Array, tolerance: number) {
    this.#tolerance = tolerance;
    const n = truth.length;
    this.#columns = columns;
    this.#truth = truth;
    this.#means = Float64Array.from(columns, (column) => column.reduce((sum, value) => sum + value, 0) / n);
    this.#deviations = new Float64Array(columns.length);
    columns.forEach((column, j) => {
      const mean = this.#means[j] as number;
      for (let i = 0; i < n; i++) column[i] = (column[i] as number) - mean;
      const deviation = Math.sqrt(column.reduce((sum, value) => sum + value * value, 0) / n);
      // A spread of rounding alone is none.
      const varies = deviation > 1e-12 * Math.abs(mean);
      this.#deviations[j] = varies ? deviation : 0;
      for (let i = 0; i < n; i++) column[i] = varies ? (column[i] as number) / deviation : 0;
    });
    const share = truth.reduce((sum, label) => sum + label, 0) / n;
    this.#intercept = Math.log(share / (1 - share));
    this.#slopes = new Float64Array(columns.length);
    this.#nullLoss = -(share * Math.log(share) + (1 - share) * Math.log(1 - share));
    const residuals = Float64Array.from(truth, (label) => label - share);
    this.greatestPenalty = columns.reduce(
      (most, column) => Math.max(most, Math.abs(this.#slope(column, residuals))),
      0,
    );
    this.#penalty = this.greatestPenalty;
  }

  /** The solution at a penalty; cheapest where penalties fall. Throws stats/convergence. */
  solve(penalty: number): LassoFit {
    const gradients = this.#gradients();
    // The strong rule: a gradient rarely changes faster than the penalty does.
    const kept = new Uint8Array(this.#columns.length);
    gradients.forEach((gradient, j) => {
      if (Math.abs(gradient) >= 2 * penalty - this.#penalty || this.#slopes[j] !== 0) kept[j] = 1;
    });
    for (;;) {
      this.#minimise(penalty, kept);
      const after = this.#gradients();
      const missed = after.reduce((count, gradient, j) => {
        if (kept[j] || Math.abs(gradient) <= penalty * (1 + 1e-9)) return count;
        kept[j] = 1;
        return count + 1;
      }, 0);
      if (missed === 0) break;
    }
    this.#penalty = penalty;
    return this.#fit(penalty);
  }

  #fit(penalty: number): LassoFit {
    const coefficients = this.#slopes.map((slope, j) => (slope === 0 ? 0 : slope / (this.#deviations[j] as number)));
    const intercept = coefficients.reduce((sum, value, j) => sum - value * (this.#means[j] as number), this.#intercept);
    const selected = [...coefficients.keys()].filter((j) => coefficients[j] !== 0);
    return {
      penalty,
      intercept,
      coefficients,
      selected,
      devianceRatio: 1 - this.#loss(this.#logits()) / this.#nullLoss,
    };
  }

  /** x_j' r / n: how fast the log likelihood grows with coefficient j. */
  #slope(column: Float64Array, residuals: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < residuals.length; i++) sum += (column[i] as number) * (residuals[i] as number);
    return sum / residuals.length;
  }

  #gradients(): Float64Array {
    const logits = this.#logits();
    const residuals = Float64Array.from(this.#truth, (label, i) => label - 1 / (1 + Math.exp(-(logits[i] as number))));
    return Float64Array.from(this.#columns, (column) => this.#slope(column, residuals));
  }

  #logits(): Float64Array {
    const logits = new Float64Array(this.#truth.length).fill(this.#intercept);
    for (const j of this.#active) {
      const [column, slope] = [this.#columns[j] as Float64Array, this.#slopes[j] as number];
      if (slope !== 0)
        for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] as number) + slope * (column[i] as number);
    }
    return logits;
  }

  #loss(logits: Float64Array): number {
    return logits.reduce((sum, eta, i) => sum + softplus(eta) - (this.#truth[i] ? eta : 0), 0) / logits.length;
  }

  #objective(penalty: number): number {
    return this.#loss(this.#logits()) + penalty * this.#slopes.reduce((sum, slope) => sum + Math.abs(slope), 0);
  }

  /** Newton's steps over the features kept. A step that does not lower the objective is halved. */
  #minimise(penalty: number, kept: Uint8Array): void {
    let objective = this.#objective(penalty);
    for (let step = 0; step < MAX_NEWTON_STEPS; step++) {
      const [slopes, intercept] = [this.#slopes.slice(), this.#intercept];
      const weights = this.#descend(penalty, kept);
      let next = this.#objective(penalty);
      for (let halving = 0; next > objective + ROUNDING && halving < MAX_HALVINGS; halving++) {
        this.#slopes = this.#slopes.map((slope, j) => (slope + (slopes[j] as number)) / 2);
        this.#intercept = (this.#intercept + intercept) / 2;
        next = this.#objective(penalty);
      }
      objective = next;
      const change = this.#active.reduce(
        (most, j) => Math.max(most, ((this.#slopes[j] as number) - (slopes[j] as number)) ** 2),
        (this.#intercept - intercept) ** 2,
      );
      if (change * weights <= this.#tolerance * this.#nullLoss) return;
    }
    throw new StatsError(
      'stats/convergence',
      `LASSO did not settle at the penalty ${penalty} in ${MAX_NEWTON_STEPS} steps; take larger penalties`,
    );
  }

  /** Coordinate descent on the quadratic approximation at the present solution; the mean weight of a case. */
  #descend(penalty: number, kept: Uint8Array): number {
    const n = this.#truth.length;
    const logits = this.#logits();
    const weights = new Float64Array(n);
    const residuals = new Float64Array(n); // weight times the working residual
    let total = 0;
    for (let i = 0; i < n; i++) {
      const p = 1 / (1 + Math.exp(-(logits[i] as number)));
      weights[i] = Math.max(p * (1 - p), 1e-9); // a case that is all but certain still has curvature
      residuals[i] = (this.#truth[i] as number) - p;
      total += weights[i] as number;
    }
    const curvatures = new Map<number, number>();
    const curvature = (j: number): number => {
      const known = curvatures.get(j);
      if (known !== undefined) return known;
      const column = this.#columns[j] as Float64Array;
      const value = weights.reduce((sum, weight, i) => sum + weight * (column[i] as number) ** 2, 0) / n;
      curvatures.set(j, value);
      return value;
    };
    /** Moves coordinate j to its minimum; how much that changed, in units of the loss. */
    const move = (j: number): number => {
      const column = this.#columns[j] as Float64Array;
      const [old, bend] = [this.#slopes[j] as number, curvature(j)];
      const next = bend > 0 ? softThreshold(this.#slope(column, residuals) + bend * old, penalty) / bend : 0;
      if (next === old) return 0;
      this.#slopes[j] = next;
      const by = next - old;
      for (let i = 0; i < n; i++)
        residuals[i] = (residuals[i] as number) - by * (weights[i] as number) * (column[i] as number);
      return bend * by * by;
    };
    const moveIntercept = (): number => {
      const by = residuals.reduce((sum, value) => sum + value, 0) / total;
      this.#intercept += by;
      for (let i = 0; i < n; i++) residuals[i] = (residuals[i] as number) - by * (weights[i] as number);
      return (by * by * total) / n;
    };
    const isActive = new Uint8Array(kept.length);
    for (const j of this.#active) isActive[j] = 1;
    for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
      let change = moveIntercept();
      for (const j of this.#active) change = Math.max(change, move(j));
      if (change > this.#tolerance * this.#nullLoss) continue;
      // Settled on those that had a coefficient; one look at the rest.
      let joined = false;
      for (let j = 0; j < kept.length; j++) {
        if (!kept[j] || isActive[j] || move(j) === 0) continue;
        isActive[j] = 1;
        this.#active.push(j);
        joined = true;
      }
      if (!joined) return total / n;
    }
    throw new StatsError(
      'stats/convergence',
      `LASSO did not settle at the penalty ${penalty} in ${MAX_SWEEPS} sweeps; take larger penalties`,
    );
  }
}
