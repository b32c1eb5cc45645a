import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GmicBenchResult } from '@mammoscope/systems';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

const { mammoscope } = await workplace();
const bench = (...flags: string[]) => mammoscope(['bench', 'gmic', '--steps', '1', '--size', '128', ...flags]);

/** Multiply-adds of ResNet-22 with the saliency layer, by hand, from the rows and columns of its stages. */
function globalMacs(first: number, stages: readonly number[]): number {
  const widths = [16, 32, 64, 128, 256];
  const blocks = stages.map((pixels, i) => {
    const [width, inputs] = [widths[i] as number, widths[i - 1] ?? 16];
    return pixels * (9 * inputs * width + 3 * 9 * width ** 2 + inputs * width);
  });
  return first * 49 * 16 + blocks.reduce((a, b) => a + b, 0) + (stages.at(-1) as number) * 256 * 2;
}

/** Of the local module on 8 patches of 256 px: ResNet-18, two gates, the attention and the classifier. */
function localMacs(): number {
  const stage = (side: number, width: number, inputs: number) =>
    side ** 2 * (9 * inputs * width + 3 * 9 * width ** 2 + (inputs === width ? 0 : inputs * width));
  const body =
    128 ** 2 * 49 * 3 * 64 + stage(64, 64, 64) + stage(32, 128, 64) + stage(16, 256, 128) + stage(8, 512, 256);
  return 8 * (body + 2 * 512 * 128 + 128) + 512 * 2;
}

test('bench gmic prints figures that fit together', async () => {
  const outcome = await bench('--case', 'inference', '--json');
  assertDone(outcome);
  const [result] = JSON.parse(outcome.stdout) as [GmicBenchResult];
  const { leastMs, medianMs, gflop, gflopPerSecond, ceilingGflopPerSecond, shareOfCeiling, volumeGmacs } = result;
  assert.equal(result.title, 'inference, 1 x 128 x 81');
  const macs = globalMacs(64 * 41, [31 * 20, 16 * 10, 8 * 5, 4 * 3, 2 * 2]);
  assert.equal(Math.round(gflop * 1e9), 2 * macs);
  assert.equal(Math.round(volumeGmacs * 1e9), 96 * macs + localMacs());
  assert.ok(leastMs > 0 && leastMs <= medianMs);
  assert.ok(Math.abs(gflopPerSecond - (1000 * gflop) / leastMs) < 1e-6 * gflopPerSecond);
  assert.ok(Math.abs(shareOfCeiling - gflopPerSecond / ceilingGflopPerSecond) < 1e-9);
  // Table I of the paper: 798 GMACs for 96 slices of 2116 x 1339.
  const paper = 96 * globalMacs(1058 * 670, [528 * 334, 264 * 167, 132 * 84, 66 * 42, 33 * 21]) + localMacs();
  assert.ok(paper / 1e9 < 798, `${paper / 1e9}`);
});

test('bench gmic times the whole of predict, and counts the global network on all slices', async () => {
  const outcome = await bench('--case', 'predict', '--json');
  assertDone(outcome);
  const [result] = JSON.parse(outcome.stdout) as [GmicBenchResult];
  assert.equal(result.title, 'predict, 96 x 128 x 81');
  const macs = globalMacs(64 * 41, [31 * 20, 16 * 10, 8 * 5, 4 * 3, 2 * 2]);
  assert.equal(Math.round(result.gflop * 1e9), 2 * 96 * macs);
  assert.ok(result.peakMiB > 50 && result.peakMiB < 750, `${result.peakMiB} MiB`);
});

test('bench gmic differentiates a slice, and refuses other cases', async () => {
  const outcome = await bench('--case', 'training');
  assertDone(outcome);
  assert.match(outcome.stdout, /training, 1 x 128 x 81/);
  assert.match(outcome.stdout, /step \/ three inference passes/);
  assertRefused(await bench('--case', 'resnet34'), 2, /no case "resnet34" of 3D-GMIC: use inference, training/);
});
