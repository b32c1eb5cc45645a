import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writePng16 } from '@mammoscope/imaging';
import { readCheckpoint, writeCheckpoint } from '@mammoscope/runtime';
import {
  assertDone,
  assertRefused,
  CLASSES,
  copyOf,
  fileHashes,
  phantomManifest,
  trainArguments,
  workplace,
} from './cli-process.ts';

const { folder, mammoscope } = await workplace();
const NETWORK = 'squeezenet1_1';
let data: string;
let manifest: string;

const train = (out: string, ...more: string[]) => [...trainArguments(manifest, out, NETWORK), ...more];

before(async () => {
  data = join(folder, 'data');
  manifest = await phantomManifest(data);
  assertDone(await mammoscope(train('run')));
});

/** A copy of the images whose manifest, and one of whose images, was changed. Returns the manifest's path. */
async function spoiled(
  name: string,
  change: (lines: string[], images: string) => Promise<string[] | undefined> | string[],
): Promise<string> {
  const copy = await copyOf(data, name);
  const lines = (await readFile(manifest, 'utf8')).trimEnd().split('\n');
  const changed = (await change([...lines], join(copy, 'images'))) ?? lines;
  await writeFile(join(copy, 'manifest.csv'), `${changed.join('\n')}\n`);
  return join(copy, 'manifest.csv');
}

/** Trains, evaluates and checks a manifest, each of which must refuse it in one sentence and write no run. */
async function everywhereRefused(spoiledManifest: string, ...patterns: readonly RegExp[]): Promise<void> {
  const commands = [
    trainArguments(spoiledManifest, 'refused', NETWORK),
    ['data', 'check', spoiledManifest, '--classes', CLASSES],
    ['evaluate', 'run', '--data', spoiledManifest, '--out', 'refused'],
  ];
  for (const command of commands) assertRefused(await mammoscope(command), 2, ...patterns);
  assert.deepEqual(
    await fileHashes(folder).then((all) => Object.keys(all).filter((name) => name.startsWith('refused/'))),
    [],
  );
}

/** The image of line 4 of the manifest. */
const IMAGE = 'phantom-0001-03.png';

test('a missing image is refused by line and name', async () => {
  const bad = await spoiled('missing', async (_, images) => void (await rm(join(images, IMAGE))));
  await everywhereRefused(bad, /line 4/, /phantom-0001-03\.png/);
});

test('a truncated image, a zero-byte one and one of 16 bits are refused by line and name before training begins', async () => {
  const spoil: Record<string, readonly [RegExp, (image: string) => Promise<void>]> = {
    truncated: [/cut short/, (image) => truncate(image, 300)],
    empty: [/empty/, (image) => truncate(image, 0)],
    deep: [
      /: image [^ ]+ has 16 bits and bit_depth declares 8/,
      (image) => writePng16(image, new Float32Array(32 * 32).fill(999), 32, 32),
    ],
  };
  for (const [name, [pattern, change]] of Object.entries(spoil)) {
    const bad = await spoiled(name, async (_, images) => void (await change(join(images, IMAGE))));
    for (const command of [trainArguments(bad, 'refused', NETWORK), ['data', 'check', bad, '--classes', CLASSES]])
      assertRefused(await mammoscope(command), 2, /manifest\.csv, line 4: /, /phantom-0001-03\.png/, pattern);
  }
});

test('an image that is damaged after training is refused by evaluate, and the run keeps its results', async () => {
  assertDone(await mammoscope(['evaluate', 'run', '--data', manifest]));
  const results = await fileHashes(join(folder, 'run'));
  const [, first] = (await readFile(join(folder, 'run', 'predictions.csv'), 'utf8')).split('\n');
  const image = first?.split(',')[1] as string;
  const bad = await spoiled('later', async (_, images) => void (await truncate(join(images, '..', image), 200)));
  assertRefused(await mammoscope(['evaluate', 'run', '--data', bad]), 2, /line \d+ of the manifest/, new RegExp(image));
  assertRefused(
    await mammoscope(['predict', 'run', join('data-later', image), '--out', 'unmade']),
    2,
    new RegExp(`^mammoscope: .*${image}`),
  );
  await assert.rejects(stat(join(folder, 'unmade')), { code: 'ENOENT' }, 'a refused image leaves no folder');
  assert.deepEqual(await fileHashes(join(folder, 'run')), results);
});

test('an empty manifest, a header alone, one class and an unknown label are refused', async () => {
  const empty = join(data, 'empty.csv');
  await writeFile(empty, '');
  await everywhereRefused(empty, /empty\.csv/, /empty/);
  await everywhereRefused(await spoiled('header', ([header = '']) => [header]), /no rows/);
  await everywhereRefused(
    await spoiled('one-class', (lines) => lines.filter((line) => !line.includes(',microcalcification,'))),
    /microcalcification has no rows|two classes/,
  );
  await everywhereRefused(
    await spoiled('label', (lines) =>
      lines.map((line, i) => (i === 3 ? line.replace(/normal|microcalcification/, 'tumour') : line)),
    ),
    /line 4/,
    /"tumour"/,
  );
});

