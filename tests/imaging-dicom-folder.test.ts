/** A folder of single-frame DICOM files as one volume: what tomosynthesis was before it had an object of its own. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openImage } from '@mammoscope/imaging';
import { absent, dicomBytes, element, imageElements } from './dicom-object.ts';

const root = await mkdtemp(join(tmpdir(), 'imaging-dicom-folder-'));
after(() => rm(root, { recursive: true }));

interface Slice {
  readonly name?: string;
  /** z of ImagePositionPatient in mm. */
  readonly z?: number;
  readonly instance?: number;
  readonly series?: string;
  readonly value: number;
}

let folders = 0;
async function folderOf(slices: readonly Slice[], orientation = '1\\0\\0\\0\\1\\0'): Promise<string> {
  const folder = await mkdtemp(join(root, `${folders++}-`));
  for (const [i, { name = `${i}.dcm`, z, instance, series = '2.25.1', value }] of slices.entries()) {
    const elements = imageElements([
      element(0x0020000e, 'UI', series),
      instance === undefined ? absent(0x00200013) : element(0x00200013, 'IS', `${instance}`),
      z === undefined ? absent(0x00200032) : element(0x00200032, 'DS', `5\\-3\\${z}`),
      z === undefined ? absent(0x00200037) : element(0x00200037, 'DS', orientation),
      element(0x7fe00010, 'OW', new Array<number>(24).fill(value)),
    ]);
    await writeFile(join(folder, name), dicomBytes(elements));
  }
  return folder;
}

async function values(folder: string): Promise<(number | undefined)[]> {
  const stack = await openImage(folder);
  return Promise.all(Array.from({ length: stack.depth }, async (_, k) => (await stack.slice(k)).data[0]));
}

test('slices are ordered by their position, whatever their names and numbers', async () => {
  const folder = await folderOf([
    { z: 2, instance: 1, value: 30 },
    { z: 0, instance: 2, value: 10 },
    { z: 1, instance: 3, value: 20 },
  ]);
  assert.deepEqual(await values(folder), [10, 20, 30]);
  const stack = await openImage(folder);
  assert.deepEqual([stack.width, stack.height, stack.depth], [6, 4, 3]);
  assert.match(stack.format, /3 files of one series/);
  assert.deepEqual(stack.facts(0).BitsStored, 12);
  await assert.rejects(stack.slice(3), { code: 'option-invalid', message: /slices 0 to 2/ });
});

test('the order is along the normal of the image: turned over, it is reversed', async () => {
  const slices = [0, 1, 2].map((z) => ({ z, value: z }));
  assert.deepEqual(await values(await folderOf(slices, '1\\0\\0\\0\\-1\\0')), [2, 1, 0]);
});

test('without positions the instance numbers decide', async () => {
  const slices = [3, 1, 2].map((instance) => ({ instance, value: instance }));
  assert.deepEqual(await values(await folderOf(slices)), [1, 2, 3]);
  await assert.rejects(openImage(await folderOf([{ value: 1 }, { value: 2 }])), {
    code: 'image-corrupt',
    message: /0\.dcm has neither \(0020,0032\).*nor \(0020,0013\)/,
  });
});

test('gaps, doubles, two series, lost positions, other files and empty folders are named', async () => {
  const at = (...zs: (number | undefined)[]) =>
    folderOf(zs.map((z, i) => ({ instance: i, value: 1, ...(z !== undefined && { z }) })));
  const refused = async (folder: Promise<string>, code: string, message: RegExp) =>
    assert.rejects(openImage(await folder), { code, message });
  await refused(at(0, 1, 3, 4), 'image-truncated', /between 1\.dcm and 2\.dcm a slice is missing/);
  await refused(at(0, 1, 1, 2), 'image-corrupt', /1\.dcm and 2\.dcm lie at one place/);
  await refused(at(0, undefined, 1), 'image-corrupt', /1\.dcm has no \(0020,0032\).*1 of 3 files/);
  const two = folderOf([
    { z: 0, value: 1 },
    { z: 1, value: 1, series: '2.25.2' },
  ]);
  await refused(two, 'image-corrupt', /2 series \(SeriesInstanceUID\) in 2 files/);
  await refused(folderOf([]), 'file-missing', /holds no image/);
  const mixed = await at(0, 1);
  await writeFile(join(mixed, 'notes.txt'), 'x');
  await assert.rejects(openImage(mixed), { code: 'not-dicom', message: /notes\.txt/ });
});
