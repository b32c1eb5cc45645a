import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Manifest, ManifestRow } from '@mammoscope/imaging';
import { cohortTable } from './cohort-table.ts';
import { filmRows } from './film-rows.ts';
import type { LevelMetrics } from './levels.ts';
import { frocTable, type TabledMetrics, tableFour, tableOne, tableThree, tableTwo } from './paper-tables.ts';
import { CLASS_COLUMNS, TABLE_THREE, TABLE_TWO } from './published.ts';
import { readScores, SCORES_FILE, scoresCsv } from './scores-file.ts';

const close = (value: number, wanted: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(value - wanted) <= tolerance, `${what}: ${value} beside ${wanted}`);

test('table 2: the cases of table 1 and the two sensitivities give every other figure of each row', () => {
  // "213 benign and 225 malignant breasts in the test set", 426 and 450 images
  const cases = { image: [426, 450], breast: [213, 225] } as const;
  for (const level of ['image', 'breast'] as const)
    for (const row of Object.values(TABLE_TWO[level])) {
      const [benign, malignant] = cases[level];
      const [tn, tp] = [Math.round((row[3] as number) * benign), Math.round((row[4] as number) * malignant)];
      const [fp, fn] = [benign - tn, malignant - tp];
      const figures = [
        ...[(tp + tn) / (benign + malignant), tn / (tn + fn), tp / (tp + fp), tn / benign, tp / malignant],
        ...[(2 * tn) / (2 * tn + fn + fp), (2 * tp) / (2 * tp + fn + fp)],
      ];
      for (const [i, value] of figures.entries()) close(row[i] as number, value, 6e-5, `${level}, ${CLASS_COLUMNS[i]}`);
    }
});

test('table 3: the five folds of each row have its average and standard deviation', () => {
  for (const networks of Object.values(TABLE_THREE))
    for (const { folds, average, deviation } of Object.values(networks))
      for (const [i, name] of CLASS_COLUMNS.entries()) {
        const values = folds.map((row) => row[i] as number);
        const mean = values.reduce((a, b) => a + b) / 5;
        close(average[i] as number, mean, 1.01e-4, name);
        const squares = values.map((value) => (value - mean) ** 2).reduce((a, b) => a + b);
        close(deviation[i] as number, Math.sqrt(squares / 4), 1.01e-4, name);
      }
});

/** metrics.json of a run in which every figure of the detector is `value`. */
function metricsOf(value: number): TabledMetrics {
  const figure = { value, interval: [value / 2, 1] as [number, number] };
  const detector = {
    ...{ model: 'detector', auc: value, aucInterval: figure.interval, accuracy: figure, sensitivity: figure },
    ...{ specificity: figure, ppv: figure, npv: figure, f1: figure, classes: { benign: { f1: value } } },
  };
  const ofClass = (name: string) => ({ name, cases: 3, precision: value, sensitivity: value, f1: null });
  return {
    cohort: [{ name: 'Patients', training: 40, test: 10, published: [2010, 438] }],
    levels: { image: { cases: 20, models: [detector] } },
    boxes: {
      froc: [
        {
          ...{ lesionsOf: 'malignant', size: 'all', lesions: 7 },
          sensitivities: [{ falsePositives: 1, sensitivity: value, interval: [0.1, 0.9] }],
        },
      ],
    },
    pathology: [
      {
        ...{ task: 'er-status', accuracy: value, accuracyInterval: [0.1, 0.9], majorityBaseline: 0.75, auc: value },
        ...{ aucInterval: null, classes: [ofClass('ER-positive'), ofClass('ER-negative')] },
      },
    ],
  };
}

