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
  writePng8,
  zScoreNormalise,
} from '@mammoscope/imaging';
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

/** A stack of slices as NumPy writes it: version 1.0, bytes, slices outermost. */
function npyBytes(slices: readonly Float32Array[]): Buffer {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${slices.length}, ${SIDE}, ${SIDE}), }\n`;
  const head = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.alloc(2), Buffer.from(header)]);
  head.writeUInt16LE(header.length, 8);
  return Buffer.concat([head, ...slices.map((slice) => Buffer.from(Uint8Array.from(slice)))]);
}

test('rows of one stack that name other slices are other planes; a row that names none is refused with its line', async () => {
  const path = join(folder, 'dbt.npy');
  const slices = [PLANE, PLANE.map((value) => 250 - value), PLANE.toReversed()];
  await writeFile(path, npyBytes(slices));
  const dbt: ManifestRow = { ...row, path, absolutePath: path, modality: 'DBT' };
  const source = new ImageSource({ sizePx: SIDE, channels: 1, normalisation: 'zScore' });
  for (const [sliceFirst, sliceLast, middle] of [
    [0, 0, 0],
    [0, 2, 1],
    [2, 2, 2],
  ] as const)
    assert.deepEqual(await source.plane({ ...dbt, sliceFirst, sliceLast }), slices[middle]);
  await assert.rejects(source.plane({ ...dbt, line: 7 }), /^ImagingError: line 7 of the manifest: .* has 3 slices/);
});
