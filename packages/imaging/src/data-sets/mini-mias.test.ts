import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readImage } from '../formats/read-image.ts';
import { writePng8 } from '../formats/write-png.ts';
import { readManifest } from '../manifest.ts';
import { checkManifest } from '../manifest-check.ts';
import { importMias } from './mini-mias.ts';

const INFO = `INFORMATION: 1st column: MIAS database reference number.
mdb001 G NORM
mdb002 G CIRC B 100 1000 10
mdb003 D CALC M 5 0 20
mdb003 D CALC B 500 600 30
mdb003 D CALC B 500 600 30
mdb004 F CIRC B
mdb005 F CALC M *NOTE 3*
mdb006 F NORM
mdb006 F SPIC M 10 10 5
mdb007 X NORM
mdb008 F MASS B 10 10 5
mdb009 F MISC B 10 10
mdb010 F MISC C 10 10 5
mdb011 F MISC B 10 1024 5
mdb012 F NORM
 223
`;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mias-'));
  await writeFile(join(folder, 'Info.txt'), INFO);
  const black = new Float32Array(1024 * 1024);
  for (let i = 1; i <= 6; i++) {
    black[i] = 200; // no two films alike
    if (i === 2) {
      const row = Buffer.from(black.subarray(0, 1024 * 1024));
      await writeFile(join(folder, 'mdb002.pgm'), Buffer.concat([Buffer.from('P5 1024 1024 255\n'), row]));
    } else await writePng8(join(folder, `mdb00${i}.png`), black, 1024, 1024);
  }
});
after(() => rm(folder, { recursive: true }));

test('films become rows: pairs one patient, circles boxes from the top left, lesions a row each', async () => {
  const path = join(folder, 'manifest.csv');
  const result = await importMias(folder, path);
  const manifest = await readManifest(path);
  assert.deepEqual(manifest.classes, ['normal', 'benign', 'malignant']);
  assert.deepEqual(
    manifest.rows.map((row) => [row.path, row.patientId, row.laterality, row.label, row.lesionId, row.box]),
    [
      ['mdb001.png', 'mdb001-002', 'R', 'normal', undefined, undefined],
      ['mdb002.pgm', 'mdb001-002', 'L', 'benign', 'mdb002-1', [90, 13, 111, 34]],
      ['mdb003.png', 'mdb003-004', 'R', 'malignant', 'mdb003-1', [0, 1003, 26, 1024]],
      ['mdb003.png', 'mdb003-004', 'R', 'benign', 'mdb003-2', [470, 393, 531, 454]],
      ['mdb004.png', 'mdb003-004', 'L', 'benign', 'mdb004-1', undefined],
      ['mdb005.png', 'mdb005-006', 'R', 'malignant', 'mdb005-1', undefined],
      ['mdb006.png', 'mdb005-006', 'L', 'normal', undefined, undefined],
    ],
  );
  const [, second] = manifest.rows;
  assert.deepEqual([second?.modality, second?.view, second?.bitDepth, second?.pathology], ['FILM', 'MLO', 8, 'benign']);
  assert.deepEqual(second?.other, { tissue: 'G', abnormality: 'CIRC', pixel_spacing_mm: '0.2' });
  assert.deepEqual([result.rows, result.images, result.patients, result.boxes], [7, 6, 3, 3]);
  assert.deepEqual(result.labels, { normal: 2, benign: 3, malignant: 2 });
  assert.deepEqual(result.absent, ['mdb012']);
  assert.deepEqual((await checkManifest(manifest)).problems, []);
});

test('what is left out or changed is told with its line', async () => {
  const { refused, notes } = await importMias(folder, join(folder, 'manifest.csv'));
  assert.deepEqual(
    refused.map((each) => each.line),
    [6, 10, 11, 12, 13, 14, 15],
  );
  const sentences = refused.map((each) => each.message);
  assert.match(sentences[0] ?? '', /repeats line 5/);
  assert.match(sentences[1] ?? '', /"mdb006 F SPIC M 10 10 5" contradicts line 9/);
  assert.match(sentences[2] ?? '', /tissue must be F, G or D, got X/);
  assert.match(sentences[3] ?? '', /class must be NORM, CALC.*, got MASS/);
  assert.match(sentences[4] ?? '', /three whole numbers, got 10 10/);
  assert.match(sentences[5] ?? '', /severity must be B or M, got C/);
  assert.match(sentences[6] ?? '', /centre must lie in the image/);
  assert.deepEqual(
    notes.map((each) => [each.line, each.message.split(':')[0]]),
    [
      [4, 'mdb003'],
      [7, 'mdb004 has a lesion without coordinates'],
      [8, 'mdb005 has a lesion without coordinates'],
    ],
  );
  assert.match(notes[0]?.message ?? '', /-15, 1003, 26, 1044 leaves the image and was clipped to 0, 1003, 26, 1024/);
});

