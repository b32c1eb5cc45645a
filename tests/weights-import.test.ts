/** `weights show`, `weights import` and `weights fetch` as a user calls them, and their weights where a run starts from them. */
import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { classifiers, Graph, type NetworkName, Scope, sizeOf, volumeNetworks } from '@mammoscope/nn';
import {
  float32Tensor,
  importWeights,
  probeParameter,
  readSafetensors,
  type StateTensor,
  writeSafetensors,
} from '@mammoscope/runtime';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

// Whatever network this machine has, the commands reach none: Node 24 goes through a proxy that is not there.
Object.assign(process.env, {
  NODE_USE_ENV_PROXY: '1',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  HTTP_PROXY: 'http://127.0.0.1:9',
});
const { folder, mammoscope } = await workplace();

const REFERENCES = fileURLToPath(new URL('../references/weights/', import.meta.url));
const RESNET = 'resnet18.safetensors';

/** Tensors of a network as a checkpoint for 3 channels and some outputs has them: probe weights. */
function stateDict(network: NetworkName, outputs: number): Map<string, StateTensor> {
  const scope = new Scope(new Graph(), false);
  classifiers[network](scope, scope.graph.input('image', [1, 3, 224, 224]), { outputs });
  return new Map(
    [...scope.declarations].map(([name, { tensor }]) => [
      name,
      float32Tensor(tensor.shape, probeParameter(name, tensor.shape, '')),
    ]),
  );
}

before(async () => {
  await writeSafetensors(join(folder, RESNET), stateDict('resnet18', 5));
});

test('show lists names, shapes and types of every format', async () => {
  const { types } = JSON.parse(await readFile(join(REFERENCES, 'values.json'), 'utf8')) as {
    types: Record<string, { dtype: string; shape: number[] }>;
  };
  const short = (dtype: string) =>
    dtype
      .replace('bfloat', 'BF')
      .replace('float', 'F')
      .replace('uint', 'U')
      .replace('int', 'I')
      .replace('bool', 'BOOL');
  const expected = Object.entries(types).map(([name, { dtype, shape }]) => ({ name, shape, dtype: short(dtype) }));
  for (const file of ['types.pt', 'types.legacy.pt', 'types.safetensors']) {
    const outcome = await mammoscope(['weights', 'show', join(REFERENCES, file), '--json']);
    assertDone(outcome);
    const { tensors, elements } = JSON.parse(outcome.stdout) as { tensors: { name: string }[]; elements: number };
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    assert.deepEqual(tensors.toSorted(byName), expected.toSorted(byName), file);
    assert.equal(elements, 59);
  }
  const { stdout } = await mammoscope(['weights', 'show', join(REFERENCES, 'tiny.onnx')]);
  assert.match(stdout, /^conv\.weight +4 x 3 x 3 x 3 +F32$/m);
  assert.match(stdout, /^8 tensors, \d+ elements$/m);
});

test('import adapts what it says it adapts, and keeps the rest to the bit', async () => {
  const outcome = await mammoscope([
    ...[
      'weights',
      'import',
      RESNET,
      '--model',
      'resnet18',
      '--outputs',
      '2',
      '--channels',
      '1',
      '--out',
      'one.safetensors',
      '--json',
    ],
  ]);
  assertDone(outcome);
  const report = JSON.parse(outcome.stdout) as Record<string, string[]>;
  assert.deepEqual(report.replaced, ['fc.weight', 'fc.bias']);
  assert.deepEqual(report.adapted, ['conv1.weight']);
  assert.deepEqual([report.missing, report.unexpected, report.ignored], [[], [], []]);
  const [given, got] = await Promise.all(
    [RESNET, 'one.safetensors'].map((name) => readSafetensors(join(folder, name))),
  );
  assert.deepEqual([...(got?.tensors.keys() ?? [])].sort(), [...(given?.tensors.keys() ?? [])].sort());
  for (const name of report.loaded ?? []) {
    const [a, b] = [given, got].map((file) => Buffer.from(file?.tensors.get(name)?.data.buffer as ArrayBuffer));
    assert.ok(a?.equals(b as Buffer), name);
  }
  assert.deepEqual(got?.tensors.get('conv1.weight')?.shape, [64, 1, 7, 7]);
  assert.deepEqual(got?.tensors.get('fc.weight')?.shape, [2, 512]);
});

test('without flags import keeps the classes and channels of the file, and writes nothing', async () => {
  const { stdout } = await mammoscope(['weights', 'import', RESNET, '--model', 'resnet18']);
  assert.match(
    stdout,
    /^resnet18 with 5 outputs for 3 channels, from resnet18\.safetensors \(not written: no --out\)$/m,
  );
  assert.match(stdout, /^ +102 loaded +\(taken as they are\)$/m);
});

test('weights that expect other images than ImageNet normalised ones are reported with what they expect', async () => {
  await writeSafetensors(join(folder, 'inception.safetensors'), stateDict('inception_v3', 2));
  const imported = ['weights', 'import', 'inception.safetensors', '--model', 'inception_v3'];
  const { stdout } = await mammoscope(imported);
  assert.match(stdout, /^input: published weights expect images in \[-1, 1\], \(v - 0\.5\) \/ 0\.5 for v in \[0, 1\]/m);
  const { input } = JSON.parse((await mammoscope([...imported, '--json'])).stdout) as { input: string };
  assert.ok(stdout.includes(input));
  const other = await mammoscope(['weights', 'import', RESNET, '--model', 'resnet18']);
  assert.doesNotMatch(other.stdout, /^input:/m);
  const json = await mammoscope(['weights', 'import', RESNET, '--model', 'resnet18', '--json']);
  assert.equal((JSON.parse(json.stdout) as { input: string | null }).input, null);
});

