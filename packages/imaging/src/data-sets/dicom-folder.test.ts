import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dicomModality } from './dicom-folder.ts';
import type { ImageHeader } from './image-header.ts';

const TOMOSYNTHESIS = '1.2.840.10008.5.1.4.1.1.13.1.3';
const MAMMOGRAM = '1.2.840.10008.5.1.4.1.1.1.2';
const SYNTHETIC = ['DERIVED', 'PRIMARY', 'TOMOSYNTHESIS', 'GENERATED_2D'];

const of = (SOPClassUID: string, depth: number, ImageType: readonly string[] = ['ORIGINAL', 'PRIMARY']) =>
  dicomModality({ facts: { SOPClassUID, ImageType }, depth } as unknown as ImageHeader);

test('a tomosynthesis by its class or its slices, a synthetic view by its type in either class', () => {
  assert.equal(of(TOMOSYNTHESIS, 60), 'DBT');
  assert.equal(of(TOMOSYNTHESIS, 1), 'DBT');
  assert.equal(of(MAMMOGRAM, 60), 'DBT');
  assert.equal(of(MAMMOGRAM, 1), 'DM');
  assert.equal(of(MAMMOGRAM, 1, SYNTHETIC), 'SYNTHETIC2D');
  assert.equal(of(TOMOSYNTHESIS, 1, SYNTHETIC), 'SYNTHETIC2D');
  assert.equal(of(TOMOSYNTHESIS, 60, SYNTHETIC), 'DBT');
});
