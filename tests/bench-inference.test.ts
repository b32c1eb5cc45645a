import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InferenceResult } from '@mammoscope/systems';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

const { mammoscope } = await workplace();
const bench = (...flags: string[]) => mammoscope(['bench', 'inference', '--steps', '1', '--size', '32', ...flags]);

test('bench inference prints figures that fit together', async () => {
  const outcome = await bench('--model', 'resnet18', '--json');
  assertDone(outcome);
  const [result] = JSON.parse(outcome.stdout) as [InferenceResult];
  const { leastMs, medianMs, gflop, gflopPerSecond, ceilingGflopPerSecond, shareOfCeiling, peakMiB } = result;
  assert.deepEqual([result.model, result.sizePx], ['resnet18', 32]);
  // Multiply-adds of ResNet-18 at 32 px, layer by layer: pixels x taps x channels in x channels out.
  const stem = 16 * 16 * 49 * 3 * 64;
  const block = (px: number, inputs: number, outputs: number) =>
    px * px * (9 * inputs * outputs + 3 * 9 * outputs * outputs + (inputs === outputs ? 0 : inputs * outputs));
  const macs = stem + block(8, 64, 64) + block(4, 64, 128) + block(2, 128, 256) + block(1, 256, 512) + 512 * 2;
  assert.equal(Math.round(gflop * 1e9), 2 * macs);
  assert.ok(leastMs > 0 && leastMs <= medianMs);
  assert.ok(Math.abs(gflopPerSecond - (1000 * gflop) / leastMs) < 1e-6 * gflopPerSecond);
  assert.ok(Math.abs(shareOfCeiling - gflopPerSecond / ceilingGflopPerSecond) < 1e-9);
  assert.ok(peakMiB > 11_689_512 * 4 * 2 ** -20);
});

test('bench inference has a line for each network', async () => {
  const outcome = await bench('--model', 'squeezenet1_1,resnet18');
  assertDone(outcome);
  assert.match(
    outcome.stdout,
    /share +by processor time +peak MiB[\s\S]*^squeezenet1_1, 1 x 3 x 32 x 32 [\s\S]*^resnet18, 1 x 3 x 32 x 32 /m,
  );
});

test('bench inference refuses networks that are not there', async () => {
  assertRefused(await bench('--model', 'resnet19'), 2, /no network of images "resnet19": use .*resnet18/);
  assertRefused(await bench('--model', 'r3d_18'), 2, /no network of images "r3d_18"/);
});
