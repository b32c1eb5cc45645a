/** Damaged, contradictory and hostile files: each is refused by a code and one sentence that names the file and the tag. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { DecoderPool, DicomError, type DicomErrorCode, openDicom } from '@mammoscope/dicom';
import { absent, dicomBytes, element, fragments, imageElements, item, UNDEFINED } from './dicom-object.ts';

const FOLDER = new URL('../references/dicom/', import.meta.url);
const folder = await mkdtemp(join(tmpdir(), 'dicom-bad-input-'));
after(() => rm(folder, { recursive: true }));
const path = join(folder, 'image.dcm');

/** Opens and reads all frames; the error. */
async function refusal(bytes: Uint8Array, pool?: DecoderPool): Promise<DicomError> {
  await writeFile(path, bytes);
  try {
    await using file = await openDicom(path, pool ? { pool } : {});
    for await (const _ of file.frames());
  } catch (error) {
    assert.ok(error instanceof DicomError, String((error as Error).stack));
    assert.ok(error.message.includes(path) && !error.message.includes('\n'), error.message);
    return error;
  }
  throw new Error('the file was read');
}

function refused(name: string, bytes: () => Uint8Array, code: DicomErrorCode, message: RegExp): void {
  test(`${name}: ${code}`, async () => {
    const error = await refusal(bytes());
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
  });
}

const changed = (changes: readonly Buffer[], options?: { syntax?: string; preamble?: string }) => () =>
  dicomBytes(imageElements(changes), options);
const reference = (name: string): Buffer => readFileSync(new URL(name, FOLDER));
const RLE = { syntax: '1.2.840.10008.1.2.5' };

refused('an empty file', () => Buffer.alloc(0), 'not-dicom', /DICM/);
refused('a text', () => Buffer.alloc(500, 'x'), 'not-dicom', /DICM/);
refused('no transfer syntax', () => Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]), 'not-dicom', /0002,0010/);
refused('a Windows program', changed([], { preamble: 'MZ' }), 'file-executable', /a Windows program/);
refused('a Linux program', changed([], { preamble: '\x7fELF' }), 'file-executable', /ELF/);
refused('a script', changed([], { preamble: '#!/bin/sh\n' }), 'file-executable', /script/);
refused('an unknown syntax', changed([], { syntax: '1.2.840.10008.1.2.4.100' }), 'syntax-unknown', /0002,0010.*4\.100/);

refused(
  'a length past the end',
  changed([element(0x00280010, 'UN', [4], 2 ** 31)]),
  'truncated',
  /\(0028,0010\).*2147483648/,
);
refused(
  'a file that ends in an element',
  () => dicomBytes(imageElements()).subarray(0, 200),
  'truncated',
  /cut or damaged/,
);
refused('a file that ends in its pixels', () => dicomBytes(imageElements()).subarray(0, -3), 'truncated', /7fe0,0010/);
refused(
  'an item without an end',
  changed([
    element(0x00082112, 'SQ', item(Buffer.alloc(0), 0xfffee000, UNDEFINED), UNDEFINED),
    absent(0x00280002),
    absent(0x7fe00010),
  ]),
  'truncated',
  /fffe,e00d/,
);
refused('no such representation', changed([element(0x00100020, 'X?', 'a')]), 'malformed', /0010,0020/);
refused(
  'a sequence of something else',
  changed([element(0x00082112, 'SQ', element(0x00080050, 'SH', 'a'), UNDEFINED)]),
  'malformed',
  /between its items/,
);
refused(
  'an attribute twice',
  changed([Buffer.concat([element(0x00280010, 'US', [5]), element(0x00280010, 'US', [4])])]),
  'malformed',
  /\(0028,0010\) Rows stands twice/,
);
refused('a number that is text', changed([element(0x00281052, 'DS', 'Smith')]), 'malformed', /0028,1052/);
test('a message does not quote a value that may be a name', async () => {
  assert.doesNotMatch((await refusal(changed([element(0x00281052, 'DS', 'Smith')])())).message, /Smith/);
});

