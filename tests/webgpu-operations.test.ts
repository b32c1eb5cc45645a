/** Every op and its gradient on ONNX Runtime's webgpu provider, through the engine. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type OpName, ops } from '@mammoscope/nn';
import { runWithDriver, withoutDriver } from './webgpu-driver.ts';
import type { OperationReport } from './webgpu-operations.ts';

/** Largest relative difference from the loops in float64, and of a gradient from the CPU's. */
const TOLERANCE = { forward: 1e-5, gradient: 1e-4 } as const;

/** Ops of which some use runs on the CPU, and what has no kernel on webgpu. None of these uses is in a training step. */
const ON_CPU: Readonly<Partial<Record<OpName, string>>> = {
  Equal: 'comparing int64',
  Greater: 'comparing int64',
  GreaterOrEqual: 'comparing int64',
  Less: 'comparing int64',
  LessOrEqual: 'comparing int64',
  Cast: 'float64',
  Gather: 'the gradient reshapes indices of int64',
};

let report: Readonly<Record<string, OperationReport>> = {};
before(async () => {
  if (withoutDriver) return;
  report = (await runWithDriver('webgpu-operations.ts')) as typeof report;
});

for (const op of Object.keys(ops) as OpName[]) {
  const lacking = ON_CPU[op];
  test(`${op} on webgpu computes what it should${lacking ? `, on the CPU: ${lacking}` : ''}`, {
    skip: withoutDriver,
  }, () => {
    const { forward, gradient, fallsBack, failure } = report[op] as OperationReport;
    assert.equal(failure, undefined);
    assert.ok(forward !== null && forward <= TOLERANCE.forward, `relative error ${forward}`);
    assert.ok(gradient !== null && gradient <= TOLERANCE.gradient, `relative error of a gradient ${gradient}`);
    assert.equal(fallsBack, lacking !== undefined);
  });
}
