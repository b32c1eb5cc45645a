import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { writePng8 } from '@mammoscope/imaging';
import { float32Tensor, readCheckpoint, type StateTensor, writeCheckpoint } from '@mammoscope/runtime';
import {
  assertDone,
  assertRefused,
  CLASSES,
  copyOf,
  fileHashes,
  type Outcome,
  phantomManifest,
  trainArguments,
  workplace,
} from './cli-process.ts';

const { folder, mammoscope } = await workplace();
let manifest: string;
let trained: Outcome;
let evaluated: Outcome;

before(async () => {
  manifest = await phantomManifest(join(folder, 'data'));
  trained = await mammoscope([...trainArguments(manifest, 'run'), '--json']);
  assertDone(trained);
  evaluated = await mammoscope(['evaluate', 'run', '--data', manifest, '--json']);
  assertDone(evaluated);
});

/** Lines of a CSV file without quoted commas, as records. */
async function csvRecords(path: string): Promise<Record<string, string>[]> {
  const [header = [], ...lines] = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  return lines.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ''])));
}

/** The rows that run.json lists. */
async function runRows(): Promise<{ path: string; patientId: string; split: string }[]> {
  return JSON.parse(await readFile(join(folder, 'run', 'run.json'), 'utf8')).rows;
}

/** Patients whose images were trained on, or chosen by. */
async function patientsSeen(): Promise<ReadonlySet<string>> {
  return new Set((await runRows()).filter(({ split }) => split !== 'test').map(({ patientId }) => patientId));
}

test('train --json prints one JSON value on stdout and plain lines on stderr', () => {
  const { members } = JSON.parse(trained.stdout) as { members: { network: string; epochs: number; valAuc: number }[] };
  assert.deepEqual(
    members.map(({ network, epochs }) => [network, epochs]),
    [['squeezenet1_1', 2]],
  );
  const lines = trained.stderr.trimEnd().split('\n');
  assert.ok(!trained.stderr.includes('\r') && !trained.stderr.includes('\u001b'), 'nothing is rewritten');
  assert.match(trained.stderr, /^timing \d+ ways to compute/m);
  assert.match(trained.stderr, /^squeezenet1_1: \d+ training, \d+ validation, \d+ test images; at most 2 epochs/m);
  assert.equal(
    lines.filter((line) => /^epoch \d: loss [\d.]+, validation loss [\d.]+, .* images\/s$/.test(line)).length,
    2,
  );
});

