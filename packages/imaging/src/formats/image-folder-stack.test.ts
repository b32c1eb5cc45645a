import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stackFrames } from '../rank-pooling/stack-frames.ts';
import { openImage } from './open-image.ts';
import { writeNpy16 } from './write-npy.ts';
import { writePng8, writePng16 } from './write-png.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mammoscope-folder-'));
});
after(() => rm(folder, { recursive: true }));

test('the images of a folder are slices in the order of their numbers, not of their letters', async () => {
  await writeFile(join(folder, 'notes.txt'), 'not an image');
  await assert.rejects(openImage(folder), { code: 'file-missing', message: /holds no image/ });
  for (const k of [10, 9, 2])
    await writePng16(join(folder, `frame-${k}.png`), new Float32Array(6).fill(1000 * k), 3, 2);
  const stack = await openImage(folder);
  assert.deepEqual([stack.width, stack.height, stack.depth], [3, 2, 3]);
  assert.equal(stack.facts(0).BitsStored, 16);
  const first = [];
  for (let k = 0; k < stack.depth; k++) first.push((await stack.slice(k)).data[0]);
  assert.deepEqual(first, [2000, 9000, 10_000]);
  await assert.rejects(stack.slice(3), { code: 'option-invalid', message: /slices 0 to 2, got 3/ });
});

test('a file that ends early is refused when its slice is read, by its name', async () => {
  const broken = await mkdtemp(join(folder, 'broken-'));
  for (const k of [0, 1]) await writePng8(join(broken, `${k}.png`), new Float32Array(6), 3, 2);
  await writeFile(join(broken, '1.png'), '');
  const stack = await openImage(broken);
  await assert.rejects(stack.slice(1), { code: 'file-empty', message: /1\.png/ });
});

test('slices of another size or depth, and stacks among them, are refused when they are read', async () => {
  const uneven = await mkdtemp(join(folder, 'uneven-'));
  await writePng8(join(uneven, '0.png'), new Float32Array(6), 3, 2);
  await writePng8(join(uneven, '1.png'), new Float32Array(6), 2, 3);
  await writePng16(join(uneven, '2.png'), new Float32Array(6), 3, 2);
  await writeNpy16(join(uneven, '3.png'), new Float32Array(12), [2, 2, 3]);
  const stack = await openImage(uneven);
  assert.equal(stack.depth, 4);
  const one = (message: RegExp) => ({ code: 'image-corrupt', message });
  await assert.rejects(stack.slice(1), one(/1\.png is 2 x 3 of 8 bits and 0\.png beside it 3 x 2 of 8 bits/));
  await assert.rejects(stack.slice(2), one(/2\.png is 3 x 2 of 16 bits/));
  await assert.rejects(stack.slice(3), { code: 'format-unsupported', message: /3\.png has 2 slices/ });
});

test('frames are bright where there is tissue, shrunk by means, whole where stored values are whole, each announced once', async () => {
  const stored = { width: 4, height: 2, data: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 8) };
  const stack = (photometric: string, whole = true) => ({
    depth: 2,
    facts: () => ({ PhotometricInterpretation: photometric, ...(whole ? { BitsStored: 4 } : {}) }),
    slice: async () => stored,
  });
  const announced: number[] = [];
  const onFrame = (_: unknown, slice: number) => announced.push(slice);
  const frames = stackFrames(stack('MONOCHROME1'), { onFrame });
  assert.deepEqual([...(await frames.slice(1)).data], [15, 14, 13, 12, 11, 10, 9, 7]);
  await frames.slice(1);
  assert.deepEqual(announced, [1]);
  const shrunk = (await stackFrames(stack('MONOCHROME2'), { maxSidePx: 2 }).slice(0)).data;
  assert.deepEqual([...shrunk], [3, 5]); // means 2.5 and 4.75
  const exact = (await stackFrames(stack('MONOCHROME2', false), { maxSidePx: 2 }).slice(0)).data;
  assert.deepEqual([...exact], [2.5, 4.75]);
  assert.throws(() => stackFrames(stack('MONOCHROME2'), { maxSidePx: 0 }), { code: 'option-invalid' });
});
