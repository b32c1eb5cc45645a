/** A paper's comparison from the command line: made by several processes, killed, gone on with, refused. */
import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { writeClusterCohort } from '@mammoscope/systems';
import { assertDone, assertRefused, copyOf, fileHashes, workplace } from './cli-process.ts';

const { folder, mammoscope } = await workplace();
const data = join(folder, 'data', 'dbt.csv');
/** Two networks of the comparison, one of them of volumes, which take a second each. */
const MEMBERS = 'wang,wichakam';
const comparison = (members: string, out: string, ...more: string[]) => [
  ...['reproduce', 'xiao2021', '--data', data, '--classes', 'benign,malignant', '--processes', '2', '--threads', '1'],
  ...[`members=${members}`, 'radiomics=false', 'roiPx=32', 'roiSlices=8', 'sizePx=32'].flatMap(set),
  ...['epochs=1', 'batch=4', 'volumeBatch=4'].flatMap(set),
  ...['--out', out, ...more],
];
const set = (setting: string) => ['--set', setting];
const reproduce = (out: string, ...more: string[]) => comparison(MEMBERS, out, ...more);

/** What a comparison holds, but for the plan, whose command line differs where options do. */
const held = async (out: string) => {
  const { 'reproduction.json': _, ...hashes } = await fileHashes(join(folder, out));
  return hashes;
};

before(async () => {
  await writeClusterCohort({
    ...{ out: join(folder, 'data'), patients: 18, seed: 3, difficulty: 0.2 },
    grid: { sizePx: 40, spacingMm: 0.5, slices: 10, sliceMm: 2 },
  });
  assertDone(await mammoscope(reproduce('whole')));
});

test('the tables have a row for every published one, ours where its network was trained', async () => {
  const { tables, claims, runs } = JSON.parse(await readFile(join(folder, 'whole', 'tables.json'), 'utf8'));
  assert.deepEqual(
    tables.map(({ number }: { number: string }) => number),
    ['Table 2', 'Table 3', 'Table 4', 'Table 5', 'Table 6', 'Table 7', 'Figures 2 to 12'],
  );
  const metrics = JSON.parse(await readFile(join(folder, 'whole', 'seed-0', 'comparison', 'metrics.json'), 'utf8'));
  const wang = metrics.levels.view.models.find(({ model }: { model: string }) => model === 'wang');
  const row = tables[5].rows.find(({ label }: { label: string }) => label.startsWith('B. Wang'));
  assert.equal(row.here.auc.value, wang.auc);
  assert.equal(row.here.sensitivity.value, wang.sensitivity.value);
  assert.equal(row.published.auc.value, 0.8021);
  assert.equal(row.published.sensitivity.value, 0.7812);
  const resnet34 = tables[0].rows[1];
  assert.deepEqual([resnet34.published.auc.value, resnet34.here], [0.8264, undefined]);
  assert.equal(claims.length, 4, 'claims on the networks at hand: two ensembles, two related works');
  assert.deepEqual(runs, [{ name: 'seed-0 comparison', report: 'seed-0/comparison/report.html' }]);
  const page = await readFile(join(folder, 'whole', 'reproduction.html'), 'utf8');
  assert.match(page, /Not a medical device/);
  assert.match(page, /href="seed-0\/comparison\/report\.html"/);
  assert.match(page, /not run/);
});

test('a comparison of a user does not say that it is of a phantom', async () => {
  const { notes } = JSON.parse(await readFile(join(folder, 'whole', 'tables.json'), 'utf8'));
  assert.doesNotMatch(JSON.stringify(notes), /phantom/);
  assert.match(JSON.stringify(notes), /Only \d+ patients: intervals and p values rest on large numbers/);
});

