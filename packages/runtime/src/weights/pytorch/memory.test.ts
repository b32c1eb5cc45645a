/** Holds the import of a large checkpoint, and of files made to take memory, to their bounds: each in a process of its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Graph, networks, Scope } from '@mammoscope/nn';
import { LISTING_LIMIT } from '../weights-file.ts';
import { type Fixture, legacyPieces, tensorFixture } from './pickle-fixture.ts';

/** Prints the peak memory in bytes once everything is imported and a small file was read, and after the large one. */
const program = (file: string) => `
  import { importWeights } from ${JSON.stringify(new URL('../import-weights.ts', import.meta.url))};
  import { writeSafetensors } from ${JSON.stringify(new URL('../safetensors.ts', import.meta.url))};
  const peak = () => process.resourceUsage().maxRSS * 1024;
  await importWeights(${JSON.stringify(file)}.replace('resnet34', 'squeezenet1_1'), { network: 'squeezenet1_1', seed: 1 });
  const idle = peak();
  const { tensors } = await importWeights(${JSON.stringify(file)}, { network: 'resnet34', outputs: 2, channels: 1, seed: 1 });
  await writeSafetensors(${JSON.stringify(`${file}.safetensors`)}, tensors);
  console.log(JSON.stringify([idle, peak()]));
`;

test('importing a checkpoint takes less than 2.5 times the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weights-memory-'));
  try {
    const write = async (network: 'resnet34' | 'squeezenet1_1') => {
      const scope = new Scope(new Graph(), false);
      networks[network](scope, scope.graph.input('image', [1, 3, 224, 224]), { outputs: 1000 });
      const tensors = [...scope.declarations].map(([name, { tensor }], i) => ({
        name,
        key: `${i}`,
        shape: tensor.shape,
      }));
      const dict: Fixture = { dict: tensors.map((tensor) => [tensor.name, tensorFixture(tensor)]) };
      const path = join(folder, `${network}.pth`);
      await writeFile(path, legacyPieces(dict, tensors));
      return path;
    };
    await write('squeezenet1_1');
    const path = await write('resnet34');
    const { size } = await stat(path);
    assert.ok(size > 87e6);
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program(path)]);
    const [idle, peak] = JSON.parse(stdout) as [number, number];
    assert.ok(peak - idle < 2.5 * size, `${peak - idle} bytes for a file of ${size}`);
    assert.ok(peak - idle > 0.5 * size, 'the weights are in memory, so the measure sees them');
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Prints by how many bytes the peak rises while a file is opened, and the error. */
const opening = (file: string) => `
  import { openWeights } from ${JSON.stringify(new URL('../read-weights.ts', import.meta.url))};
  const peak = () => process.resourceUsage().maxRSS * 1024;
  const idle = peak();
  const outcome = await openWeights(${JSON.stringify(file)}).then(() => 'opened', (error) => error.name);
  console.log(JSON.stringify([peak() - idle, outcome]));
`;

/** A safetensors file of a header alone. */
function headerOnly(text: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, Buffer.from(text)]);
}

/** An ONNX model of empty nodes. */
function nodesOnly(count: number): Uint8Array {
  const length: number[] = [];
  for (let rest = 2 * count; rest > 0; rest = Math.floor(rest / 128))
    length.push((rest % 128) + (rest >= 128 ? 128 : 0));
  return Buffer.concat([Buffer.of(0x3a, ...length), Buffer.alloc(2 * count, Buffer.of(0x0a, 0))]);
}

test('lists that are made to take memory take at most 400 MB, and an ONNX file twice its bytes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weights-memory-'));
  const half = LISTING_LIMIT / 2 - 10;
  const files: Readonly<Record<string, [Uint8Array, outcome: string, limit: number]>> = {
    'objects.safetensors': [headerOnly(`{"a":[${'{},'.repeat(LISTING_LIMIT / 3 - 10)}1]}`), 'WeightsError', 400e6],
    'nested.safetensors': [headerOnly(`{"a":${'['.repeat(half)}${']'.repeat(half)}}`), 'WeightsError', 400e6],
    'dictionaries.pt': [Buffer.from(`\x80\x02]${'}a'.repeat(500_000)}.`, 'latin1'), 'WeightsError', 400e6],
    'tuples.pt': [Buffer.from(`\x80\x02)${'\x85'.repeat(1_000_000)}.`, 'latin1'), 'WeightsError', 400e6],
    'nodes.onnx': [nodesOnly(20_000_000), 'opened', 80e6 + 50e6],
  };
  try {
    for (const [name, [bytes, expected, limit]] of Object.entries(files)) {
      const path = join(folder, name);
      await writeFile(path, bytes);
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', opening(path)]);
      const [taken, outcome] = JSON.parse(stdout) as [number, string];
      assert.equal(outcome, expected, name);
      assert.ok(taken < limit, `${name} took ${taken} bytes`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
