import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type GalleryCase,
  type ReportData,
  renderExamples,
  renderReport,
  reportFigures,
  type SaliencyExample,
} from './index.ts';
import { EXTREME_REPORT, HOSTILE, madeHostile } from './sample-extremes.ts';
import { EMPTY_REPORT, SAMPLE_REPORT } from './sample-report.ts';
import { arrange } from './sections/gallery.ts';

const VOID = new Set(['meta', 'br', 'img', 'input']);
const TAG = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g;

/** The page's start tags with their attribute names, in order. Throws where tags do not nest or a stray < or & is left. */
function parsed(page: string): string[] {
  const body = page.replace(/^<!DOCTYPE html>\n/, '').replace(/<style>[^<]*<\/style>/, '<style></style>');
  const open: string[] = [];
  const seen: string[] = [];
  for (const [, closing, name = '', attributes = '', selfClosing] of body.matchAll(TAG)) {
    if (closing) assert.equal(open.pop(), name, `</${name}>`);
    else {
      const names = [...attributes.matchAll(/\s([\w:-]+)(?:="[^"]*")?/g)].map((match) => match[1]);
      seen.push([name, ...names].join(' '));
      if (!selfClosing && !VOID.has(name)) open.push(name);
    }
  }
  assert.deepEqual(open, []);
  const text = body.replace(TAG, '');
  assert.doesNotMatch(text, /[<>]/);
  assert.doesNotMatch(body, /&(?!(amp|lt|gt|quot|#39);)/);
  return seen;
}

const SECTIONS = ['performance', 'roc', 'scores', 'gallery', 'training', 'images', 'recipe', 'provenance'];

for (const [name, data] of [
  ['full', SAMPLE_REPORT],
  ['empty', EMPTY_REPORT],
  ['extreme', EXTREME_REPORT],
] as const) {
  test(`the ${name} report is well formed, has every section and survives JSON`, () => {
    const page = renderReport(data);
    parsed(page);
    for (const id of SECTIONS) assert.ok(page.includes(`<section id="${id}"`), id);
    assert.match(page, /<b>Not a medical device\.<\/b>/);
    assert.doesNotMatch(page, /NaN|Infinity|\[object|>undefined</);
    assert.equal(renderReport(JSON.parse(JSON.stringify(data)) as ReportData), page);
  });

  test(`the ${name} report fetches nothing and runs nothing`, () => {
    const page = renderReport(data);
    const links = [...page.matchAll(/(?<!xmlns=')https?:\/\/[^\s"'<]*/g)].map(([url]) => url);
    assert.deepEqual(links, data.system.doi ? [`https://doi.org/${data.system.doi}`] : []);
    assert.match(page, /<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;/);
    assert.doesNotMatch(page, /<(script|link|iframe|object|embed|base|form)\b|@import|url\((?!#)/i);
    for (const [, source = ''] of page.matchAll(/\ssrc="([^"]*)"/g)) assert.match(source, /^data:image\//);
  });
}

test('an empty report says of every section what is missing', () => {
  assert.equal(renderReport(EMPTY_REPORT).match(/<p class="empty">/g)?.length, 10);
});

test('hostile texts change no tag and no attribute name', () => {
  const hostile = renderReport(madeHostile(SAMPLE_REPORT));
  // A longer text of the flow chart takes more lines, each an element of its own.
  const tags = (page: string) => parsed(page).filter((tag) => !/^text\b/.test(tag));
  assert.deepEqual(tags(hostile), tags(renderReport(SAMPLE_REPORT)));
  assert.deepEqual(new Set(parsed(hostile)), new Set(parsed(renderReport(SAMPLE_REPORT))));
  assert.ok(hostile.includes('&lt;script&gt;alert(1)&lt;/script&gt;') && !hostile.includes(HOSTILE.slice(0, 12)));
  assert.ok(!hostile.includes('\u0000') && !hostile.includes('\u202e'));
});

test('sections of analyses are there where there are data, with every 2 x 2 table and the methods in words', () => {
  const page = renderReport(SAMPLE_REPORT);
  for (const id of ['pairwise', 'operating-points', 'calibration', 'decision', 'detection', 'subgroups', 'methods']) {
    assert.ok(page.includes(`<section id="${id}"`) && page.includes(`<a href="#${id}">`), id);
    assert.ok(!renderReport(EMPTY_REPORT).includes(`#${id}`), id);
  }
  assert.equal(page.match(/class="two-by-two"/g)?.length, 3);
  assert.match(
    page,
    /Called positive<\/th><td class="numeric">74<\/td><td class="numeric">34<\/td><td class="numeric total">108</,
  );
  assert.match(page, /<b>Statistical analysis\.<\/b> The area under the receiver operating characteristic curve/);
});

test('the performance table reads value, interval and counts, and explains what is undefined', () => {
  const page = renderReport(SAMPLE_REPORT);
  const cell =
    '<span class="value">76.3</span> <span class="interval">(67.8–84.8)</span> <span class="counts">74/97</span>';
  assert.ok(page.includes(cell));
  assert.ok(page.includes('Test split: 260 images, 145 patients, 37.3 % positive'));
  const one = { model: 'a', dataset: 'test', images: 9, ppv: { value: null, numerator: 0, denominator: 0 } };
  const undefinedPage = renderReport({ ...EMPTY_REPORT, performance: { models: [one] } });
  assert.match(undefinedPage, /<span class="value">—<\/span>/);
  assert.match(undefinedPage, /— is undefined\. PPV of a: no image was called positive\./);
});

test('every two models are compared in every measure that has a test, with p adjusted and bold below 0.05', () => {
  const tested = { difference: -0.0189, p: 0.004, adjustedP: 0.012 };
  const pair = { first: 'a', second: 'b', auc: tested, ppv: { difference: 0.0304, p: 0.06 } };
  const pairs = [pair, { first: 'a', second: 'c', auc: { difference: 0, p: 1, adjustedP: 1 } }];
  const page = renderReport({ ...EMPTY_REPORT, pairwise: [{ test: 'Some test', adjustment: 'Holm', pairs }] });
  const [, body = ''] = page.match(/<section id="pairwise"[^>]*>(.*?)<\/section>/s) ?? [];
  const text = body.replaceAll(/<[^>]*>/g, '|').replaceAll(/[|\s]*\|[|\s]*/g, '|');
  assert.match(text, /\|Models\|AUC\|PPV\|a\|less b\|AUC\|−0\.019\|p = 0\.012\|PPV\|\+3\.0\|p = 0\.060\|/);
  assert.match(text, /\|a\|less c\|AUC\|0\.000\|p = 1\.000\|PPV\|no test\|/);
  assert.match(text, /Some test\. p values are adjusted by Holm .*No test: /);
  assert.deepEqual(
    [...body.matchAll(/<b>([^<]*)<\/b>/g)].map(([, bold]) => bold),
    ['p = 0.012'],
  );
});

test('a table of figures prints value, interval or deviation, and what was published', () => {
  const [, body = ''] = renderReport(SAMPLE_REPORT).match(/<section id="tables"[^>]*>(.*?)<\/section>/s) ?? [];
  const text = body.replaceAll(/<[^>]*>/g, '|').replaceAll(/[|\s]*\|[|\s]*/g, '|');
  assert.match(text, /\|Table II\. Breast-wise AUC\|/);
  assert.match(text, /\|0\.812\|\(0\.700–0\.900\)\|published 0\.802 \(0\.734–0\.864\)\|/);
  assert.match(text, /\|0\.193\|± 0\.019\|/);
  assert.match(text, /\|published −0\.005 \(−0\.020 to 0\.040\)\|/);
  assert.match(text, /Undefined, or without an interval: there is no positive case\./);
});

test('a film has a stop for each slice and a link to those that are marked; its picture is in the page once', () => {
  const page = renderReport(SAMPLE_REPORT);
  const film = SAMPLE_REPORT.saliency?.[0]?.rows[1]?.film as NonNullable<SaliencyExample['rows'][number]['film']>;
  const stops = [...page.matchAll(/<li id="(film-1-2-slice-\d+)"/g)].map(([, id]) => id);
  assert.deepEqual(
    stops,
    Array.from({ length: film.slices }, (_, i) => `film-1-2-slice-${i + 1}`),
  );
  assert.ok(film.marked.every(({ slice }) => page.includes(`<a href="#film-1-2-slice-${slice}">`)));
  assert.equal(page.split(film.dataUri).length, 2);
  assert.match(page, /<li id="film-1-2-slice-8" class="first">/);
});

test('examples alone are a page as self-contained as a report', () => {
  const page = renderExamples('Figure 6', SAMPLE_REPORT.saliency ?? []);
  assert.ok(parsed(page).length > 0);
  assert.match(page, /<b>Not a medical device\.<\/b>/);
  assert.doesNotMatch(page, /https?:\/\/|<(script|link|iframe|object|embed|base|form)\b|@import|url\((?!#)/i);
});

test('the headline is the ensemble; warnings stand before notes', () => {
  const page = renderReport(SAMPLE_REPORT);
  assert.match(page, /<dt>Model<\/dt><dd><span class="tile-value">Ensemble</);
  assert.ok(page.indexOf('<li class="warning">') < page.indexOf('<li class="note">'));
});

test('the gallery shows the surest right and the worst wrong first', () => {
  const template = SAMPLE_REPORT.gallery?.cases[0] as NonNullable<ReportData['gallery']>['cases'][number];
  const order = (kind: typeof template.kind) =>
    arrange(
      [0.2, 0.9, 0.5].map((score) => ({ ...template, kind, score })),
      kind,
    ).map(({ score }) => score);
  assert.deepEqual(order('true positive'), [0.9, 0.5, 0.2]);
  assert.deepEqual(order('false positive'), [0.9, 0.5, 0.2]);
  assert.deepEqual(order('true negative'), [0.2, 0.5, 0.9]);
  assert.deepEqual(order('false negative'), [0.2, 0.5, 0.9]);
});

test('the gallery prints scores and cut-off so that every call can be checked', () => {
  const template = SAMPLE_REPORT.gallery?.cases[0] as GalleryCase;
  const cases: GalleryCase[] = [
    { ...template, kind: 'false negative', score: 0.74891 },
    { ...template, kind: 'true positive', score: 0.7502 },
  ];
  const page = renderReport({ ...SAMPLE_REPORT, gallery: { cutoff: { value: 0.74903, comparison: '≥' }, cases } });
  assert.match(page, /Called positive at score ≥ 0\.7490\./);
  assert.match(page, /score 0\.7489<\/b>, false negative/);
});

test('data that cannot be shown are refused with their place', () => {
  const gallery = SAMPLE_REPORT.gallery as NonNullable<ReportData['gallery']>;
  const item = gallery.cases[0] as (typeof gallery.cases)[number];
  const row = { model: 'a', dataset: 'test', images: 9 };
  const refused: [Partial<ReportData>, RegExp][] = [
    [{ classes: ['malignant'] }, /classes: at least two classes/],
    [{ system: { name: 'a', citation: 'b', doi: 'javascript:alert(1)' } }, /a DOI such as/],
    [
      { gallery: { cases: [{ ...item, path: 'a.png', imageDataUri: 'https://example.org/a.png' }] } },
      /gallery case a\.png/,
    ],
    [{ gallery: { ...gallery, colours: ['red'] } }, /gallery colours: #rrggbb/],
    [{ performance: { models: [{ ...row, sensitivity: { value: 82.5 } }] } }, /sensitivity of model a: a fraction/],
    [
      { roc: [{ model: 'a', points: [], band: { fpr: [0, 1], lower: [0], upper: [1, 1] } }] },
      /band: 2 values as in fpr/,
    ],
    [
      { scores: [{ model: 'a', classes: [{ label: 'b', scores: [0, Number.NaN] }] }] },
      /class b, score 2: a finite number/,
    ],
    [{ confusion: [{ model: 'a', classes: ['b', 'c'], counts: [[1, 2]] }] }, /confusion matrix of a: 2 x 2 counts/],
    [{ training: [{ model: 'a', epochs: [{ epoch: 1, valAuc: 85 }] }] }, /training of a, epoch 1: a fraction/],
    [
      { precisionRecall: [{ model: 'a', points: [{ recall: 0.5, precision: 75 }] }] },
      /precision-recall curve of a: a fraction/,
    ],
    [
      { comparisons: [{ test: 't', pairs: [{ first: 'a', second: 'b', difference: Number.NaN, p: 1 }] }] },
      /difference of a and b: a finite number/,
    ],
    [
      { pairwise: [{ test: 't', pairs: [{ first: 'a', second: 'b', npv: { difference: 0, p: 1.5 } }] }] },
      /p value of a and b: a fraction/,
    ],
    [
      { decision: [{ cases: 1, prevalence: 0.5, models: [], all: [{ threshold: 0.5, netBenefit: -Infinity }] }] },
      /decision curve: a finite number/,
    ],
    [
      { tables: [{ number: 'Table II', caption: 'c', columns: ['a', 'b'], rows: [{ label: 'x', cells: [{}] }] }] },
      /Table II, row x: 2 cells/,
    ],
    [
      { saliency: [{ title: 't', rows: [{ name: 'DBT', panels: [{ caption: 'c', dataUri: 'a.png' }] }] }] },
      /t, DBT: a data:image/,
    ],
    [
      { operatingPoints: [{ model: 'a', name: 'b', tp: 0.5, fp: 0, fn: 0, tn: 0 }] },
      /operating point "b" of a: a count/,
    ],
    [{ flow: { stages: [{ name: 'a', images: -1 }] } }, /flow: a count/],
  ];
  for (const [part, message] of refused) assert.throws(() => renderReport({ ...EMPTY_REPORT, ...part }), message);
});

test('what is counted is named: images, or the lesions and views of a data set', () => {
  const row = { model: 'a', dataset: 'test', images: 9 };
  const pageOf = (part: Partial<ReportData>) => renderReport({ ...EMPTY_REPORT, ...part });
  assert.match(pageOf({ performance: { models: [row] } }), /test: 9 images/);
  const ofLesions = pageOf({ performance: { models: [{ ...row, case: 'lesion' }] } });
  assert.match(ofLesions, /test: 9 lesions/);
  assert.match(ofLesions, /tile-detail">9 lesions/);
  assert.match(pageOf({ scores: [{ model: 'a', case: 'view', classes: [{ label: 'b', scores: [0.5] }] }] }), />Views</);
  const counts = [
    [1, 2],
    [3, 4],
  ];
  assert.match(
    pageOf({ confusion: [{ model: 'a', case: 'pair', classes: ['b', 'c'], counts }] }),
    /Pairs, and percent of their reference class/,
  );
});

test('curves of several data sets share a plot up to six, and have one a data set beyond', () => {
  const curve = (model: string, dataset: string) => ({ model, dataset, points: [] });
  const plots = (models: readonly string[]) =>
    reportFigures({
      ...EMPTY_REPORT,
      roc: ['one', 'two'].flatMap((dataset) => models.map((model) => curve(model, dataset))),
    })
      .map(({ name }) => name)
      .filter((name) => name.startsWith('roc-all'));
  assert.deepEqual(plots(['a', 'b', 'c']), ['roc-all']);
  assert.deepEqual(plots(['a', 'b', 'c', 'd']), ['roc-all-one', 'roc-all-two']);
});
