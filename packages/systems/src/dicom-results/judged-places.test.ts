import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManifestRow } from '@mammoscope/imaging';
import type { PredictionSummary } from '../system.ts';
import { judgedPlaces, requireJudge } from './judged-places.ts';

const rowOf = (path: string, lesionId: string | undefined): ManifestRow => ({
  ...{ line: 2, patientId: 'p', path, absolutePath: `/images/${path}`, modality: 'DBT', label: '', other: {} },
  ...(lesionId ? { lesionId } : {}),
});
const rows = [rowOf('cc', 'a'), rowOf('mlo', 'a'), rowOf('cc', 'b'), rowOf('alone', undefined)];
const summaryOf = (predictions: readonly object[]): PredictionSummary => ({
  classes: ['benign', 'malignant'],
  cutoff: 0.5,
  predictions: predictions as PredictionSummary['predictions'],
});

test('a lesion that was judged over views has a place in each, in the slice that was judged', () => {
  const views = [
    { path: 'cc', focusSlice: 3 },
    { path: 'mlo', focusSlice: 7 },
  ];
  const places = judgedPlaces(
    summaryOf([
      { path: 'cc', lesionId: 'a', score: 0.75, views },
      { path: 'cc', lesionId: 'b', score: 0.25, views: views.slice(0, 1) },
    ]),
    rows,
  );
  assert.deepEqual(places, [
    { row: rows[0], frame: 3, probability: 0.75, lesion: 'a' },
    { row: rows[1], frame: 7, probability: 0.75, lesion: 'a' },
    { row: rows[2], frame: 3, probability: 0.25, lesion: undefined },
  ]);
});

test('an image that was judged by itself is one place, found by its path and lesion', () => {
  const places = judgedPlaces(
    summaryOf([
      { path: 'cc', lesionId: 'b', score: 0.5 },
      { path: 'alone', score: 1 },
    ]),
    rows,
  );
  assert.deepEqual(places, [
    { row: rows[2], frame: undefined, probability: 0.5, lesion: undefined },
    { row: rows[3], frame: undefined, probability: 1, lesion: undefined },
  ]);
});

test('a system whose predictions have no place is refused by name', () => {
  requireJudge('kang2021');
  requireJudge('xiao2021');
  assert.throws(() => requireJudge('liang2019'), {
    code: 'option-invalid',
    message: /liang2019.*kang2021 or xiao2021/,
  });
});
