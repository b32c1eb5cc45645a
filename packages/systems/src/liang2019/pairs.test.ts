import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManifestRow } from '@mammoscope/imaging';
import { pairImages } from './pairs.ts';

const CLASSES = ['normal', 'benign', 'malignant'];

/** 'DM p1 L CC benign' and so on, each row its own image unless a path is given. */
function rowOf(text: string, line: number, path = `${line}.png`): ManifestRow {
  const [modality, patientId = '', laterality, view, label = 'normal'] = text.split(' ');
  return {
    ...{ line, patientId, path, absolutePath: `/data/${path}`, label, other: {} },
    modality: modality as ManifestRow['modality'],
    ...(laterality !== '-' && { laterality: laterality as 'L' }),
    ...(view !== '-' && { view: view as 'CC' }),
  };
}

const pair = (...texts: readonly string[]) =>
  pairImages({ path: 'm.csv', sha256: '', classes: CLASSES, rows: texts.map((text, i) => rowOf(text, i)) });

test('a DM and a DBT of one patient, breast and view are a pair, whatever their order', () => {
  const { pairs, exclusions } = pair(
    'DBT p1 L CC benign',
    'DM p1 R CC',
    'DM p1 L CC benign',
    'DBT p1 R CC',
    'DM p2 L CC',
    'DBT p2 L CC',
  );
  assert.deepEqual(exclusions, []);
  assert.deepEqual(
    pairs.map(({ patientId, path, dbt, label }) => [patientId, path, dbt.path, label]),
    [
      ['p1', '2.png', '0.png', 'benign'],
      ['p1', '1.png', '3.png', 'normal'],
      ['p2', '4.png', '5.png', 'normal'],
    ],
  );
});

test('what is in no pair is reported with its reason: alone, without breast or view, ambiguous, or labelled differently', () => {
  const { pairs, exclusions } = pair(
    'DM a L CC',
    'DBT b L CC',
    'DM c - CC',
    'DBT c L -',
    'DM d L CC',
    'DM d L CC',
    'DBT d L CC',
    'DM e L CC benign',
    'DBT e L CC malignant',
    'DM f L CC',
    'DBT f R CC',
    'DM g L CC',
    'DBT g L MLO',
    'SYNTHETIC2D h L CC',
  );
  assert.deepEqual(pairs, []);
  const reasonOf = (patient: string) => [
    ...new Set(exclusions.filter(({ patientId }) => patientId === patient).map(({ reason }) => reason)),
  ];
  assert.equal(exclusions.length, 14);
  assert.deepEqual(reasonOf('a'), ['no DBT of this breast and view']);
  assert.deepEqual(reasonOf('b'), ['no DM of this breast and view']);
  assert.match(reasonOf('c').join(), /^laterality or view is not given/);
  assert.match(reasonOf('d').join(), /^2 DM and 1 DBT/);
  assert.match(reasonOf('e').join(), /DM is labelled benign and the DBT malignant/);
  for (const patient of ['f', 'g']) assert.equal(reasonOf(patient).length, 2, 'the other breast or view is no partner');
  assert.match(reasonOf('h').join(), /neither DM nor DBT/);
});

test('two lesions of one image are one image, with the last class that they name', () => {
  const texts = ['DM p L CC malignant', 'DM p L CC benign', 'DBT p L CC benign', 'DBT p L CC malignant'];
  const rows = texts.map((text, line) => rowOf(text, line, text.startsWith('DM') ? 'dm.png' : 'dbt.dcm'));
  const { pairs, exclusions } = pairImages({ path: 'm.csv', sha256: '', classes: CLASSES, rows });
  assert.deepEqual(exclusions, []);
  assert.deepEqual(
    pairs.map(({ label, path, dbt }) => [label, path, dbt.path]),
    [['malignant', 'dm.png', 'dbt.dcm']],
  );
});
