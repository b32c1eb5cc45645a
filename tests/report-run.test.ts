/** The report of a run that was really trained, in a browser. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { assertDone, phantomManifest, trainArguments, workplace } from './cli-process.ts';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const skip = existsSync(executablePath) ? false : `no Chromium at ${executablePath}; set CHROMIUM_PATH`;

const { folder, mammoscope } = await workplace();
const NETWORKS = ['squeezenet1_1', 'squeezenet1_0'];
let browser: Browser;
type Tested = { difference: number; interval: [number, number]; p: number; pHolm: number };
const MEASURES = ['auc', 'sensitivity', 'specificity', 'accuracy', 'ppv', 'npv'] as const;
let metrics: {
  clusters: { column: string; count: number };
  sensitivity: { interval: [number, number] };
  models: ({ model: string; cutoff: number | null; aucInterval: [number, number] } & Record<
    string,
    { value: number }
  >)[];
  comparisons: {
    overall: Record<string, { p: number }>;
    pairs: ({ a: string; b: string } & Record<string, Tested>)[];
  };
  auc: number;
  aucInterval: [number, number];
  cutoff: number;
  counts: Record<string, number>;
  images: number;
};

before(async () => {
  if (skip) return;
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const manifest = await phantomManifest(join(folder, 'data'));
  assertDone(await mammoscope(trainArguments(manifest, 'run', NETWORKS.join())));
  const outcome = await mammoscope(['evaluate', 'run', '--data', manifest, '--by', 'modality', '--json']);
  assertDone(outcome);
  metrics = JSON.parse(outcome.stdout);
});

after(() => browser?.close());

/** Opens the report; complaints are console messages, errors, dialogs and requests for anything but the file itself. */
async function open(width: number, colorScheme: 'light' | 'dark') {
  const address = pathToFileURL(join(folder, 'run', 'report.html')).href;
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => void dialog.dismiss().then(() => complaints.push(dialog.message())));
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:image/')) complaints.push(request.url());
  });
  await page.goto(address);
  return { page, complaints };
}

