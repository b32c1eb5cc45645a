/** Lin 2023 from the command line on drawn films: trained, evaluated, and used on new ones. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { formatCsv, writePng8 } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { reproductionOf } from '@mammoscope/systems';
import { assertDone, assertRefused, fileHashes, workplace } from './cli-process.ts';

const { folder, mammoscope } = await workplace();
const [WIDTH, HEIGHT] = [80, 64];
/** Columns of the breast; the others are black. */
const BREAST = 60;

/** Ten women with a breast in two views, in turn malignant, normal and benign; four train, two validate, four test. */
const KINDS = [
  'malignant',
  'normal',
  'malignant',
  'benign',
  'malignant',
  'benign',
  'malignant',
  'normal',
  'malignant',
  'benign',
];
const women = KINDS.map((label, i) => ({
  label,
  id: `w${i}`,
  side: i % 2 === 0 ? 'L' : 'R',
  split: i < 4 ? 'train' : i < 6 ? 'val' : 'test',
}));
type Woman = (typeof women)[number];
const VIEWS = ['CC', 'MLO'] as const;
const pathOf = ({ id }: Woman, view: string) => `films/${id}-${view}.png`;

/** Where a woman's lesion is, the breast hanging on the left of the film for L. */
function lesionOf({ id, side, label }: Woman, view: string): readonly [number, number, number, number] | undefined {
  if (label === 'normal') return undefined;
  const random = new RandomStream(3, id, view);
  const [x, y] = [random.integer(4, 36), random.integer(4, 44)];
  return side === 'L' ? [x, y, x + 16, y + 14] : [WIDTH - x - 16, y, WIDTH - x, y + 14];
}

function drawn(woman: Woman, view: string): Float32Array {
  const random = new RandomStream(4, woman.id, view);
  const [x1, y1, x2, y2] = lesionOf(woman, view) ?? [0, 0, 0, 0];
  return Float32Array.from({ length: WIDTH * HEIGHT }, (_, at) => {
    const [x, y] = [at % WIDTH, Math.floor(at / WIDTH)];
    if ((woman.side === 'L' ? x : WIDTH - 1 - x) >= BREAST) return 0;
    const inside = x >= x1 && x < x2 && y >= y1 && y < y2;
    return 40 + random.integer(0, 20) + (inside ? (woman.label === 'malignant' ? 190 : 110) : 0);
  });
}

const rows = women.flatMap((woman) =>
  VIEWS.map((view) => {
    const [x1, y1, x2, y2] = lesionOf(woman, view) ?? ['', '', '', ''];
    return {
      ...{ patient_id: woman.id, path: pathOf(woman, view), modality: 'FILM', label: woman.label },
      ...{
        laterality: woman.side,
        view,
        split: woman.split,
        lesion_id: x1 === '' ? '' : `${woman.id}-a`,
        x1,
        y1,
        x2,
        y2,
      },
    };
  }),
);
type Row = (typeof rows)[number];

async function manifestOf(name: string, changed: readonly Partial<Row>[]): Promise<string> {
  await writeFile(join(folder, name), formatCsv(changed as readonly Row[]));
  return name;
}

const CLASSES = ['--classes', 'normal,benign,malignant'];
const SETTINGS = [
  ...['tileWidthPx=64', 'tileHeightPx=64', 'overlapPx=16', 'anchorSizesPx=8,16,24,32,48', 'anchorRatios=1'],
  // Few and small steps, after which boxes of every kind are still found.
  ...['epochs=1', 'patience=1', 'learningRate=1e-6', 'scoreThreshold=0.02', 'regions=32', 'proposals=64'],
  ...['width=8', 'film.sizePx=32', 'film.width=8', 'film.batch=2', 'film.epochs=1', 'film.patience=1'],
];
const train = (manifest: string, out: string, more: readonly string[] = []) =>
  mammoscope([
    ...['train', 'lin2023', '--data', manifest, ...CLASSES, '--preset', 'tiny', '--seed', '3', '--threads', '2'],
    ...SETTINGS.flatMap((setting) => ['--set', setting]),
    ...['--out', out, ...more],
  ]);

const jsonOf = async (...path: string[]) => JSON.parse(await readFile(join(folder, ...path), 'utf8'));

before(async () => {
  await mkdir(join(folder, 'films'));
  for (const woman of women)
    for (const view of VIEWS) await writePng8(join(folder, pathOf(woman, view)), drawn(woman, view), WIDTH, HEIGHT);
  await writePng8(join(folder, 'films', 'black.png'), new Float32Array(WIDTH * HEIGHT), WIDTH, HEIGHT);
});

