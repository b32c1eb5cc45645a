/** Xiao 2021 from the command line: lesions of virtual women, trained on, evaluated at both levels, predicted, and refused. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { writeClusterCohort } from '@mammoscope/systems';
import { assertDone, assertRefused, type Outcome, workplace } from './cli-process.ts';

const { folder, mammoscope } = await workplace();
const data = join(folder, 'data', 'dbt.csv');
const CLASSES = ['--classes', 'benign,malignant'];
/** Two shallow networks, one of which sees the focus slice and one eight slices: an ensemble within seconds. */
const RECIPE = [
  'members=wang,wichakam',
  'roiPx=32',
  'roiSlices=8',
  'sizePx=32',
  'epochs=1',
  'batch=4',
  'volumeBatch=4',
  'radiomics=true',
];
const NETWORKS = ['wang', 'wichakam', 'ensemble', 'ensemble-0.3', 'ensemble-0.7'];
const RADIOMICS = ['radiomics-2d', 'radiomics-3d', 'radiomics-combined'];
const SETTINGS = RECIPE.flatMap((setting) => ['--set', setting]);
const train = (manifest: string, out: string, ...more: string[]) =>
  mammoscope([
    'train',
    'xiao2021',
    '--data',
    manifest,
    ...CLASSES,
    '--preset',
    'tiny',
    '--out',
    out,
    ...SETTINGS,
    ...more,
  ]);

let evaluated: Outcome;

before(async () => {
  await writeClusterCohort({
    ...{ out: join(folder, 'data'), patients: 16, seed: 3, difficulty: 0.2 },
    grid: { sizePx: 40, spacingMm: 0.5, slices: 10, sliceMm: 2 },
  });
  assertDone(await train(data, 'run'));
  evaluated = await mammoscope(['evaluate', 'run', '--data', data, '--json']);
  assertDone(evaluated);
});