test('evaluate --json prints what metrics.json holds, on patients that training never saw', async () => {
  assert.equal(evaluated.stdout, await readFile(join(folder, 'run', 'metrics.json'), 'utf8'));
  const metrics = JSON.parse(evaluated.stdout) as { auc: number; images: number; counts: Record<string, number> };
  const rows = await runRows();
  const predictions = await csvRecords(join(folder, 'run', 'predictions.csv'));
  const test = rows.filter(({ split }) => split === 'test').map(({ path }) => path);
  assert.deepEqual(
    predictions.map(({ path }) => path),
    test,
  );
  assert.equal(metrics.images, test.length);
  const seen = await patientsSeen();
  assert.ok(predictions.every((row) => !seen.has(row.patient_id ?? '')));
  assert.deepEqual(
    [...new Set(predictions.map(({ scanner }) => scanner))].sort(),
    ['A', 'B'],
    'other columns are kept',
  );
  // AUC as the share of (positive, negative) pairs in the right order, ties a half
  const scores = (positive: boolean) =>
    predictions.filter(({ label }) => (label !== 'normal') === positive).map(({ score }) => Number(score));
  const [high, low] = [scores(true), scores(false)];
  const wins = high.flatMap((a) => low.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
  assert.ok(Math.abs(metrics.auc - wins.reduce((sum: number, win) => sum + win, 0) / wins.length) < 1e-12);
  assert.equal(
    Object.values(metrics.counts).reduce((a, b) => a + b),
    test.length,
  );
});

test('evaluate prints a table, writes elsewhere with --out, and leaves out patients that training saw', async () => {
  const before = await fileHashes(join(folder, 'run'));
  const other = await phantomManifest(join(folder, 'other'), 20, 1); // its first 16 patients have the names of the run's
  const outcome = await mammoscope(['evaluate', 'run', '--data', other, '--out', 'elsewhere/results']);
  assertDone(outcome);
  assert.match(outcome.stdout, /^model +AUC \(95 % CI\)/);
  assert.match(outcome.stdout, /another manifest/);
  const written = Object.keys(await fileHashes(join(folder, 'elsewhere/results')));
  const inFigures = (name: string) => name.startsWith('figures/');
  assert.deepEqual(
    written.filter((name) => !inFigures(name)),
    ['metrics.json', 'predictions.csv', 'report.html'],
  );
  assert.ok(written.some(inFigures));
  assert.deepEqual(await fileHashes(join(folder, 'run')), before);
  const seen = await patientsSeen();
  const predictions = await csvRecords(join(folder, 'elsewhere/results/predictions.csv'));
  assert.ok(predictions.length > 0 && predictions.every((row) => !seen.has(row.patient_id ?? '')));
  assert.match(await readFile(join(folder, 'elsewhere/results/report.html'), 'utf8'), /training saw this patient/);
});

test('predict scores a folder and a file as evaluate does, and draws where the network looked', async () => {
  const [first] = await csvRecords(join(folder, 'run', 'predictions.csv'));
  const image = join('data', first?.path as string);
  const outcome = await mammoscope(['predict', 'run', image, 'data/images', '--out', 'predictions', '--json']);
  assertDone(outcome);
  assert.equal(outcome.stdout, await readFile(join(folder, 'predictions', 'predictions.json'), 'utf8'));
  const { cutoff, predictions } = JSON.parse(outcome.stdout) as {
    cutoff: number;
    predictions: {
      path: string;
      score: number;
      decision: string;
      votes: Record<string, string>;
      image: string;
      gradCam: Record<string, { overlay: string; empty: boolean; map: { volume: string; box: number[] } }>;
    }[];
  };
  assert.equal(cutoff, JSON.parse(evaluated.stdout).cutoff);
  for (const { score, decision, votes } of predictions) {
    assert.equal(decision === 'microcalcification', score >= cutoff);
    assert.deepEqual(votes, { squeezenet1_1: decision }, 'of one network the vote is the decision');
  }
  const table = await mammoscope(['predict', 'run', image, '--out', 'predictions-table']);
  assert.match(table.stdout, new RegExp(`^cut-off: microcalcification from ${cutoff.toFixed(4)} on `, 'm'));
  assert.equal(predictions[0]?.path, image, 'an image is named as the user named it');
  assert.equal(predictions[0]?.score, Number(first?.score));
  assert.equal(predictions[0]?.decision, first?.decision);
  const files = Object.keys(await fileHashes(join(folder, 'predictions')));
  const pictures = predictions.flatMap(({ image, gradCam: { squeezenet1_1: cam } }) => {
    assert.ok(cam);
    return [image, cam.overlay, cam.map.volume];
  });
  assert.deepEqual(files, ['predictions.csv', 'predictions.json', ...pictures].sort());
  const png = await readFile(join(folder, 'predictions', predictions[0]?.gradCam.squeezenet1_1?.overlay as string));
  assert.deepEqual([...png.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
});

test('where no cut-off beats chance nothing is called positive, and everything says so', async () => {
  const flat = await copyOf(join(folder, 'run'), 'flat');
  const path = join(flat, 'squeezenet1_1', 'validation.csv');
  await writeFile(path, (await readFile(path, 'utf8')).replaceAll(/,[\d.e-]+$/gm, ',0.5'));
  const outcome = await mammoscope(['evaluate', 'run-flat', '--data', manifest, '--json']);
  assertDone(outcome);
  const { cutoff, counts, sensitivity } = JSON.parse(outcome.stdout);
  assert.deepEqual([cutoff, counts.tp, counts.fp, sensitivity.value], [null, 0, 0, 0]);
  assert.match(await readFile(join(flat, 'report.html'), 'utf8'), /No cut-off tells the validation images apart/);
  const table = await mammoscope(['evaluate', 'run-flat', '--data', manifest]);
  assert.match(table.stdout, /^squeezenet1_1 .* none /m);
  const predicted = await mammoscope(['predict', 'run-flat', 'data/images', '--out', 'flat', '--json']);
  assertDone(predicted);
  const none = JSON.parse(predicted.stdout) as { cutoff: null; predictions: { decision: string }[] };
  assert.equal(none.cutoff, null);
  const decisions = none.predictions.map(({ decision }) => decision);
  assert.deepEqual([...new Set(decisions)], ['normal']);
});

/** Commands, and those below each. */
const COMMAND_TREE: Readonly<Record<string, readonly string[]>> = {
  train: [],
  evaluate: [],
  predict: [],
  reproduce: [],
  serve: ['worker', 'token'],
  export: [],
  data: ['check', 'import', 'split'],
  image: ['explain', 'mask', 'dynamic'],
  model: ['list', 'show', 'probe'],
  stats: ['roc', 'compare', 'froc', 'calibrate', 'agreement', 'readers', 'coverage'],
  weights: ['show', 'import', 'fetch'],
  phantom: [],
  bench: [
    ...['train', 'inference', 'detection', 'gmic', 'whole-volumes', 'features', 'heads'],
    ...['rank-pooling', 'radiomics', 'stats', 'dicom'],
  ],
  demo: [],
};
const COMMANDS: readonly (readonly string[])[] = [
  [],
  ...Object.entries(COMMAND_TREE).flatMap(([name, below]) => [[name], ...below.map((sub) => [name, sub])]),
];

test('every command has --help with an example that is a command', async () => {
  for (const command of COMMANDS) {
    const { code, stdout, stderr } = await mammoscope([...command, '--help']);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /^Usage: mammoscope/);
    const example = /\n {2}\.\/mammoscope (\w+)/.exec(stdout)?.[1];
    assert.ok(example && COMMANDS.some(([name]) => name === example), `${command.join(' ')} has no example`);
    if (command[0]) assert.equal(example, command[0]);
  }
});

test('help shows a shape as it is typed, and the keys of --set', async () => {
  assert.match((await mammoscope(['model', 'show', '--help'])).stdout, /\(default: 1x3x224x224\)/);
  const { stdout } = await mammoscope(['train', '--help']);
  assert.match(stdout, /^Keys of --set: (?=.*\bnetworks\b)(?=.*\bsizePx\b).*\blearningRate\b/m);
  assert.doesNotMatch(stdout, /default: \[/);
  assert.match((await mammoscope(['bench', '--help'])).stdout, /on\s+the\s+CPU/);
});

test('the list above is complete', async () => {
  const below = async (command: readonly string[]): Promise<string[]> => {
    const { stdout } = await mammoscope([...command, '--help']);
    const listed = /\nCommands:\n([\s\S]*?)\n\n/.exec(stdout)?.[1] ?? '';
    return [...listed.matchAll(/^ {2}([\w-]+)/gm)].map(([, name]) => name as string).filter((name) => name !== 'help');
  };
  assert.deepEqual((await below([])).sort(), Object.keys(COMMAND_TREE).sort());
  for (const [name, known] of Object.entries(COMMAND_TREE)) {
    assert.deepEqual((await below([name])).sort(), [...known].sort());
  }
});

test('wrong usage ends with exit code 2 and one sentence', async () => {
  const refused = async (pattern: RegExp, ...args: string[]) => assertRefused(await mammoscope(args), 2, pattern);
  await refused(/unknown option '--bogus'/, 'train', 'kang2021', '--data', 'm.csv', '--out', 'x', '--bogus');
  await refused(/unknown option '--bogus'/, 'data', 'check', 'm.csv', '--bogus');
  await refused(/unknown command 'trian'.*train/, 'trian');
  await refused(/unknown command 'chek'.*check/, 'data', 'chek');
  await refused(/missing required argument 'run'/, 'evaluate', '--data', 'm.csv');
  await refused(/missing required argument 'model'/, 'model', 'show');
  await refused(
    /unknown option '--dta', and required option '--data/,
    'train',
    'kang2021',
    '--dta=m.csv',
    '--out',
    'x',
  );
  await refused(/unknown option '-o', and required option '--out/, 'data', 'import', 'mias', 'f', '-o', 'm.csv');
  await refused(/^mammoscope: required option '--out/, 'train', 'kang2021', '--data', 'm.csv');
  await refused(/'yolo' is invalid.*kang2021/, 'train', 'yolo', '--data', 'm.csv', '--out', 'x');
  await refused(
    /'1\.5' is invalid.*whole number/,
    'train',
    'kang2021',
    '--data',
    'm.csv',
    '--out',
    'x',
    '--seed',
    '1.5',
  );
  await refused(/'0' is invalid.*above 0/, 'train', 'kang2021', '--data', 'm.csv', '--out', 'x', '--threads', '0');
  await refused(/'tpu' is invalid.*cpu, webgpu, cuda, auto/, 'evaluate', 'run', '--data', manifest, '--device', 'tpu');
  await refused(/no network "resnet19".*resnet18/, 'model', 'show', 'resnet19');
  await refused(/1x3x224.*1x3x224x224/, 'model', 'show', 'resnet18', '--input', '1x3x224');
  await refused(/r3d_18 requires volumes \[/, 'model', 'show', 'r3d_18', '--input', '1x3x224x224');
  await refused(/resnet18 requires images \[/, 'model', 'probe', 'resnet18', '--input', '1x3x8x32x32');
  const bare = await mammoscope([]);
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /Usage: mammoscope/);
});

test('model list and show count what torchvision counts', async () => {
  const list = await mammoscope(['model', 'list', '--json']);
  assertDone(list);
  const found = JSON.parse(list.stdout) as { model: string; parameters: number; macs: number }[];
  const parameters = Object.fromEntries(found.map((network) => [network.model, network.parameters]));
  assert.equal(parameters.resnet18, 11_689_512);
  assert.equal(parameters.resnet101, 44_549_160);
  assert.equal(parameters.squeezenet1_1, 1_235_496);
  assert.equal(parameters.r3d_18, 33_371_472 + 600 * 513); // torchvision's has 400 outputs
  const table = await mammoscope(['model', 'list']);
  assert.match(table.stdout, /^resnet34 +21,797,672 +3\.66$/m);
  assert.match(table.stdout, /^r3d_18 +33,679,272 +40\.\d\d$/m); // torchvision: 40.697 GMACs at 16 x 112 x 112
  const show = await mammoscope(['model', 'show', 'resnet18', '--input', '1x1x60x60', '--json']);
  assertDone(show);
  const shown = JSON.parse(show.stdout) as { input: number[]; parameters: number; stages: { parameters: number }[] };
  assert.deepEqual(shown.input, [1, 1, 60, 60]);
  assert.equal(shown.parameters, 11_689_512 - 2 * 64 * 49 - 998 * 513);
  assert.equal(
    shown.stages.reduce((sum, stage) => sum + stage.parameters, 0),
    shown.parameters,
  );
});

test('model probe prints the record that references/backbones.json has of the network', async () => {
  type Record = {
    model: string;
    input: number[];
    inputSeed: number;
    salt: string;
    evalLogits: number[][];
    loss: number;
  };
  const references = JSON.parse(
    await readFile(new URL('../references/backbones.json', import.meta.url), 'utf8'),
  ) as Record[];
  const reference = references.find(({ model }) => model === 'squeezenet1_1') as Record;
  const { input, inputSeed, salt } = reference;
  const flags = ['--input', input.join('x'), '--seed', String(inputSeed), '--salt', salt];
  const outcome = await mammoscope(['model', 'probe', 'squeezenet1_1', ...flags, '--json']);
  assertDone(outcome);
  const got = JSON.parse(outcome.stdout) as Record;
  for (const key of ['model', 'input', 'inputSeed', 'salt'] as const) assert.deepEqual(got[key], reference[key]);
  for (const [i, logit] of reference.evalLogits.flat().entries())
    assert.ok(Math.abs((got.evalLogits.flat()[i] as number) - logit) < 1e-4, `logit ${i}`);
});

test('--device auto says in one line which device it took and why, and drivers say nothing', async () => {
  const outcome = await mammoscope(['model', 'probe', 'squeezenet1_1', '--input', '1x3x64x64', '--device', 'auto']);
  assertDone(outcome);
  assert.match(outcome.stderr, /^device (cpu|webgpu|cuda): .+\n$/);
  const refused = await mammoscope(['model', 'probe', 'squeezenet1_1', '--input', '1x3x64x64', '--device', 'webgpu']);
  if (refused.code !== 0) assert.match(refused.stderr, /^mammoscope: device webgpu cannot be used here .+\n$/);
});

test('a new run starts from the checkpoint or the model of another, of any number of channels', async () => {
  for (const file of ['best.safetensors', 'model.onnx']) {
    const out = `from-${file}`;
    const weights = ['--weights', `squeezenet1_1=run/squeezenet1_1/${file}`, '--set', 'epochs=1'];
    const outcome = await mammoscope([...trainArguments(manifest, out), ...weights]);
    assertDone(outcome);
    assert.match(outcome.stderr, /^weights of squeezenet1_1 from .*: 51 loaded, 1 adapted/m);
    assertDone(await mammoscope(['evaluate', out, '--data', manifest]));
  }
});

test('a network whose last rectifier is dead is told of in one line', async () => {
  const { tensors, state } = await readCheckpoint(join(folder, 'run', 'squeezenet1_1', 'best.safetensors'));
  const { shape } = tensors.get('classifier.1.weight') as StateTensor;
  const zeros = float32Tensor(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
  const dead = new Map([
    ...tensors,
    ['classifier.1.weight', zeros],
    ['classifier.1.bias', float32Tensor([2], Float32Array.of(-1, -1))],
  ]);
  await writeCheckpoint(join(folder, 'dead.safetensors'), { tensors: dead, state });
  const outcome = await mammoscope([
    ...trainArguments(manifest, 'dead'),
    '--weights',
    'squeezenet1_1=dead.safetensors',
  ]);
  assertDone(outcome);
  assert.equal(
    outcome.stderr.match(/^squeezenet1_1 gives every validation image the same score .*--seed/gm)?.length,
    1,
  );
  assert.match(outcome.stderr, /^epoch 2: loss 0\.6931,/m);
  assert.doesNotMatch(trained.stderr, /the same score/);
});

test('data check describes a manifest', async () => {
  const { code, stdout, stderr } = await mammoscope(['data', 'check', manifest, '--classes', CLASSES, '--json']);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  const { summary } = JSON.parse(stdout) as { summary: { patients: number; images: number; sizes: object } };
  assert.equal(summary.patients, 16);
  assert.deepEqual(summary.sizes, { '32 x 32 x 8': summary.images });
  const other = await mammoscope(['data', 'check', manifest, '--classes', 'normal,mass', '--json']);
  assert.equal(other.code, 2);
  const { problemCount, problems } = JSON.parse(other.stdout) as { problemCount: number; problems: { line: number }[] };
  assert.ok(problemCount > 0 && problems.some(({ line }) => line > 1));
  assert.match(other.stderr, /^mammoscope: .*label must be one of normal, mass/s);
  const text = await mammoscope(['data', 'check', manifest]);
  assert.match(text.stdout, /16 patients[\s\S]*microcalcification +\d+ +16/);
});

test('data import mias writes a manifest that data check accepts', async () => {
  const mias = join(folder, 'mias');
  await mkdir(mias);
  const side = 1024;
  for (const [i, name] of ['mdb001', 'mdb002', 'mdb003'].entries()) {
    const plane = new Float32Array(side * side).fill(20 + i);
    await writePng8(join(mias, `${name}.png`), plane, side, side);
  }
  await writeFile(
    join(mias, 'Info.txt'),
    'A list\n\nmdb001 G CIRC B 535 425 197\nmdb002 G CALC M\nmdb003 D NORM\nmdb004 D NORM\nmdb005 Z NORM\n',
  );
  const told = await mammoscope(['data', 'import', 'mias', 'mias', '--out', 'told.csv']);
  assertDone(told);
  assert.match(told.stdout, /^images not in the folder: 1; lines refused: 1$/m);
  assert.match(told.stdout, /^Info\.txt, line 7: "mdb005 Z NORM": /m);
  assert.match(told.stdout, /^note: Info\.txt, line 4: mdb002 has a lesion without coordinates/m);
  const outcome = await mammoscope(['data', 'import', 'mias', 'mias', '--out', 'mias.csv', '--json']);
  assertDone(outcome);
  const result = JSON.parse(outcome.stdout) as { rows: number; absent: string[] };
  assert.equal(result.rows, 3);
  assert.deepEqual(result.absent, ['mdb004']);
  const check = await mammoscope(['data', 'check', 'mias.csv', '--classes', 'normal,benign,malignant', '--json']);
  assertDone(check);
  const again = await mammoscope(['data', 'import', 'mias', 'data', '--out', 'none.csv']);
  assertRefused(again, 2, /data has no readable Info\.txt/);
});

test('output into a pipe that is closed early is no error', async () => {
  const outcome = await mammoscope(['model', 'list'], (child) => child.stdout?.destroy());
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.equal(outcome.stderr, '');
});
