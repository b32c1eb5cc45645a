import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { KEYS } from './keys.ts';

test('no key does two things, and every one is told', () => {
  const keys = KEYS.flatMap((row) => row.keys);
  assert.equal(new Set(keys).size, keys.length);
  for (const { shown, does } of KEYS) assert.ok(shown && does);
  // what others obey: the browser its Tab, the ruler its Escape
  assert.deepEqual(
    KEYS.filter(({ run }) => run === null).map(({ keys: [only] }) => only),
    ['Tab', 'Escape'],
  );
});

test('no other file obeys keys, but the ruler those that its line in the list names', async () => {
  const source = join(import.meta.dirname, '..');
  const files = (await readdir(source, { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const obeying: string[] = [];
  for (const name of files) if (/\bevent\.key\b/.test(await readFile(join(source, name), 'utf8'))) obeying.push(name);
  assert.deepEqual(obeying.sort(), [join('room', 'keys.ts'), join('room', 'pointer.ts')]);
  assert.match(KEYS.find(({ keys }) => keys.includes('m'))?.does ?? '', /arrows and Enter/);
});
