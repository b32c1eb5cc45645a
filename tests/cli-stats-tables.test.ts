/** The commands of stats: levels, seeds, formats, conventions, and what is refused. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertDone, assertRefused } from './cli-process.ts';
import { close, rowsOf, scores, statsWorkplace } from './stats-command.ts';

const { folder, mammoscope, json, table } = await statsWorkplace();

test('levels: breasts by the rule named, as plain means and maxima give them; subgroups by bands', async () => {
  const rows = rowsOf('continuous').slice(0, 240);
  const views = rows.map(([, label, a], i) => [
    Math.floor(i / 4),
    i % 4 < 2 ? 'L' : 'R',
    i % 2 ? 'CC' : 'MLO',
    label,
    a,
  ]);
  const images = await table(
    'views.csv',
    ['patient_id', 'laterality', 'view', 'label', 'score', 'age'],
    views.map((row) => [...row, 35 + (Number(row[0]) % 30)]),
  );
  const joined = (of: (a: number, b: number) => number) =>
    Array.from({ length: views.length / 2 }, (_, k) => {
      const [first, second] = [views[2 * k] as number[], views[2 * k + 1] as number[]];
      return [Number(first[3] || second[3]), of(first[4] as number, second[4] as number)];
    });
  const rules = { mean: (a: number, b: number) => (a + b) / 2, highest: Math.max };
  for (const [rule, of] of Object.entries(rules)) {
    const plain = await table('breasts.csv', ['label', 'score'], joined(of));
    const [expected, got] = [
      await json('roc', plain, '--scores', 'score'),
      await json('roc', images, '--scores', 'score', '--level', 'breast', '--rule', rule, '--by', 'age:40,50'),
    ];
    assert.equal(got.models[0].auc, expected.models[0].auc);
    assert.deepEqual(got.study.level, { level: 'breast', rule, rows: views.length });
    assert.deepEqual(
      got.subgroups.map(({ subgroup }: { subgroup: string }) => subgroup),
      ['<40', '40 to <50', '>=50'],
    );
  }
});

test('a seed repeats a result, another does not; clusters that straddle classes are counted', async () => {
  const flags = ['roc', scores('continuous'), '--scores', 'a', '--cluster', 'patient', '--replicates', '300'];
  const [first, again, other] = [await json(...flags), await json(...flags), await json(...flags, '--seed', '1')];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first.models[0].bootstrap, other.models[0].bootstrap);
  const rows = rowsOf('continuous').map(([, label, a], i) => [Math.floor(i / 2), label, a]);
  const straddling = rows.filter(([, label], i) => i % 2 === 1 && label !== rows[i - 1]?.[1]).length;
  const mixed = await json('roc', await table('mixed.csv', ['patient', 'label', 'a'], rows), ...flags.slice(2));
  assert.deepEqual(mixed.study.clusters, { column: 'patient', count: rows.length / 2, straddling });
  assert.ok(straddling > 0);
  assert.match(mixed.notes[0], new RegExp(`${straddling} of ${rows.length / 2} clusters hold cases of both classes`));
});

test('text, CSV and LaTeX say the same, and --out writes them all', async () => {
  const flags = ['stats', 'roc', scores('continuous'), '--scores', 'a,b', '--out', 'results'];
  const text = await mammoscope(flags);
  assertDone(text);
  assert.match(text.stdout, /^a +0\.960 \(0\.934-0\.975\)/m);
  const latex = await mammoscope([...flags, '--format', 'latex']);
  assert.match(latex.stdout, /^a & 0\.960 \(0\.934--0\.975\) & /m);
  assert.match(latex.stdout, /95 \\% CI/);
  const comma = await mammoscope([...flags, '--format', 'csv']);
  assert.match(comma.stdout, /^model,auc,auc_lower,auc_upper,/);
  assert.match(comma.stdout, /^a,0\.95951736025609/m);
  const names = await readdir(join(folder, 'results'));
  for (const name of ['roc.json', 'roc-auc.csv', 'roc-auc.tex', 'roc-points.csv', 'roc-points.tex'])
    assert.ok(names.includes(name), `${name} in ${names}`);
  for (const figure of ['roc-all', 'roc-a', 'roc-b', 'precision-recall-all', 'precision-recall-a'])
    for (const ending of ['svg', 'png', 'csv'])
      assert.ok(names.includes(`roc-figure-${figure}-continuous.${ending}`), `${figure}.${ending} in ${names}`);
  const svg = await readFile(join(folder, 'results', 'roc-figure-roc-a-continuous.svg'), 'utf8');
  assert.ok(svg.startsWith('<svg') && !/NaN|undefined/.test(svg));
  const png = await readFile(join(folder, 'results', 'roc-figure-roc-a-continuous.png'));
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  const { models } = JSON.parse(await readFile(join(folder, 'results', 'roc.json'), 'utf8'));
  close(models[0].auc, 0.9595173602560946, 1e-12, 'AUC in the file');
});

test('agreement and readers write their figures too', async () => {
  const ratings = await table(
    'ratings.csv',
    ['r1', 'r2', 'r3'],
    [
      [1, 1, 2],
      [2, 2, 2],
      [1, 2, 1],
      [2, 2, 1],
      [1, 1, 1],
    ],
  );
  const readings = ['m1', 'm2'].flatMap((modality, m) =>
    ['r1', 'r2', 'r3'].flatMap((reader, r) =>
      Array.from({ length: 12 }, (_, i) => [
        reader,
        modality,
        i,
        i % 2,
        (((i * 7 + r * 5 + m * 3) % 11) + 3 * (i % 2)) / 14,
      ]),
    ),
  );
  const study = await table('readings.csv', ['reader', 'modality', 'case', 'truth', 'score'], readings);
  assertDone(await mammoscope(['stats', 'agreement', ratings, '--raters', 'r1,r2,r3', '--out', 'raters']));
  assertDone(await mammoscope(['stats', 'readers', study, '--label', 'truth', '--out', 'readers']));
  const csv = (path: string) => readFile(join(folder, path), 'utf8');
  const { pairs, fleiss } = JSON.parse(await csv('raters/agreement.json'));
  const kappas = (await csv('raters/agreement-figure-kappa-ratings.csv')).trim().split(/\r?\n/).slice(1);
  assert.deepEqual(
    kappas.map((line) => Number(line.split(',')[3])),
    [...pairs.map(({ kappa }: { kappa: { value: number } }) => kappa.value), fleiss.value],
  );
  const { analysis } = JSON.parse(await csv('readers/readers.json'));
  const differences = (await csv('readers/readers-figure-auc-differences-readings.csv')).trim().split(/\r?\n/).slice(1);
  assert.deepEqual(
    differences.map((line) => Number(line.split(',')[3])),
    analysis.differences.map(({ difference }: { difference: number }) => difference),
  );
  for (const name of ['raters/agreement-figure-kappa-ratings.svg', 'readers/readers-figure-auc-readings.svg'])
    assert.doesNotMatch(await csv(name), /NaN|undefined/);
});

test('what is 0 / 0, or infinite, is null and never NaN', async () => {
  const name = await table(
    'few.csv',
    ['label', 'a'],
    [
      [1, 0.2],
      [1, 0.3],
      [0, 0.8],
      [0, 0.9],
    ],
  ); // prettier-ignore
  const got = await json('roc', name, '--scores', 'a', '--cutoff', '2');
  const [youden, none] = got.models[0].points;
  assert.equal(youden.cutoff, null); // worse than chance: no cut-off beats calling nothing positive
  assert.deepEqual([none.ppv.value, none.ppv.interval, none.mcc, none.f1.value], [null, null, null, 0]);
  const patients = await table(
    'patients.csv',
    ['label', 'a', 'patient'],
    [...'AABBCD'].map((patient, i) => [Number(i < 4), i < 4 ? 0.9 - i / 100 : 0.1 + i / 100, patient]),
  );
  const right = await json('roc', patients, '--scores', 'a', '--cluster', 'patient', '--cutoff', '0.5');
  const { sensitivity, specificity } = right.models[0].points[1];
  close(sensitivity.interval.lower, 0.025 ** (1 / 2), 1e-9, 'two patients, all found'); // Clopper and Pearson
  close(specificity.interval.lower, 0.025 ** (1 / 2), 1e-9, 'two without a false call');
  const text = await mammoscope(['stats', 'roc', name, '--scores', 'a', '--cutoff', '2']);
  assert.doesNotMatch(text.stdout, /NaN|Infinity|undefined|null/);
});

test('coverage: a small simulation, repeatable', async () => {
  const flags = ['coverage', '--trials', '200', '--sizes', '50', '--seed', '3'];
  const { rows } = await json(...flags);
  const wilson = rows.find(({ method }: { method: string }) => method === 'wilson');
  close(wilson.coverage, 0.95, 4 * Math.sqrt((0.95 * 0.05) / 200), 'Wilson');
  assert.deepEqual((await json(...flags)).rows, rows);
});

test('bad input is refused in one sentence with exit code 2', async () => {
  const good = [
    [1, 0.9, 0.8],
    [1, 0.7, 0.9],
    [1, 0.4, 0.7],
    [0, 0.1, 0.2],
    [0, 0.5, 0.1],
    [0, 0.2, 0.3],
  ]; // prettier-ignore
  const columns = ['label', 'a', 'b'];
  const with_ = (row: number, column: number, value: string | number) =>
    good.map((cells, i) => cells.map((cell, j) => (i === row && j === column ? value : cell)));
  const tables = {
    good: await table('good.csv', columns, good),
    oneClass: await table(
      'one-class.csv',
      columns,
      good.map(([, ...rest]) => [1, ...rest]),
    ),
    equal: await table(
      'equal.csv',
      columns,
      good.map(([label, , b]) => [label as number, 0.5, b as number]),
    ),
    infinite: await table('infinite.csv', columns, with_(1, 1, 'Infinity')),
    one: await table(
      'one-patient.csv',
      [...columns, 'patient'],
      good.map((cells, i) => [...cells, Math.min(i, 3)]),
    ),
    nan: await table('nan.csv', columns, with_(1, 1, 'NaN')),
    word: await table('word.csv', columns, with_(2, 2, 'high')),
    hole: await table('hole.csv', columns, with_(4, 2, '')),
    names: await table(
      'names.csv',
      columns,
      good.map(([label, ...rest]) => [label ? 'ca' : 'bn', ...rest]),
    ),
    logits: await table('logits.csv', columns, with_(3, 1, -2.5)),
    odd: await table('odd.csv', columns, [...good.slice(0, 2), [1, 0.5]]),
  };
  const roc = (name: string, ...more: string[]) => ['stats', 'roc', name, '--scores', 'a,b', ...more];
  const compare = (...more: string[]) => ['stats', 'compare', tables.good, '--scores', 'a,b', ...more];
  const refusals: readonly (readonly [readonly string[], ...RegExp[]])[] = [
    [roc('absent.csv'), /absent\.csv is not an existing file/],
    [roc(tables.oneClass), /one-class\.csv: column label .*6 positive and 0 negative/],
    [roc(tables.equal), /equal\.csv: column a holds 0\.5 in every row/],
    [roc(tables.nan), /nan\.csv: column a has no score in 1 of 6 rows, on line 3/],
    [roc(tables.word), /column b must hold numbers, got "high" on line 4/],
    [roc(tables.hole), /column b has no score in 1 of 6 rows, on line 6.*--complete-cases/],
    [roc(tables.names), /column label must hold 0 and 1, got bn, ca: .*--positive/],
    [roc(tables.names, '--positive', 'mal'), /never holds mal: it holds bn, ca/],
    [roc(tables.odd), /line 4 has 2 fields and the header 3/],
    [['stats', 'roc', tables.good, '--scores', 'd'], /no column d: the columns are label, a, b/],
    [roc(tables.good, '--cluster', 'patient'), /no column patient: the columns are label, a, b/],
    [roc(tables.one, '--cluster', 'patient'), /column patient must name at least two clusters .* got 3 and 1: add/],
    [roc(tables.infinite), /column a must hold numbers, got "Infinity" on line 3/],
    [roc(tables.good, '--level', 'breast'), /no column patient_id: the columns are/],
    [roc(tables.good, '--sensitivity', '90'), /\[0, 1\], got 90/],
    [roc(tables.good, '--partial', '0.9'), /"0\.9" is no range/],
    [['stats', 'calibrate', tables.logits, '--scores', 'a'], /column a must hold probabilities .*got -2\.5 on line 5/],
    [['stats', 'calibrate', tables.good, '--scores', 'a', '--split', 'b'], /column b never holds "val": it holds/],
    [
      compare('--cutoff', '0.6,0.65'),
      /sensitivity of model "b" must lie between 0 and 1.*3 of 3; use the identity link/,
    ],
    [compare('--cutoff', '1,2,3'), /one for each of 2, got 3/],
    [['stats', 'compare', tables.good, '--scores', 'a'], /at least two columns of scores/],
    [['stats', 'compare', tables.good, '--scores', 'a,b,a'], /column a is named twice/],
    [['stats', 'agreement', tables.equal, '--raters', 'a'], /at least two columns of ratings/],
    [['stats', 'agreement', tables.hole, '--raters', 'a,b'], /rater b has no rating on line 6/],
    [
      ['stats', 'froc', '--predictions', tables.good, '--lesions', tables.good, '--volumes', tables.good],
      /no column volume/,
    ],
    [['stats', 'coverage', '--sizes', '2'], /even sizes >= 8/],
  ];
  for (const [args, ...patterns] of refusals) assertRefused(await mammoscope(args), 2, ...patterns);
  const complete = await json('roc', tables.hole, '--scores', 'a,b', '--complete-cases');
  assert.deepEqual([complete.study.cases, complete.study.leftOut], [5, [6]]);
  const identity = await mammoscope(compare('--cutoff', '0.6,0.65', '--link', 'identity'));
  assertDone(identity);
});
