import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowOf, otherFlowOf } from './flow.ts';
import type { RunRecord } from './run-record.ts';

test('a flow counts images and patients of the manifest, of what was left out by reason, and of each split', () => {
  const row = (patientId: string, split: 'train' | 'val' | 'test', label = 'benign') => ({
    path: `${patientId}.png`,
    patientId,
    label,
    split,
  });
  const record = {
    classes: ['benign', 'malignant'],
    manifest: { name: 'manifest.csv', sha256: '' },
    rows: [row('a', 'train'), row('a', 'train', 'malignant'), row('b', 'val'), row('c', 'test', 'malignant')],
    exclusions: [
      { path: 'x.png', patientId: 'a', reason: 'no histology' },
      { path: 'y.png', patientId: 'd', reason: 'no histology' },
    ],
  } as unknown as RunRecord;
  const { stages, parts = [] } = flowOf(record);
  assert.deepEqual(stages, [
    { name: 'Images in manifest.csv', images: 6, patients: 4 },
    { name: 'Included', images: 4, patients: 3, excluded: [{ reason: 'no histology', images: 2, patients: 2 }] },
  ]);
  assert.deepEqual(
    parts.map(({ name, images, patients, detail }) => [name, images, patients, detail]),
    [
      ['Training', 2, 1, ['1 benign', '1 malignant']],
      ['Validation', 1, 1, ['1 benign', '0 malignant']],
      ['Test', 1, 1, ['0 benign', '1 malignant']],
    ],
  );
});

test('the flow of another manifest counts what training had seen, and the images evaluated by class', () => {
  const rows = [
    { patientId: 'e', label: 'benign' },
    { patientId: 'e', label: 'malignant' },
    { patientId: 'f', label: 'benign' },
  ];
  const exclusions = [{ patientId: 'a', reason: 'training saw this patient' }];
  const { stages, parts } = otherFlowOf({ manifest: 'other.csv', rows, exclusions }, ['benign', 'malignant']);
  assert.deepEqual(stages, [
    { name: 'Images in other.csv', images: 4, patients: 3 },
    {
      name: 'Evaluated',
      images: 3,
      patients: 2,
      excluded: [{ reason: 'training saw this patient', images: 1, patients: 1 }],
    },
  ]);
  assert.deepEqual(parts, [
    { name: 'benign', images: 2, patients: 2 },
    { name: 'malignant', images: 1, patients: 1 },
  ]);
});
