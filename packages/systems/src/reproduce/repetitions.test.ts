import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readManifest } from '@mammoscope/imaging';
import { byFold, bySeed, writeFolds } from './repetitions.ts';

const folder = await mkdtemp(join(tmpdir(), 'repetitions-'));
after(() => rm(folder, { recursive: true }));
await mkdir(join(folder, 'images'));

/** Twelve women with two images each; `column` adds a cell to a woman's rows. */
async function cohort(name: string, column = '', cell: (woman: number) => string = () => '') {
  const rows = Array.from({ length: 24 }, (_, i) => {
    const woman = i >> 1;
    return `w${woman},images/${i}.png,PATCH,${woman % 2 ? 'malignant' : 'benign'}${column && `,${cell(woman)}`}`;
  });
  await Promise.all(rows.map((_, i) => writeFile(join(folder, 'images', `${i}.png`), 'x')));
  const path = join(folder, name);
  await writeFile(path, [`patient_id,path,modality,label${column && `,${column}`}`, ...rows, ''].join('\n'));
  return readManifest(path);
}

test('each fold is a test split once, patients whole, and reads back', async () => {
  const manifest = await cohort('plain.csv');
  const folds = await writeFolds(byFold(manifest, 3, 7), join(folder, 'plain'));
  assert.deepEqual(
    folds.map(({ name, seed }) => [name, seed]),
    [
      ['fold-0', 7],
      ['fold-1', 7],
      ['fold-2', 7],
    ],
  );
  const tested: string[] = [];
  for (const { manifest: path = '' } of folds) {
    const { rows } = await readManifest(path);
    assert.equal(rows.length, 24);
    const test = new Set(rows.filter(({ split }) => split === 'test').map(({ patientId }) => patientId));
    assert.ok(rows.every(({ split, patientId }) => split === (test.has(patientId) ? 'test' : 'train')));
    tested.push(...test);
  }
  assert.equal(tested.length, 12);
  assert.equal(new Set(tested).size, 12);
});

test('a column fold is taken as it is; another number of folds, and what is no number, is refused with what to do', async () => {
  const given = await cohort('given.csv', 'fold', (woman) => String(woman % 4 < 2 ? 0 : 1));
  const [first] = await writeFolds(byFold(given, 2, 0), join(folder, 'given'));
  const { rows } = await readManifest(first?.manifest ?? '');
  const tested = new Set(rows.filter(({ split }) => split === 'test').map(({ patientId }) => patientId));
  assert.deepEqual([...tested].sort(), ['w0', 'w1', 'w4', 'w5', 'w8', 'w9']);
  assert.throws(() => byFold(given, 5, 0), {
    code: 'data-unusable',
    message: /has a column fold with 2 folds: say --folds 2/,
  });
  const wrong = await cohort('wrong.csv', 'fold', () => 'first');
  assert.throws(() => byFold(wrong, 2, 0), /line 2 of the manifest: fold is "first"/);
});

test('a class with fewer patients than folds is refused, with its number of patients', async () => {
  const manifest = await cohort('few.csv');
  assert.throws(() => byFold(manifest, 7, 0), {
    code: 'split-impossible',
    message:
      /class benign has 6 patients, too few for one in each of fold 0 to fold 6: add patients, or use fewer folds/,
  });
});

test('seeds have names of their own, and the images of the user where there are some', () => {
  assert.deepEqual(bySeed([3, 4]), [
    { name: 'seed-3', seed: 3 },
    { name: 'seed-4', seed: 4 },
  ]);
  assert.deepEqual(bySeed([3], 'a.csv'), [{ name: 'seed-3', seed: 3, manifest: 'a.csv' }]);
});
