import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, dataSetFolder } from './data-set-folder.ts';

test('a folder of DICOM and a table: paths, names and UIDs find images; tags fill what the table has not', async () => {
  const set = await dataSetFolder('dicom');
  const left = { laterality: 'L', view: 'CC' } as const;
  await set.film('a/one.dcm', { ...left, patientId: 'A' });
  await set.film('a/two.dcm', { laterality: 'R', view: 'MLO', patientId: 'A' }, { chestWall: 'right' });
  await set.film('b/three', { ...left, patientId: 'B', uid: '1.2.840.99999.1.7' });
  await set.film('b/dbt.dcm', { ...left, patientId: 'B' }, { frames: 3 });
  await set.film('c/four.dcm', { ...left, patientId: 'C' });
  await set.film('c/five.dcm', { ...left, patientId: 'D' });
  await set.film('d/six.dcm', { ...left, patientId: 'E' });
  await set.film('d/seven.dcm', { ...left, patientId: 'E' });
  await set.film('e/six.dcm', { ...left, patientId: 'F' });
  await set.film('e/eight.dcm', { ...left, patientId: 'F' });
  await set.write('e/nine.dcm', 'DICM');
  await set.write(
    'labels.csv',
    [
      'Patient,File,Diagnosis,Side,xmin,ymin,xmax,ymax,first slice,last slice,Scanner,bit_depth',
      '1,a/one.dcm,normal,,,,,,,,GE,12',
      '1,a\\two.dcm,malignant,right,1,2,30,40,,,GE,12',
      '2,1.2.840.99999.1.7,normal,left,,,,,,,GE,12',
      '2,dbt.dcm,malignant,,5,6,7,8,0,2,GE,12',
      '3,four.dcm,normal,,,,,,,,GE,12',
      '3,five.dcm,normal,,,,,,,,GE,12',
      '4,seven.dcm,normal,,,,,,,,GE,12',
      '5,d/six.dcm,normal,,,,,,,,GE,12',
      '6,six.dcm,normal,,,,,,,,GE,12',
      '7,eight.dcm,normal,R,,,,,,,GE,12',
      '8,nine.dcm,normal,R,,,,,,,GE,12',
      '9,a/one.dcm,normal,,,,,,,,GE,12',
      ',a/one.dcm,normal,,,,,,,,GE,12',
      '2,dbt.dcm,malignant,,5,6,7,8,2,0,GE,12',
      '2,b/three,malignant,left,1,2,3,4,,,GE,12',
      '2,dbt.dcm,normal,,5,6,7,8,0,2,GE,12',
    ].join('\n'),
  );
  const { manifest, reasons, problems } = await set.import();
  assert.deepEqual(
    manifest.map((row) => [...brief(row), row.modality, row.other.Scanner, row.other.table_bit_depth]),
    [
      ['1', 'malignant', 'R', 'MLO', '1 2 30 40', 'DM', 'GE', '12'],
      ['2', 'normal', 'L', 'CC', undefined, 'DM', 'GE', '12'],
      ['2', 'malignant', 'L', 'CC', '5 6 7 8', 'DBT', 'GE', '12'],
    ],
  );
  assert.equal(problems, '');
  const said = reasons.join('\n');
  assert.match(said, /:2 row the image is listed for patients 1 and 9/);
  assert.match(said, /:13 row the image is listed for patients 1 and 9/);
  assert.match(said, /:6 row two patients with one ID: the files of patient 3 carry 2 values of PatientID/);
  assert.match(said, /:8 row one patient with 2 IDs: the files of patients 4 and 5 carry one PatientID/);
  assert.match(said, /:10 row 2 files may be image six\.dcm: d\/six\.dcm, e\/six\.dcm/);
  assert.match(said, /:11 row .*"laterality" disagree/);
  assert.match(said, /:12 row .*nine\.dcm/);
  assert.match(said, /:14 row Patient is empty/);
  assert.match(said, /:15 row slice_first and slice_last must be whole numbers in order, got 2, 0/);
  assert.match(said, /:16 row the image is malignant here and normal in labels\.csv, line 4, without a lesion in both/);
  assert.match(said, /:17 row the row says normal where labels\.csv, line 5 says malignant/);
  assert.equal(reasons.length, 13);
});

test('the table is the only CSV file, or named', async () => {
  const set = await dataSetFolder('dicom');
  await assert.rejects(set.import(), { code: 'data-set-invalid', message: /has no table .*: name the table/ });
  await set.write('one.csv', 'a,b\n1,2\n');
  await assert.rejects(set.import(), {
    code: 'column-unclear',
    message: /^one\.csv: no column is named as patient_id/,
  });
  await set.write('two.csv', 'a,b\n1,2\n');
  await assert.rejects(set.import(), { code: 'data-set-invalid', message: /2 tables \(one\.csv, two\.csv\)/ });
  await assert.rejects(set.import({ table: `${set.folder}/none.csv` }), {
    code: 'file-missing',
    message: /the label file/,
  });
});

test('patches have no side to hold against their pixels', async () => {
  const set = await dataSetFolder('dicom');
  for (const name of ['one', 'two', 'three'])
    await set.film(`${name}.dcm`, { laterality: 'L', view: 'CC' }, { chestWall: 'right' });
  const lines = ['1,one.dcm,normal,patch', '2,two.dcm,malignant,PATCH', '3,three.dcm,malignant,DM'];
  await set.write('labels.csv', ['patient,file,label,modality', ...lines].join('\n'));
  const { manifest, reasons, problems } = await set.import();
  assert.deepEqual(
    manifest.map(({ modality }) => modality),
    ['PATCH', 'PATCH'],
  );
  assert.equal(problems, '');
  assert.match(reasons.join('\n'), /^labels\.csv:4 row .*"laterality" disagree/);
});
