/** Liang 2019 as a user calls it, on pairs of small images in which a spot tells the classes apart. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { formatCsv, writePng8 } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { assertDone, assertRefused, fileHashes, workplace } from './cli-process.ts';

const { folder, mammoscope } = await workplace();
const SIDE = 64;
const PATIENTS = 16;
const SLICES = 4;
const MEMBERS = ['dm', 'dbt', 'dm-dbt', '2d-t3-alex', '3d-t2-alex'];
const train = (out: string, flags: readonly string[] = [], onStart?: (child: ChildProcess) => void) =>
  mammoscope(
    [
      ...[
        'train',
        'liang2019',
        '--data',
        'pairs.csv',
        '--classes',
        'benign,malignant',
        '--preset',
        'tiny',
        '--out',
        out,
      ],
      ...['--set', 'sizePx=64', '--set', 'batch=8', '--set', 'epochs=2', '--set', 'patience=2', '--set', 'variants=1'],
      ...flags,
    ],
    onStart,
  );

/** Half an ellipse of noise at the left of dark air, brighter in a corner. */
const breast = (stream: RandomStream, spot: number) =>
  Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    const noise = stream.uniform();
    const inside = x < 48 * Math.sqrt(Math.max(0, 1 - ((y - 32) / 28) ** 2));
    return inside ? 60 + 50 * noise + (x < 20 && y > 20 && y < 40 ? spot : 0) : 4 * noise;
  });

before(async () => {
  const rows = [];
  for (let p = 0; p < PATIENTS; p++) {
    const label = p % 2 === 0 ? 'benign' : 'malignant';
    const stream = new RandomStream(1, 'patient', p);
    const plane = (spot: number) => breast(stream, spot);
    const common = { patient_id: `p${p}`, laterality: 'L', view: 'CC', label };
    await mkdir(join(folder, `p${p}-dbt`), { recursive: true });
    await writePng8(join(folder, `p${p}.png`), plane(label === 'benign' ? 0 : 120), SIDE, SIDE);
    for (let t = 0; t < SLICES; t++)
      await writePng8(join(folder, `p${p}-dbt`, `${t}.png`), plane(label === 'benign' ? 0 : 40 * t), SIDE, SIDE);
    rows.push({ ...common, modality: 'DM', path: `p${p}.png` }, { ...common, modality: 'DBT', path: `p${p}-dbt` });
  }
  await writeFile(join(folder, 'pairs.csv'), formatCsv(rows));
  await writeFile(join(folder, 'alone.csv'), formatCsv(rows.filter(({ modality }) => modality === 'DM')));
  assertDone(await train('run'));
});

test('train writes the same folder as other systems, and says that random weights give random features', async () => {
  const record = JSON.parse(await readFile(join(folder, 'run', 'run.json'), 'utf8'));
  assert.deepEqual([record.system, record.members, record.weights], ['liang2019', MEMBERS, {}]);
  assert.equal(record.rows.length, PATIENTS);
  for (const member of record.members)
    assert.deepEqual((await readdir(join(folder, 'run', member))).sort(), [
      'best.safetensors',
      'history.csv',
      'last.safetensors',
      'model.onnx',
      'validation.csv',
    ]);
});

test('a second run takes features from the cache and ends with the same bytes, also with one damaged and one of another version', async () => {
  const cache = join(folder, 'cache', 'mammoscope', 'features');
  const names = await readdir(cache);
  assert.equal(names.length, 4 * PATIENTS); // mammogram and dynamic image, and for the baselines mammogram and slices
  await appendFile(join(cache, names[0] as string), 'x');
  const older = join(cache, names[1] as string);
  await writeFile(older, (await readFile(older, 'latin1')).replace('features-2', 'features-0'), 'latin1');
  const again = await train('again');
  assertDone(again);
  assert.match(again.stderr, /features of 16 pairs: 2 maps computed/);
  assert.match(again.stderr, /squeezenet1_1 and alexnet have random weights/);
  const [first, second] = [await fileHashes(join(folder, 'run')), await fileHashes(join(folder, 'again'))];
  assert.deepEqual(second, first);
});

test('a cache too small for the features is said, and changes no byte', async () => {
  const small = await train('small', ['--set', 'cacheGiB=0.0005']);
  assertDone(small);
  assert.match(small.stderr, /features need 0\.0\d+ GiB and 0\.0005 are kept/);
  const weights = (run: string) => readFile(join(folder, run, 'dm-dbt', 'last.safetensors'));
  assert.ok((await weights('small')).equals(await weights('run')));
});

test('a run that is killed after an epoch and resumed ends with the same bytes', async () => {
  const killed = await train('killed', [], (child) => {
    child.stderr?.on('data', (text: string) => {
      if (text.includes('epoch 1: ')) child.kill('SIGKILL');
    });
  });
  assert.equal(killed.signal, 'SIGKILL');
  assertDone(await train('killed', ['--resume']));
  assert.deepEqual(await fileHashes(join(folder, 'killed')), await fileHashes(join(folder, 'run')));
});