/** ViewCodeSequence in itself: sequences that are read are walked whatever their lengths. */
function deep(depth: number): Buffer {
  return element(0x00540220, 'SQ', depth === 1 ? Buffer.alloc(0) : item(deep(depth - 1)));
}
refused('sequences 17 levels deep', changed([deep(17)]), 'header-too-large', /16 levels/);
refused(
  'a million elements',
  changed([Buffer.concat(new Array<Buffer>(1_000_001).fill(element(0x00090010, 'LO', '')))]),
  'header-too-large',
  /1000000 elements/,
);
refused(
  'a long value',
  changed([element(0x00100020, 'UN', Buffer.alloc(2 ** 19, 'a'))]),
  'header-too-large',
  /PatientID/,
);

refused('zero rows', changed([element(0x00280010, 'US', [0])]), 'image-invalid', /\(0028,0010\) Rows is 0/);
refused('no columns', changed([absent(0x00280011)]), 'image-invalid', /\(0028,0011\) Columns is missing/);
refused('zero frames', changed([element(0x00280008, 'IS', '0')]), 'image-invalid', /0028,0008/);
refused('2^31 frames', changed([element(0x00280008, 'IS', '2147483648')]), 'frames-missing', /2147483648 frame/);
refused(
  '2^31 frames, compressed',
  changed([element(0x00280008, 'IS', '2147483648'), fragments([Buffer.alloc(70)])], RLE),
  'frames-missing',
  /2147483648 frame.*1 fragment/,
);
refused('more bits stored than allocated', changed([element(0x00280101, 'US', [17])]), 'image-invalid', /0028,0101/);
refused('32 bits', changed([element(0x00280100, 'US', [32])]), 'image-unsupported', /0028,0100/);
refused(
  'floating-point pixels',
  changed([element(0x7fe00008, 'OW', [1, 2]), absent(0x7fe00010)]),
  'image-unsupported',
  /7fe0,0008/,
);
refused('no pixels', changed([absent(0x7fe00010)]), 'pixel-data-missing', /7fe0,0010/);
refused('too few pixels', changed([element(0x7fe00010, 'OW', [1, 2])]), 'frames-missing', /take 48 bytes.*there are 4/);

refused(
  'fragments without an end marker',
  changed([fragments([Buffer.alloc(70)], { end: false })], RLE),
  'truncated',
  /\(7fe0,0010\).*end marker/,
);
refused(
  'a fragment past the end',
  changed([Buffer.concat([fragments([], { end: false }), item(Buffer.alloc(4), 0xfffee000, 500)])], RLE),
  'truncated',
  /500 bytes where 4/,
);
refused('no fragments', changed([fragments([])], RLE), 'frames-missing', /0 fragment/);
refused('compressed pixels without fragments', changed([], RLE), 'malformed', /requires fragments/);
refused('fragments without compression', changed([fragments([Buffer.alloc(48)])]), 'malformed', /fragments/);
refused(
  'an offset that is none',
  changed([element(0x00280008, 'IS', '2'), fragments([Buffer.alloc(70), Buffer.alloc(70)], { table: [0, 79] })], RLE),
  'malformed',
  /offset of frame 1/,
);
refused(
  'too few offsets',
  changed([element(0x00280008, 'IS', '2'), fragments([Buffer.alloc(70), Buffer.alloc(70)], { table: [0] })], RLE),
  'frames-missing',
  /1 entries for 2/,
);
refused(
  'a short extended offset table',
  changed([element(0x7fe00001, 'OV', Buffer.alloc(4)), fragments([Buffer.alloc(70)])], RLE),
  'malformed',
  /7fe0,0001/,
);
refused(
  'frames that cannot be told apart',
  changed([element(0x00280008, 'IS', '2'), fragments([Buffer.alloc(70), Buffer.alloc(70), Buffer.alloc(70)])], RLE),
  'frames-missing',
  /3 fragments and no offset table/,
);
refused(
  'an item tag where none belongs',
  changed([Buffer.concat([element(0x00100020, 'LO', 'a'), item()])]),
  'malformed',
  /outside a sequence/,
);