for (const [moment, file] of [
  ['before anything is trained', ['seed-0', 'comparison', 'run.json']],
  ['while a network is trained', ['seed-0', 'comparison', 'wichakam', 'last.safetensors']],
] as const)
  test(`killed ${moment}, a comparison goes on to the same bytes, and its processes end with it`, async () => {
    const out = `killed-${file.at(-1)}`;
    await mkdir(join(folder, out), { recursive: true });
    const killed = await mammoscope(reproduce(out), (child) => {
      const watcher = watch(join(folder, out), { recursive: true }, (_, name) => {
        if (name === join(...file)) child.kill('SIGKILL');
      });
      child.on('close', () => watcher.close());
    });
    assert.equal(killed.signal, 'SIGKILL', killed.stderr);
    await new Promise((settle) => setTimeout(settle, 1500)); // a process without its parent leaves at once
    const before = await held(out);
    await new Promise((settle) => setTimeout(settle, 500));
    assert.deepEqual(await held(out), before, 'nobody works in the folder any more');
    assert.ok(!(await readdir(join(folder, out))).includes('reproduction.html'));
    assertDone(await mammoscope(reproduce(out)));
    assert.deepEqual(await held(out), await held('whole'));
  });

test('a finished comparison is not made again; what is missing of it is', async () => {
  const copy = await copyOf(join(folder, 'whole'), 'copy');
  const { stderr, ...outcome } = await mammoscope(reproduce(copy));
  assertDone({ ...outcome, stderr });
  assert.equal(stderr, '', 'no part was begun');
});

test('several seeds are averaged; folds have every lesion in one test split', async () => {
  assertDone(await mammoscope(comparison('wang', 'seeds', '--seeds', '2')));
  const { tables } = JSON.parse(await readFile(join(folder, 'seeds', 'tables.json'), 'utf8'));
  const aucs = await Promise.all(
    ['seed-0', 'seed-1'].map(async (seed) => {
      const { levels } = JSON.parse(await readFile(join(folder, 'seeds', seed, 'comparison', 'metrics.json'), 'utf8'));
      return levels.view.models.find(({ model }: { model: string }) => model === 'wang').auc as number;
    }),
  );
  const { value, interval } = tables[5].rows[1].here.auc;
  assert.ok(Math.abs(value - ((aucs[0] as number) + (aucs[1] as number)) / 2) < 1e-12);
  assert.ok(interval[0] <= value && value <= interval[1]);
  assertDone(await mammoscope(comparison('wang', 'folds', '--folds', '2')));
  const tested = await Promise.all(
    [0, 1].map(async (fold) => {
      const text = await readFile(join(folder, 'folds', `fold-${fold}`, 'comparison', 'lesions.csv'), 'utf8');
      return text
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[0]);
    }),
  );
  assert.equal(new Set(tested.flat()).size, 18);
  assert.equal(tested.flat().length, 18);
});

test('another comparison in the folder, options that exclude each other and unknown names are refused in one sentence', async () => {
  for (const [more, pattern] of [
    [['--seed', '4'], /holds a comparison that was begun with seeds \[0\]: repeat "mammoscope reproduce xiao2021/],
    [['--set', 'epochs=3'], /begun with settings/],
    [['--folds', '2', '--seeds', '2'], /two ways to repeat/],
    [['--folds', '1'], /leaves no patient to train on/],
    [['--folds', '12', '--out', 'many-folds'], /class benign|fewer patients|folds/],
    [['--set', 'nonsense=1'], /the recipe has no "nonsense"/],
    [['--weights', 'resnet18'], /write it as network=file/],
    [['--weights', 'vgg16=nothing.pt', '--out', 'weights'], /vgg16/],
  ] as const)
    assertRefused(await mammoscope(reproduce('whole', ...more)), 2, pattern);
  assertRefused(await mammoscope(['reproduce', 'xiao2021', '--folds', '3', '--out', 'none']), 2, /a phantom has women/);
  assertRefused(await mammoscope(['reproduce', 'nobody2020']), 2, /kang2021, xiao2021/);
});
