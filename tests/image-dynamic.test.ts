/** `image dynamic` and `bench rank-pooling` as a user calls them. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readImage, writePng8 } from '@mammoscope/imaging';
import type { RankPoolingResult } from '@mammoscope/systems';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

const { folder, mammoscope } = await workplace();

/** A NumPy file of float32, which begins as numpy.lib.format describes version 1.0. */
function npy(shape: readonly number[], values: Float32Array): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const header = `${text.padEnd(128 - 10 - 1)}\n`;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(header.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    size,
    Buffer.from(header),
    Buffer.from(values.buffer),
  ]);
}

/** Six slices of 5 x 4 in which one pixel brightens. */
const value = (t: number, i: number) => ((i * 37) % 50) + (i === 7 ? 20 * t : 0) + ((t * i) % 3);
const PIXELS = 20;

test('image dynamic of a file and of a folder of slices writes the same image, and one beside it', async () => {
  await mkdir(join(folder, 'slices'));
  const volume = Float32Array.from({ length: 6 * PIXELS }, (_, at) => value(Math.floor(at / PIXELS), at % PIXELS));
  await writeFile(join(folder, 'volume.npy'), npy([6, 4, 5], volume));
  for (let t = 0; t < 6; t++)
    await writePng8(join(folder, 'slices', `${t}.png`), volume.subarray(t * PIXELS, (t + 1) * PIXELS), 5, 4);
  const outcome = await mammoscope(['image', 'dynamic', 'volume.npy', '--out', 'a', '--json']);
  assertDone(outcome);
  const result = JSON.parse(outcome.stdout);
  assert.deepEqual([result.width, result.height, result.slices, result.lambda], [5, 4, 6, 1]);
  assert.ok(result.dualityGap <= 1e-8 * result.objective);
  assert.ok(Math.abs(result.weights.reduce((a: number, b: number) => a + b, 0)) < 1e-12);
  assertDone(await mammoscope(['image', 'dynamic', 'slices', '--out', 'b']));
  const [a, b] = [await readImage(join(folder, 'a', 'dynamic.png')), await readImage(join(folder, 'b', 'dynamic.png'))];
  assert.deepEqual([a.width, a.height, a.data.indexOf(255)], [5, 4, 7]);
  assert.deepEqual(a.data, b.data);
  const approximate = await mammoscope(['image', 'dynamic', 'slices', '--approximate', '--out', 'c']);
  assertDone(approximate);
  assert.match(approximate.stdout, /approximate rank pooling/);
  const beside = await readImage(join(folder, 'b', 'beside.png')).catch((error) => error.code);
  assert.ok(beside === 'image-colour' || beside.width > 3 * 600);
});

test('image dynamic refuses one slice, slices all alike and files that are not there, and leaves no folder behind', async () => {
  await writePng8(join(folder, 'one.png'), new Float32Array(PIXELS), 5, 4);
  assertRefused(await mammoscope(['image', 'dynamic', 'one.png', '--out', 'x']), 2, /two slices or more, got 1/);
  await writeFile(join(folder, 'alike.npy'), npy([3, 4, 5], new Float32Array(60).fill(3)));
  assertRefused(await mammoscope(['image', 'dynamic', 'alike.npy', '--out', 'x']), 2, /3 slices are all alike/);
  assertRefused(await mammoscope(['image', 'dynamic', 'absent.dcm', '--out', 'x']), 2, /absent\.dcm/);
  assertRefused(
    await mammoscope(['image', 'dynamic', 'one.png', '--out', 'x', '--lambda', '-1']),
    2,
    /"-1" is not above 0/,
  );
  await assert.rejects(readImage(join(folder, 'x', 'dynamic.png')), { code: 'file-missing' });
});

test('bench rank-pooling prints figures that fit together', async () => {
  const outcome = await mammoscope([
    'bench',
    'rank-pooling',
    '--size',
    '64',
    '--slices',
    '8',
    '--steps',
    '2',
    '--json',
  ]);
  assertDone(outcome);
  const [result] = JSON.parse(outcome.stdout) as [RankPoolingResult];
  assert.deepEqual([result.sizePx, result.slices, result.volumeMiB], [64, 8, (64 * 64 * 8) / 2 ** 20]);
  assert.ok(result.leastMs > 0 && result.leastMs <= result.medianMs);
  assert.ok(result.dualityGap <= 1e-8 * result.objective);
  assert.match(
    (await mammoscope(['bench', 'rank-pooling', '--size', '32', '--slices', '4', '--steps', '1'])).stdout,
    /^32 x 32 x 4 /m,
  );
});
