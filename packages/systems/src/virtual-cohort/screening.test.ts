import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkManifest, type Manifest, readManifest } from '@mammoscope/imaging';
import { screeningPreset } from '@mammoscope/phantom';
import { filmsOf, readFilm } from '../lin2023/films.ts';
import { erStatus, pathologyOf } from '../lin2023/pathology.ts';
import { type ScreeningCohortOptions, writeScreeningCohort } from './screening.ts';

const OPTIONS = { patients: 4, seed: 5, difficulty: 0.2, heightPx: 160 } as const;
let folder: string;
let manifest: Manifest;
const write = (name: string, options: Partial<ScreeningCohortOptions> = {}) =>
  writeScreeningCohort({ ...OPTIONS, out: join(folder, name), ...options });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'screening-'));
  await write('cohort');
  manifest = await readManifest(join(folder, 'cohort', 'manifest.csv'));
});
after(() => rm(folder, { recursive: true }));

test('a cohort is films in two views, rows a lesion with boxes, types and receptors, and data check finds nothing wrong', async () => {
  const { rows, classes } = manifest;
  assert.deepEqual(classes, ['normal', 'benign', 'malignant'].slice(-classes.length));
  assert.deepEqual((await checkManifest(manifest)).problems, []);
  const films = filmsOf(rows);
  assert.deepEqual(
    films.map(({ patientId, view }) => `${patientId} ${view}`),
    [1, 2, 3, 4].flatMap((woman) => [`woman-000${woman} CC`, `woman-000${woman} MLO`]),
  );
  for (const row of rows) {
    assert.deepEqual([row.modality, row.bitDepth, row.laterality !== undefined], ['DM', 16, true]);
    assert.equal(row.box === undefined, row.label === 'normal');
    const type = pathologyOf(row.pathology ?? '', `line ${row.line}`);
    const receptor = erStatus.classOf(row.erStatus ?? '', `line ${row.line}`);
    assert.deepEqual(
      [type !== undefined, receptor !== undefined],
      [row.label === 'malignant', row.label === 'malignant'],
    );
  }
  const views = Map.groupBy(
    rows.filter(({ lesionId }) => lesionId),
    ({ lesionId }) => lesionId,
  );
  for (const own of views.values()) assert.deepEqual(own.map(({ view }) => view).sort(), ['CC', 'MLO']);
});

test('films are standardised with every lesion kept', async () => {
  const { widthPx, heightPx } = screeningPreset(OPTIONS.heightPx).dm;
  for (const film of filmsOf(manifest.rows)) {
    const { plane, stored, lesions } = await readFilm(film);
    assert.deepEqual(stored, { width: widthPx, height: heightPx });
    assert.ok(plane.width < widthPx && plane.width > widthPx / 4, `${plane.width} of ${widthPx} columns`);
    assert.equal(lesions.length, film.lesions.length);
  }
});

/** SHA-256 of every file by its name. */
async function digests(name: string): Promise<Map<string, string>> {
  const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name: file }) => join(parentPath, file));
  const pairs = files.map(
    async (file) =>
      [
        file.slice(join(folder, name).length),
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      ] as const,
  );
  return new Map((await Promise.all(pairs)).sort());
}

test('the same options give the same bytes, and a larger cohort begins with the women of a smaller one', async () => {
  await write('again');
  const first = await digests('cohort');
  assert.deepEqual(await digests('again'), first);
  await write('larger', { patients: 5 });
  const larger = await digests('larger');
  for (const [file, digest] of first) if (file !== '/manifest.csv') assert.equal(larger.get(file), digest, file);
  const [small, large] = await Promise.all(
    ['cohort', 'larger'].map((name) => readFile(join(folder, name, 'manifest.csv'), 'utf8')),
  );
  assert.ok(large?.startsWith(small as string));
  await write('other', { seed: 6, patients: 1 });
  const [[, image]] = [...(await digests('other'))] as [[string, string]];
  assert.ok(![...first.values()].includes(image));
});

test('numbers out of range, and a folder that holds a manifest, are refused', async () => {
  for (const [options, message] of [
    [{ patients: 0 }, /patients must be a whole number above 0, got 0/],
    [{ difficulty: 1.1 }, /difficulty must be a number from 0 to 1, got 1.1/],
    [{ heightPx: 100 }, /films must have 128 to 2048 rows, got 100/],
  ] as const)
    await assert.rejects(write('refused', options), { code: 'option-invalid', message });
  await assert.rejects(write('cohort'), { code: 'option-invalid', message: /manifest\.csv exists already/ });
});
