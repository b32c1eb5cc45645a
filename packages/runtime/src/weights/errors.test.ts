import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { WEIGHTS_ERROR_CODES } from './errors.ts';

test('every code of the table is thrown somewhere, and tested', async () => {
  const folders = ['../weights/', '../checkpoint/', '../../../nn/src/onnx/'].map(
    (path) => new URL(path, import.meta.url),
  );
  const texts = { source: '', tests: '' };
  for (const folder of folders) {
    for (const name of await readdir(folder, { recursive: true })) {
      if (name.endsWith('.ts') && !/(^|\/)errors\./.test(name))
        texts[name.endsWith('.test.ts') ? 'tests' : 'source'] += await readFile(new URL(name, folder), 'utf8');
    }
  }
  for (const code of Object.keys(WEIGHTS_ERROR_CODES)) {
    assert.ok(texts.source.includes(`'${code}'`), `${code} is never thrown`);
    assert.ok(texts.tests.includes(`'${code}'`), `${code} is not tested`);
  }
});