test('exclusions.csv beside the manifest lists every line and film that was left out', async () => {
  const { refused, absent } = await importMias(folder, join(folder, 'manifest.csv'));
  const [header, ...lines] = (await readFile(join(folder, 'exclusions.csv'), 'utf8')).trimEnd().split('\n');
  assert.equal(header, 'file,line,patient_id,image,left_out,reason');
  assert.equal(lines.length, refused.length + absent.length);
  assert.match(lines[0] ?? '', /^Info\.txt,6,,,row,.*repeats line 5/);
  assert.match(lines.at(-1) ?? '', /^Info\.txt,,,mdb012,row,no film mdb012 is in the folder$/);
});

test('lesions alone: rows without a box are left out with their reason, the others as they are', async () => {
  const all = await importMias(folder, join(folder, 'manifest.csv'));
  const out = join(folder, 'lesions', 'manifest.csv');
  await mkdir(join(folder, 'lesions'));
  const lesions = await importMias(folder, out, { lesionsOnly: true });
  assert.deepEqual([lesions.rows, lesions.boxes, lesions.labels], [3, 3, { benign: 2, malignant: 1 }]);
  assert.deepEqual(
    (await readManifest(out)).rows.map(({ lesionId }) => lesionId),
    ['mdb002-1', 'mdb003-1', 'mdb003-2'],
  );
  const excluded = await readFile(join(folder, 'lesions', 'exclusions.csv'), 'utf8');
  assert.equal(excluded.match(/has no box, and annotated lesions alone/g)?.length, all.rows - lesions.rows);
});

test('labels may be the class of abnormality', async () => {
  const { labels } = await importMias(folder, join(folder, 'classes.csv'), { label: 'abnormality' });
  assert.deepEqual(labels, { normal: 2, circ: 2, calc: 3 });
});

test('a folder that is not mini-MIAS is refused', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'mias-none-'));
  await assert.rejects(importMias(empty, join(empty, 'm.csv')), {
    code: 'mias-invalid',
    message: /no readable Info\.txt/,
  });
  await writeFile(join(empty, 'Info.txt'), INFO);
  await assert.rejects(importMias(empty, join(empty, 'm.csv')), { code: 'mias-invalid', message: /none of the films/ });
  await rm(empty, { recursive: true });
});

const real = process.env.MAMMOSCOPE_DATA;

test('the real folder: counts, and the chest wall is to the right on odd films', {
  skip: !real && 'MAMMOSCOPE_DATA is not set',
}, async () => {
  const out = join(folder, 'real.csv');
  const result = await importMias(join(real ?? '', 'mini-mias'), out);
  assert.deepEqual([result.rows, result.images, result.patients, result.absent.length], [223, 218, 109, 0]);
  assert.deepEqual([result.refused, result.boxes], [[], 80]);
  const manifest = await readManifest(out);
  const films = manifest.rows.filter((_, i) => i % 7 === 0);
  let agreeing = 0;
  for (const row of films) {
    const { data, width } = await readImage(row.absolutePath);
    agreeing += chestWallSide(data, width) === (row.laterality === 'R' ? 'right' : 'left') ? 1 : 0;
  }
  assert.ok(agreeing >= 0.9 * films.length, `${agreeing} of ${films.length}`);
});

/** The side of the film's brighter outer sixth. */
function chestWallSide(data: Float32Array, width: number): 'left' | 'right' {
  const columns = new Float64Array(width);
  data.forEach((value, i) => {
    columns[i % width] = (columns[i % width] as number) + value;
  });
  const lit = [...columns.keys()].filter((x) => (columns[x] as number) > 8 * (data.length / width));
  const [first, last] = [lit[0] ?? 0, lit.at(-1) ?? width - 1];
  const reach = Math.round((last - first) / 6);
  const sum = (from: number) => columns.subarray(from, from + reach).reduce((a, b) => a + b, 0);
  return sum(first) > sum(last - reach + 1) ? 'left' : 'right';
}
