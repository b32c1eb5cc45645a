import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, type DataSetFolder, dataSetFolder } from './data-set-folder.ts';
import { dicomBytes, element, imageElements } from './dicom-object.ts';

// Headers and the first row of mass_case_description_train_set.csv and calc_case_description_test_set.csv as TCIA distributes them:
// breast_density is written in two ways, and the last path ends in a line break inside quotes.
const MASS =
  'patient_id,breast_density,left or right breast,image view,abnormality id,abnormality type,mass shape,mass margins,assessment,pathology,subtlety,image file path,cropped image file path,ROI mask file path';
const CALC = MASS.replace('breast_density', 'breast density').replace(
  'mass shape,mass margins',
  'calc type,calc distribution',
);
const UID = '1.3.6.1.4.1.9590.100.1.2';

/** A mask of a size with a set box, as an 8-bit secondary capture would have it. */
function maskBytes(width: number, height: number, [x1, y1, x2, y2]: readonly [number, number, number, number]): Buffer {
  const values = Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x >= x1 && x < x2 && y >= y1 && y < y2 ? 255 : 0;
  });
  const size = [element(0x00280010, 'US', [height]), element(0x00280011, 'US', [width])];
  return dicomBytes(imageElements([...size, element(0x7fe00010, 'OW', values)]));
}

function line(set: string, patient: string, side: string, view: string, lesion: number, pathology: string): string {
  const name = `${set}_${patient}_${side}_${view}`;
  const paths = [
    `${name}/${UID}.42/${UID}.34/000000.dcm`,
    `${name}_${lesion}/${UID}.10/${UID}.29/000000.dcm`,
    `"${name}_${lesion}/${UID}.10/${UID}.29/000001.dcm\n"`,
  ];
  const mass = 'IRREGULAR-ARCHITECTURAL_DISTORTION,SPICULATED';
  return `${patient},3,${side},${view},${lesion},mass,${mass},4,${pathology},4,${paths.join(',')}`;
}

async function film(set: DataSetFolder, path: string, side: 'L' | 'R', view: string) {
  // The films have their view in PatientOrientation, and no view.
  await set.film(path, { laterality: side, orientation: view }, { chestWall: side === 'L' ? 'left' : 'right' });
}

