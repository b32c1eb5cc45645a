import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManifestRow } from '@mammoscope/imaging';
import type { PredictionSummary } from '../system.ts';
import { judgedPlaces, predictedPaths, taskOf } from './judged-places.ts';

const rowOf = (path: string, lesionId: string | undefined): ManifestRow => ({
  ...{ line: 2, patientId: 'p', path, absolutePath: `/images/${path}`, modality: 'DBT', label: '', other: {} },
  box: [1, 2, 3, 4],
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
    { row: rows[0], frame: 3, box: [1, 2, 3, 4], probability: 0.75, lesion: 'a' },
    { row: rows[1], frame: 7, box: [1, 2, 3, 4], probability: 0.75, lesion: 'a' },
    { row: rows[2], frame: 3, box: [1, 2, 3, 4], probability: 0.25, lesion: undefined },
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
    { row: rows[2], frame: undefined, box: [1, 2, 3, 4], probability: 0.5, lesion: undefined },
    { row: rows[3], frame: undefined, box: [1, 2, 3, 4], probability: 1, lesion: undefined },
  ]);
});

test('of boxes that were found those of the positive class are places, and images without any were predicted too', () => {
  const boxes = [
    { box: [5, 6, 7, 8], class: 'malignant', confidence: 0.75 },
    { box: [1, 1, 2, 2], class: 'benign', confidence: 0.875 },
  ];
  const summary = summaryOf([
    { path: 'mlo', score: 0.75, boxes },
    { path: 'alone', score: 0, boxes: [] },
  ]);
  assert.deepEqual(judgedPlaces(summary, rows), [
    { row: rows[1], frame: undefined, box: [5, 6, 7, 8], probability: 0.75, lesion: undefined },
  ]);
  assert.deepEqual([...predictedPaths(summary)], ['mlo', 'alone']);
});

test('systems judge places that are given or find them; one whose predictions have no place is refused by name', () => {
  assert.deepEqual(['kang2021', 'xiao2021', 'lin2023'].map(taskOf), ['classification', 'classification', 'detection']);
  assert.throws(() => taskOf('liang2019'), {
    code: 'option-invalid',
    message: /liang2019.*kang2021, xiao2021, lin2023/,
  });
});
