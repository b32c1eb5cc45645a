import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openImage } from './open-image.ts';
import { writeNpy16 } from './write-npy.ts';

const folder = await mkdtemp(join(tmpdir(), 'mammoscope-npy-'));
after(() => rm(folder, { recursive: true, force: true }));

test('a stack that was written is read back, and its header has the form of NEP 1', async () => {
  const path = join(folder, 'stack.npy');
  const data = Float32Array.from({ length: 2 * 3 * 4 }, (_, i) => (i * 2731) % 65536);
  await writeNpy16(path, data, [2, 3, 4]);
  const stack = await openImage(path);
  assert.deepEqual([stack.depth, stack.height, stack.width], [2, 3, 4]);
  assert.deepEqual([...(await stack.slice(1)).data], [...data.subarray(12)]);
  const bytes = await readFile(path);
  assert.equal(bytes.readUInt16LE(8) + 10, bytes.indexOf('\n') + 1);
  assert.equal((bytes.indexOf('\n') + 1) % 64, 0);
});

test('values that 16 bits cannot hold are refused', async () => {
  for (const value of [-1, 0.5, 65536, Number.NaN])
    await assert.rejects(writeNpy16(join(folder, 'x.npy'), Float32Array.of(value), [1, 1, 1]), RangeError);
  await assert.rejects(writeNpy16(join(folder, 'x.npy'), new Float32Array(3), [1, 2, 2]), RangeError);
});
