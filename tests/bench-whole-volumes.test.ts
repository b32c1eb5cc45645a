/** Table I of Park 2022 on slices so small that it takes seconds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

const { mammoscope } = await workplace();
const bench = (...flags: string[]) => mammoscope(['bench', 'whole-volumes', ...flags]);

test('one step of a network of images is a number, and another network is refused', async () => {
  const outcome = await bench('--case', 'resnet-18', '--slices', '2', '--size', '64');
  assertDone(outcome);
  assert.match(outcome.stdout, /^\d+ MiB in [\d.]+ s$/m);
  assertRefused(
    await bench('--case', 'vgg16'),
    2,
    /no case "vgg16" of table I: use resnet-18, resnet-34, 3d-resnet-18/,
  );
});