test('abnormalities get the box of their mask, whichever of the two files it is, in old and new folders', async () => {
  const set = await dataSetFolder('cbis-ddsm');
  await film(set, `CBIS-DDSM/Mass-Training_P_00001_LEFT_CC/${UID}.42/${UID}.34/000000.dcm`, 'L', 'CC');
  const lesion = `CBIS-DDSM/Mass-Training_P_00001_LEFT_CC_1/${UID}.10/${UID}.29`;
  await set.write(`${lesion}/000000.dcm`, maskBytes(20, 20, [0, 0, 20, 20])); // the crop
  await set.write(`${lesion}/000001.dcm`, maskBytes(96, 96, [12, 30, 25, 41]));
  const newer = 'CBIS-DDSM/Mass-Training_P_00001_LEFT_MLO';
  await film(set, `${newer}/07-20-2016-DDSM-NA-90988/1.000000-full mammogram images-80376/1-1.dcm`, 'L', 'MLO');
  await set.write(`${newer}_1/07-21-2016/1.000000-ROI mask images-1/1-1.dcm`, maskBytes(96, 96, [0, 50, 9, 96]));
  await set.write(`${newer}_1/07-21-2016/1.000000-cropped images-1/1-2.dcm`, maskBytes(20, 20, [0, 0, 20, 20]));
  await film(set, 'CBIS-DDSM/Mass-Training_P_00004_RIGHT_CC/a/b/1-1.dcm', 'R', 'CC');
  await set.write('CBIS-DDSM/Mass-Training_P_00004_RIGHT_CC_1/a/b/1-1.dcm', maskBytes(96, 95, [1, 1, 2, 2]));
  await film(set, 'CBIS-DDSM/Calc-Test_P_00038_LEFT_CC/a/b/1-1.dcm', 'L', 'CC');
  await set.write('CBIS-DDSM/Calc-Test_P_00038_LEFT_CC_1/a/b/1-1.dcm', maskBytes(96, 96, [0, 0, 0, 0]));
  await film(set, 'CBIS-DDSM/Calc-Test_P_00004_RIGHT_CC/a/b/1-1.dcm', 'R', 'CC');
  await set.write(
    'mass_case_description_train_set.csv',
    [
      MASS,
      line('Mass-Training', 'P_00001', 'LEFT', 'CC', 1, 'MALIGNANT'),
      line('Mass-Training', 'P_00001', 'LEFT', 'MLO', 1, 'MALIGNANT'),
      line('Mass-Training', 'P_00004', 'RIGHT', 'CC', 1, 'BENIGN'),
      line('Mass-Training', 'P_00004', 'RIGHT', 'MLO', 1, 'BENIGN'),
      line('Mass-Training', 'P_00005', 'RIGHT', 'MLO', 1, 'UNKNOWN'),
      line('Mass-Training', 'P_00001', 'LEFT', 'CC', 2, 'BENIGN').replace(',LEFT,CC,', ',LEFT,MLO,'),
    ].join('\n'),
  );
  await set.write(
    'calc_case_description_test_set.csv',
    [
      CALC,
      line('Calc-Test', 'P_00038', 'LEFT', 'CC', 1, 'BENIGN_WITHOUT_CALLBACK'),
      line('Calc-Test', 'P_00004', 'RIGHT', 'CC', 1, 'BENIGN'),
    ].join('\n'),
  );
  const { manifest, reasons, problems } = await set.import();
  const inOrder = [...manifest].sort((a, b) => (a.path < b.path ? 1 : -1));
  assert.deepEqual(inOrder.map(brief), [
    ['P_00004', 'benign', 'R', 'CC', undefined],
    ['P_00001', 'malignant', 'L', 'MLO', '0 50 9 96'],
    ['P_00001', 'malignant', 'L', 'CC', '12 30 25 41'],
    ['P_00038', 'benign', 'L', 'CC', undefined],
    ['P_00004', 'benign', 'R', 'CC', undefined],
  ]);
  assert.equal(problems, '');
  assert.deepEqual(
    [inOrder[2]?.lesionId, inOrder[2]?.birads, inOrder[2]?.other.density, inOrder[2]?.other.published_split],
    ['Mass-Training_P_00001_LEFT_CC_1', '4', '3', 'train'],
  );
  assert.equal(inOrder[3]?.pathology, 'benign_without_callback');
  const said = reasons.join('\n');
  assert.match(said, /^calc_.*:2 box mask .* marks no pixel/m);
  assert.match(said, /^calc_.*:4 box no mask Calc-Test_P_00004_RIGHT_CC_1 is in the folder/m);
  assert.match(said, /^mass_.*:6 box no mask of .* has the film's size 96 x 96, but 96 x 95/m);
  assert.match(said, /^mass_.*:8 row no image Mass-Training_P_00004_RIGHT_MLO is in the folder/m);
  assert.match(
    said,
    /^mass_.*:10 row pathology must be one of MALIGNANT, BENIGN, BENIGN_WITHOUT_CALLBACK, got UNKNOWN/m,
  );
  assert.match(
    said,
    /^mass_.*:12 row the film is called Mass-Training_P_00001_LEFT_CC and its row says P_00001_LEFT_MLO/m,
  );
  assert.equal(reasons.length, 6);

  const published = await set.import({ publishedSplit: true });
  assert.match(
    published.reasons.join('\n'),
    /mass_.*:6 row patient P_00004 is in the published splits test and train: the rows of test stay/,
  );
  assert.deepEqual([...new Set(published.manifest.map(({ split }) => split))].sort(), ['test', 'train']);
});