test('a split without images of a class is refused before training, with what to do', async () => {
  const withSplit = (split: (patient: number) => string) => (lines: string[]) =>
    lines.map((line, i) => (i === 0 ? `${line},split` : `${line},${split(Number(line.slice(8, 12)))}`));
  const splits = withSplit((patient) => (patient <= 3 ? 'val' : patient <= 6 ? 'test' : 'train'));
  const oneSided = await spoiled('val', (lines) =>
    splits(lines.filter((line) => !/phantom-000[123],.*,microcalcification,/.test(line))),
  );
  const refused = async (bad: string, pattern: RegExp) =>
    assertRefused(await mammoscope(trainArguments(bad, 'refused', NETWORK)), 2, /manifest\.csv/, pattern);
  await refused(oneSided, /0 of \d+ validation images are positive/);
  const noneToTrain = await spoiled(
    'train',
    withSplit((patient) => (patient === 1 ? 'test' : 'val')),
  );
  await refused(noneToTrain, / 0 training images do not fill one batch of 4/);
  const few = await mammoscope(train('refused', '--set', 'batch=500'));
  assertRefused(few, 2, /\d+ training images do not fill one batch of 500/, /--set batch=\d+/);
});

test('the same pixels in two patients are refused', async () => {
  const bad = await spoiled('copies', async (_, images) => {
    await cp(join(images, 'phantom-0001-01.png'), join(images, 'phantom-0009-01.png'));
    return undefined;
  });
  assertRefused(
    await mammoscope(trainArguments(bad, 'refused', NETWORK)),
    2,
    /same pixels/,
    /patients phantom-0001 and phantom-0009/,
  );
});

test('a loss that is no number ends with exit code 1, says what to do, and keeps what was saved', async () => {
  const outcome = await mammoscope(train('diverged', '--set', 'learningRate=1e30'));
  assertRefused(outcome, 1, /the (validation )?loss is (NaN|-?Infinity)/, /learningRate/, /saved/);
  assert.deepEqual(Object.keys(await fileHashes(join(folder, 'diverged'))), ['run.json']);
  assertRefused(await mammoscope(['evaluate', 'diverged', '--data', manifest]), 2, /--resume/);
});

test('settings, weights and networks that do not exist are refused by name', async () => {
  const refused = async (pattern: RegExp, ...more: string[]) =>
    assertRefused(await mammoscope(train('refused', ...more)), 2, pattern);
  await refused(/recipe has no "learnRate"; it has .*learningRate/, '--set', 'learnRate=1');
  await refused(/--set epochs: write it as key=value/, '--set', 'epochs');
  await refused(/--set epochs=-1: .*>0/, '--set', 'epochs=-1');
  await refused(/--set epochs=many: .*number/, '--set', 'epochs=many');
  await refused(/networks=resnet18,resnet18: .*twice/, '--set', 'networks=resnet18,resnet18');
  await refused(/fractions/, '--set', 'testFraction=0.9');
  await refused(/squeezenet1_1=.*nowhere\.onnx: there is no such file/, '--weights', `${NETWORK}=nowhere.onnx`);
  await refused(/the recipe trains squeezenet1_1/, '--weights', 'resnet18=nowhere.onnx');
  await refused(/write it as network=file/, '--weights', 'nowhere.onnx');
  await writeFile(join(folder, 'notes.onnx'), 'These are notes, no model.');
  await refused(/notes\.onnx.*ONNX/, '--weights', `${NETWORK}=notes.onnx`);
  await writeFile(join(folder, 'notes.txt'), 'Notes.');
  await refused(/notes\.txt.*\.pt, .*\.safetensors, \.onnx/, '--weights', `${NETWORK}=notes.txt`);
  const other = ['--set', 'networks=squeezenet1_0', '--weights', `squeezenet1_0=run/${NETWORK}/best.safetensors`];
  await refused(/best\.safetensors does not fit this network: tensor ".*" should have the shape/, ...other);
});

test('an output folder that cannot be written is refused', async () => {
  await writeFile(join(folder, 'file'), '');
  for (const out of ['file', 'file/run', '/proc/mammoscope/run'])
    assertRefused(await mammoscope(train(out)), 2, new RegExp(out), /cannot be made/, /--out/);
  for (const out of ['file', 'file/results'])
    assertRefused(
      await mammoscope(['evaluate', 'run', '--data', manifest, '--out', out]),
      2,
      new RegExp(out),
      /cannot be made/,
    );
  assertRefused(await mammoscope(['predict', 'run', 'data/images', '--out', 'file/here']), 2, /file\/here/);
  assertRefused(await mammoscope(['data', 'import', 'mias', 'data', '--out', 'file/mias.csv']), 2);
});

