/**
 * Every op of the registry, forward and backward, on random shapes, strides and paddings: in float64 against central
 * differences of ONNX Runtime itself where it has the kernels, else in float32 against independent loops in float64.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OpName, ops } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { activationCases, arithmeticCases } from './operation-cases-arithmetic.ts';
import { convolutionCases, linearCases } from './operation-cases-convolution.ts';
import { indexingCases, movementCases } from './operation-cases-movement.ts';
import { normalizationCases, poolingCases, reductionCases, resizeCases } from './operation-cases-window.ts';
import { type CaseMaker, checkForward, checkGradient } from './operation-check.ts';

/** The table, total over the ops: an op without cases does not compile. */
const cases: { readonly [K in OpName]: readonly CaseMaker[] } = {
  ...arithmeticCases,
  ...activationCases,
  ...convolutionCases,
  ...linearCases,
  ...poolingCases,
  ...normalizationCases,
  ...reductionCases,
  ...movementCases,
  ...indexingCases,
  ...resizeCases,
};

/** Ops that ONNX Runtime 1.30 cannot run in float64 on a CPU, forward or in their gradient, and what is missing. */
const WITHOUT_FLOAT64: Readonly<Partial<Record<OpName, string>>> = {
  Conv: 'Conv',
  ConvTranspose: 'ConvTranspose',
  ConvInputGradient: 'ConvTranspose',
  ConvWeightGradient: 'Conv',
  AveragePool: 'AveragePool',
  Resize: 'Resize',
};

/** First derivatives, which are not differentiated again. */
const FIRST_ORDER_ONLY: ReadonlySet<OpName> = new Set<OpName>([
  'ReluGradient',
  'ConvInputGradient',
  'ConvWeightGradient',
  'MaxPoolGradient',
  'GatherSumGradient',
  'BatchNormalizationGradient',
  'GroupNormalizationGradient',
]);

const SEED = 20_250_101;
const draw = (op: OpName) => cases[op].map((make, i) => make(new RandomStream(SEED, op, i)));
const names = Object.keys(ops) as OpName[];

test('every op of the registry has cases', () => {
  assert.deepEqual(Object.keys(cases).sort(), [...names].sort());
  for (const op of names) assert.ok(cases[op].length > 0, `${op} has no case`);
});

for (const op of names) {
  const lacking = WITHOUT_FLOAT64[op];
  const dtypes = lacking ? (['float32'] as const) : (['float32', 'float64'] as const);
  for (const dtype of dtypes) {
    test(`${op} computes what its loop computes, in ${dtype}`, () => checkForward(op, draw(op), dtype));
    if (FIRST_ORDER_ONLY.has(op)) continue;
    test(`${op} has the gradient of central differences, in ${dtype}`, () => checkGradient(op, draw(op), dtype));
  }
  if (lacking) {
    test(`${op} has no float64 kernel yet`, () =>
      assert.rejects(checkForward(op, draw(op), 'float64'), new RegExp(`implementation for ${lacking}\\(`)));
  }
  if (FIRST_ORDER_ONLY.has(op)) {
    test(`${op} says that it is not differentiated`, () =>
      assert.rejects(checkGradient(op, draw(op), 'float32'), { code: 'not-differentiable', message: new RegExp(op) }));
  }
}
