import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { IMAGING_ERROR_CODES } from './errors.ts';

test('every code of the table is thrown somewhere, and tested', async () => {
  const folder = new URL('.', import.meta.url);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  const having = (tests: boolean) =>
    texts.filter((_, i) => names[i]?.endsWith('.test.ts') === tests && names[i] !== 'errors.ts').join('\n');
  for (const code of Object.keys(IMAGING_ERROR_CODES)) {
    assert.ok(having(false).includes(`'${code}'`), `${code} is never thrown`);
    assert.ok(having(true).includes(code), `${code} is not tested`);
  }
});
