import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openImage } from './open-image.ts';
import { writeNifti } from './write-nifti.ts';

const folder = await mkdtemp(join(tmpdir(), 'nifti-'));
after(() => rm(folder, { recursive: true }));

const data = Float32Array.from({ length: 4 * 3 * 2 }, (_, i) => i / 8 - 1);

for (const name of ['volume.nii', 'volume.nii.gz'])
  test(`${name} is read back slice by slice, with its spacing`, async () => {
    const path = join(folder, name);
    await writeNifti(path, { data, columns: 4, rows: 3, slices: 2, spacingMm: [0.1, 0.2, 1], description: 'saliency' });
    const image = await openImage(path);
    assert.deepEqual([image.width, image.height, image.depth], [4, 3, 2]);
    for (const slice of [0, 1])
      assert.deepEqual(
        Array.from((await image.slice(slice)).data),
        Array.from(data.subarray(12 * slice, 12 * slice + 12)),
      );
    const { PixelSpacing, SpacingBetweenSlices } = image.facts(0);
    assert.deepEqual(
      PixelSpacing?.map((x) => x.toFixed(3)),
      ['0.200', '0.100'],
    );
    assert.equal(SpacingBetweenSlices, 1);
    await image.close();
  });

test('the header is that of nifti1.h', async () => {
  const path = join(folder, 'header.nii.gz');
  await writeNifti(path, { data, columns: 4, rows: 3, slices: 2 });
  const bytes = gunzipSync(await readFile(path));
  assert.equal(bytes.length, 352 + 4 * data.length);
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => bytes.readInt16LE(40 + 2 * i)),
    [3, 4, 3, 2],
  ); // dim
  assert.deepEqual([bytes.readInt32LE(0), bytes.readInt16LE(70), bytes.readInt16LE(72)], [348, 16, 32]);
  assert.equal(bytes.readFloatLE(108), 352); // vox_offset
  assert.equal(bytes.readUInt8(123), 0); // no unit is claimed
  assert.deepEqual([bytes.readInt16LE(252), bytes.readInt16LE(254)], [0, 0]); // qform_code, sform_code
});

test('values that are not as many as voxels are refused', async () => {
  await assert.rejects(
    writeNifti(join(folder, 'bad.nii'), { data, columns: 4, rows: 4, slices: 2 }),
    /4 x 4 x 2 voxels require as many values, got 24/,
  );
});
