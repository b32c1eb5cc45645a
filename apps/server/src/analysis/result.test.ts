import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AnalysisResult, analysisResult, type Lesion, type Model } from '../api-types.ts';
import { predictionFile } from './prediction-form.ts';
import { resultOf } from './result.ts';
import type { StudyImage } from './study-manifest.ts';

const model: Model = {
  ...{ id: 'any-1', system: 'any', name: 'run', preset: 'tiny', classes: ['benign', 'malignant'], members: [] },
  ...{ input: 'images', hasPlaces: true, report: null, cases: null },
};
const image = (number: number, modality: string): StudyImage => ({
  ...{ instance: `1.2.${number}`, series: '1.2', modality, laterality: 'L', view: 'CC' },
  ...{ file: `/studies/1/${number}.dcm`, path: `../${number}.dcm` },
});
const images = [image(1, 'DM'), image(2, 'DBT')];

/** What a prediction file, as the system's predict.ts declares it, becomes; held to the schema that the viewer reads. */
async function converted(file: object, lesions: readonly Lesion[] = []): Promise<AnalysisResult> {
  const folder = await mkdtemp(join(tmpdir(), 'result-'));
  try {
    await writeFile(join(folder, 'a b.png'), 'x');
    const manifest = { path: '', images, leftOut: [{ instance: '1.2.9', reason: 'no' }] };
    const parts = { analysis: 'id', study: '1', model, version: '1', lesions, folder, manifest };
    return analysisResult.parse(await resultOf({ ...parts, file: predictionFile.parse(file) }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('an image that was judged whole: votes of the networks with their cut-offs, and a picture of each', async () => {
  const { readings, findings, files, score, decision, cutoff } = await converted({
    cutoff: 0.5,
    memberCutoffs: { a: 0.4, b: null },
    predictions: [
      {
        path: '../1.dcm',
        score: 0.25,
        decision: 'benign',
        members: { a: 0.2, b: 0.3 },
        votes: { a: 'benign', b: 'benign' },
        image: 'images/1.png',
        gradCam: {
          a: { overlay: 'images/1-a.png', empty: false, map: { volume: 'images/1-a.nii.gz', box: [2, 3, 40, 50] } },
          b: { overlay: 'images/1-b.png', empty: true, map: { volume: 'images/1-b.nii.gz', box: [2, 3, 40, 50] } },
        },
      },
      { path: '../2.dcm', score: 0.75, decision: 'malignant', members: {}, votes: {} },
    ],
  });
  assert.deepEqual([score, decision, cutoff, findings], [0.75, 'malignant', 0.5, []]);
  assert.deepEqual(readings[0]?.instances, ['1.2.1']);
  assert.deepEqual(readings[0]?.votes, [
    { name: 'a', probability: 0.2, decision: 'benign', cutoff: 0.4 },
    { name: 'b', probability: 0.3, decision: 'benign', cutoff: null },
  ]);
  assert.deepEqual(
    readings[0]?.pictures.map(({ kind, of, url }) => [kind, of, url]),
    [
      ['image', null, '/api/analyses/id/files/predictions/images/1.png'],
      ['grad-cam', 'a', '/api/analyses/id/files/predictions/images/1-a.png'],
      ['grad-cam', 'b', '/api/analyses/id/files/predictions/images/1-b.png'],
    ],
  );
  // a map of nothing is none
  const place = { instance: '1.2.1', frame: null, box: [2, 3, 40, 50] };
  const url = '/api/analyses/id/files/predictions/images/1-a.nii.gz';
  assert.deepEqual(readings[0]?.maps, [{ kind: 'grad-cam', finding: 'malignant', of: 'a', ...place, url }]);
  assert.deepEqual(files, [
    { path: 'a b.png', url: '/api/analyses/id/files/a%20b.png', bytes: 1, mediaType: 'image/png' },
  ]);
});

test('a lesion over two views is a finding in each, in the slice that was judged', async () => {
  const lesions: Lesion[] = [
    { instance: '1.2.1', id: 'x', box: [1, 2, 3, 4] },
    { instance: '1.2.2', id: 'x', box: [5, 6, 7, 8], slices: [2, 8] },
    { instance: '1.2.2', id: 'other', box: [0, 0, 1, 1], slices: [0, 4] },
  ];
  const map = { volume: 'images/x.nii.gz', box: [4, 4, 20, 20] };
  const views = [
    { path: '../1.dcm', focusSlice: 0 },
    { path: '../2.dcm', focusSlice: 3, gradCam: { a: { overlay: 'x.png', empty: false, map } } },
  ];
  const { readings, findings } = await converted(
    {
      cutoff: 0.5,
      predictions: [
        { path: '../1.dcm', lesionId: 'x', score: 0.5, decision: 'malignant', views },
        { path: '../2.dcm', lesionId: 'other', score: 0.1, decision: 'benign' },
      ],
    },
    lesions,
  );
  assert.deepEqual(readings[0]?.focusSlices, [0, 3]);
  assert.deepEqual(
    readings[0]?.maps.map(({ instance, frame, of, box }) => [instance, frame, of, box]),
    [['1.2.2', 3, 'a', [4, 4, 20, 20]]],
  );
  assert.deepEqual(
    findings.map(({ instance, frame, box, isShown, lesion }) => [instance, frame, box, isShown, lesion]),
    [
      ['1.2.1', 0, [1, 2, 3, 4], true, 'x'],
      ['1.2.2', 3, [5, 6, 7, 8], true, 'x'],
      ['1.2.2', 2, [0, 0, 1, 1], false, null],
    ],
  );
});

test('boxes of a detector, pairs of images, and patches with saliency', async () => {
  const boxes = [
    { box: [1, 2, 3, 4], class: 'malignant', confidence: 0.9 },
    { box: [1, 2, 3, 4], class: 'benign', confidence: 0.9 },
  ];
  const detector = await converted({
    cutoff: 0.5,
    predictions: [{ path: '../1.dcm', score: 0.9, decision: 'malignant', boxes, overlay: '1.png' }],
    breasts: [{ laterality: 'L', views: ['CC'], score: 0.9, decision: 'malignant' }],
  });
  assert.deepEqual(
    detector.findings.map(({ class: name, isShown }) => [name, isShown]),
    [
      ['malignant', true],
      ['benign', false],
    ],
  );
  assert.equal(detector.readings[0]?.pictures[0]?.url, '/api/analyses/id/files/predictions/overlays/1.png');
  assert.deepEqual(detector.breasts, [{ laterality: 'L', views: ['CC'], probability: 0.9, decision: 'malignant' }]);

  const vote = { vote: 'malignant', confidence: 0.8, score: 0.8 };
  const pair = await converted({
    warning: 'random weights',
    predictions: [
      {
        path: '../1.dcm',
        dbtPath: '../2.dcm',
        score: 0.8,
        decision: 'malignant',
        votes: { dm: vote },
        dynamicImage: 'd.png',
        overlays: { dm: 'o.png' },
        maps: {
          dm: { volume: 'images/dm.nii.gz', box: [0, 0, 8, 9] },
          dbt: { volume: 'images/dbt.nii.gz', box: [0, 0, 6, 7] },
        },
        withoutEvidence: ['dm'],
      },
    ],
  });
  assert.deepEqual(
    [pair.warning, pair.readings[0]?.instances, pair.readings[0]?.votes[0]?.probability],
    ['random weights', ['1.2.1', '1.2.2'], 0.8],
  );
  assert.deepEqual(
    pair.readings[0]?.pictures.map(({ kind }) => kind),
    ['dynamic-image', 'grad-cam'],
  );
  assert.deepEqual(
    pair.readings[0]?.maps.map(({ instance, frame, of, box }) => [instance, frame, of, box]),
    [['1.2.2', null, 'dm-dbt', [0, 0, 6, 7]]],
  );

  const volume = await converted({
    rule: 'by modality',
    predictions: [
      {
        ...{
          path: '../2.dcm',
          score: 0.6,
          decision: 'malignant',
          members: { t1: { benign: 0.1, malignant: 0.6 } },
          mostSuspiciousSlice: 4,
        },
        ...{ patches: [{ member: 't1', slice: 4, box: [-1, 0, 9, 9], attention: 0.7 }], picture: 'saliency/2.png' },
        ...{ saliency: { malignant: 'saliency/2.nii.gz' }, saliencyBox: [0, 0, 8, 8] },
      },
    ],
    breasts: [{ laterality: 'L', modalities: ['DBT'], images: 1, probabilities: { benign: 0.1, malignant: 0.6 } }],
  });
  const [reading] = volume.readings;
  assert.deepEqual(
    [reading?.focusSlices, reading?.votes[0]?.probability, volume.breasts[0]?.probability],
    [[4], 0.6, 0.6],
  );
  assert.deepEqual(reading?.patches, [{ instance: '1.2.2', frame: 4, box: [-1, 0, 9, 9], attention: 0.7, of: 't1' }]);
  assert.deepEqual(reading?.maps, [
    {
      ...{ kind: 'saliency', finding: 'malignant', of: null, instance: '1.2.2', frame: null, box: [0, 0, 8, 8] },
      url: '/api/analyses/id/files/predictions/saliency/2.nii.gz',
    },
  ]);
});