test('evaluate gives the figures of Table IV for three classifiers and their vote, marked as of random features', async () => {
  const outcome = await mammoscope([
    'evaluate',
    'run',
    '--data',
    'pairs.csv',
    '--out',
    'results',
    '--by',
    'view',
    '--json',
  ]);
  assertDone(outcome);
  const metrics = JSON.parse(outcome.stdout);
  assert.deepEqual(
    metrics.models.map(({ model }: { model: string }) => model),
    [...MEMBERS, 'ensemble'],
  );
  assert.equal(metrics.dataset, 'test split');
  assert.match(metrics.warning, /random weights/);
  for (const { auc, accuracy, averagePrecision, averageCorrectConfidence, counts, randomFeatures } of metrics.models) {
    assert.equal(randomFeatures, true);
    assert.ok(auc >= 0 && auc <= 1);
    for (const { value, interval } of [accuracy, averagePrecision, averageCorrectConfidence])
      assert.ok(value === null || (interval[0] <= value && value <= interval[1] && interval[1] <= 1));
    assert.equal(counts.tp + counts.tn, accuracy.numerator);
    assert.equal(counts.tp + counts.tn + counts.fp + counts.fn, metrics.pairs);
  }
  const [header = '', ...lines] = (await readFile(join(folder, 'results', 'predictions.csv'), 'utf8'))
    .trimEnd()
    .split('\n');
  const columns = header.split(',');
  const cell = (line: string, column: string) => line.split(',')[columns.indexOf(column)];
  assert.equal(lines.length, metrics.pairs);
  for (const line of lines) {
    const votes = ['dm', 'dbt', 'dm-dbt'].map((member) => cell(line, `vote_${member}`));
    assert.equal(votes.filter((vote) => vote === cell(line, 'decision')).length >= 2, true, line);
  }
  const figures = join(folder, 'results', 'figures');
  const drawn = (await readdir(figures)).filter((name) => name.endsWith('.svg') && !name.includes('flow'));
  assert.ok(drawn.length >= 8 && drawn.some((name) => name.includes('subgroups')), drawn.join());
  for (const name of drawn)
    assert.equal((await readFile(join(figures, name), 'utf8')).includes('(random)'), true, name);
  const page = await readFile(join(folder, 'results', 'report.html'), 'utf8');
  assert.equal(page.includes('The features of dm, dbt, dm-dbt, 2d-t3-alex, 3d-t2-alex are random'), true);
});

test('predict gives three votes with their confidences, the dynamic image and Grad-CAM on both images', async () => {
  const outcome = await mammoscope(['predict', 'run', 'pairs.csv', '--out', 'predictions', '--json']);
  assertDone(outcome);
  const { predictions, warning } = JSON.parse(outcome.stdout);
  assert.match(warning, /mean nothing/);
  assert.equal(predictions.length, PATIENTS);
  for (const { votes, decision, share } of predictions) {
    const called = Object.values(votes as Record<string, { vote: string; confidence: number }>);
    assert.ok(called.every(({ confidence }) => confidence >= 0.5 && confidence <= 1));
    assert.ok(Math.abs(called.filter(({ vote }) => vote === decision).length / 3 - share) < 1e-9);
  }
  for (const { maps } of predictions)
    for (const { box } of [maps.dm, maps.dbt]) assert.deepEqual(box, [0, 0, SIDE, SIDE], 'images are seen whole');
  // the dynamic image, and of each side the overlay and its map
  assert.equal((await readdir(join(folder, 'predictions', 'images'))).length, 5 * PATIENTS);
});

test('what cannot be trained, evaluated or predicted is refused in a sentence', async () => {
  assertRefused(
    await mammoscope(['train', 'liang2019', '--data', 'alone.csv', '--preset', 'tiny', '--out', 'x']),
    2,
    /has no pair of a DM and a DBT: p0\.png is left out because: no DBT of this breast and view/,
  );
  assertRefused(await train('x', ['--set', 'batch=9']), 2, /a batch of 9 pairs .* let batch be a multiple of 2/);
  assertRefused(await train('x', ['--set', 'variants=3']), 2, /variants=3/);
  assertRefused(await train('x', ['--set', 'voteWeights=1,1,1']), 2, /must sum to 1/);
  assertRefused(await train('x', ['--set', 'batch=8', '--weights', 'resnet34=w.pt']), 2, /resnet34/);
  assertRefused(await mammoscope(['predict', 'run', 'p0.png', '--out', 'x']), 2, /give one manifest \(CSV\)/);
  const one = { patient_id: 'p0', laterality: 'L', view: 'CC', label: 'benign' };
  const other = { ...one, patient_id: 'p1', label: 'malignant' };
  const predict = async (dm: string) => {
    const rows = [
      { ...one, modality: 'DM', path: dm },
      { ...one, modality: 'DBT', path: 'p0-dbt' },
      { ...other, modality: 'DM', path: 'p1.png' },
      { ...other, modality: 'DBT', path: 'p1-dbt' },
    ];
    await writeFile(join(folder, 'one.csv'), formatCsv(rows));
    return mammoscope(['predict', 'run', 'one.csv', '--out', 'x']);
  };
  const left = breast(new RandomStream(1, 'other breast'), 0);
  const mirrored = left.map((_, i) => left[i - (i % SIDE) + (SIDE - 1 - (i % SIDE))] as number);
  await writePng8(join(folder, 'other.png'), mirrored, SIDE, SIDE);
  assertRefused(await predict('other.png'), 2, /line 2: other\.png shows the chest wall on the right and p0-dbt/);
  assertRefused(await predict('absent.png'), 2, /absent\.png/);
  assertRefused(
    await mammoscope(['evaluate', 'run', '--data', 'pairs.csv', '--cutoff', 'test']),
    2,
    /without a cut-off/,
  );
});
