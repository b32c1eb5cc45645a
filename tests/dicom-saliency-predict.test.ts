/** `predict --dicom` of Park 2022: where its networks looked, as fractional segmentations beside the images. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { openDicom } from '@mammoscope/dicom';
import { formatCsv, writeNifti } from '@mammoscope/imaging';
import { type RunRecord, readResultSources, sourceTask, writeDicomResults } from '@mammoscope/systems';
import { workplace } from './cli-process.ts';
import { elementsOfFile, itemsOf, textOf } from './dicom-element-tree.ts';
import { studyOf } from './dicom-result-study.ts';

const { folder } = await workplace();
const record = {
  system: 'park2022',
  preset: 'tiny',
  seed: 1,
  classes: ['normal', 'malignant'],
} as unknown as RunRecord;
/** Cells of the maps: the left half of the image has the saliency of its slice, the right half none. */
const [CELL_ROWS, CELL_COLUMNS] = [2, 4];
let written: readonly string[];
let size: { readonly rows: number; readonly columns: number; readonly frames: number };

const request = (predictions: readonly object[]) => ({
  record,
  summary: { classes: ['not malignant', 'malignant'], cutoff: null, predictions: predictions as never },
  maker: { institution: '', address: '', department: '', station: '', serialNumber: 'none', softwareVersion: '1' },
  time: { date: '20240131', time: '010203' },
});

before(async () => {
  await mkdir(join(folder, 'study'));
  await mkdir(join(folder, 'saliency'));
  await studyOf(join(folder, 'study'));
  await using volume = await openDicom(join(folder, 'study', 'source-2.dcm'));
  const { frameCount: frames, image } = volume;
  size = { rows: image.rows, columns: image.columns, frames };
  const data = Float32Array.from({ length: frames * CELL_ROWS * CELL_COLUMNS }, (_, i) =>
    i % CELL_COLUMNS < CELL_COLUMNS / 2 ? Math.floor(i / (CELL_ROWS * CELL_COLUMNS)) / frames : 0,
  );
  const maps = { columns: CELL_COLUMNS, rows: CELL_ROWS, slices: frames };
  await writeNifti(join(folder, 'saliency', 'volume.nii.gz'), { data, ...maps });
  const row = { patient_id: 'p', label: 'normal', laterality: 'L', view: 'MLO' };
  const rows = [
    { ...row, path: 'study/source-1.dcm', modality: 'DM' },
    { ...row, path: 'study/source-2.dcm', modality: 'DBT' },
  ];
  await writeFile(join(folder, 'images.csv'), formatCsv(rows));
  const shared = { saliency: { malignant: 'saliency/volume.nii.gz' }, score: 0.5, decision: 'malignant' };
  const box = [0, 0, size.columns, size.rows];
  written = await writeDicomResults({
    ...request([
      { ...shared, path: 'study/source-1.dcm', saliencyBox: box, patches: [], mostSuspiciousSlice: null },
      {
        ...{ ...shared, path: 'study/source-2.dcm', saliencyBox: box, mostSuspiciousSlice: frames - 1 },
        patches: [1, 3, 1, 0].map((slice) => ({ slice, box: [0, 0, 1, 1], attention: 0.25 })),
      },
    ]),
    sources: await readResultSources([join(folder, 'images.csv')], sourceTask('park2022')),
    predictions: folder,
    folder: join(folder, 'objects'),
  });
});

test('an image with malignant saliency has one object, and no report says that nothing was found', () => {
  assert.deepEqual(written, [join('study-1', 'saliency-1.dcm')]);
});

test('its frames are those of the patches and of the highest saliency, each with its reference, in fractions of 255', async () => {
  const path = join(folder, 'objects', 'study-1', 'saliency-1.dcm');
  const elements = elementsOfFile(await readFile(path));
  const references = itemsOf(elements, '52009230').map((frame) =>
    textOf(itemsOf(itemsOf(frame, '00089124')[0], '00082112')[0], '00081160'),
  );
  // Slice 0 has no saliency; frames count from 1.
  assert.deepEqual(references, ['2', '4', `${size.frames}`]);
  await using object = await openDicom(path);
  assert.equal(object.frameCount, 3);
  for (const [at, slice] of [1, 3, size.frames - 1].entries()) {
    const { data } = await object.frame(at);
    const row = Math.floor(size.rows / 2) * size.columns;
    assert.equal(data[row + 1], Math.round((255 * slice) / size.frames), `slice ${slice}`);
    assert.equal(data[row + size.columns - 1], 0);
  }
});

test('the folder of the predictions must be said', async () => {
  const sources = await readResultSources([join(folder, 'images.csv')], 'detection');
  await assert.rejects(
    writeDicomResults({ ...request([{ path: 'study/source-2.dcm' }]), sources, folder: join(folder, 'none') }),
    { code: 'option-invalid', message: /say where the predictions are/ },
  );
});

test('dciodvfy says nothing of it but its kind', {
  skip: spawnSync('dciodvfy', ['--version']).error ? 'dciodvfy is not installed' : false,
}, () => {
  const { stdout, stderr } = spawnSync('dciodvfy', [join(folder, 'objects', 'study-1', 'saliency-1.dcm')], {
    encoding: 'utf8',
  });
  const said = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
  assert.deepEqual(said, ['Segmentation']);
});