test('what is wrong with films, boxes and settings is found before training, in one sentence', async () => {
  const [first, second, third] = rows as [Row, Row, Row];
  const refused = async (changed: readonly Partial<Row>[], ...patterns: readonly RegExp[]) => {
    const outcome = await train(await manifestOf('bad.csv', changed), 'refused');
    assertRefused(outcome, 2, ...patterns);
  };
  const rest = rows.slice(1);
  await refused([{ ...first, x2: first.x1 }, ...rest], /line 2: a box must satisfy 0 <= x1 < x2/);
  await refused(
    [first, { ...second, label: 'benign' }, ...rows.slice(2)],
    /lesion "w0-a" .* malignant at line 2 and benign at line 3/,
  );
  await refused(
    [{ ...first, x1: '', y1: '', x2: '', y2: '' }, ...rest],
    /films\/w0-CC\.png at line 2 is malignant and has no malignant lesion/,
  );
  await refused(
    [...rows.slice(0, 2), { ...third, path: 'films/black.png' }, ...rows.slice(3)],
    /films\/black\.png at line 4 is black everywhere/,
  );
  await refused(
    [
      first,
      { ...second, path: first.path, laterality: 'R', view: first.view, lesion_id: 'b', x1: 1, x2: 9 },
      ...rows.slice(2),
    ],
    /laterality R here and L on line 2/,
  );
  await refused(
    rows.map((row) => ({ ...row, modality: 'PATCH' })),
    /no whole mammogram/,
  );
  assertRefused(await train('bad.csv', 'refused', ['--set', 'overlapPx=64']), 2, /overlap/);
  assertRefused(await train('bad.csv', 'refused', ['--set', 'film.epochs=none']), 2, /epochs=none/);
  assert.ok(!(await readdir(folder)).includes('refused'));
});

