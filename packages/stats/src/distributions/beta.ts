/**
 * The beta distribution: its distribution function (the regularised incomplete beta function) and quantile.
 *
 * Continued fraction: DiDonato and Morris, "Algorithm 708: significant digit computation of the incomplete beta function
 * ratios", ACM Transactions on Mathematical Software 18 (1992), 360-373, by the modified Lentz method (Thompson and
 * Barnett, Journal of Computational Physics 64 (1986), 490-509). Factor x^a (1-x)^b / B(a, b): saddle-point
 * expansion of Loader, "Fast and accurate computation of binomial probabilities" (2000), so that nothing cancels for
 * large a and b. Quantile: Newton's method inside a shrinking bracket.
 */
import { StatsError } from '../errors.ts';

const MAX_QUANTILE_STEPS = 400;

function requireShapes(a: number, b: number): void {
  if (!(a > 0 && b > 0 && Number.isFinite(a + b))) {
    throw new StatsError(
      'stats/argument',
      `the shapes of a beta distribution must be positive and finite, got a = ${a} and b = ${b}; check the counts`,
    );
  }
}

function requireProbability(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) {
    throw new StatsError(
      'stats/argument',
      `${name} of a beta distribution must lie in [0, 1], got ${value}; pass a proportion, not a percentage`,
    );
  }
}

/** log Gamma(z + 1) less Stirling's formula; below 16 by its own recurrence, above by its asymptotic series (Loader 2000). */
export function stirlingError(z: number): number {
  let shifted = z;
  let sum = 0;
  // error(z) = error(z + 1) + (z + 1/2) log(1 + 1/z) - 1
  for (; shifted < 16; shifted++) sum += (shifted + 0.5) * Math.log1p(1 / shifted) - 1;
  const w = 1 / (shifted * shifted);
  const series = 1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - (w * 691) / 360360))));
  return sum + series / shifted;
}

/** Loader's deviance term x log(x / mean) + mean - x, without cancellation where x is near its mean. */
export function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * Math.log(x / mean) - difference;
  const v = difference / (x + mean);
  let sum = difference * v;
  let power = 2 * x * v;
  for (let j = 1; j < 1000; j++) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (next === sum) return sum;
    sum = next;
  }
  return sum;
}

/** x^a y^b / B(a, b) with y = 1 - x. */
function prefix(x: number, y: number, a: number, b: number): number {
  const n = a + b;
  const exponent = stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * y);
  return Math.exp(exponent) * Math.sqrt((a * b) / (2 * Math.PI * n));
}

/**
 * The continued fraction of DiDonato and Morris (their routine BFRAC), which converges fast for x <= a / (a + b). lambda is
 * a - (a + b) x, from the smaller of x and y, for neither is lost to rounding then.
 */
function continuedFraction(x: number, y: number, a: number, b: number): number {
  const lambda = x <= y ? a - (a + b) * x : (a + b) * y - b;
  const maxTerms = 200 + 20 * Math.sqrt(a + b);
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = Number.POSITIVE_INFINITY; // Lentz's ratio of numerators, of which the first two are 0 and 1
  let d = 1 / away((a / (a + 1)) * (lambda + 1));
  let value = d;
  for (let n = 1; n <= maxTerms; n++) {
    const s = a + 2 * n - 1;
    const alpha = ((a + n - 1) / s) * ((a + b + n - 1) / s) * n * (b - n) * x * x;
    const beta = n + (n * (b - n) * x) / s + ((a + n) / (s + 2)) * (lambda + 1 + n * (1 + y));
    d = 1 / away(beta + alpha * d);
    c = away(beta + alpha / c);
    const factor = c * d;
    value *= factor;
    if (Math.abs(factor - 1) <= Number.EPSILON) return value;
  }
  throw new StatsError(
    'stats/argument',
    `the incomplete beta function must converge, got no convergence at x = ${x}, a = ${a}, b = ${b}; use smaller counts`,
  );
}

/**
 * The regularised incomplete beta function I_x(a, b): the probability that a Beta(a, b) variable is at or below x.
 * Throws stats/argument unless 0 <= x <= 1 and a, b > 0.
 */
export function betaCdf(x: number, a: number, b: number): number {
  requireShapes(a, b);
  requireProbability('x', x);
  if (x === 0 || x === 1) return x;
  const y = 1 - x;
  const factor = prefix(x, y, a, b);
  if (x <= a / (a + b)) return factor * continuedFraction(x, y, a, b);
  return 1 - factor * continuedFraction(y, x, b, a);
}

/** The quantile of Beta(a, b): the x with betaCdf(x, a, b) = p. Throws stats/argument unless 0 <= p <= 1, a, b > 0. */
export function betaQuantile(p: number, a: number, b: number): number {
  requireShapes(a, b);
  requireProbability('p', p);
  if (p === 0 || p === 1) return p;
  let low = 0;
  let high = 1;
  let x = a / (a + b);
  for (let step = 0; step < MAX_QUANTILE_STEPS; step++) {
    const excess = betaCdf(x, a, b) - p;
    if (excess === 0) return x;
    if (excess < 0) low = x;
    else high = x;
    const density = prefix(x, 1 - x, a, b) / (x * (1 - x));
    let next = x - excess / density;
    if (!(next > low && next < high)) next = low > 0 ? (low + high) / 2 : high / 1024;
    if (Math.abs(next - x) <= 2 * Number.EPSILON * x) return next;
    x = next;
  }
  return x;
}