for (const [width, scheme] of [
  [390, 'light'],
  [1280, 'dark'],
] as const) {
  test(`the report of a run opens without error, request or overflow at ${width} px, ${scheme}`, { skip }, async () => {
    const { page, complaints } = await open(width, scheme);
    const { scrolled, shown, broken } = await page.evaluate(() => ({
      scrolled: document.documentElement.scrollWidth,
      shown: document.documentElement.clientWidth,
      broken: [...document.images].filter((image) => image.naturalWidth === 0).length,
    }));
    assert.ok(scrolled <= shown, `the page is ${scrolled} wide in ${shown}`);
    assert.equal(broken, 0);
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

test('it shows the figures and the numbers of metrics.json', { skip }, async () => {
  const { page } = await open(1280, 'light');
  const text = await page.evaluate(() => document.body.textContent ?? '');
  const figures = await page.evaluate(() =>
    [...document.querySelectorAll('.chart > svg')].map((figure) => figure.getAttribute('aria-label') ?? ''),
  );
  for (const kind of [/ROC/, /score/i, /confusion/i, /^Training of/, /^Precision against recall/, /modality PATCH/])
    assert.ok(
      figures.some((label) => kind.test(label)),
      `no figure of ${kind} among: ${figures.join(' | ')}`,
    );
  const percent = (share: number) => (100 * share).toFixed(1);
  const { tp, fp, tn, fn } = metrics.counts as { tp: number; fp: number; tn: number; fn: number };
  const tiles = await page.evaluate(() =>
    [...document.querySelectorAll('.tile')].map((tile) => tile.textContent ?? ''),
  );
  const row = await page.evaluate(() => document.querySelector('.performance tbody tr:last-child')?.textContent ?? '');
  const auc = `${metrics.auc.toFixed(3)}(${metrics.aucInterval.map((bound) => bound.toFixed(3)).join('–')})`;
  const shown = (text: string) => text.replaceAll(/\s/g, '');
  assert.ok(shown(tiles[1] as string).includes(`AUC${auc}`), `${tiles[1]}: no ${auc}`);
  assert.match(tiles[2] as string, new RegExp(`Sensitivity\\s*${percent(tp / (tp + fn))}`));
  assert.match(tiles[3] as string, new RegExp(`Specificity\\s*${percent(tn / (tn + fp))}`));
  assert.ok(shown(row).includes(auc) && row.includes('ensemble'), row);
  assert.ok(row.includes(`${tp}/${tp + fn}`) && row.includes(`${tn}/${tn + fp}`), row);
  assert.ok(text.includes(`${metrics.images} images`));
  const images = await page.evaluate(() => document.images.length);
  assert.ok(images >= 4 && images % 2 === 0, `${images} images of cases`);
  await page.close();
});

test('intervals, overall and paired tests are by patient: those of `stats` on predictions.csv with patients as clusters', {
  skip,
}, async () => {
  const { models, comparisons } = metrics;
  const names = models.map(({ model }) => (model === 'ensemble' ? 'score' : `score_${model}`));
  const stats = async (...more: string[]) => {
    const columns = ['--label', 'label', '--positive', 'microcalcification', '--cluster', 'patient_id'];
    const outcome = await mammoscope(['stats', ...more, ...columns, '--scores', names.join(), '--json']);
    assertDone(outcome);
    return JSON.parse(outcome.stdout);
  };
  const cutoffs = ['--cutoff', models.map(({ cutoff }) => cutoff).join()];
  // a model that is always right has no finite log odds: `stats` refuses it, a report takes the identity link there
  const measures = MEASURES.slice(1).filter((measure) =>
    models.every((model) => ![0, 1].includes(model[measure]?.value ?? 0)),
  );
  assert.ok(measures.length >= 2, measures.join());
  const compared = await stats('compare', 'run/predictions.csv', ...cutoffs, '--measures', measures.join());
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a} and ${b}`);
  near(comparisons.overall.auc?.p ?? Number.NaN, compared.overall.p);
  const named = (name: string) => (name === 'score' ? 'ensemble' : name.replace('score_', ''));
  const pairOf = ({ a, b }: { a: string; b: string }) =>
    comparisons.pairs.find((pair) => pair.a === named(a) && pair.b === named(b));
  for (const pair of compared.pairs) {
    near(pairOf(pair)?.auc?.p ?? Number.NaN, pair.p);
    near(pairOf(pair)?.auc?.pHolm ?? Number.NaN, pair.pHolm);
  }
  for (const { measure, overall, pairs, pHolm } of compared.proportions) {
    near(comparisons.overall[measure]?.p ?? Number.NaN, overall.p);
    for (const [i, pair] of pairs.entries()) {
      near(pairOf(pair)?.[measure]?.difference ?? Number.NaN, pair.difference);
      near(pairOf(pair)?.[measure]?.pHolm ?? Number.NaN, pHolm[i]);
    }
  }
  for (const [i, { aucInterval }] of models.entries()) {
    near(aucInterval[0], compared.models[i].interval.lower);
    near(aucInterval[1], compared.models[i].interval.upper);
  }
  const { page } = await open(1280, 'light');
  const shown = await page.evaluate(() => ({
    overall: [...document.querySelectorAll('.performance tbody:last-of-type td')].map((cell) => cell.textContent ?? ''),
    pairs: [...document.querySelectorAll('.pairwise tbody tr')].map((row) => row.textContent ?? ''),
    performance: document.querySelector('#performance')?.textContent ?? '',
    methods: document.querySelector('#methods')?.textContent ?? '',
    band: document.querySelector('[aria-label^="ROC curve of ensemble"]')?.textContent ?? '',
  }));
  const printed = (p: number) => (p < 0.001 ? '< 0.001' : p.toFixed(3));
  for (const [i, measure] of MEASURES.entries()) {
    const p = comparisons.overall[measure]?.p;
    if (p !== undefined) assert.ok(shown.overall[i + 1]?.endsWith(printed(p)), `${measure}: ${shown.overall[i + 1]}`);
  }
  assert.equal(shown.pairs.length, comparisons.pairs.length);
  for (const [i, pair] of comparisons.pairs.entries()) {
    assert.ok(shown.pairs[i]?.includes(pair.a) && shown.pairs[i]?.includes(`less ${pair.b}`), shown.pairs[i]);
    assert.ok(shown.pairs[i]?.includes(printed(pair.auc?.pHolm ?? Number.NaN)), shown.pairs[i]);
  }
  assert.match(
    shown.performance,
    /95 % intervals with patients as clusters, since some have several images: AUC by Obuchowski/,
  );
  assert.match(shown.methods, /Wald tests of generalised estimating equations \(\d+\) .* the patient as the cluster/);
  assert.match(shown.methods, /All intervals are of 95 %; patients, of whom some have several images, are clusters/);
  assert.doesNotMatch(shown.methods, /take images as independent, also/);
  const cited = [...shown.methods.matchAll(/\((\d+)\)/g)].map(([, number]) => Number(number));
  assert.deepEqual(
    [...new Set(cited)],
    [...new Set(cited)].sort((a, b) => a - b),
    'references are numbered as they are cited',
  );
  assert.match(shown.band, /1000 bootstrap replicates of patients/);
  await page.close();
});

test('every figure of the page lies beside it as SVG, PNG and CSV, and its data are those of metrics.json', {
  skip,
}, async () => {
  const names = await readdir(join(folder, 'run', 'figures'));
  const stems = [...new Set(names.map((name) => name.replace(/\.[a-z]+$/, '')))];
  assert.deepEqual(
    names.toSorted(),
    stems.flatMap((stem) => ['csv', 'png', 'svg'].map((ending) => `${stem}.${ending}`)).toSorted(),
  );
  const { page } = await open(1280, 'light');
  const labels = await page.evaluate(() =>
    [...document.querySelectorAll('.chart > svg')].map((figure) => figure.getAttribute('aria-label') ?? ''),
  );
  assert.equal(labels.length, stems.length);
  for (const stem of stems) {
    const file = join(folder, 'run', 'figures', stem);
    const svg = await readFile(`${file}.svg`, 'utf8');
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
    assert.doesNotMatch(svg, /var\(|<script/);
    const png = await readFile(`${file}.png`);
    const width = png.readUInt32BE(16); // of the first chunk, IHDR
    assert.ok(png.subarray(1, 4).toString() === 'PNG' && width >= 1180, `${stem}: ${width} px`);
    assert.ok((await readFile(`${file}.csv`, 'utf8')).trimEnd().split('\n').length > 1, stem);
  }
  const matrix = join(folder, 'run', 'figures', 'figure-confusion-matrix-ensemble-test-split.csv');
  const rows = (await readFile(matrix, 'utf8')).trimEnd().split('\n').slice(1);
  const { tp, fp, tn, fn } = metrics.counts;
  assert.deepEqual(
    rows.map((row) => Number(row.split(',').at(-1))),
    [tn, fp, fn, tp],
  );
  const methods = await page.evaluate(() => document.querySelector('#methods')?.textContent ?? '');
  assert.ok(methods.includes(`${metrics.images} images`) && /DeLong et al\. \(\d+\), two-sided/.test(methods), methods);
  const tables = await page.evaluate(() =>
    [...document.querySelectorAll('.two-by-two')].map((table) =>
      [...table.querySelectorAll('td.numeric')].map((cell) => Number(cell.textContent)),
    ),
  );
  assert.deepEqual(tables[0], [
    tp,
    fp,
    (tp ?? 0) + (fp ?? 0),
    fn,
    tn,
    (fn ?? 0) + (tn ?? 0),
    (tp ?? 0) + (fn ?? 0),
    (fp ?? 0) + (tn ?? 0),
    metrics.images,
  ]);
  assert.equal(tables.length, 3);
  await page.close();
});

test('it says where it came from, quotes once and shows no value that is none', { skip }, async () => {
  const record = JSON.parse(await readFile(join(folder, 'run', 'run.json'), 'utf8'));
  const { page } = await open(1280, 'light');
  const text = await page.evaluate(() => document.body.textContent ?? '');
  for (const fact of [record.command, record.manifest.sha256, record.versions.onnxruntime, ...NETWORKS])
    assert.ok(text.includes(fact), fact);
  assert.doesNotMatch(text, /\.\.(?!\.)|undefined|NaN|Infinity|\[object/);
  const quotes = await page.evaluate(() => [...document.querySelectorAll('q')].map((q) => q.textContent ?? ''));
  assert.ok(quotes.length > 5 && quotes.every((quote) => !/^["“]|["”]$/.test(quote)), quotes.join('\n'));
  await page.close();
});