test('missing and unexpected names are listed', async () => {
  const tensors = stateDict('resnet18', 5);
  tensors.delete('layer1.0.bn1.weight');
  tensors.set('head.weight', float32Tensor([1], new Float32Array(1)));
  await writeSafetensors(join(folder, 'odd.safetensors'), tensors);
  const { stdout } = await mammoscope(['weights', 'import', 'odd.safetensors', '--model', 'resnet18']);
  assert.match(stdout, /^ +1 missing +\(.*\): layer1\.0\.bn1\.weight$/m);
  assert.match(stdout, /^ +1 unexpected +\(.*\): head\.weight$/m);
});

test('every bad input is one sentence and exit code 2, and writes nothing', async () => {
  const [tiny, network] = [join(REFERENCES, 'tiny.pt'), ['--model', 'resnet18', '--out', 'refused.safetensors']];
  const whole = await readFile(tiny);
  await writeFile(join(folder, 'cut.pt'), whole.subarray(0, whole.length / 2));
  await writeFile(
    join(folder, 'evil.pth'),
    Buffer.from('\x80\x02cposix\nsystem\nX\x04\x00\x00\x00echo\x85R.', 'latin1'),
  );
  const wrong = stateDict('resnet18', 5).set('fc.bias', float32Tensor([4], new Float32Array(4)));
  await writeSafetensors(join(folder, 'classes.safetensors'), wrong);
  const headless = stateDict('resnet18', 5);
  for (const name of ['fc.weight', 'fc.bias']) headless.delete(name);
  await writeSafetensors(join(folder, 'headless.safetensors'), headless);
  await copyFile(tiny, join(folder, 'w.h5'));
  for (const [file, message] of [
    ['cut.pt', /cut\.pt is no whole file of torch\.save: it ends before its list of entries does/],
    [
      'evil.pth',
      /evil\.pth: its pickle asks for posix\.system, which is not part of a state dict; nothing of it was run/,
    ],
    ['classes.safetensors', /tensor "fc\.bias" should have the shape \[5\], got \[4\]/],
    ['headless.safetensors', /it has no "fc\.weight", which would tell the number of outputs: give it with --outputs/],
    ['w.h5', /w\.h5 is no weights file that is read here/],
    ['none.pt', /none\.pt cannot be read: ENOENT/],
    [tiny, /does not fit this network/],
  ] as const)
    assertRefused(await mammoscope(['weights', 'import', file, ...network]), 2, message);
  assertRefused(
    await mammoscope(['weights', 'import', RESNET, '--model', 'resnet1']),
    2,
    /there is no network "resnet1": use /,
  );
  assertRefused(
    await mammoscope(['weights', 'import', RESNET, '--model', 'resnet18', '--out', 'a.pt']),
    2,
    /--out a\.pt: /,
  );
  assertRefused(
    await mammoscope(['weights', 'import', RESNET, '--model', 'resnet18', '--channels', '2']),
    2,
    /choices/i,
  );
  await assert.rejects(readFile(join(folder, 'refused.safetensors')), { code: 'ENOENT' });
});

test('fetch behind a closed network says in one sentence what to put where', async () => {
  const { code, stdout, stderr } = await mammoscope(['weights', 'fetch', 'resnet34']);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  const message = stderr.trimEnd().split('\n').at(-1) as string;
  assert.match(
    message,
    /^mammoscope: https:\/\/download\.pytorch\.org\/models\/resnet34-b627a593\.pth could not be downloaded \(.+\): /,
  );
  assert.ok(
    message.endsWith(`put the file at ${join(folder, 'cache', 'mammoscope', 'weights', 'resnet34-b627a593.pth')}`),
    message,
  );
  assertRefused(
    await mammoscope(['weights', 'fetch', 'resnet99']),
    2,
    /no weights of "resnet99" are published: use alexnet, /,
  );
});

test('weights of each family of networks are imported without a map', async () => {
  for (const network of Object.keys(classifiers) as (keyof typeof classifiers)[]) {
    if (/^(resnet(101|152)|vgg|densenet(169|201)|inceptionresnet)/.test(network)) continue; // larger variants of others
    const scope = new Scope(new Graph(), false);
    const extents = Object.hasOwn(volumeNetworks, network) ? [32, 128, 128] : [224, 224];
    classifiers[network](scope, scope.graph.input('image', [1, 3, ...extents]), { outputs: 3 });
    const tensors = [...scope.declarations].map(
      ([name, { tensor }]) => [name, float32Tensor(tensor.shape, new Float32Array(sizeOf(tensor.shape)))] as const,
    );
    const path = join(folder, `${network}.safetensors`);
    await writeSafetensors(path, new Map(tensors));
    const { report, outputs, channels } = await importWeights(path, { network, seed: 1 });
    assert.equal(report.loaded.length, scope.declarations.size, network);
    assert.deepEqual([outputs, channels], [3, 3], network);
  }
});