test('evaluate measures lesions, whose views are averaged, and views; ensembles of both weights beside their members', async () => {
  const metrics = JSON.parse(evaluated.stdout);
  assert.equal(metrics.system, 'xiao2021');
  const { lesion, view } = metrics.levels;
  assert.equal(view.cases, 2 * lesion.cases);
  const models = [...NETWORKS, ...RADIOMICS];
  for (const level of [lesion, view])
    assert.deepEqual(
      level.models.map(({ model }: { model: string }) => model),
      models,
    );
  assert.equal(metrics.auc, lesion.models[2].auc, 'the unweighted ensemble leads');
  const cells = async (name: string) => {
    const [header = [], ...lines] = (await readFile(join(folder, 'run', name), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    return lines.map((line) => Object.fromEntries(header.map((column, i) => [column, line[i] ?? ''])));
  };
  const [views, lesions] = [await cells('predictions.csv'), await cells('lesions.csv')];
  for (const each of lesions) {
    const own = views.filter(({ lesion_id }) => lesion_id === each.lesion_id);
    assert.deepEqual(own.map((row) => row.view).sort(), ['CC', 'MLO']);
    const mean = own.reduce((sum, { score }) => sum + Number(score), 0) / own.length;
    assert.ok(Math.abs(mean - Number(each.score)) < 1e-12);
    assert.ok(Math.abs((Number(each.score_wang) + Number(each.score_wichakam)) / 2 - Number(each.score)) < 1e-6);
  }
});

test('evaluate writes a report of one page, led by lesions, with both levels, and its figures', async () => {
  const page = await readFile(join(folder, 'run', 'report.html'), 'utf8');
  assert.equal(page.match(/<!DOCTYPE html>/g)?.length, 1);
  assert.equal(page.match(/<\/html>/g)?.length, 1);
  const counted = (level: 'lesion' | 'view') => {
    const [, cases, patients] = page.match(new RegExp(`${level} level: (\\d+) ${level}s, (\\d+) patients`)) ?? [];
    return { cases: Number(cases), patients: Number(patients) };
  };
  const { levels } = JSON.parse(await readFile(join(folder, 'run', 'metrics.json'), 'utf8'));
  for (const level of ['lesion', 'view'] as const)
    assert.deepEqual(counted(level), { cases: levels[level].cases, patients: levels[level].patients });
  assert.ok(page.indexOf('lesion level:') < page.indexOf('view level:'), 'the lesion level leads');
  const figures = await readdir(join(folder, 'run', 'figures'));
  const models = [...NETWORKS, ...RADIOMICS, 'all'].map((name) => name.replace('.', '-'));
  for (const level of ['lesion-level', 'view-level']) {
    for (const name of [...models.map((model) => `roc-${model}`), 'auc-differences'])
      assert.ok(figures.includes(`figure-${name}-${level}.svg`), `no figure ${name} at the ${level}`);
  }
  assert.ok(figures.includes('figure-flow.svg'));
  for (const words of [
    'Ensembles are weighted means',
    'paired test of DeLong',
    'Xiao B, Sun H',
    'calcifications of Eq. 8',
    'selected by a logistic LASSO',
  ])
    assert.ok(page.includes(words), `the report does not say "${words}"`);
  assert.doesNotMatch(page, /Grad-CAM|not from ImageNet/);
});

test('evaluate measures another manifest without radiomics and by subgroups of lesions, and refuses a column in which the views of a lesion differ', async () => {
  const other = join(folder, 'data', 'other.csv');
  await writeFile(
    other,
    (await readFile(data, 'utf8')).replaceAll(/^(?!patient_id)/gm, 'other-').replace(/other-$/, ''),
  );
  const outcome = await mammoscope([
    ...['evaluate', 'run', '--data', other, '--by', 'modality'],
    ...['--out', 'groups', '--json'],
  ]);
  assertDone(outcome);
  const { levels } = JSON.parse(outcome.stdout);
  assert.deepEqual(
    levels.lesion.models.map(({ model }: { model: string }) => model),
    NETWORKS,
  );
  const page = await readFile(join(folder, 'groups', 'report.html'), 'utf8');
  assert.match(page, /Radiomics is not measured: .* those are in dbt\.csv, not in other\.csv/);
  assert.match(page, /AUCs in subgroups by modality have the same interval as the AUC of all lesions/);
  assertRefused(
    await mammoscope(['evaluate', 'run', '--data', data, '--by', 'view', '--out', 'none']),
    2,
    /has views of lesion \S+ of patient \S+ that differ in view \((CC, MLO|MLO, CC)\): make subgroups by a column that all views/,
  );
});

test('export refuses to join networks that see different things', async () => {
  assertRefused(
    await mammoscope(['export', 'run', '--out', 'model.onnx']),
    2,
    /is a run of xiao2021, .* as model\.onnx/,
  );
});

test('predict judges the lesions of a manifest, each with its focus slices and the votes of all members', async () => {
  const outcome = await mammoscope(['predict', 'run', 'data/dbt.csv', '--out', 'predicted', '--json']);
  assertDone(outcome);
  const { predictions } = JSON.parse(outcome.stdout);
  assert.equal(predictions.length, 16);
  for (const { views, members, score } of predictions) {
    assert.equal(views.length, 2);
    assert.ok(views.every(({ focusSlice }: { focusSlice: number }) => focusSlice >= 0 && focusSlice < 10));
    assert.equal(score, members.ensemble);
  }
  assertRefused(
    await mammoscope(['predict', 'run', 'data/images/woman-0001-CC.npy', '--out', 'none']),
    2,
    /judges lesions, so it needs to know where they are; give a manifest/,
  );
});

test('lesions without a place, boxes and slices outside, and manifests without tomosyntheses are refused by line', async () => {
  const text = await readFile(data, 'utf8');
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const columns = header.split(',');
  const changed = async (name: string, change: (cells: Record<string, string>) => void) => {
    const body = lines.map((line, i) => {
      const cells = Object.fromEntries(columns.map((column, k) => [column, line.split(',')[k] ?? '']));
      if (i === 2) change(cells);
      return columns.map((column) => cells[column]).join(',');
    });
    await writeFile(join(folder, 'data', name), [header, ...body, ''].join('\n'));
    return join(folder, 'data', name);
  };
  const refused = async (manifest: string, pattern: RegExp, ...more: string[]) =>
    assertRefused(await train(manifest, 'refused', ...more), 2, pattern);
  const without = await changed('without.csv', (cells) => {
    for (const column of ['x1', 'y1', 'x2', 'y2']) cells[column] = '';
  });
  await refused(without, /line 4 of the manifest: .* has a lesion without a place: fill x1, y1, x2, y2/);
  const outside = await changed('outside.csv', (cells) => {
    cells.x2 = '400';
  });
  await refused(outside, /line 4 .* its box ends at 400, \d+: correct the box/);
  await refused(data, /wichakam sees more slices than the 6 that are cut out/, '--set', 'roiSlices=6');
  await refused(data, /a crop of 12 needs a volume of at least that depth .* got 10/, '--set', 'roiSlices=12');
  await refused(join(folder, 'data', 'dm.csv'), /has no row of modality DBT/);
});
