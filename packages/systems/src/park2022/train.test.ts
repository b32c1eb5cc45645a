import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Manifest, openImage, readManifest, writeManifest } from '@mammoscope/imaging';
import { Engine } from '@mammoscope/runtime';
import type { Job, JobEvent } from '../reproduce/job.ts';
import { trainInProcesses } from '../reproduce/train-members.ts';
import type { TrainRequest } from '../system.ts';
import { readHistory } from '../training/history.ts';
import { FIXTURE_SETTINGS, writeFixtureCohort } from './cohort-fixture.ts';
import { predictPark2022 } from './predict.ts';
import { openRun, scoreRun, validationImages } from './score-run.ts';
import { breastUnits } from './scored-cases.ts';
import { recipeWith } from './settings.ts';
import { park2022 } from './system.ts';
import { trainPark2022 } from './train.ts';
import { readOutcome, trialsOf } from './trials.ts';

const SEED = 3;
const DBT = [
  ...[...FIXTURE_SETTINGS, 'modalities=DBT', 'trials=2', 'ensemble=2', 'pretrainEpochs=1'],
  ...['epochs=4', 'patience=4', 'learningRateLog10=-3.2,-3.1', 'batch=2'],
];

let folder: string;
let manifest: Manifest;
let engine: Engine;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'park-'));
  manifest = await readManifest(await writeFixtureCohort(join(folder, 'data'), 12));
  engine = await Engine.create({ threads: 1 });
});
after(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

async function train(
  name: string,
  settings: readonly string[],
  more: Partial<Pick<TrainRequest, 'signal' | 'resume' | 'events' | 'seed' | 'only'>> = {},
): Promise<string> {
  const out = join(folder, name);
  await trainPark2022({
    ...{ engine, manifest, out, seed: SEED, command: 'mammoscope train park2022', preset: 'tiny', resume: false },
    ...{ recipe: recipeWith('tiny', settings), weights: new Map(), ...more },
  });
  return out;
}

/** SHA-256 of every file of a run. */
async function digests(run: string): Promise<Record<string, string>> {
  const entries = await readdir(run, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const pairs = files.map(
    async (file) =>
      [
        file.slice(run.length),
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      ] as const,
  );
  return Object.fromEntries((await Promise.all(pairs)).sort());
}

/** A job in a process of its own that is killed once so many epochs are done. */
async function killedAfter(epochs: number, job: Job): Promise<void> {
  const child = fork(new URL('../reproduce/job-process.ts', import.meta.url), { serialization: 'advanced' });
  child.on('message', (event: JobEvent) => {
    if (event.kind === 'progress' && event.done === epochs) child.kill('SIGKILL');
  });
  child.send(job);
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
}

let run: string;
test('3D-GMIC learns what is malignant in a few small volumes, and pretraining hands its global network on', async () => {
  run = await train('run', DBT);
  const files = await readdir(run);
  assert.deepEqual(files.sort(), [
    ...['dbt-birads', 'dbt-trial-01', 'dbt-trial-02', 'dm-birads', 'run.json', 'search.csv', 'windows.json'],
  ]);
  const history = await readHistory(join(run, 'dbt-trial-01', 'history.csv'));
  const [first, last] = [history[0]?.trainLoss ?? 0, history.at(-1)?.trainLoss ?? 9];
  assert.ok(last < 0.95 * first, `${first} to ${last}`);
  const outcomes = await Promise.all(['01', '02'].map((n) => readOutcome(run, `dbt-trial-${n}`)));
  const best = Math.max(...outcomes.map((outcome) => outcome?.valAuc ?? 0));
  assert.ok(best > 0.9, `${best}`);
});

test('a search that was stopped in a trial, and killed in the next epoch, goes on and ends with the same bytes', async () => {
  const stop = new AbortController();
  let epochs = 0;
  const interrupted = train('stopped', DBT, {
    signal: stop.signal,
    events: {
      fit: {
        onEpoch: () => {
          epochs++;
          if (epochs === 1 + 1 + 2) stop.abort(); // both pretrainings and two epochs of the first trial
        },
      },
    },
  });
  await assert.rejects(interrupted, { code: 'interrupted' });
  assert.equal(await readOutcome(join(folder, 'stopped'), 'dbt-trial-01'), undefined);
  await killedAfter(3, {
    ...{ kind: 'train', member: 'dbt-trial-01', system: 'park2022', preset: 'tiny', seed: SEED, settings: DBT },
    ...{ out: join(folder, 'stopped'), threads: 1, manifest: manifest.path, classes: manifest.classes, weights: [] },
    command: 'mammoscope train park2022',
  });
  assert.equal(await readOutcome(join(folder, 'stopped'), 'dbt-trial-01'), undefined);
  const resumed = await train('stopped', DBT, { resume: true });
  assert.deepEqual(await digests(resumed), await digests(run));
});

test('a trial whose numbers overflow is recorded with its reason, and the search goes on', async () => {
  const wild = [...DBT, 'pretrainEpochs=0', 'epochs=1', 'learningRateLog10=-5,14', 'ensemble=1'];
  const rates = (seed: number) => trialsOf(recipeWith('tiny', wild), 'DBT', seed).map((trial) => trial.learningRate);
  const isMixed = ([first = 0, second = 1]: number[]) => first > 1e9 && second < 1e-3;
  const seed = Array.from({ length: 1000 }, (_, i) => i).find((i) => isMixed(rates(i))) ?? 0;
  const notes: string[] = [];
  const out = await train('wild', wild, { seed, events: { onNote: (note) => notes.push(note) } });
  const [failed, done] = await Promise.all(['01', '02'].map((n) => readOutcome(out, `dbt-trial-${n}`)));
  assert.deepEqual([failed?.state, done?.state], ['failed', 'done']);
  assert.match(failed?.reason ?? '', /saliency of slice \d is NaN|loss is/);
  assert.ok(notes.some((note) => /^dbt-trial-01 failed and the search goes on: /.test(note)));
  const opened = await openRun(engine, out);
  const { images } = await scoreRun(opened, manifest);
  assert.deepEqual(
    images[0]?.members.map(({ member }) => member),
    ['dbt-trial-02'],
  );
});

test('a trial whose process is killed is recorded too; a pretraining cannot be done without', async () => {
  const out = join(folder, 'killed');
  assert.equal(await park2022.recordFailure?.(out, 'dbt-trial-02', 'a process ended with SIGKILL'), true);
  assert.deepEqual(await readOutcome(out, 'dbt-trial-02'), { state: 'failed', reason: 'a process ended with SIGKILL' });
  assert.equal(await park2022.recordFailure?.(out, 'dm-birads', 'a process ended with SIGKILL'), false);
});

test('several processes give the bytes of one, and a run that is there is not written over', async () => {
  const settings = [...DBT, 'modalities=DM', 'pretrainEpochs=0', 'epochs=1'];
  const plan = {
    ...{ system: 'park2022', preset: 'tiny', seed: SEED, out: join(folder, 'parallel'), threads: 1, settings },
    ...{ manifest: manifest.path, classes: manifest.classes, weights: [], command: 'mammoscope train park2022' },
  };
  // Both go on with one record, so that they compute in the same ways whatever another process has timed meanwhile.
  const alone = await train('one process', settings, { only: [] });
  await cp(alone, plan.out, { recursive: true });
  const parts: string[] = [];
  await trainInProcesses(plan, { processes: 2, resume: true, onEvent: (part) => parts.push(part) });
  assert.deepEqual(new Set(parts), new Set(['dm-trial-01', 'dm-trial-02', 'completion']));
  await train('one process', settings, { resume: true });
  assert.deepEqual(await digests(plan.out), await digests(alone));
  await assert.rejects(trainInProcesses(plan, { processes: 2, resume: false, onEvent: () => undefined }), {
    code: 'run-exists',
  });
});

test('scores are of the test split, means of members, with maps and patches on the stored image', async () => {
  const opened = await openRun(engine, run);
  const { images, dataset } = await scoreRun(opened, manifest, { saliency: join(folder, 'saliency') });
  assert.equal(dataset, 'test split');
  const tested = new Set(opened.record.rows.filter(({ split }) => split === 'test').map(({ path }) => path));
  assert.ok(images.length > 0 && images.every(({ path, modality }) => tested.has(path) && modality === 'DBT'));
  for (const { members, ensemble, grid, labels, lesions } of images) {
    assert.equal(members.length, 2);
    const mean = members.reduce((sum, { scores }) => sum + scores.full.malignant, 0) / 2;
    assert.ok(Math.abs(ensemble.scores.full.malignant - mean) < 1e-12);
    const { full, global, local } = ensemble.scores;
    assert.ok(Math.abs(full.benign - (global.benign + local.benign) / 2) < 1e-6);
    assert.deepEqual([grid.slices, grid.box[2] - grid.box[0], grid.box[3] - grid.box[1]], [3, 48, 64]);
    assert.equal(lesions.length, labels.malignant || labels.benign ? 1 : 0);
    for (const { patches } of members) {
      assert.equal(patches.length, 2);
      assert.ok(Math.abs(patches.reduce((sum, { attention }) => sum + attention, 0) - 1) < 1e-5);
      assert.ok(patches.every(({ slice, box }) => slice >= 0 && slice < 3 && box[2] - box[0] === 16));
    }
    const maps = await openImage(members[0]?.saliency?.malignant as string);
    assert.deepEqual([maps.width, maps.height, maps.depth], [grid.columns, grid.rows, 3]);
    await maps.close();
  }
  const breasts = breastUnits(images);
  assert.ok(breasts.every((breast) => breast.images.length === 2));
  const [highest] = breasts.toSorted(
    (a, b) => (b.scores.at(-1)?.scores.full.malignant ?? 0) - (a.scores.at(-1)?.scores.full.malignant ?? 0),
  );
  assert.equal(highest?.labels.malignant, true);
  const validation = await validationImages(opened);
  const rows = opened.record.rows.filter(({ split, path }) => split === 'val' && path.endsWith('.npy'));
  assert.deepEqual(
    validation.map(({ path }) => path),
    rows.map(({ path }) => path),
  );
});

test('predict writes probabilities, the saliency volume as NIfTI, pictures, patches and the most suspicious slice', async () => {
  const malignant = manifest.rows.find(({ label, modality }) => label === 'malignant' && modality === 'DBT');
  const out = join(folder, 'predicted');
  const file = malignant?.absolutePath as string;
  const { predictions, breasts } = await predictPark2022({ engine, run, files: [file], out });
  const [prediction] = predictions;
  assert.ok(prediction);
  assert.deepEqual([prediction.modality, prediction.slices, breasts.length], ['DBT', 3, 0]);
  assert.equal(prediction.patches.length, 4);
  const maps = await openImage(join(out, prediction.saliency.malignant));
  assert.equal(maps.depth, 3);
  const highest = [];
  for (let slice = 0; slice < 3; slice++) highest.push(Math.max(...(await maps.slice(slice)).data));
  assert.equal(prediction.mostSuspiciousSlice, highest.indexOf(Math.max(...highest)));
  await maps.close();
  const names = await readdir(out, { recursive: true });
  for (const name of ['predictions.json', 'predictions.csv', 'patches.csv', prediction.picture])
    assert.ok(names.includes(name), `${name} of ${names}`);
  const few = join(folder, 'data', 'few.csv');
  const woman = manifest.rows.filter(({ patientId, modality }) => patientId === 'w0' && modality === 'DBT');
  await writeManifest(few, woman);
  const listed = await predictPark2022({ engine, run, files: [few], out: join(folder, 'listed') });
  assert.equal(listed.predictions.length, 4);
  const [breast] = listed.breasts;
  const own = listed.predictions.filter(({ laterality }) => laterality === breast?.laterality);
  assert.deepEqual([listed.breasts.length, own.length, breast?.images], [2, 2, 2]);
  const mean = own.reduce((sum, { score }) => sum + score, 0) / 2;
  assert.ok(Math.abs((breast?.probabilities.malignant ?? 0) - mean) < 1e-12);
  const png = manifest.rows.find(({ modality }) => modality === 'DM')?.absolutePath as string;
  // A file of one slice is a tomosynthesis of one slice to a run that knows nothing else.
  const one = await predictPark2022({ engine, run, files: [png], out: join(folder, 'one') });
  assert.deepEqual([one.predictions[0]?.modality, one.predictions[0]?.slices], ['DBT', 1]);
});