test('trained, evaluated and used: every file, every level, boxes where the film stores them', async () => {
  const manifest = await manifestOf('films.csv', rows);
  const trained = await train(manifest, 'run', ['--json']);
  assertDone(trained);
  assert.match(
    trained.stderr,
    /detector: 8 training, 4 validation, 8 test images; at most 1 epoch of \d+ batches of 1/,
  );
  assert.deepEqual(
    JSON.parse(trained.stdout).members.map(({ network, epochs }: { network: string; epochs: number }) => [
      network,
      epochs,
    ]),
    [
      ['detector', 1],
      ['sppnet', 1],
    ],
  );
  const record = await jsonOf('run', 'run.json');
  assert.deepEqual(
    [record.members, record.recipe.film.epochs, record.classes],
    [['detector', 'sppnet'], 1, ['normal', 'benign', 'malignant']],
  );

  const before = await fileHashes(join(folder, 'run'));
  assertDone(await train(manifest, 'run', ['--resume']));
  assert.deepEqual(await fileHashes(join(folder, 'run')), before, 'resuming a finished run changes nothing');

  const evaluated = await mammoscope(['evaluate', 'run', '--data', manifest, '--json']);
  assertDone(evaluated);
  const metrics = JSON.parse(evaluated.stdout);
  assert.deepEqual(metrics, await jsonOf('run', 'metrics.json'));
  assert.deepEqual([metrics.images, metrics.patients, metrics.levels.image.positives], [8, 4, 4]);
  assert.deepEqual([metrics.levels.breast.cases, metrics.levels.breast.positives], [4, 2]);
  for (const level of ['image', 'breast'])
    assert.deepEqual(
      metrics.levels[level].models.map(({ model }: { model: string }) => model),
      ['detector', 'sppnet'],
    );
  const counts = Object.values(metrics.counts as Record<string, number>);
  assert.equal(
    counts.reduce((a, b) => a + b, 0),
    8,
  );
  const told = metrics.boxes.froc.map(({ lesionsOf, size, lesions }: Record<string, string | number>) =>
    [lesionsOf, size, lesions].join(' '),
  );
  assert.deepEqual(told, ['malignant all 4', 'malignant small 4', 'any all 6', 'any small 6']);
  const written = await readdir(join(folder, 'run'));
  const files = [
    'breasts.csv',
    'detections.csv',
    'detections.json',
    'figures',
    'layers.png',
    'metrics.json',
    'predictions.csv',
    'report.html',
    'run.json',
    'scores.csv',
  ];
  for (const file of files) assert.ok(written.includes(file), file);
  const report = await readFile(join(folder, 'run', 'report.html'), 'utf8');
  for (const text of [
    'False positives per',
    'breast level',
    'malignant, all',
    '4 lesions',
    'Table 2',
    'Grad-CAM beside',
  ])
    assert.ok(report.includes(text), text);

  // The same run read as the paper's comparison: what its rules called is what metrics.json counts.
  const { cases, figureTables } = reproductionOf('lin2023');
  const { image, breast } = await cases(join(folder, 'run'));
  const { called = [] } = image?.models.get('detector') ?? {};
  const agreeing = called.filter((own, i) => own === image?.positive[i]).length;
  assert.deepEqual([agreeing, image?.models.size], [metrics.accuracy.numerator, 2]);
  assert.deepEqual([breast?.case, breast?.patients.length], ['breast', 4]);
  const tables = (await figureTables?.([{ name: 'seed-3', runs: { comparison: join(folder, 'run') } }], 0)) ?? [];
  const [first, second] = tables.map(({ rows: own }) => own);
  assert.deepEqual(
    tables.map(({ number }) => number),
    ['Table 1', 'Table 2', 'Table 3', 'Table 4', 'FROC'],
  );
  assert.deepEqual(
    first?.[0]?.cells.map(({ here }) => here?.value),
    [6, 4],
  );
  assert.equal(second?.[1]?.cells[0]?.here?.value, metrics.accuracy.value);

  const flattered = await mammoscope([
    ...['evaluate', 'run', '--data', manifest, '--cutoff', 'test', '--by', 'view', '--out', 'flattered', '--json'],
  ]);
  assertDone(flattered);
  const { cutoff, accuracy } = JSON.parse(flattered.stdout).levels.image.models[0];
  assert.ok(cutoff === null || (Number.isFinite(cutoff) && accuracy.value >= metrics.accuracy.value), String(cutoff));
  const page = await readFile(join(folder, 'flattered', 'report.html'), 'utf8');
  assert.match(page, /The cut-off was chosen on the images that it is measured on/);
  assert.match(page, /<section id="subgroups"/);
  assertRefused(await mammoscope(['evaluate', 'run', '--data', manifest, '--by', 'age']), 2, /no column age/);

  const unlabelled = await manifestOf('new.csv', [
    ...rows.slice(-4).map((row) => ({ ...row, label: '', split: '', lesion_id: '', x1: '', y1: '', x2: '', y2: '' })),
    {
      ...(rows[0] as Row),
      label: '',
      split: '',
      path: 'films/w1-CC.png',
      patient_id: 'other',
      lesion_id: '',
      x1: '',
      y1: '',
      x2: '',
      y2: '',
    },
  ]);
  const predicted = await mammoscope(['predict', 'run', unlabelled, '--out', 'predicted', '--json']);
  assertDone(predicted);
  const { predictions, breasts, rules } = JSON.parse(predicted.stdout);
  assert.deepEqual(
    predictions.map(({ path }: { path: string }) => path).slice(0, 4),
    rows.slice(-4).map(({ path }) => path),
  );
  assert.deepEqual(
    breasts.map(({ patientId, views }: { patientId: string; views: string[] }) => [patientId, views.length]),
    [
      ['w8', 2],
      ['w9', 2],
      ['other', 1],
    ],
  );
  const fired = [...predictions, ...breasts].map(({ rule }: { rule: string }) => rule);
  assert.deepEqual(new Set(fired), new Set(Object.keys(rules)));
  // The breast of w9 hangs on the right: boxes lie in its columns of the stored film.
  const right = predictions[2].boxes.map(({ box }: { box: number[] }) => box);
  assert.ok(
    right.length > 0 && right.every(([x1 = 0, , x2 = 0]: number[]) => x1 >= WIDTH - BREAST && x2 <= WIDTH),
    JSON.stringify(right),
  );
  const coco = await jsonOf('predicted', 'detections.json');
  assert.deepEqual([coco.images.length, coco.images[0].width, coco.images[0].height], [5, WIDTH, HEIGHT]);
  assert.equal(coco.annotations.length, predictions.flatMap(({ boxes }: { boxes: unknown[] }) => boxes).length);
  const overlays = await readdir(join(folder, 'predicted', 'overlays'));
  assert.deepEqual(
    overlays.sort(),
    predictions.map(({ overlay }: { overlay: string }) => overlay),
  );
  const picture = await readFile(join(folder, 'predicted', 'overlays', overlays[0] as string));
  const size = [picture.readUInt32BE(16), picture.readUInt32BE(20)]; // of PNG's header
  assert.deepEqual(size, [Math.round((BREAST * 640) / HEIGHT), 640]);

  // The same films without a manifest: the same boxes, no breasts.
  const files2 = rows.slice(-4).map(({ path }) => path);
  const byFile = await mammoscope(['predict', 'run', ...files2, '--out', 'by-file', '--json']);
  assertDone(byFile);
  const again = JSON.parse(byFile.stdout);
  assert.deepEqual(again.breasts, []);
  assert.deepEqual(
    again.predictions.map(({ boxes }: { boxes: unknown }) => boxes),
    predictions.slice(0, 4).map(({ boxes }: { boxes: unknown }) => boxes),
  );
  assertRefused(
    await mammoscope(['predict', 'run', 'films/black.png', '--out', 'dark']),
    2,
    /films\/black\.png is black everywhere/,
  );
});
