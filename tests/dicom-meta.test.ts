/** What a header says: attributes, functional groups, offset tables; values as references/scripts/dicom.py wrote them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ATTRIBUTES, openDicom } from '@mammoscope/dicom';
import { dicomBytes, element, fragments, imageElements } from './dicom-object.ts';

const FOLDER = fileURLToPath(new URL('../references/dicom/', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'dicom-meta-'));
after(() => rm(folder, { recursive: true }));

async function written(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'image.dcm');
  await writeFile(path, bytes);
  return path;
}

for (const encoding of ['', '-implicit', '-big-endian', '-deflated', '-jpeg-2000'])
  test(`mg${encoding}: the attributes of a mammogram`, async () => {
    await using file = await openDicom(join(FOLDER, `mg${encoding}.dcm`));
    const { meta } = file;
    assert.equal(meta.SOPClassUID, '1.2.840.10008.5.1.4.1.1.1.2');
    assert.equal(meta.PresentationIntentType, 'FOR PRESENTATION');
    assert.deepEqual(meta.ImagerPixelSpacing, [0.07, 0.07]);
    assert.deepEqual(meta.PatientOrientation, ['P', 'L']);
    assert.equal(meta.ImageLaterality, 'L');
    assert.deepEqual([meta.WindowCenter, meta.WindowWidth, meta.VOILUTFunction], [[2048], [4096], 'SIGMOID']);
    const [view] = meta.ViewCodeSequence ?? [];
    assert.deepEqual(view, { CodeValue: 'R-10242', CodingSchemeDesignator: 'SNM3', CodeMeaning: 'cranio-caudal' });
    assert.equal(meta.PatientID, 'reference-mg');
    assert.ok(!('PatientName' in meta));
  });

for (const encoding of ['', '-implicit', '-big-endian', '-undefined-lengths', '-deflated', '-jpeg-ls'])
  test(`dbt${encoding}: functional groups of each frame over the shared ones`, async () => {
    await using file = await openDicom(join(FOLDER, `dbt${encoding}.dcm`));
    assert.equal(file.frameCount, 3);
    for (let frame = 0; frame < 3; frame++) {
      const meta = file.frameMeta(frame);
      assert.deepEqual(meta.ImagePositionPatient, [0, 0, frame]);
      assert.deepEqual([meta.WindowCenter, meta.WindowWidth], [[500 + frame], [1000]]);
      assert.deepEqual(
        [meta.StackID, meta.InStackPositionNumber, meta.DimensionIndexValues],
        ['1', frame + 1, [frame + 1]],
      );
      assert.deepEqual(meta.FrameType, ['ORIGINAL', 'PRIMARY', 'TOMOSYNTHESIS', 'NONE']);
      assert.deepEqual([meta.FrameLaterality, meta.SliceThickness, meta.PixelSpacing], ['R', 1, [0.1, 0.1]]);
      assert.deepEqual(meta.ImageOrientationPatient, [0, -1, 0, 0, 0, -1]);
      assert.deepEqual([meta.RescaleSlope, meta.RescaleIntercept, meta.RescaleType], [1, 0, 'US']);
      assert.equal(meta.Modality, 'MG');
    }
    assert.throws(() => file.frameMeta(3), RangeError);
  });

for (const encoding of ['', '-implicit', '-big-endian'])
  test(`ct${encoding}: a slice, with a padding value that has the sign of its pixels`, async () => {
    await using file = await openDicom(join(FOLDER, `ct${encoding}.dcm`));
    assert.equal(file.meta.PixelPaddingValue, -2000);
    assert.deepEqual(file.meta.ImagePositionPatient, [0, 0, 12.5]);
    assert.equal(file.meta.RescaleIntercept, -1024);
  });

test('texts follow SpecificCharacterSet', async () => {
  const charset = [element(0x00080005, 'CS', 'ISO_IR 192')];
  const described = [element(0x0008103e, 'LO', Buffer.from('Brüste'.padEnd(7), 'utf8'))];
  await using file = await openDicom(await written(dicomBytes(imageElements([...charset, ...described]))));
  assert.equal(file.meta.SeriesDescription, 'Brüste');
});

test('bits above HighBit are no pixels, signs are of BitsStored', async () => {
  const pixels = element(0x7fe00010, 'OW', [0xf7ff, 0x0800, 0xffff, ...new Array<number>(21).fill(0x5000)]);
  await using unsigned = await openDicom(await written(dicomBytes(imageElements([pixels]))));
  assert.deepEqual([...(await unsigned.frame(0)).data.slice(0, 4)], [0x7ff, 0x800, 0xfff, 0]);
  const signed = [pixels, element(0x00280103, 'US', [1])];
  await using file = await openDicom(await written(dicomBytes(imageElements(signed))));
  assert.deepEqual([...(await file.frame(0)).data.slice(0, 4)], [2047, -2048, -1, 0]);
});

test('planes become interleaved samples', async () => {
  const rgb = [
    element(0x00280002, 'US', [3]),
    element(0x00280004, 'CS', 'RGB'),
    element(0x00280006, 'US', [1]),
    element(0x00280010, 'US', [1]),
    element(0x00280011, 'US', [2]),
    element(0x00280100, 'US', [8]),
    element(0x00280101, 'US', [8]),
    element(0x00280102, 'US', [7]),
    element(0x7fe00010, 'OB', Buffer.from([1, 2, 3, 4, 5, 6])),
  ];
  await using file = await openDicom(await written(dicomBytes(imageElements(rgb))));
  assert.deepEqual([...(await file.frame(0)).data], [1, 3, 5, 2, 4, 6]);
});

/** Three RLE frames of 4 x 6 values k * 257; a plane of 24 equal bytes is two bytes packed. */
const rleFrame = (value: number): Buffer => {
  const bytes = Buffer.alloc(68);
  bytes.writeUInt32LE(2, 0);
  bytes.writeUInt32LE(64, 4);
  bytes.writeUInt32LE(66, 8);
  bytes.set([257 - 24, value, 257 - 24, value], 64);
  return bytes;
};
const three = [element(0x00280008, 'IS', '3')];
const RLE = { syntax: '1.2.840.10008.1.2.5' };
const frames = [rleFrame(1), rleFrame(2), rleFrame(3)];
const inHalves = frames.flatMap((frame) => [frame.subarray(0, 40), frame.subarray(40)]);

