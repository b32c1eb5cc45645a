import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManifestRow } from '@mammoscope/imaging';
import { BIRADS_GROUPS, parkImages, targetsOf } from './cohort.ts';

const MANIFEST = { path: '/data/manifest.csv', classes: ['normal', 'benign', 'malignant'] };

const row = (more: Partial<ManifestRow>): ManifestRow => ({
  line: 2,
  patientId: 'a',
  path: 'a.dcm',
  absolutePath: '/data/a.dcm',
  modality: 'DBT',
  label: 'normal',
  laterality: 'L',
  view: 'CC',
  other: {},
  ...more,
});

test('rows of one image are one image with both labels and its lesions', () => {
  const images = parkImages(MANIFEST, [
    row({ label: 'benign', box: [1, 2, 3, 4], sliceFirst: 3, sliceLast: 5 }),
    row({ path: 'b.png', absolutePath: '/data/b.png', modality: 'DM' }),
    row({ label: 'malignant', other: { mask: 'masks/a.png' } }),
    row({ path: 'c.png', absolutePath: '/data/c.png', modality: 'PATCH' }),
  ]);
  assert.deepEqual(
    images.map(({ modality, labels, lesions }) => ({ modality, labels, lesions })),
    [
      {
        modality: 'DBT',
        labels: { benign: true, malignant: true },
        lesions: [
          { finding: 'benign', box: [1, 2, 3, 4], sliceFirst: 3, sliceLast: 5 },
          { finding: 'malignant', mask: '/data/masks/a.png' },
        ],
      },
      { modality: 'DM', labels: { benign: false, malignant: false }, lesions: [] },
    ],
  );
  assert.deepEqual(images.map(targetsOf), [
    [1, 1],
    [0, 0],
  ]);
});

test('a malignant label without a lesion in sight is a label all the same', () => {
  const [image] = parkImages(MANIFEST, [row({ label: 'malignant' })]);
  assert.deepEqual(image?.labels, { benign: false, malignant: true });
  assert.deepEqual(image?.lesions, []);
});

test('BI-RADS categories are three groups, 6 is none, and of several the most suspicious counts', () => {
  const groupOf = (...categories: (string | undefined)[]) => {
    const rows = categories.map((birads) => row(birads === undefined ? {} : { birads }));
    const [image] = parkImages(MANIFEST, rows);
    return image?.birads === undefined ? undefined : BIRADS_GROUPS[image.birads];
  };
  for (const category of ['0', '4', '4A', '4c', '5']) assert.equal(groupOf(category), 'suspicious');
  assert.equal(groupOf('1'), 'normal');
  for (const category of ['2', '3']) assert.equal(groupOf(category), 'benign');
  for (const category of ['6', undefined]) assert.equal(groupOf(category), undefined);
  assert.equal(groupOf('1', '4B'), 'suspicious');
  assert.equal(groupOf('1', '2'), 'benign');
});

test('what cannot be judged is refused with its line', () => {
  const refused = (more: Partial<ManifestRow>, message: RegExp) =>
    assert.throws(() => parkImages(MANIFEST, [row({ line: 7, ...more })]), { code: 'data-unusable', message });
  refused({ label: 'cancer' }, /line 7: label must be benign, malignant or normal, the first class, got "cancer"/);
  refused({ birads: '7' }, /line 7: birads must be a category from 0 to 6, got "7"/);
  refused({ birads: '10' }, /got "10"/);
  const { view: _, ...blind } = row({ line: 7 });
  assert.throws(() => parkImages(MANIFEST, [blind]), { message: /line 7: .* laterality and view must be filled/ });
});