refused(
  'groups for fewer frames',
  () => {
    const bytes = reference('dbt.dcm');
    const at = bytes.indexOf(Buffer.from([0x28, 0, 8, 0, 0x49, 0x53])); // NumberOfFrames "3 "
    bytes.write('2 ', at + 8, 'latin1');
    return bytes;
  },
  'groups-missing',
  /\(5200,9230\).*3 items for 2 frame/,
);
refused(
  'two items in a macro',
  changed([
    element(0x52009229, 'SQ', item(element(0x00289110, 'SQ', Buffer.concat([item(), item()])))),
    element(0x52009230, 'SQ', item()),
  ]),
  'malformed',
  /PixelMeasuresSequence/,
);

refused(
  'an RLE frame that is cut',
  changed([fragments([Buffer.alloc(70)])], RLE),
  'frame-corrupt',
  /frame 0 of \(7fe0,0010\).*0 segments/,
);
for (const name of [
  'mg-jpeg-2000',
  'mg-htj2k',
  'mg-jpeg-ls',
  'mg-jpeg-extended',
  'mg-jpeg-lossless-sv1',
  'sc-jpeg-baseline',
  'mg-rle',
])
  refused(
    `${name} of another size`,
    () => {
      const bytes = reference(`${name}.dcm`);
      const at = bytes.indexOf(Buffer.from([0x28, 0, 0x10, 0, 0x55, 0x53])); // Rows
      bytes.writeUInt16LE(bytes.readUInt16LE(at + 8) + 1, at + 8);
      return bytes;
    },
    'frame-corrupt',
    /\(7fe0,0010\) PixelData cannot be decoded/,
  );

refused(
  'a deflated data set that is cut',
  () => {
    const bytes = reference('mg-deflated.dcm');
    return bytes.subarray(0, bytes.length - 40);
  },
  'truncated',
  /inflated/,
);
test('a deflated file of 128 MiB of zeros and an image is read in little memory', async () => {
  const dataSet = Buffer.concat([element(0x00091010, 'OB', Buffer.alloc(2 ** 27)), imageElements()]);
  await writeFile(path, dicomBytes(deflateRawSync(dataSet), { syntax: '1.2.840.10008.1.2.1.99' }));
  const before = process.memoryUsage().rss;
  await using file = await openDicom(path);
  assert.deepEqual([...(await file.frame(0)).data.slice(0, 3)], [0, 100, 200]);
  assert.ok(process.memoryUsage().rss - before < 2 ** 26);
});
test('a folder and a file that is not there', async () => {
  await assert.rejects(openDicom(folder), { code: 'file-missing', message: /no regular file/ });
  await assert.rejects(openDicom(join(folder, 'none.dcm')), { code: 'file-missing', message: /no such file/ });
});

test('a closed file gives no frames, and a frame that is not there is a RangeError', async () => {
  await writeFile(path, dicomBytes(imageElements()));
  const file = await openDicom(path);
  await assert.rejects(file.frame(1), RangeError);
  await file.close();
  await file.close();
  await assert.rejects(file.frame(0), { code: 'file-closed' });
});

test('a damaged codestream does not harm the next', async () => {
  const pool = new DecoderPool({ workers: 1 });
  for (const name of ['mg-jpeg-2000', 'mg-htj2k', 'mg-jpeg-ls', 'sc-jpeg-baseline', 'mg-jpeg-lossless-sv1']) {
    const bytes = reference(`${name}.dcm`);
    await writeFile(path, bytes);
    await using file = await openDicom(path, { pool });
    const whole = Buffer.from((await file.frame(0)).data.buffer);
    const damaged = Buffer.from(bytes);
    damaged.fill(0xff, bytes.length - 700, bytes.length - 600);
    const damagedPath = join(folder, 'damaged.dcm');
    await writeFile(damagedPath, damaged);
    await using other = await openDicom(damagedPath, { pool });
    await other.frame(0).catch((error) => assert.equal((error as DicomError).code, 'frame-corrupt'));
    assert.ok(whole.equals(Buffer.from((await file.frame(0)).data.buffer)), name);
  }
  await pool.close();
});

test('a frame that takes too long is given up, and the pool goes on', async () => {
  const pool = new DecoderPool({ workers: 1, timeoutMs: 1 });
  await writeFile(path, reference('mg-jpeg-2000.dcm'));
  await using file = await openDicom(path, { pool });
  for (let attempt = 0; attempt < 3; attempt++)
    await assert.rejects(file.frame(0), { code: 'frame-timeout', message: /longer than 1 ms/ });
  await pool.close();
});
