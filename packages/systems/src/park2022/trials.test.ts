import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeFolder } from '../run/make-folder.ts';
import { runFiles } from '../run/run-record.ts';
import { PRESETS, type Recipe } from './recipe.ts';
import { ensembleOf, isTrial, type TrialOutcome, trialSpec, trialsOf, writeOutcome, writeSearch } from './trials.ts';

const { paper } = PRESETS;

test('every trial is drawn from the ranges of section V-D6, and their ends are reached for', () => {
  const many = { ...paper, trials: 400 };
  for (const [modality, t, K, beta] of [
    ['DM', [1, 25], [4, 6, 8], [-5.5, -3.5]],
    ['SYNTHETIC2D', [1, 25], [4, 6, 8], [-5.5, -3.5]],
    ['DBT', [10.97, 274.25], [8, 12, 16], [-6.54, -4.54]],
  ] as const) {
    const trials = trialsOf(many, modality, 1);
    const within = (values: number[], [low, high]: readonly [number, number]) => {
      assert.ok(Math.min(...values) >= low && Math.max(...values) <= high);
      const width = high - low;
      assert.ok(Math.min(...values) < low + 0.05 * width && Math.max(...values) > high - 0.05 * width);
      const mean = values.reduce((a, b) => a + b) / values.length;
      assert.ok(Math.abs(mean - (low + high) / 2) < 0.06 * width, `${mean} of ${low} to ${high}`);
    };
    within(
      trials.map(({ pooledPercent }) => pooledPercent),
      t,
    );
    within(
      trials.map(({ beta: own }) => Math.log10(own)),
      beta,
    );
    within(
      trials.map(({ learningRate }) => Math.log10(learningRate)),
      [-5.5, -4.5],
    );
    within(
      trials.map(({ omega }) => Math.log10(omega)),
      [-3, -2],
    );
    for (const k of K) {
      const share = trials.filter(({ patches }) => patches === k).length / trials.length;
      assert.ok(share > 0.25 && share < 0.42, `K = ${k} in ${share}`);
    }
    assert.equal(new Set(trials.map(({ patches }) => patches)).size, 3);
  }
});

test('a longer search begins with a shorter one; seeds and modalities have trials of their own', () => {
  assert.deepEqual(trialsOf(paper, 'DBT', 3).slice(0, 7), trialsOf({ ...paper, trials: 7 }, 'DBT', 3));
  const rate = (modality: 'DM' | 'DBT', seed: number) => trialsOf(paper, modality, seed)[0]?.learningRate;
  assert.notEqual(rate('DBT', 3), rate('DBT', 4));
  assert.notEqual(rate('DBT', 3), rate('DM', 3));
  assert.deepEqual(trialsOf(paper, 'SYNTHETIC2D', 0).map(({ name }) => name)[39], 'synthetic2d-trial-40');
  assert.ok(isTrial('dbt-trial-01') && !isTrial('dbt-birads'));
});

test('a trial is built as it was drawn; zeta of all slices is infinity', () => {
  const [trial] = trialsOf(paper, 'DBT', 0);
  assert.ok(trial);
  const spec = trialSpec({ ...paper, zeta: 'all' }, trial);
  assert.deepEqual(
    [spec.heightPx, spec.widthPx, spec.patches, spec.omega, spec.zeta],
    [2116, 1339, trial.patches, trial.omega, Number.POSITIVE_INFINITY],
  );
  assert.equal(spec.pooledShare, trial.pooledPercent / 100);
  assert.equal(trialSpec({ ...paper, initialisation: 'random' }, trial).omega, 'random');
});

const folder = await mkdtemp(join(tmpdir(), 'trials-'));
after(() => rm(folder, { recursive: true }));
const recipe: Recipe = { ...paper, modalities: ['DBT'], trials: 4, ensemble: 2 };

async function writeAll(run: string, outcomes: readonly (TrialOutcome | undefined)[]): Promise<void> {
  for (const [i, { name }] of trialsOf(recipe, 'DBT', 0).entries()) {
    const result = outcomes[i];
    if (!result) continue;
    await makeFolder(runFiles(run).member(name).folder);
    await writeOutcome(run, name, result);
  }
}
const done = (valAuc: number, valLoss: number): TrialOutcome => ({
  state: 'done',
  valAuc,
  valLoss,
  bestEpoch: 1,
  epochs: 2,
});

test('the ensemble is the best by validation AUC, then by loss; a failed trial is left out and listed with its reason', async () => {
  const run = join(folder, 'failed');
  await writeAll(run, [done(0.7, 2), { state: 'failed', reason: 'the loss is NaN' }, done(0.7, 1), done(0.9, 3)]);
  const chosen = await ensembleOf(run, recipe, 'DBT', 0);
  assert.deepEqual(
    chosen.map(({ name }) => name),
    ['dbt-trial-04', 'dbt-trial-03'],
  );
  await writeSearch(run, recipe, 0);
  const lines = (await readFile(join(run, 'search.csv'), 'utf8')).trimEnd().split('\n');
  assert.equal(lines.length, 5);
  assert.match(lines[2] as string, /^dbt-trial-02,DBT,.*,failed,the loss is NaN,/);
  assert.match(lines[4] as string, /,1$/);
  assert.match(lines[3] as string, /,2$/);
});

test('a search that has not ended, and one of which nothing is left, are refused', async () => {
  const unfinished = join(folder, 'unfinished');
  await writeAll(unfinished, [done(0.7, 2), undefined, done(0.7, 1), done(0.9, 3)]);
  await assert.rejects(ensembleOf(unfinished, recipe, 'DBT', 0), {
    code: 'run-missing',
    message: /dbt-trial-02 is missing/,
  });
  await writeSearch(unfinished, recipe, 0);
  assert.match(await readFile(join(unfinished, 'search.csv'), 'utf8'), /dbt-trial-02,.*,not ended,/);
  const failed = join(folder, 'all failed');
  await writeAll(
    failed,
    [1, 2, 3, 4].map((n) => ({ state: 'failed', reason: `reason ${n}` })),
  );
  await assert.rejects(ensembleOf(failed, recipe, 'DBT', 0), {
    code: 'data-unusable',
    message: /all 4 trials of DBT failed, the first as dbt-trial-01: reason 1/,
  });
});
