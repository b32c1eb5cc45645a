import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '@mammoscope/imaging';
import { manifestTexts } from './manifest-texts.ts';

const manifest = {
  path: '/data/images.csv',
  rows: [
    { modality: 'DM', view: 'CC', other: { vendor: 'GE', notes: '' } },
    { modality: 'DM', other: { vendor: '', notes: '' } },
  ],
} as unknown as Manifest;

test('texts of columns that have a meaning and of those that are carried along', () => {
  assert.deepEqual(manifestTexts(manifest, manifest.rows, 'vendor'), ['GE', '']);
  assert.deepEqual(manifestTexts(manifest, manifest.rows, 'view'), ['CC', '']);
  assert.deepEqual(manifestTexts(manifest, manifest.rows.slice(1), 'vendor'), ['']);
});

test('a column that is not there, or empty, is refused with those that there are', () => {
  for (const column of ['density', 'notes', 'birads'])
    assert.throws(() => manifestTexts(manifest, manifest.rows, column), {
      code: 'option-invalid',
      message: `images.csv has no column ${column} to make subgroups by: there are modality, view, vendor, notes`,
    });
});
