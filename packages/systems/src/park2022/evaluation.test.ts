/** Breasts and images of several modalities measured, judged and written. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { delongPaired } from '@mammoscope/stats';
import { runFiles } from '../run/run-record.ts';
import { writeHistory } from '../training/history.ts';
import { combinationName, evaluateUnits } from './evaluated-units.ts';
import type { Evaluation } from './evaluation.ts';
import { judgedBreasts } from './judged-breasts.ts';
import { metricsOf, writeResults } from './results.ts';
import type { ScoredImage } from './scored-cases.ts';
import { fixtureEvaluation, type SharedFiles, scoredImages, writeSharedFiles } from './scored-fixture.ts';
import { classificationTables, segmentationTable } from './tables.ts';
import { writeOutcome } from './trials.ts';

const OPTIONS = { seed: 3, cutoffFrom: 'validation', path: 'manifest.csv' } as const;
let files: SharedFiles;
let images: ScoredImage[];
let found: Evaluation;

before(async () => {
  files = await writeSharedFiles();
  images = scoredImages(['DM', 'DBT'], files.folder, true);
  found = await fixtureEvaluation(files);
});
after(() => rm(files.folder, { recursive: true }));

/** The mean of a breast's scores by a modality's ensembles, image by image. */
const meanOf = (own: readonly ScoredImage[]) =>
  own.reduce((sum, { ensemble }) => sum + ensemble.scores.full.malignant, 0) / own.length;

test("a breast's score is the mean of its views, and of modalities the mean of theirs", () => {
  const breasts = evaluateUnits(images, 'breast', 3);
  assert.deepEqual(
    breasts.map(({ modalities }) => combinationName(modalities)),
    ['FFDM', 'DBT', 'FFDM + DBT'],
  );
  const both = breasts[2];
  assert.equal(both?.units.length, 20);
  const own = images.filter(({ patientId, laterality }) => patientId === 'woman-2' && laterality === 'L');
  const of = (modality: string) => meanOf(own.filter((image) => image.modality === modality));
  const unit = both?.units.find(({ patientId, laterality }) => patientId === 'woman-2' && laterality === 'L');
  const score = unit?.scores.at(-1)?.scores.full.malignant ?? 0;
  assert.ok(Math.abs(score - (of('DM') + of('DBT')) / 2) < 1e-12);
  assert.equal(evaluateUnits(images, 'image', 3).length, 2, 'images are of one modality');
});

test('AUC and the gain of the local module are those of plain counts and of DeLong', () => {
  const [breast] = evaluateUnits(images, 'breast', 3);
  const units = breast?.units ?? [];
  const scores = (architecture: 'full' | 'global') =>
    units.map((unit) => unit.scores.at(-1)?.scores[architecture].malignant ?? 0);
  const truths = units.map(({ labels }) => labels.malignant);
  let wins = 0;
  for (const [i, a] of scores('full').entries())
    for (const [j, b] of scores('full').entries()) if (truths[i] && !truths[j]) wins += a > b ? 1 : a === b ? 0.5 : 0;
  assert.ok(Math.abs((breast?.measured.full.malignant.auc.value ?? 0) - wins / (5 * 15)) < 1e-12);
  const { p, difference } = delongPaired(scores('full'), scores('global'), truths, {
    clusters: units.map(({ patientId }) => patientId),
  });
  assert.deepEqual([breast?.gain.malignant?.p, breast?.gain.malignant?.difference], [p, difference]);
});

test('models are compared on breasts that all modalities show, by cut-offs of the validation breasts', () => {
  const { models, headline, units, positive } = judgedBreasts(images, scoredImages(['DM', 'DBT']), OPTIONS);
  assert.deepEqual(
    models.map(({ model, role }) => [model, role]),
    [
      ['FFDM + DBT', 'ensemble'],
      ['global module alone', 'member'],
      ['DBT', 'member'],
      ['FFDM', 'member'],
    ],
  );
  assert.deepEqual([units.length, positive.filter(Boolean).length, headline.scores.length], [20, 5, 20]);
  assert.ok(Number.isFinite(headline.cutoff));
  const withoutValidation = judgedBreasts(images, [], OPTIONS);
  assert.equal(withoutValidation.headline.cutoff, Number.POSITIVE_INFINITY);
  const fromTest = judgedBreasts(images, [], { ...OPTIONS, cutoffFrom: 'test' });
  assert.ok(Number.isFinite(fromTest.headline.cutoff));
});