const tables: Readonly<Record<string, readonly Buffer[]>> = {
  'no table, a fragment a frame': [fragments(frames)],
  'a basic offset table': [fragments(frames, { table: [0, 76, 152] })],
  'a basic offset table and two fragments a frame': [fragments(inHalves, { table: [0, 84, 168] })],
  'an extended offset table': [
    element(0x7fe00001, 'OV', Buffer.from(BigUint64Array.of(0n, 76n, 152n).buffer)),
    element(0x7fe00002, 'OV', Buffer.from(BigUint64Array.of(68n, 68n, 68n).buffer)),
    fragments(frames),
  ],
};

for (const [kind, changes] of Object.entries(tables))
  test(`frames are found with ${kind}`, async () => {
    await using file = await openDicom(await written(dicomBytes(imageElements([...three, ...changes]), RLE)));
    for (let frame = 0; frame < 3; frame++) {
      const { data } = await file.frame(frame);
      assert.ok(data.length === 24 && data.every((value) => value === ((frame + 1) * 257) % 4096));
    }
  });

const DICTIONARY = '/usr/share/libdcmtk17/dicom.dic';

test('tags, representations and multiplicities are those of dcmtk', {
  skip: existsSync(DICTIONARY) ? false : 'no dictionary of dcmtk 3.6.7 (Debian package dcmtk)',
}, () => {
  const lines = readFileSync(DICTIONARY, 'utf8').split('\n');
  const rows = new Map(lines.map((line) => line.split('\t')).map(([tag = '', ...row]) => [tag.toLowerCase(), row]));
  for (const [name, [tag, vr, count]] of Object.entries(ATTRIBUTES)) {
    const hex = tag.toString(16).padStart(8, '0');
    const [theirVr = '', theirName, multiplicity] = rows.get(`(${hex.slice(0, 4)},${hex.slice(4)})`) ?? [];
    const ours = vr === 'US or SS' ? 'xs' : name === 'LUTData' ? 'lt' : vr; // its words for a choice
    assert.deepEqual([theirVr, theirName], [ours, name]);
    if (vr !== 'SQ') assert.equal(multiplicity === '1' ? 'one' : 'many', count, name);
  }
});
