/**
 * The standard normal distribution in double precision: relative errors of a few units in the last place, tails
 * included.
 *
 * erf, erfc: Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23 (1969),
 * 631-637, with the coefficients of his SPECFUN (ACM algorithm 715). Quantile: Wichura, "Algorithm AS 241: the
 * percentage points of the normal distribution", Applied Statistics 37 (1988), 477-484, routine PPND16.
 * Polynomials are listed from the highest power down.
 */
type Polynomial = readonly number[];
type Rational = readonly [numerator: Polynomial, denominator: Polynomial];

const INVERSE_SQRT_PI = 0.5641895835477563;

/** erf(x) / x in x^2, |x| <= 0.46875. */
const ERF_CENTRE: Rational = [
  [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694],
  [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
];

/** exp(x^2) erfc(x) in x, 0.46875 <= x <= 4. */
const ERFC_MIDDLE: Rational = [
  [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
    881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
  ],
  [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
    4362.619090143247, 3439.3676741437216, 1230.3393548037495,
  ],
];

/** x^2 (1 / sqrt(pi) - x exp(x^2) erfc(x)) in 1 / x^2, x > 4. */
const ERFC_TAIL: Rational = [
  [
    0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
    0.0006587491615298378,
  ],
  [1, 2.568520192289822, 1.8729528499234604, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918],
];

/** The quantile over q = p - 1/2 in 0.180625 - q^2, |q| <= 0.425. */
const QUANTILE_CENTRE: Rational = [
  [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
];

/** The quantile in r - 1.6 with r = sqrt(-log p), r <= 5. */
const QUANTILE_MIDDLE: Rational = [
  [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
];

/** The quantile in r - 5, r > 5. */
const QUANTILE_TAIL: Rational = [
  [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
];

function horner(coefficients: Polynomial, x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

function ratio([numerator, denominator]: Rational, x: number): number {
  return horner(numerator, x) / horner(denominator, x);
}

/** exp(x^2) erfc(x) for x >= 0.46875. */
function scaledErfc(x: number): number {
  if (x <= 4) return ratio(ERFC_MIDDLE, x);
  const z = 1 / (x * x);
  return (INVERSE_SQRT_PI - z * ratio(ERFC_TAIL, z)) / x;
}

/** exp(-scale x^2) with x split at 1/16, so that the rounding of x^2 does not grow in the exponent. */
function gaussian(x: number, scale: number): number {
  const coarse = Math.trunc(x * 16) / 16;
  return Math.exp(-scale * coarse * coarse) * Math.exp(-scale * (x - coarse) * (x + coarse));
}

/** The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. Source: Cody 1969. */
export function erf(x: number): number {
  if (Math.abs(x) <= 0.46875) return x * ratio(ERF_CENTRE, x * x);
  if (Math.abs(x) > 6) return Math.sign(x);
  const tail = gaussian(x, 1) * scaledErfc(Math.abs(x));
  return x > 0 ? 1 - tail : x < 0 ? tail - 1 : Number.NaN;
}

/** The complementary error function 1 - erf(x), accurate in its tail. Source: Cody 1969. */
export function erfc(x: number): number {
  if (x <= 0.46875) return 1 - erf(x);
  if (x > 28) return 0;
  return gaussian(x, 1) * scaledErfc(x);
}

/** Standard normal distribution function: the probability of a deviate at or below x. Source: Cody 1969. */
export function normalCdf(x: number): number {
  const t = Math.abs(x) * Math.SQRT1_2;
  if (t <= 0.46875) return 0.5 + 0.5 * erf(x * Math.SQRT1_2);
  if (t > 28) return x > 0 ? 1 : 0;
  const tail = 0.5 * gaussian(x, 0.5) * scaledErfc(t); // Phi(-|x|) = erfc(|x| / sqrt 2) / 2
  return x > 0 ? 1 - tail : tail;
}

/** The probability of a standard normal deviate at least as far from 0 as z: the two-sided p value. */
export function twoSidedP(z: number): number {
  return 2 * normalCdf(-Math.abs(z));
}

/**
 * Standard normal quantile: the x with normalCdf(x) = p. -Infinity at 0, Infinity at 1, NaN outside [0, 1].
 * Source: Wichura 1988, AS 241 (PPND16).
 */
export function normalQuantile(p: number): number {
  if (p === 0 || p === 1) return p === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(QUANTILE_CENTRE, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const distance = r <= 5 ? ratio(QUANTILE_MIDDLE, r - 1.6) : ratio(QUANTILE_TAIL, r - 5);
  return q < 0 ? -distance : distance;
}
