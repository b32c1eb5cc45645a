import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type AugmentationOptions,
  applyAugmentation,
  augmentationStream,
  drawAugmentation,
  type ManifestRow,
  readManifestImage,
  resizeBilinear,
  writePng8,
  zScoreNormalise,
} from '@mammoscope/imaging';
import { mammogramBytes } from '../../../../tests/mammogram-object.ts';
import { ImageSource } from './image-source.ts';

const SIDE = 12;
const PLANE = Float32Array.from({ length: SIDE * SIDE }, (_, i) => (i * i * 7) % 251);
let folder: string;
let row: ManifestRow;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mammoscope-image-source-'));
  const path = join(folder, 'a.png');
  await writePng8(path, PLANE, SIDE, SIDE);
  row = { line: 2, patientId: 'p', path, absolutePath: path, modality: 'PATCH', label: 'x', other: {} };
});
after(() => rm(folder, { recursive: true }));

/** The first image of an epoch as a network of one channel sees it. */
async function seen(options: AugmentationOptions): Promise<Float32Array> {
  const source = new ImageSource({ sizePx: SIDE, channels: 1, normalisation: 'zScore' });
  return source.augmented([{ row, index: 0 }], { seed: 5, epoch: 3, options });
}

const GEOMETRY: AugmentationOptions = { angleDeg: [1, 359], translateXPx: [-3, 3], scale: [0.8, 1.2] };
const drawn = (options: AugmentationOptions) => drawAugmentation(augmentationStream(5, 3, 0), options);

test('an image is moved, then normalised; ranges of intensity that hold one value change no bit', async () => {
  const moved = applyAugmentation(PLANE, SIDE, SIDE, drawn(GEOMETRY), { fill: 'reflect' });
  const plain = await seen(GEOMETRY);
  assert.deepEqual(plain, zScoreNormalise(moved));
  assert.deepEqual(await seen({ ...GEOMETRY, gain: [1, 1], offset: [0, 0] }), plain);
  const { scale, ...unscaled } = GEOMETRY;
  assert.notDeepEqual(await seen(unscaled), plain);
});

test('gain and offset act on normalised values, which would undo them', async () => {
  const intensity = { gain: [0.5, 2], offset: [-1, 1] } as const;
  const { gain, offset } = drawn({ ...GEOMETRY, ...intensity });
  assert.ok(Math.abs(gain - 1) > 0.01 && Math.abs(offset) > 0.01);
  const [plain, changed] = [await seen(GEOMETRY), await seen({ ...GEOMETRY, ...intensity })];
  for (const [i, value] of plain.entries())
    assert.ok(Math.abs((changed[i] as number) - (gain * value + offset)) < 1e-5, `pixel ${i}`);
});

test('a DICOM row is prepared before it is resampled; rows of one stack with other slices are other planes', async () => {
  const path = join(folder, 'dbt.dcm');
  await writeFile(path, mammogramBytes({ frames: 3, chestWall: 'right' }, { laterality: 'R', view: 'CC' }));
  const dbt: ManifestRow = { ...row, path, absolutePath: path, modality: 'DBT', laterality: 'R' };
  const source = new ImageSource({ sizePx: SIDE, channels: 1, normalisation: 'zScore' });
  const planes: Float32Array[] = [];
  for (const slice of [0, 2]) {
    const named = { ...dbt, sliceFirst: slice, sliceLast: slice };
    const { data, width, height } = await readManifestImage(named);
    const plane = await source.plane(named);
    assert.ok(width < 96 && height < 96);
    assert.ok(Buffer.from(plane.buffer).equals(Buffer.from(resizeBilinear(data, width, height, SIDE, SIDE).buffer)));
    planes.push(plane);
  }
  assert.notDeepEqual(planes[0], planes[1]);
  const wrong = { ...dbt, line: 7, sliceFirst: 0, sliceLast: 0, laterality: 'L' } as const;
  await assert.rejects(source.plane(wrong), { code: 'sources-disagree', message: /^line 7 of the manifest: / });
});
