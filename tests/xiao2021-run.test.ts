/** Xiao 2021 from the command line: lesions of virtual women, trained on, evaluated at both levels, predicted, and refused. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { writeNpy16 } from '@mammoscope/imaging';
import { delong } from '@mammoscope/stats';
import { writeClusterCohort } from '@mammoscope/systems';
import { assertDone, assertRefused, type Outcome, workplace } from './cli-process.ts';

const { folder, mammoscope } = await workplace();
const data = join(folder, 'data', 'dbt.csv');
const CLASSES = ['--classes', 'benign,malignant'];
/** Two shallow networks, one of which sees the focus slice and one eight slices, and one that sees both: an ensemble within seconds. */
const MEMBERS = ['wang', 'wichakam', 'joined-4'];
const RECIPE = [
  `members=${MEMBERS.join(',')}`,
  'width=8',
  'roiPx=32',
  'roiSlices=8',
  'sizePx=32',
  'epochs=1',
  'batch=4',
  'volumeBatch=4',
  'radiomics=true',
];
const NETWORKS = [...MEMBERS, 'ensemble', 'ensemble-0.3', 'ensemble-0.7'];
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

/** Lines of a CSV file without quotes, by column. */
async function cellsOf(path: string): Promise<{ readonly [column: string]: string }[]> {
  const [header = [], ...lines] = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  return lines.map((line) => Object.fromEntries(header.map((column, i) => [column, line[i] ?? ''])));
}

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
  assert.equal(metrics.auc, lesion.models[3].auc, 'the unweighted ensemble leads');
  const [views, lesions] = [
    await cellsOf(join(folder, 'run', 'predictions.csv')),
    await cellsOf(join(folder, 'run', 'lesions.csv')),
  ];
  for (const each of lesions) {
    const own = views.filter(({ lesion_id }) => lesion_id === each.lesion_id);
    assert.deepEqual(own.map((row) => row.view).sort(), ['CC', 'MLO']);
    const mean = own.reduce((sum, { score }) => sum + Number(score), 0) / own.length;
    assert.ok(Math.abs(mean - Number(each.score)) < 1e-12);
    assert.ok(Math.abs((Number(each.score_wang) + Number(each.score_wichakam)) / 2 - Number(each.score)) < 1e-6);
  }
});

