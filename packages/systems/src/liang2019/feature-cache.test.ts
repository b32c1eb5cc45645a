import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { FeatureCache, type FeatureKey } from './feature-cache.ts';

const root = await mkdtemp(join(tmpdir(), 'mammoscope-features-'));
after(() => rm(root, { recursive: true }));
const folderOf = () => mkdtemp(join(root, 'cache-'));

const keyOf = (variant: number): FeatureKey => ({ recipe: 'alexnet 832', weights: 'w', image: 'i', variant });
const map = (value: number, length = 1000) => new Float32Array(length).fill(value);
const LARGE = 2 ** 30;

test('features come back bit for bit under their key alone', async () => {
  const cache = new FeatureCache(await folderOf(), LARGE);
  const values = Float32Array.from({ length: 999 }, (_, i) => Math.sin(i) / 3);
  assert.equal(await cache.read(keyOf(0)), undefined);
  await cache.write(keyOf(0), values);
  assert.deepEqual(await cache.read(keyOf(0)), values);
  for (const other of [{ recipe: 'resnet18' }, { weights: 'v' }, { image: 'j' }, { variant: 1 }])
    assert.equal(await cache.read({ ...keyOf(0), ...other }), undefined, JSON.stringify(other));
});

test('a file that is damaged anywhere, cut short, longer, empty or of another version counts as absent and is written again', async () => {
  const folder = await folderOf();
  const cache = new FeatureCache(folder, LARGE);
  await cache.write(keyOf(3), map(2));
  const [name] = (await readdir(folder)) as [string];
  const path = join(folder, name);
  const good = await readFile(path);
  const changed = (at: number) => good.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const broken: Uint8Array[] = [
    ...[2, 40, 120, good.indexOf(10) + 1, good.length - 1].map(changed),
    good.subarray(0, good.length - 4),
    Buffer.concat([good, Buffer.alloc(4)]),
    Buffer.alloc(0),
    Buffer.from('{"format":"mammoscope-features-0"}\n'),
    Buffer.from(good.toString('latin1').replace('features-2', 'features-3'), 'latin1'),
  ];
  for (const [i, bytes] of broken.entries()) {
    await writeFile(path, bytes);
    assert.equal(await cache.read(keyOf(3)), undefined, `damage ${i}`);
    await cache.write(keyOf(3), map(2));
    assert.ok(good.equals(await readFile(path)), `damage ${i} is mended`);
  }
  await cache.write(keyOf(4), map(5));
  const other = (await readdir(folder)).find((each) => each !== name) as string;
  await writeFile(path, await readFile(join(folder, other)));
  assert.equal(await cache.read(keyOf(3)), undefined, 'the file of another key');
});

test('above its limit the files used longest ago go, and what is larger than the limit is not kept', async () => {
  const folder = await folderOf();
  const cache = new FeatureCache(folder, 30_000); // six files of 4 kB and a header, and some
  for (let k = 0; k < 6; k++) {
    await cache.write(keyOf(k), map(k));
    for (const name of await readdir(folder)) {
      const { mtimeMs } = await stat(join(folder, name));
      await utimes(join(folder, name), new Date(mtimeMs - 10_000), new Date(mtimeMs - 10_000)); // a write every ten seconds
    }
  }
  await cache.read(keyOf(0)); // used now
  for (let k = 6; k < 9; k++) await cache.write(keyOf(k), map(k));
  const kept = [];
  for (let k = 0; k < 9; k++) if (await cache.read(keyOf(k))) kept.push(k);
  assert.ok(kept.includes(0) && kept.includes(8) && !kept.includes(1), kept.join());
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
  assert.ok(sizes.reduce((a, b) => a + b, 0) <= 30_000);
  await cache.write(keyOf(99), map(1, 8000));
  assert.equal(await cache.read(keyOf(99)), undefined);
});

test('two processes that write the same keys at once leave whole files and no partial ones', async () => {
  const folder = await folderOf();
  const program = `
    const { FeatureCache } = await import(${JSON.stringify(new URL('./feature-cache.ts', import.meta.url).href)});
    const cache = new FeatureCache(${JSON.stringify(folder)}, 60_000);
    const key = (variant) => ({ recipe: 'r', weights: 'w', image: 'i', variant });
    for (let round = 0; round < 6; round++) for (let k = 0; k < 8; k++) {
      const found = await cache.read(key(k));
      if (found && (found.length !== 2000 || found.some((value) => value !== k))) throw new Error('torn');
      await cache.write(key(k), new Float32Array(2000).fill(k));
    }`;
  const run = () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { timeout: 60_000 });
  await Promise.all([run(), run()]);
  const names = await readdir(folder);
  assert.ok(
    names.length > 0 && names.every((name) => name.endsWith('.features') && !name.startsWith('.')),
    names.join(),
  );
  const cache = new FeatureCache(folder, 60_000);
  for (let k = 0; k < 8; k++) {
    const found = await cache.read({ recipe: 'r', weights: 'w', image: 'i', variant: k });
    assert.ok(found === undefined || found.every((value) => value === k));
  }
});

test('a folder that cannot be made or written holds nothing and stops nothing', async () => {
  const folder = await folderOf();
  await writeFile(join(folder, 'file'), '');
  const cache = new FeatureCache(join(folder, 'file', 'below'), LARGE);
  await cache.write(keyOf(0), map(1));
  assert.equal(await cache.read(keyOf(0)), undefined);
});
