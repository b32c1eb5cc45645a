import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readManifest } from '@mammoscope/imaging';
import { PAIRED_MANIFEST, writePairedCohort, writeSpotCohort } from './cohort.ts';
import { requirePairs } from './pair-check.ts';
import { pairImages } from './pairs.ts';
import { reproduction } from './reproduction.ts';
import { recipeWith } from './settings.ts';

const out = await mkdtemp(join(tmpdir(), 'mammoscope-pairs-'));
after(() => rm(out, { recursive: true }));

test('a paired phantom: every woman has a lesion, her breast in two views, all of them pairs that lie the same way', async () => {
  const told: number[] = [];
  const path = await writePairedCohort({
    ...{ out, patients: 3, preset: 'tiny', seed: 5, difficulty: 0 },
    onPatient: (done, total) => told.push(done, total),
  });
  assert.equal(path, join(out, PAIRED_MANIFEST));
  assert.deepEqual(told, [1, 3, 2, 3, 3, 3]);
  const manifest = await readManifest(path, { classes: ['benign', 'malignant'] });
  const { pairs, exclusions } = pairImages(manifest);
  assert.deepEqual([pairs.length, exclusions.length], [6, 0]);
  assert.equal(new Set(pairs.map(({ patientId }) => patientId)).size, 3);
  assert.equal((await readdir(join(out, 'images'))).length, 3, 'no woman without a lesion is drawn');
  await requirePairs(manifest, pairs);
});

test('spot views of masses: two views a woman, pairs without a chest wall, the same bytes from the same seed', async () => {
  const grid = { sizePx: 24, spacingMm: 1.2, slices: 4, sliceMm: 5 };
  const options = { patients: 4, seed: 3, difficulty: 0, grid };
  const path = await writeSpotCohort({ ...options, out: join(out, 'spots') });
  const manifest = await readManifest(path, { classes: ['benign', 'malignant'] });
  const { pairs, exclusions } = pairImages(manifest);
  assert.deepEqual([pairs.length, exclusions.length], [8, 0]);
  await requirePairs(manifest, pairs);
  const labels = new Set(pairs.map(({ patientId, label }) => `${patientId} ${label}`));
  assert.equal([...labels].filter((label) => label.endsWith('malignant')).length, 2);
  await writeSpotCohort({ ...options, out: join(out, 'again') });
  for (const name of ['woman-0001-CC.png', 'woman-0004-MLO.npy']) {
    const [first, second] = await Promise.all(
      ['spots', 'again'].map((folder) => readFile(join(out, folder, 'images', name))),
    );
    assert.ok(first && second?.equals(first), name);
  }
});

test('the comparison names runs and models that its own settings make, and every backbone reads its own weights', () => {
  for (const preset of ['paper', 'small', 'tiny']) {
    const runs = new Map(
      reproduction
        .runs(preset)
        .map(({ name, settings, networks }) => [name, { ...recipeWith(preset, settings), networks }]),
    );
    for (const { backbone, networks } of runs.values()) assert.deepEqual(networks, [backbone]);
    const used = [
      ...reproduction.tables.flatMap(({ rows }) => rows),
      ...reproduction.claims.flatMap(({ first, second }) => [first, second]),
    ];
    for (const { run, models } of used) {
      const recipe = runs.get(run);
      assert.ok(recipe, run);
      for (const model of models) {
        const found = ['dm', 'dbt', 'dm-dbt', 'ensemble', ...recipe.baselines].includes(model);
        assert.ok(found, `${run} ${model}`);
      }
    }
    assert.ok(reproduction.cohort(preset, 0).manifest === PAIRED_MANIFEST);
  }
});

test('the means of our Table IV columns are those that the paper prints below it', () => {
  const tableFour = reproduction.tables.find(({ number }) => number === 'Table IV');
  const mean = (model: string, measure: 'auc' | 'accuracy' | 'f1' | 'ppv' | 'sensitivity') => {
    const values = (tableFour?.rows ?? [])
      .filter(({ models }) => models.includes(model))
      .map(({ published }) => published[measure]?.value as number);
    assert.equal(values.length, 4);
    return values.reduce((sum, value) => sum + value, 0) / 4;
  };
  // Its row "Average", in two digits: ACC, AUC, F1, Prec, Reca.
  const printed = {
    dm: [0.78, 0.88, 0.78, 0.79, 0.8],
    dbt: [0.81, 0.89, 0.81, 0.84, 0.78],
    'dm-dbt': [0.89, 0.95, 0.9, 0.9, 0.9],
  };
  for (const [model, averages] of Object.entries(printed))
    for (const [i, measure] of (['accuracy', 'auc', 'f1', 'ppv', 'sensitivity'] as const).entries())
      assert.ok(Math.abs(mean(model, measure) - (averages[i] as number)) <= 0.0101, `${model} ${measure}`);
});