test('tables of one run: ours with intervals beside the published figures, and nothing where a network was not trained', () => {
  const one = [metricsOf(0.8)];
  assert.deepEqual(tableOne(one)?.rows[0]?.cells, [
    { here: { value: 40 }, published: { value: 2010 } },
    { here: { value: 10 }, published: { value: 438 } },
  ]);
  const [sppnet, detector] = tableTwo(one).rows;
  assert.deepEqual([sppnet?.label, sppnet?.cells[0]], ['Image, SPPNet', { published: { value: 0.6324 } }]);
  assert.deepEqual(
    [detector?.detail, detector?.cells[0], detector?.cells.at(-1)?.published],
    ['20 images', { here: { value: 0.8, interval: [0.4, 1] }, published: { value: 0.7055 } }, { value: 0.7753 }],
  );
  const average = tableThree(one, ['seed-0']).rows.find(({ label }) => label === 'Image, FPNNet, average');
  assert.deepEqual(average?.cells[0], { published: { value: 0.8026, deviation: 0.147 } });
  const status = tableFour(one).rows[2];
  assert.deepEqual(status?.cells[1], { here: { value: 0.75 }, published: { value: 416 / 564 } });
  assert.deepEqual(frocTable(one, 0).rows[0]?.cells[3], { here: { value: 0.8, interval: [0.1, 0.9] } });
});

test('columns: precision and sensitivity of benign cases are NPV and specificity', () => {
  const metrics = metricsOf(0);
  const of = (value: number) => ({ value, interval: null });
  const [detector] = metrics.levels.image?.models ?? [];
  const told = {
    ...detector,
    ...{ accuracy: of(0.1), npv: of(0.2), ppv: of(0.3), specificity: of(0.4), sensitivity: of(0.5), f1: of(0.7) },
    ...{ classes: { benign: { f1: 0.6 } }, auc: 0.8, aucInterval: null },
  };
  const levels = { image: { cases: 2, models: [told] } } as TabledMetrics['levels'];
  const { columns, rows } = tableTwo([{ ...metrics, levels }]);
  assert.deepEqual(
    rows[1]?.cells.map(({ here }) => here?.value),
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
  );
  assert.deepEqual([columns[1], columns[4], columns[7]], ['Precision, benign', 'Sensitivity, malignant', 'AUC']);
});

test('tables of folds: every fold, their mean and standard deviation, and of FROC the interval over folds', () => {
  const five = [0.1, 0.2, 0.3, 0.4, 0.5].map(metricsOf);
  const names = five.map((_, i) => `fold-${i}`);
  const rows = tableThree(five, names).rows.filter(({ label }) => label.startsWith('Image, FPNNet'));
  assert.deepEqual(
    rows.map(({ label, detail }) => [label.split(', ')[2], detail]),
    [...names.map((name, i) => [String(i + 1), name]), ['average', undefined]],
  );
  assert.deepEqual(rows[1]?.cells[0], {
    here: { value: 0.2, interval: [0.1, 1] },
    published: { value: 0.743 },
  });
  const { here, published } = rows[5]?.cells[0] ?? {};
  close(here?.value ?? 0, 0.3, 1e-12, 'mean');
  close(here?.deviation ?? 0, Math.sqrt(0.1 / 4), 1e-12, 'standard deviation');
  assert.deepEqual(published, { value: 0.8026, deviation: 0.147 });
  // Student's quantile for 4 degrees of freedom is 2.7764; folds overlap as a test fold and four others do.
  const at = (overlap: number) => frocTable(five, overlap).rows[0]?.cells[3]?.here?.interval?.[1] ?? 0;
  close(at(0), 0.3 + 2.776445 * Math.sqrt(0.025 / 5), 1e-5, 'upper limit');
  close(at(1 / 4), 0.3 + 2.776445 * Math.sqrt(0.025 * (1 / 5 + 1 / 4)), 1e-5, 'corrected upper limit');
});

