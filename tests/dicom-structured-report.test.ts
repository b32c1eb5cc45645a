/** The objects of a reading, as other people's tools see them, and what is refused. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Finding,
  IDENTITY_ATTRIBUTES,
  openDicom,
  type Reading,
  resultObjects,
  STATEMENT,
  sourceImage,
  WRITTEN_ATTRIBUTES,
} from '@mammoscope/dicom';
import { dciodvfySays, dsrdumpSays, missing } from './conformance-checkers.ts';
import { elementsOfFile, itemsOf, textOf } from './dicom-element-tree.ts';
import { dicomBytes, element, imageElements } from './dicom-object.ts';
import { COLUMNS, ROWS, readingOf, requestOf, studyOf, temporaryFolder, writtenObjects } from './dicom-result-study.ts';

const folder = await temporaryFolder('dicom-results-');
const images = await studyOf(folder);
const request = requestOf(images);
const objects = resultObjects(request);
const paths = await writtenObjects(objects, folder);
const pathOf = (name: string) => paths.get(name) ?? '';

test('a reading with saliency and pictures is nine objects', () => {
  assert.deepEqual(
    [...paths.keys()],
    ['cad', 'measurements', 'marks', 'saliency', 'pictures'].flatMap((kind, i) =>
      [1, 2, 3].slice(0, [1, 1, 3, 2, 2][i]).map((number) => `${kind}-${number}`),
    ),
  );
  assert.equal(new Set(objects.map(({ sopInstanceUid }) => sopInstanceUid)).size, 9);
});

const iods = {
  'cad-1': 'MammographyCADSR',
  'measurements-1': 'ComprehensiveSR',
  'marks-1': 'Segmentation',
  'marks-2': 'Segmentation',
  'marks-3': 'Segmentation',
  'saliency-1': 'Segmentation',
  'saliency-2': 'Segmentation',
  'pictures-1': 'SCImage',
  'pictures-2': 'SCImage',
};
for (const [name, iod] of Object.entries(iods))
  test(`${name}: dciodvfy says nothing but the name of its kind`, { skip: missing('dciodvfy') }, () => {
    assert.equal(dciodvfySays(pathOf(name)), iod);
  });

for (const [name, title] of [
  ['cad-1', 'Mammography CAD SR Document'],
  ['measurements-1', 'Comprehensive SR Document'],
] as const)
  test(`${name}: dsrdump reads it with the constraints of its kind`, { skip: missing('dsrdump') }, () => {
    const { text, faults, status } = dsrdumpSays(pathOf(name));
    assert.deepEqual([status, faults], [0, []]);
    assert.equal(text.split('\n', 1)[0], title);
    assert.match(text, /Patient +: ODD\^ZOË \(F, 1960-01-02, #patient-7:HOSPITAL\)/);
  });

test('dsrdump refuses the same tree with a relationship that Mammography CAD does not have', {
  skip: missing('dsrdump'),
}, async () => {
  const bytes = Buffer.from(await readFile(pathOf('cad-1')));
  const at = bytes.indexOf('HAS ACQ CONTEXT');
  bytes.write('CONTAINS       ', at);
  const path = join(folder, 'wrong.dcm');
  await writeFile(path, bytes);
  const { faults, status } = dsrdumpSays(path);
  assert.notEqual(status, 0);
  assert.match(faults.join(), /contains/);
});

test('every object is filed with its images, names its maker, and says what it is', async () => {
  for (const path of paths.values()) {
    const dataSet = elementsOfFile(await readFile(path));
    const said = (tag: string) => textOf(dataSet, tag);
    assert.equal(said('00100010'), 'ODD^ZOË');
    assert.deepEqual([said('00100020'), said('00100030'), said('00100040')], ['patient-7', '19600102', 'F']);
    assert.deepEqual([said('0020000d'), said('00200010'), said('00080030')], ['1.2.3.4', 'study-9', '101112']);
    assert.deepEqual([said('00080080'), said('00081040'), said('00081010')], ['institution', 'department', 'station']);
    assert.deepEqual([said('00080070'), said('00181000'), said('00080012')], ['mammoscope', '0001', '20220305']);
    const [maker] = itemsOf(dataSet, '0018a001');
    assert.equal(textOf(maker, '0018a003'), STATEMENT);
    assert.match(STATEMENT, /Not a medical device/);
  }
});

test('reports name every image as their evidence, by series', async () => {
  for (const name of ['cad-1', 'measurements-1']) {
    const dataSet = elementsOfFile(await readFile(pathOf(name)));
    const [study] = itemsOf(dataSet, '0040a375');
    assert.equal(textOf(study, '0020000d'), '1.2.3.4');
    const series = itemsOf(study, '00081115').map((one) => [
      textOf(one, '0020000e'),
      itemsOf(one, '00081199').map((image) => textOf(image, '00081155')),
    ]);
    assert.deepEqual(series, [
      ['1.2.3.4.1', ['1.2.3.4.1.1', '1.2.3.4.1.2']],
      ['1.2.3.4.2', ['1.2.3.4.2.1']],
    ]);
  }
});

test('the same request gives the same bytes, and another cut-off other objects', () => {
  const bytes = (changes: Partial<Reading>) =>
    resultObjects(requestOf(images, changes)).map((object) => Buffer.concat([...object.bytes()]));
  const [first, again] = [bytes({}), bytes({})];
  assert.ok(first.every((object, i) => object.equals(again[i] as Buffer)));
  const uids = (changes: Partial<Reading>) =>
    resultObjects(requestOf(images, changes)).map(({ sopInstanceUid }) => sopInstanceUid);
  const others = new Set(uids({ cutoff: 0.7, operatingPoints: [] }));
  assert.ok(uids({}).every((uid) => !others.has(uid)));
});

test('a finding has one tracking UID in the CAD report, in the measurements and in the segmentation', async () => {
  const files = await Promise.all(
    ['cad-1', 'measurements-1', 'marks-1'].map((name) => readFile(pathOf(name), 'latin1')),
  );
  const segment = itemsOf(elementsOfFile(await readFile(pathOf('marks-1'))), '00620002')[0];
  const uid = textOf(segment, '00620021');
  assert.match(uid, /^2\.25\.\d+$/);
  for (const file of files) assert.equal(file.split(uid).length, 2);
});

test('a picture is the grey levels with marks in white and black, and the words at its foot', async () => {
  await using file = await openDicom(pathOf('pictures-1'));
  const { data } = await file.frame(0);
  const greys = request.pictures[0]?.greys as Uint8Array;
  const at = (x: number, y: number) => data[y * COLUMNS + x];
  // finding 1 has the box [4, 5, 14.5, 25]
  assert.deepEqual([at(4, 15), at(14, 15), at(9, 5), at(9, 25)], [255, 255, 255, 255]);
  assert.equal(at(9, 15), greys[15 * COLUMNS + 9]);
  const foot = [...data.subarray((ROWS - 12) * COLUMNS)].filter((grey) => grey === 255).length;
  assert.ok(foot > 50, `${foot} white pixels of words`);
  assert.equal(greys.filter((grey) => grey === 255).length, 0, 'the greys that were handed in are as they were');
});

const findings = readingOf(images).findings;
const [first] = findings as readonly [Finding];
const lone = { ...first, lesion: undefined };
const { lesion: _, ...alone } = lone;
const refused: readonly (readonly [string, Partial<Reading>, RegExp])[] = [
  [
    'a box that leaves the image',
    { findings: [{ ...alone, place: { boxPx: [4, 5, COLUMNS + 1, 25] } }] },
    /finding 0 leaves the image/,
  ],
  ['a box of no extent', { findings: [{ ...alone, place: { boxPx: [4, 5, 4, 25] } }] }, /finding 0 has no extent/],
  [
    'a coordinate that is no number',
    { findings: [{ ...alone, place: { pointPx: [Number.NaN, 1] } }] },
    /finding 0 leaves/,
  ],
  ['a frame that the image has not', { findings: [{ ...alone, frame: 1 }] }, /frame 1; image 0 has frames 0 to 0/],
  ['an image that is not there', { findings: [{ ...alone, image: 3 }] }, /finding 0 is of image 3; there are 3/],
  ['a probability above 1', { findings: [{ ...alone, probability: 87.5 }] }, /probability of finding 0.*got 87.5/],
  ['a cut-off that is no number', { cutoff: Number.NaN, operatingPoints: [] }, /cut-off.*got NaN/],
  ['a kind that is not looked for', { looksFor: ['calcification-cluster'], findings: [alone] }, /finding 0 is a mass/],
  ['a finding in an image that failed', { failed: [0], findings: [alone] }, /finding 0 is of image 0, on which/],
  ['a lesion in one image', { findings: [first] }, /lesion A needs findings in two images/],
  [
    'a lesion of two kinds',
    { findings: [first, { ...first, image: 1, kind: 'calcification-cluster' }] },
    /lesion A has findings of one kind, got mass and/,
  ],
  ['a lesion of which nothing is said', { lesions: [] }, /lesion A needs/],
  ['operating points that do not begin at the cut-off', { cutoff: 0.4 }, /operating point 0 has 0.5/],
  ['nothing that is looked for', { looksFor: [], findings: [] }, /what the algorithm looks for/],
];
for (const [name, changes, message] of refused)
  test(`${name} is refused`, () => {
    assert.throws(() => resultObjects(requestOf(images, changes)), { code: 'reading-invalid', message });
  });

test('images of two studies are not one reading', async () => {
  const other = await studyOf(await temporaryFolder('dicom-other-'), (dataSet) => ({
    ...dataSet,
    StudyInstanceUID: '1.9',
  }));
  assert.throws(() => resultObjects(requestOf([...images.slice(0, 2), ...other.slice(2)])), {
    code: 'reading-invalid',
    message: /one study/,
  });
});

/** An image with these texts as bytes of its character set. */
async function imageOf(charset: string, name: Buffer): Promise<string> {
  const path = join(folder, 'named.dcm');
  const uids = [0x00080018, 0x0020000d, 0x0020000e].map((tag) => element(tag, 'UI', '1.2.3'));
  const even = name.length % 2 ? Buffer.concat([name, Buffer.from(' ')]) : name;
  const texts = [element(0x00080005, 'CS', charset), element(0x00100010, 'PN', even)];
  await writeFile(path, dicomBytes(imageElements([...uids, ...texts])));
  return path;
}

