import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, dataSetFolder } from './data-set-folder.ts';

// Columns of the three tables as code on them documents (BCS-DBT-labels-train-v2.csv, -boxes-, -file-paths-), a path as TCIA's
// retriever writes it, and the frame of the boxes as dcmread_image of mazurowski-lab/duke-dbt-data lays a volume.
const LABELS = 'PatientID,StudyUID,View,Normal,Actionable,Benign,Cancer';
const BOXES = 'PatientID,StudyUID,View,Subject,Slice,X,Y,Width,Height,Class,AD,VolumeSlices';
const PATHS = 'PatientID,StudyUID,View,descriptive_path,classic_path';

test('views get their group, boxes their place in the stored volume; wrong sides of tags do not matter', async () => {
  const set = await dataSetFolder('bcs-dbt');
  const root = 'Breast-Cancer-Screening-DBT';
  const volume = (name: string, wall: 'left' | 'right', tag: string) =>
    set.film(`manifest/${root}/${name}/1-1.dcm`, { laterality: tag }, { chestWall: wall, frames: 4 });
  await volume('DBT-P00060/01-01-2000-DBT-S00787-MAMMO/1.000000-NA-67888', 'left', 'L');
  await volume('DBT-P00060/01-01-2000-DBT-S00787-MAMMO/2.000000-NA-67889', 'left', 'L'); // rcc, turned by 180 degrees
  await volume('DBT-P00107/s/1', 'right', 'L'); // rmlo with a wrong tag
  await volume('DBT-P00538/s/1', 'left', 'L');
  await volume('DBT-P00539/s/1', 'left', 'L');
  const file = (patient: string, study: string, view: string, path: string) =>
    `${patient},${study},${view},${root}/${path}/1-1.dcm,${root}/1.3.6.1/${path}/000000.dcm`;
  await set.write(
    'BCS-DBT-file-paths-train-v2.csv',
    [
      PATHS,
      file('DBT-P00060', 'DBT-S00787', 'lcc', 'DBT-P00060/01-01-2000-DBT-S00787-MAMMO/1.000000-NA-67888'),
      file('DBT-P00060', 'DBT-S00787', 'rcc', 'DBT-P00060/01-01-2000-DBT-S00787-MAMMO/2.000000-NA-67889'),
      file('DBT-P00107', 'DBT-S1', 'rmlo', 'DBT-P00107/s/1'),
      file('DBT-P00538', 'DBT-S2', 'lcc2', 'DBT-P00538/s/1'),
      file('DBT-P00539', 'DBT-S3', 'lcc', 'DBT-P00539/s/1'),
      file('DBT-P00540', 'DBT-S4', 'lcc', 'DBT-P00540/s/1'),
    ].join('\n'),
  );
  await set.write(
    'BCS-DBT-labels-train-v2.csv',
    [
      LABELS,
      'DBT-P00060,DBT-S00787,lcc,0,0,1,0',
      'DBT-P00060,DBT-S00787,rcc,0,0,0,1',
      'DBT-P00107,DBT-S1,rmlo,1,0,0,0',
      'DBT-P00538,DBT-S2,lcc2,0,1,0,0',
      'DBT-P00539,DBT-S3,lcc,0,1,1,0',
      'DBT-P00540,DBT-S4,lcc,1,0,0,0',
      'DBT-P00541,DBT-S5,lcc,1,0,0,0',
      'DBT-P00541,DBT-S5,side,1,0,0,0',
      'DBT-P00060,DBT-S00787,LCC,0,0,1,0',
    ].join('\n'),
  );
  await set.write(
    'BCS-DBT-boxes-train-v2.csv',
    [
      BOXES,
      'DBT-P00060,DBT-S00787,lcc,DBT-P00060,2,10,20,15,5,benign,0,4',
      'DBT-P00060,DBT-S00787,lcc,DBT-P00060,3,30,20,15,5,cancer,0,4',
      'DBT-P00060,DBT-S00787,rcc,DBT-P00060,1,70,20,15,5,cancer,1,4',
      'DBT-P00107,DBT-S1,rmlo,DBT-P00107,4,70,20,15,5,benign,0,',
      'DBT-P00538,DBT-S2,lcc2,DBT-P00538,1,70,20,15,5,benign,0,9',
      'DBT-P00538,DBT-S2,lcc2,DBT-P00538,1,70,20,0,5,benign,0,4',
      'DBT-P00999,DBT-S2,lcc,DBT-P00999,1,70,20,5,5,benign,0,4',
      'DBT-P00060,DBT-S00787,lcc,DBT-P00060,2,10,20,15,5,benign,0,4',
    ].join('\n'),
  );
  const { manifest, reasons, problems } = await set.import();
  assert.deepEqual(
    manifest.map((row) => [...brief(row), row.sliceFirst, row.sliceLast]),
    [
      ['DBT-P00060', 'benign', 'L', 'CC', '10 20 25 25', 2, 2],
      ['DBT-P00060', 'malignant', 'L', 'CC', '30 20 45 25', 3, 3],
      ['DBT-P00060', 'malignant', 'R', 'CC', '11 71 26 76', 1, 1],
      ['DBT-P00538', 'benign', 'L', 'CC', undefined, 1, 1],
    ],
  );
  assert.deepEqual(
    manifest.map(({ prefer }) => prefer?.laterality),
    [undefined, undefined, 'user', undefined],
  );
  assert.equal(problems, '');
  const said = reasons.join('\n');
  assert.match(said, /boxes.*:5 row the row names slice 4 and the image has slices 0 to 3/);
  assert.match(said, /boxes.*:6 box the volume has 4 slices and VolumeSlices says 9/);
  assert.match(said, /boxes.*:7 row Slice, X, Y, Width and Height must be whole numbers/);
  assert.match(said, /boxes.*:8 row the box is of a view that no table of labels has/);
  assert.match(said, /labels.*:6 row one of Normal, Actionable, Benign, Cancer must be 1, got Actionable, Benign/);
  assert.match(said, /labels.*:7 row no image DBT-S4 lcc is in the folder/);
  assert.match(said, /labels.*:8 row no table of file paths has this view/);
  assert.match(said, /labels.*:9 row View must be lcc, lmlo, rcc or rmlo, got side/);
  assert.match(said, /boxes.*:9 row the line repeats line 2 of BCS-DBT-boxes-train-v2\.csv/);
  assert.match(said, /labels.*:10 row the line repeats line 2 of BCS-DBT-labels-train-v2\.csv/);
  assert.equal(reasons.length, 10);
  const cancer = await set.import({ label: 'cancer' });
  assert.deepEqual(cancer.labels, { negative: 2, malignant: 2 });
});

test('without a table of labels or of paths the folder is refused', async () => {
  const set = await dataSetFolder('bcs-dbt');
  await set.write('BCS-DBT-boxes-train-v2.csv', `${BOXES}\n`);
  await assert.rejects(set.import(), { code: 'data-set-invalid', message: /no table of labels and of file paths/ });
});
