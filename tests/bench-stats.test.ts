/** `bench stats`: figures of the statistics of a large study. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

const { mammoscope } = await workplace();

test('bench stats prints a time for DeLong, for DeLong with clusters, and for a bootstrap', async () => {
  const outcome = await mammoscope(['bench', 'stats', '--steps', '1', '--json']);
  assertDone(outcome);
  const results = JSON.parse(outcome.stdout);
  assert.deepEqual(
    results.map(({ name }: { name: string }) => name),
    ['delong', 'delong-clustered', 'bootstrap'],
  );
  for (const { leastSeconds, medianSeconds, title } of results) {
    assert.ok(leastSeconds > 0 && leastSeconds <= medianSeconds, title);
    assert.match(title, /1000000 scores|clusters|10000 images/);
  }
  assertRefused(await mammoscope(['bench', 'stats', '--steps', '0']), 2, /--steps 0: give at least 1/);
});
