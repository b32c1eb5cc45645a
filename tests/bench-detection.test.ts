import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DetectionResult } from '@mammoscope/systems';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

const { mammoscope } = await workplace();
const bench = (...flags: string[]) => mammoscope(['bench', 'detection', '--steps', '1', '--size', '64', ...flags]);

test('bench detection prints figures that fit together', async () => {
  const outcome = await bench('--case', 'inference', '--json');
  assertDone(outcome);
  const [result] = JSON.parse(outcome.stdout) as [DetectionResult];
  const { leastMs, medianMs, gflop, gflopPerSecond, ceilingGflopPerSecond, shareOfCeiling } = result;
  assert.equal(result.title, 'inference, 1 x 64 x 64, 1000 regions');
  // ResNet-50's 1x1 and 3x3 of four stages, stem, pyramid, proposal head, box head: multiply-adds of the layers by hand.
  const stage = (px: number, inner: number, inputs: number, blocks: number, before: number) =>
    before * before * inputs * inner + // the first 1x1 works at the resolution before the stride
    px * px * (9 * inner ** 2 + 4 * inner ** 2 + 4 * inner * inputs) +
    (blocks - 1) * px * px * (4 * inner ** 2 + 9 * inner ** 2 + 4 * inner ** 2);
  const body =
    32 * 32 * 49 * 3 * 64 +
    stage(16, 64, 64, 3, 16) +
    stage(8, 128, 256, 4, 16) +
    stage(4, 256, 512, 6, 8) +
    stage(2, 512, 1024, 3, 4);
  const pixels = [16, 8, 4, 2].map((px) => px * px);
  const pyramid = pixels.reduce((sum, count, i) => sum + count * 256 * 2 ** i * 256 + count * 9 * 256 ** 2, 0);
  const heads = [...pixels, 1].reduce((sum, count) => sum + count * (9 * 256 ** 2 + 15 * 256), 0);
  const boxes = 1000 * (256 * 49 * 1024 + 1024 ** 2 + 15 * 1024);
  assert.equal(Math.round(gflop * 1e9), 2 * (body + pyramid + heads + boxes));
  assert.ok(leastMs > 0 && leastMs <= medianMs);
  assert.ok(Math.abs(gflopPerSecond - (1000 * gflop) / leastMs) < 1e-6 * gflopPerSecond);
  assert.ok(Math.abs(shareOfCeiling - gflopPerSecond / ceilingGflopPerSecond) < 1e-9);
});

test('bench detection trains a step, and refuses other cases and sizes', async () => {
  const outcome = await bench('--case', 'training');
  assertDone(outcome);
  assert.match(outcome.stdout, /training step, 1 x 64 x 64, 512 regions/);
  assertRefused(await bench('--case', 'resnet34'), 2, /no case "resnet34" of the detector: use training, inference/);
  assertRefused(await bench('--size', '100', '--case', 'inference'), 2, /--size 100: .*multiple of 32 px/);
});
