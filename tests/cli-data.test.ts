/** `data import` of a data set and of a folder with a table, and `data split`, as a user calls them. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertDone, assertRefused, workplace } from './cli-process.ts';
import { mammogramBytes } from './mammogram-object.ts';

const { folder, mammoscope } = await workplace();
const PATIENTS = 12;

before(async () => {
  await mkdir(join(folder, 'hospital', 'images'), { recursive: true });
  const lines = ['Patient,File,Diagnosis,Pathology,Scanner'];
  for (let i = 0; i < PATIENTS; i++) {
    const side = i % 2 === 0 ? 'L' : 'R';
    const drawn = { brighter: 3 * i, chestWall: side === 'L' ? 'left' : 'right' } as const;
    const tags = { laterality: i === 3 ? 'L' : side, view: 'CC', patientId: `P${i}` };
    await writeFile(join(folder, 'hospital', 'images', `${i}.dcm`), mammogramBytes(drawn, tags));
    lines.push(`p${i},images/${i}.dcm,${i % 3 === 0 ? 'malignant' : 'normal'},${i % 3 === 0 ? 'ductal' : ''},${i % 2}`);
  }
  lines.push('p99,images/none.dcm,normal,,0');
  await writeFile(join(folder, 'hospital', 'labels.csv'), `${lines.join('\n')}\n`);
});

test('data import dicom asks for a column, then writes a manifest, and says how many it left out', async () => {
  const unsure = await mammoscope(['data', 'import', 'dicom', 'hospital', '--out', 'm.csv']);
  assertRefused(unsure, 2, /label may be Diagnosis or Pathology; say --column label=NAME/);
  const malformed = ['data', 'import', 'dicom', 'hospital', '--out', 'm.csv', '--column', 'label'];
  assertRefused(await mammoscope(malformed), 2, /--column must be field=name/);
  const args = ['data', 'import', 'dicom', 'hospital', '--out', 'm.csv', '--column', 'label=Diagnosis'];
  const told = await mammoscope(args);
  assertDone(told);
  assert.match(told.stdout, /^m\.csv: 11 rows, 11 images, 11 patients, 0 boxes$/m);
  assert.match(told.stdout, /^labels: malignant 3, normal 8$/m);
  assert.match(told.stdout, /^left out: 2 rows and 0 boxes, each with its reason in .*exclusions\.csv$/m);
  assert.match(told.stdout, /^- labels\.csv, line 5: .*"laterality" disagree/m);
  assert.match(told.stdout, /^- labels\.csv, line 14: no image images\/none\.dcm is in the folder$/m);
  const exclusions = await readFile(join(folder, 'exclusions.csv'), 'utf8');
  assert.match(exclusions, /^file,line,patient_id,image,left_out,reason\nlabels\.csv,5,p3,images\/3\.dcm,row,/);
  const kept = await mammoscope([...args, '--prefer', 'laterality=pixels', '--json']);
  assertDone(kept);
  const { rows, exclusionCount } = JSON.parse(kept.stdout) as { rows: number; exclusionCount: number };
  assert.deepEqual([rows, exclusionCount], [12, 1]);
  const checked = await mammoscope(['data', 'check', 'm.csv', '--classes', 'normal,malignant', '--json']);
  assertDone(checked);
  const { summary } = JSON.parse(checked.stdout) as { summary: { images: number; sizes: object } };
  assert.deepEqual([summary.images, summary.sizes], [12, { '96 x 96 x 16': 12 }]);
  const none = await mammoscope([...args, '--lesions']);
  assertRefused(none, 2, /hospital gives no row of a manifest: 13 are left out/);
  assert.match(await readFile(join(folder, 'exclusions.csv'), 'utf8'), /has no box, and annotated lesions alone/);
});

test('data import takes the table from a workbook: --sheet names one of several, a damaged one is refused', async () => {
  await mkdir(join(folder, 'ward'));
  const workbook = await readFile(new URL('../references/workbooks/kinds.xlsx', import.meta.url));
  await writeFile(join(folder, 'ward', 'kinds.xlsx'), workbook);
  const args = ['data', 'import', 'dicom', 'ward', '--out', 'ward.csv'];
  assertRefused(
    await mammoscope(args),
    2,
    /kinds\.xlsx: the workbook has the sheets "labels", "read me": say with --sheet/,
  );
  assertRefused(await mammoscope([...args, '--sheet', 'labels']), 2, /there are kind, value; say --column patient_id=/);
  await writeFile(join(folder, 'ward', 'kinds.xlsx'), workbook.subarray(0, 3000));
  assertRefused(await mammoscope(args), 2, /kinds\.xlsx: the workbook cannot be read, it is damaged/);
});

test('data import refuses a data set, a label and a folder that there are not', async () => {
  const refused = async (pattern: RegExp, ...args: string[]) =>
    assertRefused(await mammoscope(['data', 'import', ...args, '--out', 'x.csv']), 2, pattern);
  await refused(/'ddsm' is invalid.*cbis-ddsm/, 'ddsm', 'hospital');
  await refused(/the label of embed must be one of pathology, birads, got x/, 'embed', 'hospital', '--label', 'x');
  await refused(/none cannot be read as a folder \(ENOENT\)/, 'rsna-2022', 'none');
  await refused(/hospital has no train\.csv/, 'rsna-2022', 'hospital');
  await refused(/the label of mias must be one of severity, abnormality/, 'mias', 'hospital', '--label', 'x');
});

test('data split: by patient, seeded, other columns kept; folds beside a test split', async () => {
  const split = (...args: string[]) => mammoscope(['data', 'split', ...args]);
  const text = (name: string) => readFile(join(folder, name), 'utf8');
  const shares = ['--fractions', '0.5,0.25,0.25', '--seed', '4'];
  const done = await split('m.csv', '--out', 'a.csv', ...shares);
  assertDone(done);
  assert.match(done.stdout, /^train +6 +4 +2$/m);
  assertDone(await split('m.csv', '--out', 'b.csv', ...shares));
  assert.equal(await text('a.csv'), await text('b.csv'));
  assertDone(await split('m.csv', '--out', 'b.csv', '--fractions', '0.5,0.25,0.25', '--seed', '5'));
  assert.notEqual(await text('a.csv'), await text('b.csv'));
  assert.match(await text('a.csv'), /^patient_id,path,.*,split,.*Scanner/);
  assertRefused(await split('a.csv', '--out', 'c.csv', ...shares), 2, /has a column split already: say --replace/);
  assertDone(await split('a.csv', '--out', 'c.csv', ...shares, '--replace'));
  assert.equal(await text('c.csv'), await text('a.csv'));

  const folded = await split('a.csv', '--out', 'folds.csv', '--folds', '3', '--json');
  assertDone(folded);
  const { parts } = JSON.parse(folded.stdout) as { parts: { part: string; patients: number; perClass: object }[] };
  assert.deepEqual(
    parts.map(({ part, patients }) => [part, patients]),
    [
      ['train', 6],
      ['val', 3],
      ['test', 3],
      ['fold 0', 3],
      ['fold 1', 3],
      ['fold 2', 3],
    ],
  );
  const lines = (await text('folds.csv'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  const column = (name: string) => lines[0]?.indexOf(name) ?? -1;
  for (const line of lines.slice(1)) assert.equal(line[column('fold')] === '', line[column('split')] === 'test');
  assertRefused(await split('folds.csv', '--out', 'd.csv', '--folds', '2'), 2, /has a column fold already/);
  assertRefused(await split('m.csv', '--out', 'd.csv', '--folds', '9'), 2, /class malignant has 4 patients, too few/);
  assertRefused(await split('m.csv', '--out', 'd.csv', '--fractions', '0.5,0.6,0.1'), 2, /must be 0 or more, sum to 1/);
  assertRefused(await split('m.csv', '--out', 'd.csv', '--fractions', '0.5,0.5'), 2, /no three shares/);
});

test('kang2021 trains on a manifest of DICOM files', async () => {
  const settings = [
    'epochs=1',
    'networks=squeezenet1_1',
    'batch=4',
    'sizePx=32',
    'valFraction=0.25',
    'testFraction=0.25',
  ];
  const trained = await mammoscope([
    ...['train', 'kang2021', '--data', 'm.csv', '--preset', 'tiny', '--classes', 'normal,malignant', '--out', 'run'],
    ...settings.flatMap((setting) => ['--set', setting]),
    ...['--threads', '1', '--json'],
  ]);
  assertDone(trained);
  const { members } = JSON.parse(trained.stdout) as { members: { epochs: number; valAuc: number }[] };
  assert.deepEqual([members[0]?.epochs, Number.isFinite(members[0]?.valAuc)], [1, true]);
});
