import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, dataSetFolder } from './data-set-folder.ts';

// Fields and file layout as PhysioNet describes finding_annotations.csv of VinDr-Mammo 1.0.0.
const HEADER =
  'study_id,series_id,image_id,laterality,view_position,height,width,breast_birads,breast_density,finding_categories,finding_birads,xmin,ymin,xmax,ymax,split';

test('findings become boxes, clipped where they leave the image; classes of breast or finding', async () => {
  const set = await dataSetFolder('vindr-mammo');
  const film = (id: string, side: 'L' | 'R') =>
    set.film(`images/${id}.dicom`, { laterality: side, view: 'CC' }, { chestWall: side === 'L' ? 'left' : 'right' });
  await film('s1/i1', 'L');
  await film('s1/i2', 'R');
  await film('s2/i3', 'L');
  await film('s3/i4', 'L');
  await film('s4/i5', 'L');
  await set.write(
    'finding_annotations.csv',
    [
      HEADER,
      `s1,x,i1,L,CC,96,96,BI-RADS 4,DENSITY C,"['Mass', 'Skin Retraction']",BI-RADS 4,10.5,20.25,30,40,training`,
      `s1,x,i1,L,CC,96,96,BI-RADS 4,DENSITY C,['Suspicious Calcification'],BI-RADS 3,-2,50,12,60,training`,
      `s1,x,i2,R,CC,96,96,BI-RADS 1,DENSITY C,['No Finding'],,,,,,training`,
      `s2,x,i3,L,CC,96,95,BI-RADS 5,DENSITY B,['Mass'],BI-RADS 5,10,20,30,40,test`,
      `s3,x,i4,L,CC,96,96,BI-RADS 2,DENSITY B,['Mass'],,10,20,30,40,test`,
      `s3,x,i4,L,CC,96,96,BI-RADS 2,DENSITY B,['Mass'],BI-RADS 3,30,20,10,40,test`,
      `s4,x,i5,L,CC,96,96,BI-RADS 2,DENSITY B,['Mass'],BI-RADS 3,200,20,210,40,test`,
    ].join('\n'),
  );
  const breast = await set.import();
  assert.deepEqual(breast.manifest.map(brief), [
    ['s1', 'suspicious', 'L', 'CC', '10.5 20.25 30 40'],
    ['s1', 'suspicious', 'L', 'CC', '0 50 12 60'],
    ['s1', 'normal', 'R', 'CC', undefined],
    ['s3', 'benign', 'L', 'CC', '10 20 30 40'],
  ]);
  assert.equal(breast.problems, '');
  assert.deepEqual(
    breast.notes.map(({ line }) => line),
    [3],
  );
  assert.deepEqual(
    breast.manifest.map(({ other, split }) => [other.finding, other.published_split, split]),
    [
      ['Mass; Skin Retraction', 'train', undefined],
      ['Suspicious Calcification', 'train', undefined],
      ['', 'train', undefined],
      ['Mass', 'test', undefined],
    ],
  );
  const said = breast.reasons.join('\n');
  assert.match(said, /:5 row the image has 96 x 96 pixels and the table says 95 x 96/);
  assert.match(said, /:7 row a box must satisfy x1 < x2 and y1 < y2, got 30, 20, 10, 40/);
  assert.match(said, /:8 row the box 200, 20, 210, 40 lies outside the image of 96 x 96 pixels/);
  assert.equal(breast.reasons.length, 3);
  const finding = await set.import({ label: 'finding', publishedSplit: true });
  assert.deepEqual(
    finding.manifest.map(({ label, split }) => [label, split]),
    [
      ['suspicious', 'train'],
      ['benign', 'train'],
      ['normal', 'train'],
    ],
  );
  assert.match(finding.reasons.join('\n'), /:6 row finding_birads must be BI-RADS 0 to 6, got nothing/);
});
