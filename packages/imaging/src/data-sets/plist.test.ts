import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPlist } from './plist.ts';

test('property lists: values, entities, and what is none', () => {
  assert.deepEqual(
    readPlist('<plist><dict><key>a&amp;b</key><array><string/><true/><real>1.5</real></array></dict></plist>', 'x'),
    { 'a&b': ['', 'true', '1.5'] },
  );
  for (const wrong of [
    '',
    '<dict/>',
    '<plist><dict>',
    '<plist><dict><string>a</string></dict></plist>',
    '<plist><string>a</plist>',
    '<plist><string>a</string></plist',
    `<plist>${'<array>'.repeat(99)}${'</array>'.repeat(99)}</plist>`,
  ]) {
    assert.throws(() => readPlist(wrong, 'x.xml'), {
      code: 'data-set-invalid',
      message: /^x\.xml is not a property list/,
    });
  }
});
