/** What issue 4 lists as bad input, through `image explain`: one sentence with file, tag and value, exit code 2, no stack trace. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertRefused, workplace } from './cli-process.ts';
import { dicomBytes, element, fragments, imageElements } from './dicom-object.ts';

const { folder, mammoscope } = await workplace();
const RLE = { syntax: '1.2.840.10008.1.2.5' };
const changed = (...changes: Buffer[]): Buffer => dicomBytes(imageElements(changes));

/** A NIfTI-1 of 4 x 4 floats, the sixth NaN (nifti1.h). */
function niftiWithNaN(): Buffer {
  const bytes = Buffer.alloc(352 + 64);
  bytes.writeInt32LE(348, 0);
  for (const [i, dim] of [2, 4, 4, 1, 1, 1, 1, 1].entries()) bytes.writeInt16LE(dim, 40 + 2 * i);
  bytes.writeInt16LE(16, 70);
  bytes.writeFloatLE(352, 108);
  bytes.write('n+1\0', 344, 'latin1');
  for (let i = 0; i < 16; i++) bytes.writeFloatLE(i === 5 ? Number.NaN : i, 352 + 4 * i);
  return bytes;
}

/** The headers of an AVI whose frames are XVID, and one frame. */
function foreignAvi(): Buffer {
  const chunk = (id: string, data: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(id, 'latin1');
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data]);
  };
  const format = Buffer.alloc(40);
  format.writeUInt32LE(40, 0);
  format.writeInt32LE(8, 4);
  format.writeInt32LE(8, 8);
  format.writeUInt16LE(24, 14);
  format.write('XVID', 16, 'latin1');
  const header = chunk('strh', Buffer.concat([Buffer.from('vids'), Buffer.alloc(52)]));
  const stream = chunk('LIST', Buffer.concat([Buffer.from('strl'), header, chunk('strf', format)]));
  const frames = chunk('LIST', Buffer.concat([Buffer.from('movi'), chunk('00dc', Buffer.alloc(16))]));
  return chunk('RIFF', Buffer.concat([Buffer.from('AVI '), stream, frames]));
}

const dbt = readFileSync(new URL('../references/dicom/dbt.dcm', import.meta.url));
const fewerGroups = Buffer.from(dbt);
fewerGroups.write('4 ', fewerGroups.indexOf(Buffer.from([0x28, 0, 8, 0, 0x49, 0x53])) + 8, 'latin1');
const conflicting = [element(0x00200062, 'CS', 'L'), element(0x00200060, 'CS', 'R'), element(0x00185101, 'CS', 'CC')];
/** A bright disc on the left in air: a breast, so that the pixels do not stand in the way. */
const disc = Array.from({ length: 96 * 96 }, (_, i) =>
  Math.hypot(i % 96, Math.floor(i / 96) - 48) < 40 ? 2000 + (i % 7) : 20 + (i % 3),
);
const breast = (...changes: Buffer[]): Buffer =>
  changed(
    element(0x00280010, 'US', [96]),
    element(0x00280011, 'US', [96]),
    element(0x7fe00010, 'OW', disc),
    ...changes,
  );

const CASES: Readonly<Record<string, readonly [bytes: Buffer, message: RegExp]>> = {
  'truncated.dcm': [changed().subarray(0, -10), /\(7fe0,0010\)/],
  'missing-frames.dcm': [changed(element(0x00280008, 'IS', '3')), /3 frame\(s\).*take 144 bytes.*there are 48/],
  'two-sides.dcm': [breast(...conflicting), /"laterality" disagree: L by ImageLaterality.*R by Laterality.*--prefer/],
  'two-views.dcm': [
    breast(
      element(0x00185101, 'CS', 'MLO'),
      element(
        0x00540220,
        'SQ',
        Buffer.concat([
          Buffer.from('feff00e0ffffffff', 'hex'),
          element(0x00080100, 'SH', 'R-10242'),
          element(0x00080102, 'SH', 'SRT'),
          Buffer.from('feff0de000000000', 'hex'),
        ]),
      ),
    ),
    /"view" disagree: CC by ViewCodeSequence.*MLO by ViewPosition/,
  ],
  'unknown-syntax.dcm': [
    dicomBytes(imageElements(), { syntax: '1.2.840.10008.1.2.4.100' }),
    /\(0002,0010\) TransferSyntaxUID is 1\.2\.840\.10008\.1\.2\.4\.100/,
  ],
  'no-end-marker.dcm': [
    dicomBytes(imageElements([fragments([Buffer.alloc(70)], { end: false })]), RLE),
    /no end marker \(fffe,e0dd\)/,
  ],
  'zero-rows.dcm': [changed(element(0x00280010, 'US', [0])), /\(0028,0010\) Rows is 0/],
  'many-frames.dcm': [changed(element(0x00280008, 'IS', '2147483648')), /2147483648 frame/],
  'fewer-groups.dcm': [fewerGroups, /\(5200,9230\).*3 items for 4 frame|4 frame\(s\)/],
  'program.dcm': [dicomBytes(imageElements(), { preamble: 'MZ' }), /makes it a Windows program \(MZ\)/],
  'nan.nii': [niftiWithNaN(), /NaN at column 1, row 1 of slice 0/],
  'foreign.avi': [foreignAvi(), /the codec "XVID"/],
  'nothing.dcm': [
    changed(element(0x7fe00010, 'OW', new Array<number>(24).fill(7))),
    /no breast was found.*--breast whole/,
  ],
};

for (const [name, [bytes, message]] of Object.entries(CASES))
  test(`image explain ${name} is refused in one sentence`, async () => {
    await writeFile(join(folder, name), bytes);
    const outcome = await mammoscope(['image', 'explain', name]);
    assertRefused(outcome, 2, message);
    assert.ok(outcome.stderr.includes(name), outcome.stderr);
  });

test('the user says which side wins', async () => {
  await writeFile(join(folder, 'told.dcm'), breast(...conflicting));
  const { code, stdout, stderr } = await mammoscope([
    ...['image', 'explain', 'told.dcm', '--json'],
    ...['--prefer', 'laterality=ImageLaterality'],
  ]);
  assert.equal(code, 0, stderr);
  assert.equal((JSON.parse(stdout) as { laterality: string }).laterality, 'L');
});
