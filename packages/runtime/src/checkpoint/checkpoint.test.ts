import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { RandomStream } from '@mammoscope/random';
import { encodeSafetensors } from '../weights/safetensors.ts';
import { float32Tensor, type StateTensor } from '../weights/state-dict.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
after(() => rm(folder, { recursive: true }));

const filled = (value: number, size: number): StateTensor => float32Tensor([size], new Float32Array(size).fill(value));

test('tensors and state come back, and the same checkpoint gives the same bytes', async () => {
  const path = join(folder, 'same.safetensors');
  const state = { epoch: 3, best: 0.1 + 0.2, history: [1, null, 'ü'], done: false };
  const tensors = new Map<string, StateTensor>([
    ['fc.weight', float32Tensor([1, 2], Float32Array.of(1, 2))],
    ['adam.m/fc.weight', float32Tensor([1, 2], Float32Array.of(0.1, -0.2))],
    ['step', { dtype: 'I64', shape: [], data: BigInt64Array.of(12n) }],
  ]);
  await writeCheckpoint(path, { tensors, state });
  const bytes = await readFile(path);
  const read = await readCheckpoint(path);
  assert.deepEqual(read.state, state);
  assert.deepEqual(new Map([...read.tensors].sort()), new Map([...tensors].sort()));
  await writeCheckpoint(path, { state, tensors: new Map([...tensors].reverse()) });
  assert.deepEqual(await readFile(path), bytes);
});

test('a checkpoint of another network is refused by its first difference', async () => {
  const path = join(folder, 'other.safetensors');
  await writeCheckpoint(path, {
    tensors: new Map([
      ['a', filled(0, 2)],
      ['b', filled(0, 3)],
    ]),
    state: null,
  });
  const reading = (expected: Record<string, number[]>) => readCheckpoint(path, new Map(Object.entries(expected)));
  const refused = (expected: Record<string, number[]>, message: RegExp) =>
    assert.rejects(reading(expected), { code: 'tensor-mismatch', message });
  assert.equal((await reading({ b: [3], a: [2] })).tensors.size, 2);
  await refused(
    { a: [2], b: [3], c: [1, 2] },
    /other\.safetensors belongs to another network: tensor "c" of shape \[1, 2\] is missing/,
  );
  await refused({ a: [2], b: [3, 1] }, /tensor "b" should have the shape \[3, 1\], got \[3\]/);
  await refused({ a: [2] }, /tensor "b" of shape \[3\] is unexpected/);
});

test('weights without a state, and a state that is no JSON, are no checkpoint', async () => {
  const path = join(folder, 'plain.safetensors');
  const write = (metadata: Record<string, string>) =>
    writeFile(path, encodeSafetensors(new Map([['a', filled(0, 2)]]), new Map(Object.entries(metadata))));
  await write({});
  await assert.rejects(readCheckpoint(path), {
    code: 'checkpoint-malformed',
    message: /got the format null; import weights instead/,
  });
  await write({ format: 'mammoscope-checkpoint-1', state: '{' });
  await assert.rejects(readCheckpoint(path), { code: 'checkpoint-malformed', message: /its state is no JSON text/ });
});

test('a disk that fills up while a checkpoint is written leaves the previous one intact', async (context) => {
  const disk = await mkdtemp(join(folder, 'disk-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]).status !== 0)
    return context.skip('a small disk needs root and the right to mount a tmpfs');
  try {
    const path = join(disk, 'last.safetensors');
    await writeCheckpoint(path, { tensors: new Map([['a', filled(1, 30_000)]]), state: { epoch: 1 } });
    await assert.rejects(writeCheckpoint(path, { tensors: new Map([['a', filled(2, 40_000)]]), state: { epoch: 2 } }), {
      code: 'file-not-written',
      message:
        /last\.safetensors cannot be written: the disk is full; free some space \(any previous file is untouched\)/,
    });
    const { tensors, state } = await readCheckpoint(path, new Map([['a', [30_000]]]));
    assert.deepEqual(state, { epoch: 1 });
    assert.ok(tensors.get('a')?.data.every((value) => value === 1));
    assert.deepEqual(await readdir(disk), ['last.safetensors']);
  } finally {
    spawnSync('umount', [disk]);
  }
});

test('a process that is killed while it writes checkpoints leaves a whole one', async () => {
  const path = join(folder, 'killed.safetensors');
  const size = 200_000;
  const program = `
    import { writeCheckpoint } from ${JSON.stringify(new URL('./checkpoint.ts', import.meta.url).href)};
    for (let epoch = 1; ; epoch++) {
      const tensors = new Map(['a', 'b'].map((name) => [name, { dtype: 'F32', shape: [${size}], data: new Float32Array(${size}).fill(epoch) }]));
      await writeCheckpoint(${JSON.stringify(path)}, { tensors, state: { epoch } });
      if (epoch === 2) process.stdout.write('ready');
    }`;
  const random = new RandomStream(1, 'kill');
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), ended]);
    await wait(random.uniform(0, 30)); // ms: somewhere in a write of some milliseconds
    child.kill('SIGKILL');
    const [, signal] = await ended;
    assert.equal(signal, 'SIGKILL');
    const { tensors, state } = await readCheckpoint(
      path,
      new Map([
        ['a', [size]],
        ['b', [size]],
      ]),
    );
    const { epoch } = state as { epoch: number };
    for (const { data } of tensors.values())
      assert.ok(
        data.every((value) => value === epoch),
        `not all of epoch ${epoch}`,
      );
  }
  await writeCheckpoint(path, { tensors: new Map([['a', filled(0, 1)]]), state: null });
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('killed')),
    ['killed.safetensors'],
  );
});
