import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeAside } from './write-aside.ts';

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'write-aside-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a file is created, then replaced, and nothing else is left', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'run.json');
    await writeAside(path, 'first, and longer');
    await writeAside(path, new TextEncoder().encode('second'));
    assert.equal(await readFile(path, 'utf8'), 'second');
    assert.deepEqual(await readdir(folder), ['run.json']);
  }));

test('writes of one file at the same time leave one of them, whole', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'run.json');
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(4_000_000));
    const writes = texts.slice(0, 2).map((text) => writeAside(path, text));
    while (!(await readdir(folder)).some((name) => name.endsWith('.partial')));
    await Promise.all([...writes, writeAside(path, texts[2] as string)]);
    assert.ok(texts.includes(await readFile(path, 'utf8')));
    assert.deepEqual(await readdir(folder), ['run.json']);
  }));

test('a missing folder, a folder in the place of the file and a file in the place of the folder are named', () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, 'file'), 'x');
    await mkdir(join(folder, 'taken', 'inside'), { recursive: true });
    const refused = (path: string, message: RegExp) =>
      assert.rejects(writeAside(join(folder, path), 'x'), { name: 'FileError', code: 'file-not-written', message });
    await refused('none/run.json', /none\/run\.json cannot be written: its folder does not exist; create it first/);
    await refused('file/run.json', /its folder is a file/);
    await refused('taken', /a folder has that name/);
    assert.deepEqual((await readdir(folder)).sort(), ['file', 'taken']);
  }));

test('a folder that may not be written leaves the old file as it was', (context) =>
  inFolder(async (folder) => {
    const path = join(folder, 'run.json');
    const isRoot = process.getuid?.() === 0; // permissions do not stop root; a read-only mount does
    if (process.platform === 'win32') return context.skip('Windows has no such permission');
    if (isRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status !== 0)
      return context.skip('root may not mount a tmpfs here');
    try {
      await writeAside(path, 'old');
      if (isRoot) assert.equal(spawnSync('mount', ['-o', 'remount,ro', folder]).status, 0);
      else await chmod(folder, 0o555);
      const message = isRoot ? /mounted read-only/ : /may not be written/;
      await assert.rejects(writeAside(path, 'new'), { code: 'file-not-written', message });
      assert.equal(await readFile(path, 'utf8'), 'old');
      assert.deepEqual(await readdir(folder), ['run.json']);
    } finally {
      if (isRoot) spawnSync('umount', [folder]);
      else await chmod(folder, 0o755);
    }
  }));

test('a limit on the size of files is named, and leaves the old file as it was', (context) =>
  inFolder(async (folder) => {
    if (process.platform === 'win32') return context.skip('Windows has no such limit');
    const path = join(folder, 'run.json');
    await writeAside(path, 'old');
    const module = new URL('./write-aside.ts', import.meta.url).href;
    const script = `import { writeAside } from '${module}'; await writeAside('${path}', new Uint8Array(100_000));`;
    const limited = `ulimit -f 8 && exec '${process.execPath}' --input-type=module --eval "$0"`;
    const { stderr } = spawnSync('sh', ['-c', limited, script], { encoding: 'utf8' });
    assert.match(stderr, /run\.json cannot be written: no file may grow that large here .*untouched\)/);
    assert.equal(await readFile(path, 'utf8'), 'old');
    assert.deepEqual(await readdir(folder), ['run.json']);
  }));

test('partial files of processes that ended are removed, those of running ones are not', () =>
  inFolder(async (folder) => {
    const ended = spawnSync(process.execPath, ['-e', '']).pid;
    for (const pid of [ended, process.pid, process.ppid])
      await writeFile(join(folder, `.run.json.${pid}-99.partial`), 'x');
    await writeFile(join(folder, `.other.json.${ended}-0.partial`), 'x');
    await writeAside(join(folder, 'run.json'), 'x');
    assert.deepEqual((await readdir(folder)).sort(), [
      `.other.json.${ended}-0.partial`,
      `.run.json.${process.ppid}-99.partial`,
      'run.json',
    ]);
  }));
