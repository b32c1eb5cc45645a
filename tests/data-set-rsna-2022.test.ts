import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brief, dataSetFolder } from './data-set-folder.ts';

// Header and the first rows as the competition's train.csv has them; fields as in the wiki of RSNA/AI-Challenge-Data.
const HEADER =
  'site_id,patient_id,image_id,laterality,view,age,cancer,biopsy,invasive,BIRADS,implant,density,machine_id,difficult_negative_case';

test('train.csv: rows become images, what is missing or contradicts is listed, and the rest goes on', async () => {
  const set = await dataSetFolder('rsna-2022');
  const film = (id: string, side: 'L' | 'R', view: string, tag = side) =>
    set.film(`train_images/${id}.dcm`, { laterality: tag, view }, { chestWall: side === 'L' ? 'left' : 'right' });
  await film('10006/462822612', 'L', 'CC');
  await film('10006/1459541791', 'L', 'MLO');
  await film('99999/111111111', 'R', 'CC');
  await film('99999/222222222', 'L', 'CC');
  await film('99999/333333333', 'R', 'CC', 'L');
  await film('99999/444444444', 'R', 'MLO');
  await set.write('train_images/99999/555555555.dcm', 'not an image');
  await set.write(
    'train.csv',
    [
      HEADER,
      '2,10006,462822612,L,CC,61.0,0,0,0,,0,,29,False',
      '2,10006,1459541791,L,MLO,61.0,0,0,0,,0,,29,False',
      '1,99999,111111111,R,CC,55.0,1,1,1,0.0,0,B,21,False',
      '1,99999,222222222,R,CC,55.0,1,1,1,0.0,0,B,21,False',
      '1,99999,333333333,R,CC,55.0,1,1,1,0.0,0,B,21,False',
      '1,99999,444444444,R,CC,55.0,1,1,1,0.0,0,B,21,False',
      '1,99999,555555555,R,CC,55.0,1,1,1,0.0,0,B,21,False',
      '1,99999,666666666,R,CC,55.0,1,1,1,0.0,0,B,21,False',
      '1,99999,111111111,R,CC,55.0,2,1,1,0.0,0,B,21,False',
      '1,99999,111111111,X,CC,55.0,1,1,1,0.0,0,B,21,False',
      '1,99999,111111111,R,CC,55.0',
      '1,99999,111111111,R,CC,55.0,1,1,1,0.0,0,B,21,False',
    ].join('\n'),
  );
  const { manifest, reasons, problems, labels } = await set.import();
  assert.deepEqual(manifest.map(brief), [
    ['10006', 'negative', 'L', 'CC', undefined],
    ['10006', 'negative', 'L', 'MLO', undefined],
    ['99999', 'malignant', 'R', 'CC', undefined],
  ]);
  assert.equal(problems, '');
  assert.deepEqual(labels, { negative: 2, malignant: 1 });
  assert.equal(manifest[2]?.other.density, 'B');
  assert.equal(reasons.length, 9);
  const said = reasons.join('\n');
  assert.match(said, /^train\.csv:5 row .*"laterality" disagree: R by laterality .*L by/m);
  assert.match(said, /^train\.csv:6 row .*"laterality" disagree/m);
  assert.match(said, /^train\.csv:7 row .*"view" disagree: CC by the row, MLO by the file/m);
  assert.match(said, /^train\.csv:8 row .*555555555\.dcm is not an image/m);
  assert.match(said, /^train\.csv:9 row no image 99999\/666666666 is in the folder/m);
  assert.match(said, /^train\.csv:10 row cancer must be 0 or 1, got 2/m);
  assert.match(said, /^train\.csv:11 row laterality must be L or R, got X/m);
  assert.match(said, /^train\.csv:12 row the line has 6 cells and the header 14/m);
  assert.match(said, /^train\.csv:13 row the row repeats train\.csv, line 4/m);

  const told = await set.import({ prefer: { laterality: 'user' } });
  assert.equal(told.rows, 5);
  assert.deepEqual(told.manifest[3]?.prefer, { laterality: 'user' });
  assert.equal(told.problems, '');
  const unread = await set.import({ pixels: false });
  assert.equal(unread.rows, 3); // 222222222 and 333333333 contradict in their tags, too
});

test('--label birads, and a label that there is not', async () => {
  const set = await dataSetFolder('rsna-2022');
  for (const id of ['1/11', '2/22', '3/33']) await set.film(`train_images/${id}.dcm`, { laterality: 'L', view: 'CC' });
  const lines = ['1,1,11,L,CC,50,0,0,0,1,0,A,1,False', '1,2,22,L,CC,50,0,0,0,0.0,0,A,1,False'];
  await set.write('train.csv', [HEADER, ...lines, '1,3,33,L,CC,50,0,0,0,,0,A,1,False'].join('\r\n'));
  const { manifest, reasons } = await set.import({ label: 'birads' });
  assert.deepEqual(
    manifest.map(({ label }) => label),
    ['normal', 'recalled'],
  );
  assert.deepEqual(reasons, ['train.csv:4 row BIRADS must be 0, 1 or 2, got nothing']);
  await assert.rejects(set.import({ label: 'severity' }), {
    code: 'option-invalid',
    message: /must be one of cancer, birads, got severity/,
  });
});

test('a folder without train.csv, and a table without its columns, are refused', async () => {
  const set = await dataSetFolder('rsna-2022');
  await assert.rejects(set.import(), { code: 'data-set-invalid', message: /has no train\.csv/ });
  await set.write('train.csv', 'patient_id,image_id\n1,2\n');
  await assert.rejects(set.import(), { code: 'manifest-invalid', message: /line 1: the header lacks site_id, later/ });
  await set.write('train.csv', `${HEADER}\n1,1,11,L,CC,50,0,0,0,1,0,A,1,False\n`);
  await assert.rejects(set.import(), {
    code: 'data-set-invalid',
    message: /1 are left out, the first because no image 1\/11/,
  });
});