test('a name is copied from the character set of its image', async () => {
  await using file = await openDicom(await imageOf('ISO_IR 100', Buffer.from('Odd^Zoë=x', 'latin1')));
  assert.equal((await file.identity()).PatientName, 'Odd^Zoë=x');
  assert.ok(!('PatientName' in file.meta));
});

test('a name in a character set that is not read is refused, and not quoted', async () => {
  const japanese = Buffer.from('YAMADA^TARO=\u001b$B;3ED\u001b(B^\u001b$BB@O:\u001b(B', 'latin1');
  await using file = await openDicom(await imageOf('\\ISO 2022 IR 87', japanese));
  await assert.rejects(sourceImage(file), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'value-invalid');
    assert.match(error.message, /PatientName has characters of a SpecificCharacterSet/);
    return !error.message.includes('YAMADA');
  });
});

for (const encoding of ['-implicit', '-big-endian', '-deflated', '-jpeg-2000'])
  test(`mg${encoding}: whose image it is, in every encoding of the same object`, async () => {
    const identityOf = async (name: string) => {
      await using file = await openDicom(fileURLToPath(new URL(`../references/dicom/${name}.dcm`, import.meta.url)));
      return file.identity();
    };
    const identity = await identityOf('mg');
    assert.equal(identity.PatientID, 'reference-mg');
    assert.ok(identity.PatientName !== undefined && identity.StudyInstanceUID !== undefined);
    assert.deepEqual(await identityOf(`mg${encoding}`), identity);
  });