test('patients are clusters at the view level, where each has two cases, and not at the lesion level', async () => {
  const { levels } = JSON.parse(evaluated.stdout);
  const rows = await cellsOf(join(folder, 'run', 'predictions.csv'));
  const scores = rows.map(({ score }) => Number(score));
  const positive = rows.map(({ label }) => label === 'malignant');
  const clusters = rows.map(({ patient_id }) => patient_id as string);
  const standardError = (options?: { readonly clusters: string[] }) => delong(scores, positive, options).standardError;
  const ensemble = levels.view.models[MEMBERS.length];
  assert.ok(Math.abs(ensemble.aucStandardError - standardError({ clusters })) < 1e-12);
  assert.ok(Math.abs(standardError({ clusters }) - standardError()) > 1e-3, 'these views say nothing about clusters');
  const page = await readFile(join(folder, 'run', 'report.html'), 'utf8');
  for (const words of [
    'lesion level: 95 % intervals: AUC by DeLong',
    'view level: 95 % intervals with patients as clusters',
  ])
    assert.ok(page.includes(words), `the report does not say "${words}"`);
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

test('predict judges the lesions of a manifest, each with its focus slices, the votes of all members and where they looked', async () => {
  const labelled = (await readFile(data, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  const column = labelled[0]?.indexOf('label') ?? -1;
  const lines = labelled.map((cells) => cells.filter((_, i) => i !== column).join(','));
  await writeFile(join(folder, 'data', 'new.csv'), `${lines.join('\n')}\n`);
  const outcome = await mammoscope(['predict', 'run', 'data/new.csv', '--out', 'predicted', '--json']);
  assertDone(outcome);
  const { predictions } = JSON.parse(outcome.stdout);
  assert.equal(predictions.length, 16);
  /** Width, height and colour type of a PNG: 0 for grey, 2 for red, green and blue. */
  const pngOf = async (name: string) => {
    const bytes = await readFile(join(folder, 'predicted', name));
    return [bytes.readUInt32BE(16), bytes.readUInt32BE(20), bytes[25]];
  };
  const pictures = new Set<string>();
  const { memberCutoffs, cutoff } = JSON.parse(outcome.stdout);
  assert.equal(memberCutoffs.ensemble, cutoff);
  for (const { views, members, votes, score, decision } of predictions) {
    assert.equal(views.length, 2);
    assert.equal(score, members.ensemble);
    assert.equal(decision, votes.ensemble);
    for (const name of NETWORKS) {
      const above = memberCutoffs[name] !== null && members[name] >= memberCutoffs[name];
      assert.equal(votes[name], above ? 'malignant' : 'benign');
    }
    for (const { focusSlice, image, gradCam } of views) {
      assert.ok(focusSlice >= 0 && focusSlice < 10);
      assert.deepEqual(await pngOf(image), [160, 160, 0]);
      assert.deepEqual(Object.keys(gradCam), MEMBERS);
      for (const member of MEMBERS) {
        assert.deepEqual(await pngOf(gradCam[member].overlay), [160, 160, 2]);
        const [x1, y1, x2, y2] = gradCam[member].map.box;
        assert.deepEqual([x2 - x1, y2 - y1], [32, 32], 'the region of the lesion');
      }
      for (const name of [image, ...MEMBERS.map((member) => gradCam[member].overlay)]) pictures.add(name);
    }
  }
  assert.equal(pictures.size, 16 * 2 * (1 + MEMBERS.length), 'each view has its own pictures');
  assertRefused(
    await mammoscope(['predict', 'run', 'data/images/woman-0001-CC.npy', '--out', 'none']),
    2,
    /judges lesions, so it needs to know where they are; give a manifest/,
  );
});

test('model.onnx of joined features says that its first slice is the focus slice', async () => {
  const bytes = await readFile(join(folder, 'run', 'joined-4', 'model.onnx'));
  assert.ok(bytes.includes('"shape":["N",1,5,32,32]'));
  assert.ok(
    bytes.includes('the focus slice and, after it, 4 slices around it, of a region of 32 x 32 pixels and 8 slices'),
  );
});

/** The cells of a line by column. */
type Cells = Record<string, string>;

/** A manifest like that of the cohort but for some lines, the header being line 1. */
async function changed(name: string, changes: Readonly<Record<number, (cells: Cells) => void>>): Promise<string> {
  const [header = '', ...lines] = (await readFile(data, 'utf8')).trimEnd().split('\n');
  const columns = header.split(',');
  const body = lines.map((line, i) => {
    const cells = Object.fromEntries(columns.map((column, k) => [column, line.split(',')[k] ?? '']));
    changes[i + 2]?.(cells);
    return columns.map((column) => cells[column]).join(',');
  });
  await writeFile(join(folder, 'data', name), [header, ...body, ''].join('\n'));
  return join(folder, 'data', name);
}

const withoutPlace = (cells: Cells) => {
  for (const column of ['x1', 'y1', 'x2', 'y2']) cells[column] = '';
};
const outside = (cells: Cells) => {
  cells.x2 = '400';
};
const tooDeep = (cells: Cells) => {
  cells.slice_last = '40';
};

/** Requires exit code 2 and a list of problems, each a sentence with its line, under a heading with their number. */
function assertListed({ code, stdout, stderr }: Outcome, heading: RegExp, problems: readonly RegExp[]): void {
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  const lines = stderr.trimEnd().split('\n');
  const first = lines.findIndex((line) => line.startsWith('mammoscope: '));
  assert.match(lines[first] ?? '', heading);
  const listed = lines.slice(first + 1);
  assert.equal(listed.length, problems.length, stderr);
  for (const [i, problem] of problems.entries()) assert.match(listed[i] ?? '', problem);
}

test('lesions that cannot be cut out are refused by line, all at once and with their number, by train and predict', async () => {
  const refused = async (manifest: string, pattern: RegExp, ...more: string[]) =>
    assertRefused(await train(manifest, 'refused', ...more), 2, pattern);
  await refused(
    await changed('without.csv', { 4: withoutPlace }),
    /without\.csv, line 4: image \S+ has a lesion without a place: fill x1, y1, x2, y2/,
  );
  const several = await changed('several.csv', { 4: withoutPlace, 7: outside, 21: tooDeep });
  const problems = [
    /^- \S+several\.csv, line 4: image \S+ has a lesion without a place/,
    /^- \S+several\.csv, line 7: image images\/woman-0003-MLO\.npy is 40 x 40 and its box ends at 400, \d+: correct the box/,
    /^- \S+several\.csv, line 21: image \S+ has slices 0 to 9 and the row names \d+ to 40: correct slice_first/,
  ];
  assertListed(await train(several, 'refused'), /several\.csv has 3 problems:$/, problems);
  const predicted = await mammoscope(['predict', 'run', several, '--out', 'refused']);
  assertListed(predicted, /several\.csv has 3 problems:$/, problems);
  assertListed(
    await train(data, 'refused', '--set', 'roiSlices=12'),
    /dbt\.csv has 32 problems, the first 20 of them:$/,
    Array.from(
      { length: 20 },
      (_, i) => new RegExp(`line ${i + 2}: image \\S+ has 10 slices of 40 x 40 and a region has 12 of 32 x 32: leave`),
    ),
  );
  const flat = (name: string) => (cells: Cells) => {
    cells.path = name;
  };
  for (const name of ['flat-1.npy', 'flat-2.npy'])
    await writeNpy16(join(folder, 'data', name), new Float32Array(10 * 40 * 40), [10, 40, 40]);
  const empty = await changed('empty.csv', { 2: flat('flat-1.npy'), 3: flat('flat-2.npy') });
  const without = await train(empty, 'refused', '--set', 'withoutFocus=refuse');
  const [, number] = /empty\.csv has (\d+) problems/.exec(without.stderr) ?? [];
  assert.ok(Number(number) >= 2, without.stderr);
  assertListed(
    without,
    /empty\.csv has \d+ problems/,
    Array.from(
      { length: Math.min(20, Number(number)) },
      () => /no calcification is found .* take the centre slice with --set withoutFocus=centre$/,
    ),
  );
  assert.match(without.stderr, /line 2: image flat-1\.npy: no calcification/);
  await refused(data, /wichakam sees more slices than the 6 that are cut out/, '--set', 'roiSlices=6');
  await refused(join(folder, 'data', 'dm.csv'), /has no row of modality DBT/);
  assert.ok(!(await readdir(folder)).includes('refused'), 'nothing is left behind');
});

test('weights of another backbone are refused before anything is trained', async () => {
  const weights = (network: string, ...more: string[]) =>
    train(data, 'refused', '--weights', `${network}=${join(folder, 'run', 'wang', 'best.safetensors')}`, ...more);
  assertRefused(
    await weights('resnet18', '--set', 'members=focus-resnet18,wichakam'),
    2,
    /best\.safetensors does not fit this network: .*; choose the weights of this network/,
  );
  assertRefused(await weights('resnet50'), 2, /the recipe trains wang2018; name one of these/);
  assert.ok(!(await readdir(folder)).includes('refused'));
});

test('lesions of one view are evaluated, and the report says so', async () => {
  const cohort = await readFile(data, 'utf8');
  const single = join(folder, 'data', 'single.csv');
  const lines = cohort
    .trimEnd()
    .split('\n')
    .filter((line) => !line.includes('-MLO.npy'));
  await writeFile(single, `${lines.map((line, i) => (i === 0 ? line : `other-${line}`)).join('\n')}\n`);
  const outcome = await mammoscope(['evaluate', 'run', '--data', single, '--out', 'single', '--json']);
  assertDone(outcome);
  const { levels } = JSON.parse(outcome.stdout);
  assert.deepEqual([levels.lesion.cases, levels.view.cases], [16, 16]);
  const page = await readFile(join(folder, 'single', 'report.html'), 'utf8');
  assert.match(page, /All 16 lesions have one view only: both levels say the same\. The paper averages CC and MLO\./);
});
