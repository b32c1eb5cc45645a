/** `bench features` and `bench heads` as a user calls them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeaturesResult, HeadResult } from '@mammoscope/systems';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

const { mammoscope } = await workplace();
const bench = (name: string, ...flags: string[]) =>
  mammoscope(['bench', name, '--steps', '1', '--size', '64', '--json', ...flags]);

test('bench features runs a backbone to the map that it is cut after', async () => {
  const outcome = await bench('features', '--model', 'alexnet');
  assertDone(outcome);
  const [result] = JSON.parse(outcome.stdout) as [FeaturesResult];
  assert.deepEqual(result.map, [256, 3, 3]);
  // AlexNet at 64 px: pixels x taps x channels in x channels out of its five convolutions.
  const macs = 15 * 15 * 121 * 3 * 64 + 7 * 7 * 25 * 64 * 192 + 3 * 3 * 9 * (192 * 384 + 384 * 256 + 256 * 256);
  assert.equal(Math.round(result.gflop * 1e9), 2 * macs);
  assert.ok(result.processorMs > 0 && result.leastMs <= result.medianMs);
  assert.ok(Math.abs(result.shareOfCeiling - result.gflopPerSecond / result.ceilingGflopPerSecond) < 1e-9);
});

test('bench heads steps a classifier at a batch of 32 and says what 100 epochs of 300 pairs come to', async () => {
  const outcome = await bench('heads', '--case', 'dm-dbt', '--model', 'alexnet', '--grid', '0');
  assertDone(outcome);
  const [result] = JSON.parse(outcome.stdout) as [HeadResult];
  const fc1 = 256 * 2 * 2 * 256;
  assert.equal(result.weights, 2 * 256 * 256 + 256 + 4 * 256 + fc1 + 256 + 128 * 256 + 128 + 2 * 128 + 2);
  assert.equal(result.steps, 900);
  assert.ok(Math.abs(result.trainingSeconds - 0.9 * result.medianMs) < 1e-9 * result.trainingSeconds);
  // Both maps are inputs, so that the convolution goes forward and to its weights, the linear layers to their inputs too.
  const macs = 32 * (2 * 9 * 2 * 256 * 256 + 3 * (fc1 + 256 * 128 + 128 * 2));
  assert.equal(Math.round(result.gflop * 1e9), 2 * macs);
});

test('bench features and heads refuse what is no backbone or classifier', async () => {
  assertRefused(await bench('features', '--model', 'vgg16'), 2, /no backbone "vgg16": use alexnet/);
  assertRefused(await bench('heads', '--case', '2d-t3-alex'), 2, /no classifier "2d-t3-alex": use dm, dbt, dm-dbt/);
});
