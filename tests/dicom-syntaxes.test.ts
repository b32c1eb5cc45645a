/**
 * Every transfer syntax, pixel for pixel: files that dcmtk, GDCM and OpenJPH wrote (references/dicom), held to the digests of the
 * images that they were made of, or of another decoder's frames where a syntax is lossy.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Frame, openDicom, TRANSFER_SYNTAXES } from '@mammoscope/dicom';

const FOLDER = fileURLToPath(new URL('../references/dicom/', import.meta.url));
const FRAMES: Readonly<Record<string, { readonly decoder: string; readonly frames: readonly string[] }>> = JSON.parse(
  readFileSync(join(FOLDER, 'frames.json'), 'utf8'),
);
const DATA = process.env.MAMMOSCOPE_DATA;

const folder = await mkdtemp(join(tmpdir(), 'dicom-syntaxes-'));
after(() => rm(folder, { recursive: true }));

const digest = ({ data }: Frame): string => createHash('sha256').update(new Uint8Array(data.buffer)).digest('hex');

async function digests(path: string): Promise<string[]> {
  await using file = await openDicom(path);
  const result: string[] = [];
  for await (const frame of file.frames()) result.push(digest(frame));
  return result;
}

for (const [name, { decoder, frames }] of Object.entries(FRAMES))
  test(`${name} has the pixels of ${decoder === 'none' ? 'its image' : decoder}`, async () => {
    assert.deepEqual(await digests(join(FOLDER, name)), frames);
  });

test('the files cover every transfer syntax that is read', async () => {
  const read = new Set<string>();
  for (const name of Object.keys(FRAMES)) {
    await using file = await openDicom(join(FOLDER, name));
    read.add(file.transferSyntax.uid);
  }
  assert.deepEqual([...read].sort(), TRANSFER_SYNTAXES.map(({ uid }) => uid).sort());
});

test('frames come alone, in any order and together, as they come in turn', async () => {
  for (const name of ['dbt-jpeg-2000.dcm', 'dbt-rle.dcm', 'sc.dcm', 'sc-big-endian.dcm', 'dbt-deflated.dcm']) {
    await using file = await openDicom(join(FOLDER, name));
    const order = [2, 0, 1, 1, 2, 0];
    const frames = await Promise.all(order.map((frame) => file.frame(frame)));
    assert.deepEqual(
      frames.map(digest),
      order.map((frame) => FRAMES[name]?.frames[frame]),
      name,
    );
  }
});

test('a frame says how it is stored', async () => {
  await using signed = await openDicom(join(FOLDER, 'ct-jpeg-2000.dcm'));
  const { data, ...facts } = await signed.frame(0);
  assert.ok(data instanceof Int16Array);
  assert.ok(Math.min(...data) === -2048 && Math.max(...data) === 2047);
  const grey = { rows: 24, columns: 31, samplesPerPixel: 1, bitsStored: 12, pixelRepresentation: 1 };
  assert.deepEqual(facts, { ...grey, photometricInterpretation: 'MONOCHROME2' });
  await using colour = await openDicom(join(FOLDER, 'rgb-jpeg-baseline.dcm'));
  assert.equal(colour.image.photometricInterpretation, 'YBR_FULL_422');
  assert.equal((await colour.frame(0)).photometricInterpretation, 'RGB');
});

async function tool(name: string, ...flags: readonly string[]): Promise<void> {
  await promisify(execFile)(name, flags, { cwd: folder });
}

async function missing(...names: readonly string[]): Promise<string | false> {
  for (const name of names)
    try {
      await tool('sh', '-c', `command -v ${name}`);
    } catch {
      return `${name} is not installed (Debian packages dcmtk, libgdcm-tools)`;
    }
  return false;
}

const noData = DATA && existsSync(join(DATA, 'dicom')) ? false : 'MAMMOSCOPE_DATA names no folder with dicom/';

test('the real film has the pixels that GDCM gives', { skip: noData || (await missing('gdcmconv')) }, async () => {
  const film = join(DATA as string, 'dicom', 'MG1_J2KI.dcm');
  await tool('gdcmconv', '--raw', film, 'film.dcm');
  const raw = readFileSync(join(folder, 'film.dcm'));
  const pixels = raw.subarray(raw.length - 4664 * 3064 * 2);
  assert.deepEqual(await digests(film), [createHash('sha256').update(pixels).digest('hex')]);
});

test('a real object, converted by dcmtk and GDCM, keeps its pixels', {
  skip: noData || (await missing('dcmconv', 'dcmcjpeg', 'dcmcjpls', 'dcmcrle', 'gdcmconv')),
}, async () => {
  const mammogram = join(DATA as string, 'dicom', 'MG_Explicit_Little.dcm');
  const bytes = readFileSync(mammogram);
  const at = bytes.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00])) + 12;
  const expected = createHash('sha256')
    .update(bytes.subarray(at, at + 512 * 512))
    .digest('hex');
  assert.deepEqual(await digests(mammogram), [expected]);
  const conversions: readonly (readonly [string, ...string[]])[] = [
    ['dcmconv', '+ti'],
    ['dcmconv', '+tb'],
    ['dcmconv', '+td'],
    ['dcmcrle'],
    ['dcmcjpeg', '+e1'],
    ['dcmcjpeg', '+el'],
    ['dcmcjpls', '+fs', '1'],
    ['gdcmconv', '--j2k'],
    ['gdcmconv', '--jpegls'],
    ['gdcmconv', '--rle'],
    ['gdcmconv', '--jpeg'],
  ];
  for (const [name, ...flags] of conversions) {
    await tool(name, ...flags, mammogram, 'converted.dcm');
    assert.deepEqual(await digests(join(folder, 'converted.dcm')), [expected], `${name} ${flags.join(' ')}`);
  }
});
