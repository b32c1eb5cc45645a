/** One folder of a hospital with everything that goes wrong with files: each is named with its reason, and the rest is imported. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, dataSetFolder } from './data-set-folder.ts';
import { absent, dicomBytes, element, fragments, imageElements, item } from './dicom-object.ts';
import { mammogramBytes } from './mammogram-object.ts';

/** A code of ViewCodeSequence, SNOMED CT. */
const code = (value: string, meaning: string) =>
  element(
    0x00540220,
    'SQ',
    item(
      Buffer.concat([
        element(0x00080100, 'SH', value),
        element(0x00080102, 'SH', 'SCT'),
        element(0x00080104, 'LO', meaning),
      ]),
    ),
  );

/** A NIfTI-1 file of 4 x 4 x 1 floats, of which one is no number. */
function niftiWithNaN(): Buffer {
  const bytes = Buffer.alloc(352 + 64);
  bytes.writeInt32LE(348, 0);
  for (const [i, dim] of [3, 4, 4, 1, 1, 1, 1, 1].entries()) bytes.writeInt16LE(dim, 40 + 2 * i);
  bytes.writeInt16LE(16, 70);
  bytes.writeInt16LE(32, 72);
  bytes.writeFloatLE(352, 108);
  bytes.write('n+1\0', 344, 'latin1');
  bytes.writeFloatLE(Number.NaN, 352 + 20);
  return bytes;
}

const LEFT = { laterality: 'L', view: 'CC' } as const;

test('every bad file is left out with its reason, and the sound one stays', async () => {
  const set = await dataSetFolder('dicom');
  await set.film('sound.dcm', LEFT);
  await set.film('other.dcm', LEFT);
  const whole = mammogramBytes({ brighter: 7 }, LEFT);
  const bad: Readonly<Record<string, readonly [bytes: Uint8Array, reason: RegExp]>> = {
    'empty.dcm': [Buffer.alloc(0), /has zero bytes/],
    'text.dcm': [Buffer.from('no image at all'), /is not an image of a known format/],
    'cut.dcm': [
      whole.subarray(0, whole.length - 1000),
      /^cut\.dcm is cut or damaged: .* has 18432 bytes where 17432 are left/,
    ],
    'header.dcm': [whole.subarray(0, 300), /header\.dcm/],
    'syntax.dcm': [dicomBytes(imageElements(), { syntax: '1.2.3.4' }), /1\.2\.3\.4/],
    'program.dcm': [dicomBytes(imageElements(), { preamble: 'MZ' }), /program/],
    'rows.dcm': [dicomBytes(imageElements([element(0x00280010, 'US', [0])])), /Rows/],
    'frames.dcm': [dicomBytes(imageElements([element(0x00280008, 'IS', '2147483647')])), /frames|NumberOfFrames/i],
    'pixels.dcm': [dicomBytes(imageElements([absent(0x7fe00010)])), /has no \(7fe0,0010\) PixelData/],
    'open.dcm': [
      dicomBytes(imageElements([fragments([Buffer.alloc(48)], { end: false })]), { syntax: '1.2.840.10008.1.2.5' }),
      /open\.dcm/,
    ],
    'views.dcm': [
      dicomBytes(imageElements([element(0x00185101, 'CS', 'MLO'), code('399162004', 'cranio-caudal')])),
      /"view" disagree: CC by ViewCodeSequence .*MLO by ViewPosition/,
    ],
    'both.dcm': [dicomBytes(imageElements([element(0x00200062, 'CS', 'B')])), /ImageLaterality must be L or R/],
    'nan.nii': [niftiWithNaN(), /NaN at column/],
  };
  const lines = ['patient_id,path,label', '1,sound.dcm,normal', '2,other.dcm,malignant'];
  for (const [i, [file, [bytes]]] of Object.entries(bad).entries()) {
    await set.write(file, bytes);
    lines.push(`${i + 3},${file},normal`);
  }
  await set.write('labels.csv', lines.join('\n'));
  const { manifest, exclusions, problems } = await set.import();
  assert.deepEqual(manifest.map(brief), [
    ['1', 'normal', 'L', 'CC', undefined],
    ['2', 'malignant', 'L', 'CC', undefined],
  ]);
  assert.equal(problems, '');
  for (const [file, [, reason]] of Object.entries(bad)) {
    const found = exclusions.find(({ image }) => image === file);
    assert.match(found?.reason ?? `${file} is not listed`, reason);
    assert.equal(found?.line, lines.findIndex((line) => line.includes(`,${file},`)) + 1);
  }
  assert.equal(exclusions.length, Object.keys(bad).length);
});
