/**
 * Every op and its gradient as they are written for webgpu: the ONNX nodes on the CPU, then on ONNX Runtime's webgpu
 * provider through the engine.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type OpName, ops, type Target } from '@mammoscope/nn';
import { compile } from './onnx-session.ts';
import { assertClose } from './operation-check.ts';
import type { Values } from './reference-array.ts';
import { operationGraph } from './webgpu-cases.ts';
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
  GatherSum: 'the gradient reshapes indices of int64',
  GatherSumGradient: 'reshapes indices of int64',
};

const WEBGPU: Target = { device: 'webgpu', blockSize: 0 };
const names = Object.keys(ops) as OpName[];

for (const op of names) {
  test(`${op} is written for webgpu as it is for the CPU`, async () => {
    const { graph, values, expected, gradients } = operationGraph(op);
    const [webgpu, plain] = await Promise.all([compile(graph, WEBGPU), compile(graph)]);
    const [found, right] = await Promise.all([webgpu.run(values), plain.run(values)]);
    for (const [name, loop] of expected) assertClose(found.get(name), loop, TOLERANCE.forward, `${op} ${name}`);
    for (const name of gradients)
      assertClose(found.get(name), right.get(name) as Values, TOLERANCE.gradient, `${op} ${name}`);
    await Promise.all([webgpu.release(), plain.release()]);
  });
}

let report: Readonly<Record<string, OperationReport>> = {};
before(async () => {
  if (withoutDriver) return;
  report = (await runWithDriver('webgpu-operations.ts')) as typeof report;
});

for (const op of names) {
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