test('a folder that holds no run, half a run or a spoiled run.json is refused', async () => {
  const evaluate = (run: string) => mammoscope(['evaluate', run, '--data', manifest]);
  assertRefused(await evaluate('data'), 2, /data holds no run/, /--out/);
  assertRefused(await evaluate('nowhere'), 2, /nowhere holds no run/);
  assertRefused(await mammoscope(['predict', 'data', 'data/images', '--out', 'refused']), 2, /data holds no run/);
  const half = await copyOf(join(folder, 'run'), 'half');
  await rm(join(half, NETWORK, 'validation.csv'));
  assertRefused(await evaluate('run-half'), 2, /training did not finish/, /--resume/);
  const cut = await copyOf(join(folder, 'run'), 'cut');
  await truncate(join(cut, 'run.json'), 1000);
  assertRefused(await evaluate('run-cut'), 2, /run\.json cannot be read as a run/, /JSON/);
  assertRefused(await mammoscope(train('run-cut', '--resume')), 2, /run\.json cannot be read as a run/);
  const record = JSON.parse(await readFile(join(half, 'run.json'), 'utf8'));
  await writeFile(join(half, 'run.json'), JSON.stringify({ ...record, seed: 'two' }));
  assertRefused(await evaluate('run-half'), 2, /"seed"/);
});

test('a damaged checkpoint, or one of another network, is refused, and removing its folder is enough to go on', async () => {
  const best = (run: string) => join(run, NETWORK, 'best.safetensors');
  const last = (run: string) => join(run, NETWORK, 'last.safetensors');
  const whole = await fileHashes(join(folder, 'run'));
  const shortened = await copyOf(join(folder, 'run'), 'shortened');
  await truncate(best(shortened), 5000);
  await truncate(last(shortened), 5000);
  assertRefused(
    await mammoscope(['evaluate', 'run-shortened', '--data', manifest]),
    2,
    /best\.safetensors/,
    /--resume/,
  );
  assertRefused(await mammoscope(train('run-shortened', '--resume')), 2, /last\.safetensors/, /remove the folder/);
  const foreign = await copyOf(join(folder, 'run'), 'foreign');
  for (const path of [best(foreign), last(foreign)]) {
    const { tensors, state } = await readCheckpoint(path);
    const [[name, tensor] = ['', undefined], ...others] = tensors;
    assert.ok(tensor);
    await writeCheckpoint(path, { state, tensors: new Map([[`other.${name}`, tensor], ...others]) });
  }
  const patterns = [/belongs to another network/, /is missing/, /remove the folder/] as const;
  assertRefused(await mammoscope(['evaluate', 'run-foreign', '--data', manifest]), 2, /best\.safetensors/, ...patterns);
  assertRefused(await mammoscope(train('run-foreign', '--resume')), 2, /last\.safetensors/, ...patterns);
  await rm(join(foreign, NETWORK), { recursive: true });
  assertDone(await mammoscope(train('run-foreign', '--resume')));
  const results = new Set(['metrics.json', 'predictions.csv', 'report.html']);
  const isResult = (name: string) => results.has(name) || name.startsWith('figures/');
  assert.deepEqual(
    Object.entries(await fileHashes(foreign)).filter(([name]) => !isResult(name)),
    Object.entries(whole).filter(([name]) => !isResult(name)),
  );
});

/** Mounts a small file system in memory; the reason where that is not allowed. */
async function smallDisk(megabytes: number): Promise<string | { readonly disk: string }> {
  const disk = join(folder, 'disk');
  await mkdir(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk], { stdio: 'pipe' });
  } catch (error) {
    return `no small disk can be mounted here: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  }
  after(() => execFileSync('umount', [disk]));
  return { disk };
}

test('a disk that fills up ends training with exit code 1; the last checkpoint stays and is resumed from', async (context) => {
  // best is 2.9 MB, last 8.7 MB: the first epoch's fit, the second one's beside them do not
  const mounted = await smallDisk(18);
  if (typeof mounted === 'string') return context.skip(mounted);
  const out = join(mounted.disk, 'run');
  const outcome = await mammoscope(train(out));
  assertRefused(outcome, 1, /\.safetensors cannot be written/, /disk is full/, /untouched/);
  assert.match(outcome.stderr, /^epoch 1: /m);
  const { state } = await readCheckpoint(join(out, NETWORK, 'last.safetensors'));
  assert.equal((state as { epoch: number }).epoch, 1);
  const names = Object.keys(await fileHashes(out));
  assert.deepEqual(names, ['run.json', `${NETWORK}/best.safetensors`, `${NETWORK}/last.safetensors`]);
  execFileSync('mount', ['-o', 'remount,size=64m', mounted.disk]);
  assertDone(await mammoscope(train(out, '--resume')));
  const whole = await fileHashes(join(folder, 'run'));
  for (const [name, hash] of Object.entries(await fileHashes(out))) assert.equal(hash, whole[name], name);
  execFileSync('mount', ['-o', 'remount,ro', mounted.disk]);
  assertRefused(await mammoscope(['evaluate', out, '--data', manifest]), 1, /read-only/);
});
