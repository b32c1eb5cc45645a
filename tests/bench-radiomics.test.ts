/** `bench radiomics`: figures of the features of one region. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

const { mammoscope } = await workplace();

test('bench radiomics prints the times of every feature of a region of Xiao 2021', async () => {
  const outcome = await mammoscope(['bench', 'radiomics', '--steps', '2', '--json']);
  assertDone(outcome);
  const { width, height, depth, features, firstSeconds, leastSeconds, medianSeconds, processorSeconds } = JSON.parse(
    outcome.stdout,
  );
  assert.deepEqual([width, height, depth], [300, 300, 12]);
  // 87 features of grey levels of 9 and twice 5 images and bands, 16 of a volume's shape and twice 11 of a plane's
  assert.equal(features, 87 * (9 + 2 * 5) + 16 + 2 * 11);
  assert.ok(firstSeconds > 0 && leastSeconds > 0 && leastSeconds <= medianSeconds && processorSeconds > 0);
  assertRefused(await mammoscope(['bench', 'radiomics', '--steps', '0']), 2, /--steps 0: give at least 1/);
});
