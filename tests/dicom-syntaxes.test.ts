/**
 * Every transfer syntax, pixel for pixel: files that dcmtk, GDCM and OpenJPH wrote (references/dicom), held to the digests of the
 * images that they were made of, or of another decoder's frames where a syntax is lossy.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Frame, openDicom, TRANSFER_SYNTAXES } from '@mammoscope/dicom';
import { PHANTOM_PRESETS } from '@mammoscope/phantom';
import { writePhantomCohort } from '@mammoscope/systems';
import { dicomBytes, element, imageElements } from './dicom-object.ts';

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
const noDcmtk = await missing('dcmconv', 'dcmcjpeg', 'dcmdjpeg', 'dcmcjpls', 'dcmdjpls', 'dcmcrle', 'gdcmconv');
const noGdcm = await missing('gdcmconv');

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

test('some rows of a frame are those rows of the whole frame, in every syntax', async () => {
  const bytes = ({ data }: Frame) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (const name of Object.keys(FRAMES)) {
    await using file = await openDicom(join(FOLDER, name));
    const last = file.frameCount - 1;
    const whole = await file.frame(last);
    const rowBytes = bytes(whole).length / whole.rows;
    for (const [first, end] of [
      [0, 1],
      [3, whole.rows - 2],
      [whole.rows - 1, whole.rows],
    ] as const) {
      const part = await file.frame(last, { first, end });
      const { rows, columns, photometricInterpretation } = part;
      assert.deepEqual(
        [rows, columns, photometricInterpretation],
        [end - first, whole.columns, whole.photometricInterpretation],
      );
      const expected = bytes(whole).subarray(first * rowBytes, end * rowBytes);
      assert.ok(Buffer.compare(bytes(part), expected) === 0, `${name}, rows ${first} to ${end}`);
    }
    for (const [first, end] of [
      [-1, 2],
      [2, 2],
      [0, whole.rows + 1],
      [0.5, 2],
    ] as const)
      await assert.rejects(file.frame(last, { first, end }), { name: 'RangeError', message: /has rows 0 to/ });
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

/** Programs and flags that write a lossless syntax. */
const LOSSLESS: readonly (readonly [string, ...string[]])[] = [
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
/** JPEG lossless by each predictor (T.81 table H.1). */
const PREDICTORS = [1, 2, 3, 4, 5, 6, 7].map((value) => ['dcmcjpeg', '+el', '+sv', `${value}`] as const);

test('the real film has the pixels that GDCM gives', { skip: noData || noGdcm }, async () => {
  const film = join(DATA as string, 'dicom', 'MG1_J2KI.dcm');
  await tool('gdcmconv', '--raw', film, 'film.dcm');
  const raw = readFileSync(join(folder, 'film.dcm'));
  const pixels = raw.subarray(raw.length - 4664 * 3064 * 2);
  assert.deepEqual(await digests(film), [createHash('sha256').update(pixels).digest('hex')]);
});

test('a real object, converted by dcmtk and GDCM, keeps its pixels', {
  skip: noData || noDcmtk,
}, async () => {
  const mammogram = join(DATA as string, 'dicom', 'MG_Explicit_Little.dcm');
  const bytes = readFileSync(mammogram);
  const at = bytes.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00])) + 12;
  const expected = createHash('sha256')
    .update(bytes.subarray(at, at + 512 * 512))
    .digest('hex');
  assert.deepEqual(await digests(mammogram), [expected]);
  for (const [name, ...flags] of LOSSLESS) {
    await tool(name, ...flags, mammogram, 'converted.dcm');
    assert.deepEqual(await digests(join(folder, 'converted.dcm')), [expected], `${name} ${flags.join(' ')}`);
  }
});