test('modalities of different women are not compared: the one with most breasts is judged alone', () => {
  const apart = images.filter(({ modality, patientId }) => modality === 'DM' || patientId === 'woman-7');
  const { models, units } = judgedBreasts(apart, scoredImages(['DM']), OPTIONS);
  assert.deepEqual([models.map(({ model }) => model), units.length], [['FFDM', 'global module alone'], 20]);
});

test('breasts of one kind are refused with their counts', () => {
  const healthy = images.filter(({ labels }) => !labels.malignant);
  assert.throws(() => judgedBreasts(healthy, [], OPTIONS), {
    code: 'data-unusable',
    message: /manifest\.csv has 15 breasts .* 0 of those with/,
  });
});

test('tables II to V have a row a combination, malignant before benign, and what was published when asked for', () => {
  const { breasts, images: imageWise, segmentation } = found;
  const [two, three, four, wise] = classificationTables({ breasts, images: imageWise }, { published: true });
  for (const table of [two, three, four]) assert.equal(table?.rows.length, 3);
  assert.deepEqual(two?.columns, [
    'global module, malignant',
    'global module, benign',
    'full, malignant',
    'full, benign',
  ]);
  const [ffdm] = two?.rows ?? [];
  assert.equal(ffdm?.detail, '20 breasts, 5 malignant, 2 benign');
  assert.deepEqual(ffdm?.cells[2]?.published, { value: 0.816, interval: [0.737, 0.878] });
  assert.equal(ffdm?.cells[2]?.here?.value, breasts[0]?.measured.full.malignant.auc.value);
  assert.deepEqual(wise?.rows[1]?.cells[2]?.published, { value: 0.809, interval: [0.761, 0.852] });
  const five = segmentationTable(segmentation, { published: true });
  assert.deepEqual(
    five.rows.map(({ label }) => label),
    ['FFDM', 'DBT max-projected'].flatMap((name) => [
      name,
      `${name} ensemble`,
      `${name}, centre of the breast`,
      `${name} ensemble less the centre`,
    ]),
  );
  assert.deepEqual(five.rows[0]?.cells[0]?.published, { value: 0.193, deviation: 0.019 });
  const bare = classificationTables({ breasts, images: imageWise });
  assert.ok(bare.every(({ rows }) => rows.every(({ cells }) => cells.every(({ published }) => !published))));
});

test('an evaluation writes metrics, scores of images and breasts, figure 6 and a report that fetches nothing', async () => {
  const [run, out] = [join(files.folder, 'run'), join(files.folder, 'results')];
  await mkdir(out);
  const epoch = { epoch: 1, trainLoss: 2, valLoss: 1.5, valAuc: 0.75, learningRate: 1e-3 };
  for (const member of found.record.members) {
    await mkdir(join(run, member), { recursive: true });
    const hasFailed = member === 'dbt-trial-03';
    if (hasFailed) await writeOutcome(run, member, { state: 'failed', reason: 'the loss is not finite' });
    else await writeHistory(runFiles(run).member(member).history, [epoch]);
  }
  await writeResults(run, found, out);
  const metrics = JSON.parse(await readFile(join(out, 'metrics.json'), 'utf8')) as ReturnType<typeof metricsOf>;
  assert.deepEqual(metrics, JSON.parse(JSON.stringify(metricsOf(found))));
  assert.deepEqual([metrics.level, metrics.breasts, metrics.positives, metrics.images], ['breast', 20, 5, 80]);
  const lines = async (name: string) => (await readFile(join(out, name), 'utf8')).trimEnd().split('\n');
  assert.equal((await lines('predictions.csv')).length, 81);
  const [header = '', first = ''] = await lines('breasts.csv');
  const cells = Object.fromEntries(header.split(',').map((name, i) => [name, first.split(',')[i]]));
  assert.equal(Number(cells['DM+DBT_malignant_full']), found.breasts[2]?.units[0]?.scores[0]?.scores.full.malignant);
  for (const name of ['report.html', 'figure-6.html']) {
    const page = await readFile(join(out, name), 'utf8');
    assert.match(page, /<li id="film-1-2-slice-2" class="first">/, 'the slice of the lesion is shown first');
    assert.doesNotMatch(page, /<script|\ssrc="(?!data:image)/);
  }
  const report = await readFile(join(out, 'report.html'), 'utf8');
  assert.match(report, /1 of 5 trials failed .*dbt-trial-03: the loss is not finite/);
  const picture = await readFile(join(out, 'figure-6.png'));
  assert.deepEqual([...picture.subarray(1, 4)], [...Buffer.from('PNG')]);
});
