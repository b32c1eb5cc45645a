/** The comparison: its runs are recipes, its tables are those of metrics.json beside what was published. */
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FigureTable } from '@mammoscope/report';
import { formatJson, runFiles } from '../run/run-record.ts';
import type { Evaluation } from './evaluation.ts';
import { TABLE_2, TABLE_3, TABLE_4, TABLE_5, TABLE_6, TABLE_7 } from './published.ts';
import { PRESETS } from './recipe.ts';
import { reproduction } from './reproduction.ts';
import { breastsCsv, metricsOf } from './results.ts';
import { fixtureEvaluation, type SharedFiles, writeSharedFiles } from './scored-fixture.ts';
import { recipeWith } from './settings.ts';

let files: SharedFiles;
let found: Evaluation;
let folder: string;

before(async () => {
  files = await writeSharedFiles();
  found = await fixtureEvaluation(files);
  folder = join(files.folder, 'evaluated');
  await mkdir(folder);
  await writeFile(runFiles(folder).metrics, formatJson(metricsOf(found)));
  await writeFile(join(folder, 'breasts.csv'), breastsCsv(found));
});
after(() => rm(files.folder, { recursive: true }));

const tablesOf = async (repetitions: number): Promise<Map<string, FigureTable>> => {
  const names = reproduction.runs('tiny').map(({ name }) => name);
  const runs = Object.fromEntries(names.map((name) => [name, folder]));
  const evaluated = Array.from({ length: repetitions }, (_, i) => ({ name: `seed-${i}`, runs }));
  const tables = (await reproduction.figureTables?.(evaluated, 0)) ?? [];
  return new Map(tables.map((table) => [table.number, table]));
};

test('the runs of every preset are recipes: the same patches, four values of zeta, the original nonlinearity', () => {
  for (const preset of Object.keys(PRESETS)) {
    const recipes = new Map(
      reproduction.runs(preset).map(({ name, settings }) => [name, recipeWith(preset, settings)]),
    );
    assert.deepEqual(
      [...recipes.keys()],
      ['comparison', 'same-patches', 'zeta-0', 'zeta-5', 'zeta-10', 'zeta-all', 'sigmoid'],
    );
    const same = recipes.get('same-patches');
    assert.deepEqual(same?.patches, same?.volumePatches);
    assert.deepEqual(
      ['0', '5', '10', 'all'].map((zeta) => recipes.get(`zeta-${zeta}`)?.zeta),
      [0, 5, 10, 'all'],
    );
    const { nonlinearity, initialisation } = recipes.get('sigmoid') ?? {};
    assert.deepEqual([nonlinearity, initialisation], ['sigmoid', 'random']);
  }
});

test('breasts are read back with the scores of every combination, malignant first', async () => {
  const cases = await reproduction.cases(folder);
  assert.deepEqual(Object.keys(cases), ['breast, malignant', 'breast, benign']);
  const malignant = cases['breast, malignant'];
  assert.deepEqual(
    [...(malignant?.models.keys() ?? [])],
    ['FFDM', 'DBT', 'FFDM + DBT'].flatMap((name) => [name, `${name}, global module`]),
  );
  const units = found.breasts[1]?.units ?? [];
  assert.deepEqual(
    malignant?.models.get('DBT, global module')?.scores,
    units.map(({ scores }) => scores.at(-1)?.scores.global.malignant),
  );
  assert.deepEqual(
    malignant?.positive,
    units.map(({ labels }) => labels.malignant),
  );
});

test('tables II to VII have ours beside what was published', async () => {
  const tables = await tablesOf(1);
  assert.deepEqual(
    [...tables.keys()],
    ['Table II', 'Table III', 'Table IV', 'Section VII-B', 'Table V', 'Table VI', 'Table VII', 'Section V-B'],
  );
  const [, dbt] = tables.get('Table II')?.rows ?? [];
  assert.deepEqual(dbt?.cells[2], {
    here: found.breasts[1]?.measured.full.malignant.auc,
    published: { value: 0.831, interval: [0.769, 0.887] },
  });
  const [, zeta] = tables.get('Table VII')?.rows ?? [];
  assert.equal(zeta?.label, 'ζ = 5');
  assert.deepEqual(zeta?.cells[0]?.published, { value: 0.852, interval: [0.789, 0.901] });
  const [synthetic] = (tables.get('Table VI')?.rows ?? []).filter(({ label }) => label === 'Synthetic 2D');
  assert.deepEqual(synthetic?.cells[0], { published: { value: 0.821, interval: [0.744, 0.886] } }, 'it was not run');
});

test('several repetitions are averaged: of equal ones the mean is theirs, also of what can be negative', async () => {
  const [one, two] = [await tablesOf(1), await tablesOf(2)];
  for (const number of ['Table II', 'Table IV', 'Table V']) {
    const values = (table: FigureTable | undefined) =>
      table?.rows.flatMap(({ cells }) => cells.map(({ here }) => here?.value?.toFixed(9)));
    assert.deepEqual(values(two.get(number)), values(one.get(number)), number);
  }
  assert.equal(two.get('Table II')?.rows[0]?.detail, '40 breasts, 10 malignant, 4 benign');
  assert.match(two.get('Table II')?.remark ?? '', /Student/);
});

test("the paper's figures lie within their intervals, in whole tables", () => {
  for (const table of [TABLE_2, TABLE_3, TABLE_4]) {
    assert.equal(Object.keys(table).length, 7);
    for (const row of Object.values(table)) assert.equal(row.length, 4);
  }
  for (const table of [TABLE_2, TABLE_3, TABLE_4, TABLE_6, TABLE_7])
    for (const { value, interval } of Object.values(table).flat()) {
      const [lower = 1, upper = 0] = interval ?? [];
      assert.ok((value ?? 2) >= lower && (value ?? 2) <= upper, `${value}`);
    }
  for (const { members, ensemble } of Object.values(TABLE_5))
    for (const [i, { value, deviation }] of members.entries())
      assert.ok(
        (deviation ?? 0) > 0 && (ensemble[i]?.value ?? 0) >= (value ?? 1),
        'an ensemble is no worse than its mean',
      );
});