/** A part of the real film around the breast's edge, 12 of 16 bits, uncompressed: what the tools below make every syntax of. */
async function cutOfFilm(): Promise<{ readonly path: string; readonly digest: string }> {
  await using file = await openDicom(join(DATA as string, 'dicom', 'MG1_J2KI.dcm'));
  const { data } = await file.frame(0);
  const [rows, columns] = [700, 901];
  const pixels = new Uint16Array(rows * columns);
  for (let row = 0; row < rows; row++)
    pixels.set(
      data.subarray((row + 1500) * 3064 + 1400, (row + 1500) * 3064 + 1400 + columns) as Uint16Array,
      row * columns,
    );
  const bytes = new Uint8Array(pixels.buffer);
  const path = join(folder, 'cut.dcm');
  const uids = [0x00080018, 0x0020000d, 0x0020000e].map((tag) => element(tag, 'UI', `2.25.${tag}`));
  const sizes = [element(0x00280010, 'US', [rows]), element(0x00280011, 'US', [columns])];
  await writeFile(path, dicomBytes(imageElements([...uids, ...sizes, element(0x7fe00010, 'OW', bytes)])));
  return { path, digest: createHash('sha256').update(bytes).digest('hex') };
}

test('the real film in 12 bits, converted by dcmtk and GDCM, keeps its pixels in every lossless syntax', {
  skip: noData || noDcmtk,
}, async () => {
  const { path, digest } = await cutOfFilm();
  const syntaxes = new Set<string>();
  for (const [name, ...flags] of [...LOSSLESS, ...PREDICTORS]) {
    await tool(name, ...flags, path, 'converted.dcm');
    assert.deepEqual(await digests(join(folder, 'converted.dcm')), [digest], `${name} ${flags.join(' ')}`);
    await using file = await openDicom(join(folder, 'converted.dcm'));
    syntaxes.add(file.transferSyntax.uid.slice('1.2.840.10008.1.2'.length));
  }
  assert.deepEqual([...syntaxes].sort(), ['', '.1.99', '.2', '.4.57', '.4.70', '.4.80', '.4.90', '.5']);
});

test('mammogram and tomosynthesis of a virtual woman, converted by dcmtk and GDCM, keep their pixels in every lossless syntax', {
  skip: noDcmtk,
}, async () => {
  const out = join(folder, 'phantom');
  await writePhantomCohort({ out, patients: 1, preset: 'tiny', seed: 5, format: 'dicom' });
  for (const name of ['L-CC.dcm', 'L-CC-dbt.dcm']) {
    const path = join(out, 'images', 'woman-0001', name);
    const expected = await digests(path);
    assert.equal(expected.length, name.includes('dbt') ? PHANTOM_PRESETS.tiny.dbt.slices : 1);
    for (const [program, ...flags] of [...LOSSLESS, ...PREDICTORS]) {
      await tool(program, ...flags, path, 'converted.dcm');
      assert.deepEqual(
        await digests(join(folder, 'converted.dcm')),
        expected,
        `${name} by ${program} ${flags.join(' ')}`,
      );
    }
  }
});

test('the real film in 12 bits, compressed with losses, has the pixels that dcmtk and GDCM decode', {
  skip: noData || noDcmtk,
}, async () => {
  const { path, digest } = await cutOfFilm();
  const lossy: readonly (readonly [compress: readonly string[], decompress: readonly string[], syntax: string])[] = [
    [['dcmcjpeg', '+ee', '+q', '85'], ['dcmdjpeg'], '.4.51'],
    [['dcmcjpls', '+en', '+md', '3', '+fs', '1'], ['dcmdjpls'], '.4.81'],
    [['gdcmconv', '--j2k', '--lossy', '-r', '12'], ['gdcmconv', '--raw'], '.4.91'],
  ];
  for (const [[compress = '', ...with_], [decompress = '', ...flags], syntax] of lossy) {
    await tool(compress, ...with_, path, 'lossy.dcm');
    await tool(decompress, ...flags, 'lossy.dcm', 'decoded.dcm');
    await using file = await openDicom(join(folder, 'lossy.dcm'));
    assert.ok(file.transferSyntax.uid.endsWith(syntax), file.transferSyntax.uid);
    const [theirs] = await digests(join(folder, 'decoded.dcm'));
    assert.notEqual(theirs, digest, `${compress} loses nothing`);
    assert.deepEqual(await digests(join(folder, 'lossy.dcm')), [theirs], syntax);
  }
});
