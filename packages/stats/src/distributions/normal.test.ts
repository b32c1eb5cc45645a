import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRelative } from '../../tests/tolerance.ts';
import { erf, erfc, normalCdf, normalQuantile, twoSidedP } from './normal.ts';

/** Ten units in the last place. References: mpmath 1.3 at 40 digits, of the double nearest to the argument. */
const FULL_DOUBLE = 10 * Number.EPSILON;

type Row = readonly [argument: number, value: number];

const erfRows: readonly Row[] = [
  [1e-10, 1.1283791670955126e-10],
  [0.1, 0.11246291601828488],
  [0.46875, 0.492613473217938],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [2, 0.9953222650189527],
  [4, 0.9999999845827421],
  [5.5, 0.9999999999999927],
];
const erfcRows: readonly Row[] = [
  [-3, 1.9999779095030015],
  [0.25, 0.723673609831763],
  [0.5, 0.4795001221869535],
  [1, 0.15729920705028513],
  [2, 0.004677734981047266],
  [4, 1.541725790028002e-8],
  [4.5, 1.9661604415428876e-10],
  [10, 2.088487583762545e-45],
  [26.5, 2.2109076642637343e-307],
];
const cdfRows: readonly Row[] = [
  [-20, 2.7536241186062337e-89],
  [-8.3, 5.205569744890254e-17],
  [-5, 2.866515718791939e-7],
  [-3.7, 0.00010779973347738826],
  [-1.96, 0.024997895148220435],
  [-1, 0.15865525393145705],
  [-0.6, 0.2742531177500736],
  [-0.1, 0.460172162722971],
  [0, 0.5],
  [0.3, 0.6179114221889526],
  [1, 0.8413447460685429],
  [2.5, 0.9937903346742238],
  [5, 0.9999997133484281],
  [8, 0.9999999999999993],
];
const quantileRows: readonly Row[] = [
  [1e-300, -37.0470962993612],
  [1e-100, -21.273453560965326],
  [1e-20, -9.262340089798409],
  [1e-12, -7.034483825301132],
  [1e-5, -4.264890793922825],
  [0.005, -2.575829303548901],
  [0.025, -1.9599639845400543],
  [0.05, -1.6448536269514726],
  [0.075, -1.439531470938456],
  [0.3, -0.5244005127080408],
  [0.6, 0.2533471031357997],
  [0.9, 1.2815515655446006],
  [0.975, 1.9599639845400538],
  [0.999, 3.090232306167813],
];

for (const [name, method, rows] of [
  ['erf', erf, erfRows],
  ['erfc', erfc, erfcRows],
  ['normalCdf', normalCdf, cdfRows],
  ['normalQuantile', normalQuantile, quantileRows],
] as const) {
  test(`${name} has full double accuracy, tails included`, () => {
    for (const [x, value] of rows) assertRelative(method(x), value, FULL_DOUBLE, `${name}(${x})`);
  });
}

test('the normal distribution is symmetric and its ends are exact', () => {
  for (const x of [0.2, 0.7, 1.5, 3, 7]) {
    assert.equal(erf(-x), -erf(x));
    assert.equal(normalCdf(-x) + normalCdf(x), 1);
    assert.equal(twoSidedP(-x), twoSidedP(x));
    assertRelative(erfc(x) / 2, normalCdf(-x * Math.SQRT2), 100 * FULL_DOUBLE, `erfc(${x}) / 2`);
  }
  assert.deepEqual([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(-100), normalCdf(100)], [0, 1, 0, 1]);
  assert.deepEqual([erf(Infinity), erf(-Infinity), erfc(Infinity), erfc(-Infinity)], [1, -1, 0, 2]);
  assert.deepEqual([normalQuantile(0), normalQuantile(1), normalQuantile(0.5)], [-Infinity, Infinity, 0]);
  const undefinedValues = [
    normalQuantile(-0.1),
    normalQuantile(1.1),
    normalCdf(NaN),
    erf(NaN),
    erfc(NaN),
    twoSidedP(NaN),
  ];
  for (const value of undefinedValues) assert.ok(Number.isNaN(value));
});

test('the quantile inverts the distribution function', () => {
  for (let x = -8; x <= 5; x += 0.37) assertRelative(normalQuantile(normalCdf(x)), x, 1e-9, `quantile of cdf(${x})`);
});
