import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, dataSetFolder } from './data-set-folder.ts';

// Columns as the README of Emory-HITI/EMBED_Open_Data names them (key fields of both tables), and a row's look as in its notebook
// NUS_roi_reference: coordinates [[[ymin, xmin, ymax, xmax]]], paths /mnt/NAS3/mammo/anon_dicom/cohort_1/<patient>/<exam>/<file>.
const METADATA =
  'empi_anon,acc_anon,anon_dicom_path,study_date_anon,ImageLateralityFinal,ViewPosition,FinalImageType,spot_mag,num_roi,ROI_coords';
const CLINICAL = 'empi_anon,acc_anon,study_date_anon,desc,asses,tissueden,numfind,side,bside,path_severity,RACE_DESC';
const path = (file: string, patient: number, exam: number) =>
  `/mnt/NAS3/mammo/anon_dicom/cohort_1/${patient}/${exam}/${file}.dcm`;

test('images get the worst finding of their breast and exam; regions are put on the breast', async () => {
  const set = await dataSetFolder('embed');
  const film = (name: string, side: 'L' | 'R') =>
    set.film(
      `images/cohort_1/${name}.dcm`,
      { laterality: side, view: 'CC' },
      { chestWall: side === 'L' ? 'left' : 'right' },
    );
  await film('1/11/right', 'R');
  await film('1/11/left', 'L');
  await film('2/22/a', 'L');
  await film('2/22/b', 'L');
  await film('3/33/a', 'L');
  await film('4/44/a', 'L');
  await film('5/55/a', 'L');
  const image = (file: string, patient: number, exam: number, side: string, rest: string) =>
    `${patient}.0,${exam},${path(file, patient, exam)},2015-04-16,${side},CC,${rest}`;
  await set.write(
    'tables/EMBED_OpenData_metadata.csv',
    [
      METADATA,
      image('right', 1, 11, 'R', '2D,0,1,"((30, 70, 50, 90),)"'),
      image('left', 1, 11, 'L', '2D,0,1,"[[30, 70, 50, 90]]"'), // on the copy mirrored: off the breast as written
      image('a', 2, 22, 'L', 'C-view,,2,"[[30, 10, 50, 20], [60, 40, 70, 56]]"'), // the second is in the middle
      image('b', 2, 22, 'L', '3D,,0,'),
      image('a', 3, 33, 'L', '2D,,0,'),
      image('a', 4, 44, 'L', '2D,,0,()'),
      image('a', 5, 55, 'L', '2D,,1,"[[1, 2, 3]]"'),
      image('c', 2, 22, 'L', '2D,,0,'),
      image('x', 9, 99, 'L', '2D,,0,'),
    ].join('\n'),
  );
  await set.write('tables/EMBED_OpenData_metadata_reduced.csv', `${METADATA}\n`);
  await set.write(
    'tables/EMBED_OpenData_clinical.csv',
    [
      CLINICAL,
      '1,11,2015-04-16,MG Screen,A,2.0,1,R,R,1.0,X',
      '1,11,2015-04-16,MG Screen,N,2.0,2,L,,,X',
      '2,22,2015-04-16,MG Diag,S,3,1,L,L,4,X',
      '2,22,2015-04-16,MG Diag,S,3,2,B,L,2,X',
      '3,33,2015-04-16,MG Screen,A,2,1,L,,,X',
      '4,44,2015-04-16,MG Diag,S,2,1,,,6,X',
      '5,55,2015-04-16,MG Diag,K,2,1,L,L,0,X',
    ].join('\n'),
  );
  const { manifest, reasons, problems } = await set.import();
  assert.deepEqual(manifest.map(brief), [
    ['1', 'malignant', 'R', 'CC', '70 30 90 50'],
    ['1', 'normal', 'L', 'CC', '6 30 26 50'],
    ['2', 'benign', 'L', 'CC', '10 30 20 50'],
    ['2', 'benign', 'L', 'CC', undefined],
  ]);
  assert.deepEqual(
    manifest.map(({ modality, pathology }) => [modality, pathology]),
    [
      ['DM', '1'],
      ['DM', undefined],
      ['SYNTHETIC2D', '2'],
      ['SYNTHETIC2D', '2'],
    ],
  );
  assert.equal(problems, '');
  const said = reasons.join('\n');
  assert.match(said, /:4 box the region lies (on|beside) the breast.*as written and mirrored/);
  assert.match(said, /:5 row FinalImageType must be 2D or C-view, got 3D/);
  assert.match(said, /:6 row the breast has no pathology, and its assessment is neither negative nor benign/);
  assert.match(said, /:7 row path_severity must be 0 to 5, got 6/);
  assert.match(said, /:8 row ROI_coords must be groups of four numbers/);
  assert.match(said, /:9 row no image c\.dcm is in the folder/);
  assert.match(said, /:10 row the clinical table has no finding of the L breast of this exam/);
  assert.equal(reasons.length, 7);

  const unread = await set.import({ pixels: false });
  assert.deepEqual(unread.manifest.filter(({ box }) => box).length, 0);
  assert.match(unread.reasons.join('\n'), /:2 box whether the region is mirrored can be told from the pixels alone/);
  const birads = await set.import({ label: 'birads' });
  assert.deepEqual(
    birads.manifest.map(({ label, birads: category }) => [label, category]),
    [
      ['normal', '1'],
      ['suspicious', '4'],
      ['suspicious', '4'],
      ['suspicious', '4'],
    ],
  );
});

test('DCM_ROI_coords, where a release has it, is of the DICOM image and taken as it is', async () => {
  const set = await dataSetFolder('embed');
  for (const id of ['1', '2']) await set.film(`images/${id}/1/a${id}.dcm`, { laterality: 'L', view: 'CC' });
  await set.write(
    'EMBED_OpenData_NUS_Datathon_metadata_reduced.csv',
    [
      `${METADATA.replace('ROI_coords', 'PNG_ROI_coords')},DCM_ROI_coords`,
      `1,1,${path('a1', 1, 1)},x,L,CC,2D,,1,"[[[30, 70, 50, 90]]]","[[[30, 6, 50, 26]]]"`,
      `2,1,${path('a2', 2, 1)},x,L,CC,2D,,0,[],[]`,
    ].join('\n'),
  );
  await set.write(
    'EMBED_OpenData_NUS_Datathon_clinical_reduced.csv',
    `${CLINICAL}\n1,1,x,x,K,2,1,L,L,0,x\n2,1,x,x,N,2,1,L,,,x\n`,
  );
  const { manifest, reasons } = await set.import({ pixels: false });
  assert.deepEqual(manifest.map(brief), [
    ['1', 'malignant', 'L', 'CC', '6 30 26 50'],
    ['2', 'normal', 'L', 'CC', undefined],
  ]);
  assert.deepEqual(reasons, []);
});