test('a value that may not be written is refused with its file and name, before anything is written', async () => {
  const path = join(folder, 'time.dcm');
  const uids = [0x00080018, 0x0020000d, 0x0020000e].map((tag) => element(tag, 'UI', '1.2.3'));
  await writeFile(path, dicomBytes(imageElements([...uids, element(0x00080030, 'TM', '10:11:12')])));
  await using file = await openDicom(path);
  await assert.rejects(sourceImage(file), { code: 'value-invalid', message: /time\.dcm.*StudyTime/ });
});

/** What dcentvfy says of these: comments and age, which are not copied, and the accession number, which it takes for the series' in pictures. */
const NOT_COPIED =
  /^Warning - (Attribute present in one instance but not the other - Element=<Patient(Comments|Age)>|Different information entities for attribute - Element=<AccessionNumber>)/;
test('dcentvfy finds no patient, study or series that two objects disagree about', {
  skip: missing('dcentvfy'),
}, () => {
  const sources = [0, 1, 2].map((i) => join(folder, `source-${i}.dcm`));
  const { stdout, stderr } = spawnSync('dcentvfy', [...sources, ...paths.values()], { encoding: 'utf8' });
  const said = `${stdout}${stderr}`.split('\n').filter((line) => line && !NOT_COPIED.test(line));
  assert.deepEqual(said, []);
});

test('an image without UIDs cannot be referred to', async () => {
  const path = join(folder, 'nameless.dcm');
  await writeFile(path, dicomBytes(imageElements()));
  await using file = await openDicom(path);
  await assert.rejects(sourceImage(file), { code: 'image-invalid', message: /StudyInstanceUID/ });
});

test('a file that has been closed has no identity to give', async () => {
  const file = await openDicom(join(folder, 'source-0.dcm'));
  await file.close();
  await assert.rejects(file.identity(), { code: 'file-closed' });
});

test('what is kept of a patient and what is only written are two tables', () => {
  const both = Object.keys(IDENTITY_ATTRIBUTES).filter((name) => name in WRITTEN_ATTRIBUTES);
  assert.deepEqual(both, []);
});
