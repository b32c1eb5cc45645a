import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readManifest } from './manifest.ts';
import { writeManifest } from './manifest-file.ts';
import { ManifestError } from './manifest-problem.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifest-'));
  await mkdir(join(folder, 'set'));
  for (const name of ['a.png', 'b.png', 'c.png', 'set/d, e.png', 'é.png']) await writeFile(join(folder, name), 'x');
});
after(() => rm(folder, { recursive: true }));

async function read(text: string | Uint8Array, classes?: readonly string[]) {
  const path = join(folder, 'manifest.csv');
  await writeFile(path, text);
  return readManifest(path, classes ? { classes } : {});
}

/** The sentences of the problems that a manifest is refused for. */
async function refusal(text: string | Uint8Array, classes?: readonly string[]): Promise<string> {
  const error: unknown = await read(text, classes).then(
    () => assert.fail(`accepted: ${text}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ManifestError, String(error));
  assert.equal(error.code, 'manifest-invalid');
  assert.match(error.message, /manifest\.csv/);
  return error.message;
}

const header = 'patient_id,path,modality,label';
const two = `1,a.png,PATCH,normal\n2,b.png,PATCH,malignant\n`;

/** A manifest whose first row has more cells, by column. */
function withColumns(columns: string, cells: string): string {
  return `${header},${columns}\n1,a.png,PATCH,normal,${cells}\n2,b.png,PATCH,malignant${','.repeat(columns.split(',').length)}\n`;
}

test('a row has typed fields, a line, an absolute path, and the other columns as they are', async () => {
  const columns =
    'laterality,view,study_id,lesion_id,x1,y1,x2,y2,slice_first,slice_last,birads,pathology,er_status,bit_depth,vendor,age';
  const cells = 'L,MLO,s1,l1,0,2.5,10,20,3,7,4B,IDC,positive,16,Fuji,61';
  const { rows, path, classes, sha256 } = await read(withColumns(columns, cells));
  assert.deepEqual(rows[0], {
    line: 2,
    patientId: '1',
    path: 'a.png',
    absolutePath: join(folder, 'a.png'),
    modality: 'PATCH',
    label: 'normal',
    laterality: 'L',
    view: 'MLO',
    studyId: 's1',
    lesionId: 'l1',
    box: [0, 2.5, 10, 20],
    sliceFirst: 3,
    sliceLast: 7,
    birads: '4B',
    pathology: 'IDC',
    erStatus: 'positive',
    bitDepth: 16,
    other: { vendor: 'Fuji', age: '61' },
  });
  assert.deepEqual(rows[1]?.other, { vendor: '', age: '' });
  assert.deepEqual(classes, ['normal', 'malignant']);
  assert.equal(path, join(folder, 'manifest.csv'));
  assert.equal(
    sha256,
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  );
});

test('BOM, CRLF, blank lines, spaces, quoted commas, quotes and line ends are read, and lines counted right', async () => {
  const text =
    '\ufeff"patient_id", path ,modality,label,remark\r\n\r\n1, a.png,PATCH,normal,"two\r\nlines, ""quoted"""\r\n' +
    '"2","set/d, e.png",PATCH,malignant,\r\n3,é.png,PATCH,normal,ü\r\n';
  const { rows } = await read(text);
  assert.deepEqual(
    rows.map((row) => [row.line, row.patientId, row.path]),
    [
      [3, '1', 'a.png'],
      [5, '2', 'set/d, e.png'],
      [6, '3', 'é.png'],
    ],
  );
  assert.equal(rows[0]?.other.remark, 'two\r\nlines, "quoted"');
});

test('classes are listed negative first; an order that cannot be known is asked for', async () => {
  const labelled = (...labels: string[]) =>
    `${header}\n${labels.map((label, i) => `${i},${'abc'[i]}.png,DM,${label}\n`).join('')}`;
  assert.deepEqual((await read(labelled('malignant', 'benign', 'normal'))).classes, ['normal', 'benign', 'malignant']);
  assert.deepEqual((await read(labelled('malignant', 'benign'))).classes, ['benign', 'malignant']);
  assert.deepEqual((await read(labelled('1', '0'))).classes, ['0', '1']);
  assert.match(
    await refusal(labelled('mass', 'asymmetry')),
    /which class is negative is not clear from asymmetry, mass/,
  );
  assert.match(await refusal(labelled('normal', 'control', 'mass')), /not clear/);
  assert.deepEqual((await read(labelled('mass', 'asymmetry'), ['mass', 'asymmetry'])).classes, ['mass', 'asymmetry']);
});

test('classes given are held against the labels', async () => {
  assert.match(
    await refusal(`${header}\n${two}`, ['normal', 'cancer']),
    /line 3: label must be one of normal, cancer, got "malignant"/,
  );
  assert.match(await refusal(`${header}\n${two}`, ['normal', 'benign', 'malignant']), /class benign has no rows/);
  assert.match(
    await refusal(`${header}\n${two}`, ['normal', 'normal']),
    /two or more different names, got normal, normal/,
  );
  assert.match(
    await refusal(`${header}\n1,a.png,DM,normal\n2,b.png,DM,normal\n`),
    /at least two classes need rows, got normal/,
  );
});

test('a file without usable rows is refused', async () => {
  assert.match(await refusal(''), /the manifest is empty/);
  assert.match(await refusal('\ufeff\r\n\r\n'), /the manifest is empty/);
  assert.match(await refusal(`${header}\n`), /a header and no rows/);
  assert.match(await refusal('patient_id,path,label\n1,a.png,normal\n'), /line 1: the header lacks modality/);
  assert.match(await refusal('patient_id;path;modality;label\n'), /the separator must be a comma/);
  assert.match(await refusal(`${header},path\n`), /names path more than once/);
  assert.match(await refusal(`${header},\n`), /column 5 has no name/);
  assert.match(await refusal(`${header}\n1,"a.png,DM,normal\n`), /not a CSV file \(Quote Not Closed/);
  assert.match(await refusal(Buffer.from(`${header}\n1,\xe9.png,DM,normal\n`, 'latin1')), /not UTF-8/);
  await assert.rejects(readManifest(join(folder, 'none.csv')), { code: 'file-missing', message: /none\.csv/ });
  await assert.rejects(readManifest(folder), { code: 'file-missing' });
});

test('a cell that cannot be is refused with its line, column and value', async () => {
  const cases: [string, RegExp][] = [
    [`${header}\n${two}3,c.png,MRI,normal\n`, /line 4: modality must be one of DM, DBT, .*, got "MRI"/],
    [`${header}\n${two}3,c.png,DM\n`, /line 4: the row has 3 fields and the header 4/],
    [`${header}\n${two},c.png,DM,\n`, /line 4: patient_id is empty[\s\S]*line 4: label is empty/],
    [withColumns('laterality', 'left'), /line 2: laterality must be one of L, R, got "left"/],
    [withColumns('view', 'mlo'), /view must be one of CC, MLO, .*, got "mlo"/],
    [withColumns('split', 'validation'), /split must be one of train, val, test, got "validation"/],
    [withColumns('bit_depth', '12'), /bit_depth must be one of 8, 16, got "12"/],
    [withColumns('x1,y1,x2', '1,2,3'), /a box needs four numbers x1, y1, x2, y2, got 1, 2, 3, nothing/],
    [withColumns('x1,y1,x2,y2', '1,2,3,1e3'), /four numbers .*, got 1, 2, 3, 1e3/],
    [withColumns('x1,y1,x2,y2', '5,2,5,3'), /0 <= x1 < x2 and 0 <= y1 < y2, got 5, 2, 5, 3/],
    [withColumns('x1,y1,x2,y2', '-1,2,5,3'), /got -1, 2, 5, 3/],
    [withColumns('slice_first,slice_last', '7,3'), /0 <= slice_first <= slice_last, got 7, 3/],
    [withColumns('slice_first,slice_last', '7,'), /got 7, nothing/],
  ];
  for (const [text, message] of cases) assert.match(await refusal(text), message);
});

test('a missing image is refused; a path may lead upwards or be absolute', async () => {
  assert.match(
    await refusal(`${header}\n${two}3,no.png,DM,normal\n`),
    /line 4: image no\.png does not exist: it was sought at/,
  );
  assert.match(await refusal(`${header}\n${two}3,/no/no.png,DM,normal\n`), /write it relative to the manifest/);
  assert.match(await refusal(`${header}\n${two}3,set\\a.png,DM,normal\n`), /use forward slashes/);
  assert.match(await refusal(`${header}\n${two}3,set,DM,normal\n`), /image set is not a file/);
  const path = join(folder, 'set', 'manifest.csv');
  await writeFile(path, `${header}\n1,../a.png,DM,normal\n2,${join(folder, 'b.png')},DM,malignant\n`);
  const { rows } = await readManifest(path);
  assert.deepEqual(
    rows.map((row) => row.absolutePath),
    [join(folder, 'a.png'), join(folder, 'b.png')],
  );
});

test('splits: all or none, and a patient in one', async () => {
  const split = (a: string, b: string, c: string) =>
    `${header},split\n1,a.png,DM,normal,${a}\n2,b.png,DM,malignant,${b}\n1,c.png,DM,normal,${c}\n`;
  assert.deepEqual(
    (await read(split('train', 'test', 'train'))).rows.map((row) => row.split),
    ['train', 'test', 'train'],
  );
  assert.match(
    await refusal(split('train', 'test', 'val')),
    /line 4: patient 1 is in split val here and in train on line 2/,
  );
  assert.match(await refusal(split('train', '', 'train')), /line 3: split is empty here and in 0 more rows/);
});

test('rows of one image are its lesions, agree on the image and are not repeated', async () => {
  const lesions = (...rows: string[]) => `${header},lesion_id,laterality\n1,a.png,DM,normal,,L\n${rows.join('\n')}\n`;
  const two = await read(lesions('2,b.png,DM,benign,l1,R', '2,b.png,DM,malignant,l2,R'));
  assert.equal(two.rows.length, 3);
  assert.match(
    await refusal(lesions('2,b.png,DM,benign,l1,R', '2,b.png,DM,benign,l1,R')),
    /line 4: image b\.png is listed on line 3 already/,
  );
  assert.match(
    await refusal(lesions('2,b.png,DM,benign,l1,R', '3,b.png,DM,benign,l2,R')),
    /patientId 3 here and 2 on line 3/,
  );
  assert.match(
    await refusal(lesions('2,b.png,DM,benign,l1,R', '2,b.png,DM,benign,l2,L')),
    /laterality L here and R on line 3/,
  );
});

test('the first 20 problems are told at once, with their count', async () => {
  const text = `${header}\n${two}${Array.from({ length: 27 }, (_, i) => `${i},a.png,XX,normal\n`).join('')}`;
  const error = await read(text).catch((reason: unknown) => reason);
  assert.ok(error instanceof ManifestError);
  assert.equal(error.problemCount, 27);
  assert.equal(error.problems.length, 20);
  assert.deepEqual(
    error.problems.map((problem) => problem.line),
    Array.from({ length: 20 }, (_, i) => i + 4),
  );
  assert.match(error.message, /has 27 problems, the first 20 of them/);
  assert.equal(error.message.split('\n').length, 21);
});

test('writeManifest gives the same rows back from another folder', async () => {
  const columns = 'laterality,x1,y1,x2,y2,split,bit_depth,remark,"na,me"';
  const text = `${header},${columns}\n1,a.png,FILM,normal,L,1,2,3,4.5,train,8,"say ""hi""\nthere",x\n2,"set/d, e.png",FILM,malignant,,,,,,test,8, plain ,\n`;
  const { rows } = await read(text);
  const path = join(folder, 'set', 'copy.csv');
  await writeManifest(path, rows);
  const copy = await readManifest(path);
  const without = (row: (typeof rows)[number]) => ({ ...row, path: '', line: 0 });
  assert.deepEqual(copy.rows.map(without), rows.map(without));
  assert.deepEqual(
    copy.rows.map((row) => row.path),
    ['../a.png', 'd, e.png'],
  );
});

test('the real patches are read', { skip: !process.env.MAMMOSCOPE_DATA && 'MAMMOSCOPE_DATA is not set' }, async () => {
  const path = join(process.env.MAMMOSCOPE_DATA ?? '', 'microcalc-patches', 'manifest.csv');
  const { rows, classes } = await readManifest(path);
  assert.deepEqual(classes, ['normal', 'microcalcification']);
  assert.equal(rows.length, 617);
  assert.equal(new Set(rows.map((row) => row.patientId)).size, 79);
});

test('images that are only predicted need no label, no second class and no column for it; all else is required as ever', async () => {
  const path = join(folder, 'new.csv');
  const unlabelled = async (text: string) => {
    await writeFile(path, text);
    return readManifest(path, { unlabelled: true });
  };
  const { rows, classes } = await unlabelled('patient_id,path,modality\n1,a.png,PATCH\n');
  assert.deepEqual([classes, rows.map(({ label }) => label)], [[], ['']]);
  const given = await unlabelled(`${header}\n1,a.png,PATCH,whatever\n2,b.png,PATCH,\n`);
  assert.deepEqual(
    given.rows.map(({ label }) => label),
    ['whatever', ''],
  );
  await assert.rejects(unlabelled('patient_id,path\n1,a.png\n'), /the header lacks modality and has patient_id, path/);
  await assert.rejects(unlabelled('patient_id,path,modality\n,a.png,PATCH\n'), /patient_id is empty/);
});
