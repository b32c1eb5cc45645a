import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { imagesBelow } from './image-files.ts';

const folder = await mkdtemp(join(tmpdir(), 'image-files-'));
after(() => rm(folder, { recursive: true }));

test('a folder is searched for images by their endings, and for DICOM by its bytes where a name has none', async () => {
  const dicom = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);
  await mkdir(join(folder, 'study', 'series.dcm'), { recursive: true });
  const files: Record<string, Buffer> = {
    'b.DCM': Buffer.alloc(0), // damaged: whoever reads it says so
    'a.png': Buffer.alloc(0),
    'c.jpeg': Buffer.alloc(0),
    'd.pgm': Buffer.alloc(0),
    'e.nii.gz': Buffer.alloc(0),
    'study/IM000001': dicom,
    'study/1.2.840.10008.5': dicom,
    'study/series.dcm/slice.dicom': dicom,
    'study/IM000002': Buffer.from('no image'),
    'study/DICOMDIR': dicom,
    'study/.hidden.dcm': dicom,
    'manifest.csv': Buffer.alloc(0),
    'notes.txt': dicom,
    'packed.gz': dicom,
  };
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  await symlink(join(folder, 'a.png'), join(folder, 'link.png'));
  const expected = [
    ...['a.png', 'b.DCM', 'c.jpeg', 'd.pgm', 'e.nii.gz', 'link.png'],
    ...['study/1.2.840.10008.5', 'study/IM000001', 'study/series.dcm/slice.dicom'],
  ];
  assert.deepEqual(
    await imagesBelow(folder),
    expected.map((name) => join(folder, name)),
  );
  assert.deepEqual(await imagesBelow(join(folder, 'study'), { recursive: false }), [
    join(folder, 'study', '1.2.840.10008.5'),
    join(folder, 'study', 'IM000001'),
  ]);
  await mkdir(join(folder, 'none'));
  assert.deepEqual(await imagesBelow(join(folder, 'none')), []);
});