test('scores.csv gives back the cases of every level and task, with the calls of the rules', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'scores-'));
  const level = {
    ...{ positive: [true, false], patientIds: ['a', 'b'], leftOut: 0 },
    models: [{ model: 'detector', scores: [0.25, 0.75], called: [true, false] }],
  };
  const levels = [{ ...level, level: 'image' }] as unknown as LevelMetrics[];
  const tasks = [{ ...level, level: 'er-status' }] as unknown as LevelMetrics<'er-status'>[];
  try {
    await assert.rejects(readScores(folder), { code: 'run-missing', message: /scores\.csv is missing/ });
    await writeFile(join(folder, SCORES_FILE), scoresCsv({ levels, tasks }));
    const cases = await readScores(folder);
    assert.deepEqual(Object.keys(cases), ['image', 'er-status']);
    const { case: one, patients, positive, models } = cases.image ?? {};
    assert.deepEqual([one, patients, positive], ['image', ['a', 'b'], [true, false]]);
    const { scores, called } = models?.get('detector') ?? {};
    assert.deepEqual(
      [scores, called],
      [
        [0.25, 0.75],
        [true, false],
      ],
    );
    assert.equal(cases['er-status']?.case, 'lesion');
  } finally {
    await rm(folder, { recursive: true });
  }
});

const row = (line: number, more: Partial<ManifestRow>): ManifestRow => ({
  ...{
    line,
    patientId: 'a',
    path: 'a.png',
    absolutePath: '/data/a.png',
    modality: 'DM',
    label: 'malignant',
    other: {},
  },
  ...more,
});
const manifestOf = (rows: readonly ManifestRow[]): Manifest =>
  ({ path: '/data/m.csv', sha256: 'x', classes: ['normal', 'benign', 'malignant'], rows }) as unknown as Manifest;

test('table 1 counts patients, images, breasts and lesions of either part of a run, and cancers by type and receptor', () => {
  const box = [1, 1, 5, 5] as const;
  const left = { laterality: 'L', box } as const;
  const manifest = manifestOf([
    row(2, { ...left, lesionId: '1', pathology: 'pure DCIS', erStatus: '5%' }),
    row(3, { ...left, lesionId: '2', label: 'benign' }),
    row(4, { ...left, path: 'b.png', absolutePath: '/data/b.png', lesionId: '1', pathology: 'DCIS', erStatus: '0%' }),
    row(5, { laterality: 'R', path: 'c.png', absolutePath: '/data/c.png', label: 'normal' }),
    row(6, { patientId: 'b', path: 'd.png', absolutePath: '/data/d.png', box, lesionId: '1' }),
  ]);
  const record = {
    rows: manifest.rows.map(({ path, patientId, label, lesionId }) => ({
      ...{ path, patientId, label, split: patientId === 'a' ? 'val' : 'test' },
      ...(lesionId ? { lesionId } : {}),
    })),
  } as unknown as Parameters<typeof cohortTable>[0];
  const told = cohortTable(record, manifest).map(({ name, training, test: tested }) => [name, training, tested]);
  assert.deepEqual(told, [
    ['Patients', 1, 1],
    ['Mammography images', 3, 1],
    ['Breasts', 2, 0],
    ['Breasts, benign', 1, 0],
    ['Breasts, malignant', 1, 0],
    ['Microcalcification lesions', 3, 1],
    ['Lesions, benign', 1, 0],
    ['Lesions, malignant', 2, 1],
    ['Malignant: pure DCIS', 2, 0],
    ['Malignant: DCIS with microinvasion', 0, 0],
    ['Malignant: invasive', 0, 0],
    ['Malignant: unknown pathology', 0, 1],
    ['Malignant: ER-positive', 1, 0],
    ['Malignant: ER-negative', 1, 0],
    ['Malignant: unknown ER status', 0, 1],
  ]);
});

test('lesions of one class: boxes are malignant whatever their label, and a film with a lesion but no box is left out', () => {
  const manifest = manifestOf([
    row(2, { box: [1, 1, 5, 5], label: 'benign' }),
    row(3, { path: 'b.png', absolutePath: '/data/b.png', label: 'normal' }),
    row(4, { path: 'c.png', absolutePath: '/data/c.png' }),
  ]);
  const { manifest: own, exclusions } = filmRows(manifest, { oneClass: true });
  assert.deepEqual(
    own.rows.map(({ line, label }) => [line, label]),
    [
      [2, 'malignant'],
      [3, 'normal'],
    ],
  );
  assert.deepEqual(exclusions, [{ path: 'c.png', patientId: 'a', reason: 'a lesion without a box' }]);
  assert.equal(filmRows(manifest).manifest.rows[0]?.label, 'benign');
});
