/** Data sets and pixels that are written: read back by our reader and by dcmtk, and refused where PS3.5 does not allow them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  dicomBytes,
  encodeDataSet,
  IDENTITY_ATTRIBUTES,
  openDicom,
  uidOf,
  WRITTEN_ATTRIBUTES,
  type WrittenDataSet,
} from '@mammoscope/dicom';

const folder = await mkdtemp(join(tmpdir(), 'dicom-write-'));
after(() => rm(folder, { recursive: true }));

const secondaryCapture = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7.3',
  SOPInstanceUID: '1.2.3',
  PhotometricInterpretation: 'MONOCHROME2',
  SamplesPerPixel: 1,
  Rows: 3,
  Columns: 5,
  NumberOfFrames: 2,
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 0,
} as const satisfies WrittenDataSet;
const planes = [0, 1].map((plane) => Uint16Array.from({ length: 15 }, (_, i) => 65535 - 4000 * i - plane));

async function written(dataSet: WrittenDataSet, frames?: Parameters<typeof dicomBytes>[1]): Promise<string> {
  const path = join(folder, 'image.dcm');
  await writeFile(path, Buffer.concat([...dicomBytes(dataSet, frames)]));
  return path;
}

test('what is written is read: attributes, nested sequences, empty values, frames', async () => {
  const groups = [0, 1].map((k) => ({ PlanePositionSequence: [{ ImagePositionPatient: [0.1, -2 / 3, k] }] }));
  const path = await written(
    {
      ...secondaryCapture,
      SpecificCharacterSet: ['ISO_IR 192'],
      PatientName: 'SYNTHETIC^ZOË',
      PatientID: 'odd',
      StudyDescription: 'Brüste',
      ViewCodeSequence: [{ CodeValue: '1', CodeMeaning: 'one', ViewModifierCodeSequence: [] }],
      AccessionNumber: '',
      PerFrameFunctionalGroupsSequence: groups,
    },
    planes,
  );
  await using file = await openDicom(path);
  assert.equal(file.meta.PatientID, 'odd');
  assert.equal(file.meta.StudyDescription, 'Brüste');
  assert.ok(!('AccessionNumber' in file.meta));
  assert.deepEqual(file.meta.ViewCodeSequence?.[0]?.CodeMeaning, 'one');
  assert.deepEqual(file.frameMeta(1).ImagePositionPatient, [0.1, -0.6666666666667, 1]);
  for (const [k, plane] of planes.entries()) assert.deepEqual([...(await file.frame(k)).data], [...plane]);
});

test('dcmtk reads the same bytes without a warning', { skip: missing('dcmdump') }, async () => {
  const path = await written({ ...secondaryCapture, ViewCodeSequence: [{ CodeValue: '1' }] }, planes);
  const { stdout, stderr, status } = spawnSync('dcmdump', ['+L', path], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /\(0054,0220\) SQ .*#=1\)/);
  assert.match(stdout, /\(7fe0,0010\) OW ffff\\f05f\\/);
});

test('a frame is asked for when the one before it has been taken, so a volume is never held', () => {
  const asked: number[] = [];
  function* frames() {
    for (const [k, plane] of planes.entries()) {
      asked.push(k);
      yield plane;
    }
  }
  const pieces = dicomBytes(secondaryCapture, frames());
  const seen = [...pieces].map(({ length }) => length);
  assert.deepEqual(seen.slice(-2), [30, 30]);
  asked.length = 0;
  const again = dicomBytes(secondaryCapture, frames());
  for (let k = 0; k < 4; k++) again.next(); // preamble and meta, data set, the element of the pixels, a frame
  assert.deepEqual(asked, [0]);
});

test('an odd number of bytes is padded, a missing or superfluous frame refused', async () => {
  const { NumberOfFrames: _, ...one } = secondaryCapture;
  const bytes = { ...one, BitsAllocated: 8, BitsStored: 8, HighBit: 7 };
  const path = await written(bytes, [new Uint8Array(15).fill(7)]);
  await using file = await openDicom(path);
  assert.deepEqual([...(await file.frame(0)).data], new Array(15).fill(7));
  const refused = { name: 'DicomError', code: 'image-invalid' };
  assert.throws(() => [...dicomBytes(secondaryCapture, planes.slice(1))], refused);
  assert.throws(() => [...dicomBytes(secondaryCapture, [...planes, ...planes])], refused);
  assert.throws(() => [...dicomBytes(secondaryCapture, [new Uint8Array(60)])], refused);
  const { Rows: __, ...without } = secondaryCapture;
  assert.throws(() => [...dicomBytes(without, planes)], refused);
});

test('an object without pixels ends after its data set', async () => {
  const [meta, dataSet, ...rest] = [...dicomBytes({ SOPClassUID: '1.2', SOPInstanceUID: '1.3' })];
  assert.equal(meta?.subarray(128, 132).toString(), Buffer.from('DICM').toString());
  assert.ok((dataSet?.length ?? 0) > 0 && rest.length === 0);
  assert.throws(() => [...dicomBytes({ SOPClassUID: '1.2' })], { code: 'value-invalid' });
});

const bad: readonly (readonly [string, WrittenDataSet])[] = [
  ['a code string in lower case', { Modality: 'mg' }],
  ['a text that is too long', { PatientID: 'x'.repeat(65) }],
  ['a second value by a backslash', { PatientID: 'a\\b' }],
  ['a date with hyphens', { StudyDate: '2000-01-01' }],
  ['a time of three digits', { StudyTime: '123' }],
  ['a UID with a leading zero', { StudyInstanceUID: '1.02' }],
  ['a UID that is too long', { StudyInstanceUID: `1.${'2'.repeat(63)}` }],
  ['an age in words', { PatientAge: '50' }],
  ['a number that is none', { SliceThickness: Number.NaN }],
  ['a fraction as an integer string', { NumberOfFrames: 1.5 }],
  ['a number beyond 16 bits', { Rows: 65536 }],
  ['a negative unsigned number', { Columns: -1 }],
  ['two values of one', { Rows: [1, 2] } as unknown as WrittenDataSet],
  ['a number where text belongs', { PatientID: 7 } as unknown as WrittenDataSet],
];
for (const [what, dataSet] of bad)
  test(`${what} is refused by name`, () => {
    const [name] = Object.keys(dataSet);
    assert.throws(() => encodeDataSet(dataSet), {
      code: 'value-invalid',
      message: new RegExp(`\\) ${name} .*correct it`),
    });
  });

test('decimal strings keep what 16 characters can hold', () => {
  for (const value of [0.07, -1.23456789012345e-5, 1e-7, 123456789.12345, -1 / 3e9, 65536]) {
    const text = encodeDataSet({ SliceThickness: value }).subarray(8).toString().trim();
    assert.ok(text.length <= 16);
    assert.ok(Math.abs(Number(text) - value) <= 1e-8 * Math.abs(value), `${value} as ${text}`);
  }
});

test('a UID is of its parts: stable, valid, a UUID of version 8', () => {
  const uid = uidOf('phantom', 7, 'woman-0001');
  // From Python: hashlib.sha256(b'["phantom",7,"woman-0001"]').digest()[:16], bits of version and variant set, as a decimal number.
  assert.equal(uid, '2.25.95255212982669304861206866384399493581');
  assert.notEqual(uid, uidOf('phantom', 7, 'woman-0002'));
  assert.notEqual(uidOf('a', 'b'), uidOf('ab'));
  const hex = BigInt(uid.slice('2.25.'.length)).toString(16).padStart(32, '0');
  assert.match(hex, /^.{12}8.{3}[89ab].{15}$/);
});

const DICTIONARY = '/usr/share/libdcmtk17/dicom.dic';

test('tags, representations and multiplicities are those of dcmtk', {
  skip: existsSync(DICTIONARY) ? false : 'no dictionary of dcmtk 3.6.7 (Debian package dcmtk)',
}, () => {
  const lines = readFileSync(DICTIONARY, 'utf8').split('\n');
  const rows = new Map(lines.map((line) => line.split('\t')).map(([tag = '', ...row]) => [tag.toLowerCase(), row]));
  for (const [name, [tag, vr, count]] of Object.entries({ ...WRITTEN_ATTRIBUTES, ...IDENTITY_ATTRIBUTES })) {
    const hex = tag.toString(16).padStart(8, '0');
    const [theirVr, theirName, multiplicity] = rows.get(`(${hex.slice(0, 4)},${hex.slice(4)})`) ?? [];
    assert.deepEqual([theirVr, theirName], [vr, name]);
    if (vr !== 'SQ') assert.equal(multiplicity === '1' ? 'one' : 'many', count, name);
  }
});

function missing(program: string): string | false {
  return spawnSync(program, ['--version']).error ? `${program} is not installed` : false;
}
