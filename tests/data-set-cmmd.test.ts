import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { brief, dataSetFolder } from './data-set-folder.ts';

// Columns of CMMD_clinicaldata_revision.xlsx as TCIA distributes it, saved as CSV by a spreadsheet program of a European office.
const HEADER = 'ID1;LeftRight;Age;number;abnormality;classification;subtype';

test('breasts of the table meet images by their tags', async () => {
  const set = await dataSetFolder('cmmd');
  const film = (path: string, id: string, side: 'L' | 'R', view: string, wall = side, sex = 'F') =>
    set.film(
      `CMMD/${path}`,
      { patientId: id, laterality: side, view, sex },
      { chestWall: wall === 'L' ? 'left' : 'right' },
    );
  await film('D1-0001/07-18-2010-NA/1.000000-NA-70244/1-1.dcm', 'D1-0001', 'R', 'CC');
  await film('D1-0001/07-18-2010-NA/1.000000-NA-70244/1-2.dcm', 'D1-0001', 'R', 'MLO');
  await film('D1-0001/07-18-2010-NA/1.000000-NA-70244/1-3.dcm', 'D1-0001', 'L', 'MLO');
  await film('D2-0001/x/y/1-1.dcm', 'D2-0001', 'L', 'CC');
  await film('D2-0001/x/y/1-2.dcm', 'D2-0001', 'L', 'MLO', 'R');
  await film('D1-0003/x/y/1-1.dcm', 'D1-0003', 'L', 'CC');
  await film('D1-0003/x/y/1-2.dcm', 'D1-9999', 'L', 'MLO');
  await film('D1-0004/x/y/1-1.dcm', 'D1-0004', 'L', 'CC', 'L', 'F');
  await film('D1-0004/x/y/1-2.dcm', 'D1-0004', 'L', 'MLO', 'L', 'M');
  await set.write('CMMD/D1-0001/x/y/1-4.dcm', 'damaged');
  await set.write(
    'CMMD_clinicaldata_revision.csv',
    [
      HEADER,
      'D1-0001;R;44;2;calcification;Benign;',
      'D1-0002;R;40;2;mass;Benign;',
      'D2-0001;L;64;2;both;Malignant;Luminal B',
      'D2-0001;L;64;2;both;Benign;Luminal B',
      'D1-0003;L;50;2;mass;Benign;',
      'D1-0004;L;50;2;mass;Malignant;',
      'X1;L;50;2;mass;Malignant;',
      'D1-0005;B;50;2;mass;Malignant;',
    ].join('\r\n'),
  );
  const { manifest, reasons, problems } = await set.import();
  assert.deepEqual(manifest.map(brief), [
    ['D1-0001', 'benign', 'R', 'CC', undefined],
    ['D1-0001', 'benign', 'R', 'MLO', undefined],
    ['D2-0001', 'malignant', 'L', 'CC', undefined],
  ]);
  assert.equal(manifest[2]?.other.molecular_subtype, 'Luminal B');
  assert.equal(problems, '');
  const said = reasons.join('\n');
  assert.match(said, /:2 row the table has no class for the L breast of D1-0001/);
  assert.match(said, /:2 row .*1-4\.dcm is not an image/);
  assert.match(said, /:3 row no image of D1-0002 is in the folder/);
  assert.match(said, /:4 row .*"laterality" disagree/);
  assert.match(said, /:5 row D2-0001 L stands on line 4 already/);
  assert.match(said, /:6 row two patients with one ID: the files of patient D1-0003 carry 2 values of PatientID/);
  assert.match(said, /:7 row two patients with one ID: the files of patient D1-0004 carry 2 values of PatientSex/);
  assert.match(said, /:8 row ID1 must be D1- or D2-/);
  assert.match(said, /:9 row LeftRight must be L or R, got B/);
  assert.equal(reasons.length, 11);
});

test('the workbook is read as it is published, and stands back behind a CSV of its name', async () => {
  const set = await dataSetFolder('cmmd');
  await assert.rejects(set.import(), { code: 'data-set-invalid', message: /no CMMD_clinicaldata_revision\.xlsx/ });
  const workbook = await readFile(new URL('../references/workbooks/cmmd.xlsx', import.meta.url));
  await set.write('CMMD_clinicaldata_revision.xlsx', workbook);
  await set.write('~$CMMD_clinicaldata_revision.xlsx', 'who has it open');
  await set.film(
    'CMMD/D1-0001/x/y/1-1.dcm',
    { patientId: 'D1-0001', laterality: 'R', view: 'CC' },
    { chestWall: 'right' },
  );
  await set.film(
    'CMMD/D2-0001/x/y/1-1.dcm',
    { patientId: 'D2-0001', laterality: 'L', view: 'MLO' },
    { chestWall: 'left' },
  );
  const { manifest, reasons } = await set.import();
  assert.deepEqual(manifest.map(brief), [
    ['D1-0001', 'benign', 'R', 'CC', undefined],
    ['D2-0001', 'malignant', 'L', 'MLO', undefined],
  ]);
  assert.deepEqual(reasons, []);
  assert.deepEqual(manifest[1]?.other, { age: '64', abnormality: 'both', molecular_subtype: 'Luminal B' });
  const lacking = { code: 'manifest-invalid', message: /has no sheet "labels", only "Sheet1", "Sheet2"/ };
  await assert.rejects(set.import({ sheet: 'labels' }), lacking);
  await set.write(
    'CMMD_clinicaldata_revision.csv',
    `${HEADER}\nD1-0001;R;44;2;mass;Malignant;\nD2-0001;L;64;2;mass;Benign;`,
  );
  assert.deepEqual(
    (await set.import()).manifest.map(({ label }) => label),
    ['malignant', 'benign'],
  );
  await assert.rejects(set.import({ sheet: 'Sheet1' }), {
    code: 'manifest-invalid',
    message: /--sheet is for a workbook/,
  });
});
