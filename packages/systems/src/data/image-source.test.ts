import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type AugmentationOptions,
  applyAugmentation,
  augmentationStream,
  type BoxPx,
  drawAugmentation,
  type ManifestRow,
  resizeBilinear,
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
  const source = new ImageSource({ sizePx: SIDE, roiPx: 0, channels: 1, normalisation: 'zScore' });
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
  const source = new ImageSource({ sizePx: SIDE, roiPx: 0, channels: 1, normalisation: 'zScore' });
  for (const [sliceFirst, sliceLast, middle] of [
    [0, 0, 0],
    [0, 2, 1],
    [2, 2, 2],
  ] as const)
    assert.deepEqual(await source.plane({ ...dbt, sliceFirst, sliceLast }), slices[middle]);
  await assert.rejects(source.plane({ ...dbt, line: 7 }), /^ImagingError: line 7 of the manifest: .* has 3 slices/);
});

const [WIDTH, HEIGHT] = [40, 30];
const FILM = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => 1 + ((i * i * 13 + i) % 250));
const lesions = (roiPx: number, sizePx = roiPx) =>
  new ImageSource({ sizePx, roiPx, channels: 1, normalisation: 'zScore' });

/** A lesion of the film. */
async function lesionRow(box: BoxPx, changes: Partial<ManifestRow> = {}): Promise<ManifestRow> {
  const path = join(folder, 'film.png');
  await writePng8(path, FILM, WIDTH, HEIGHT);
  return { ...row, path, absolutePath: path, modality: 'FILM', box, ...changes };
}

/** The square of the film whose first pixel is x, y; zeros outside. */
function square(x: number, y: number, side: number): Float32Array {
  return Float32Array.from({ length: side * side }, (_, i) => {
    const [column, line] = [x + (i % side), y + Math.floor(i / side)];
    const inside = column >= 0 && column < WIDTH && line >= 0 && line < HEIGHT;
    return inside ? (FILM[line * WIDTH + column] as number) : 0;
  });
}

for (const [what, box, roiPx, x, y] of [
  ['around the centre of its box', [18, 12, 22, 16], 12, 14, 8],
  ['moved into the film at its first corner', [0, 1, 4, 3], 12, 0, 0],
  ['moved into the film at its last corner', [36, 26, 40, 30], 12, 28, 18],
  ['the middle of a larger lesion', [2, 3, 34, 29], 12, 12, 10],
  ['of a film that is less high: the film in its middle between zeros', [18, 12, 22, 16], 36, 2, -3],
] as const)
  test(`the ROI of a lesion is ${what}`, async () => {
    const plane = await lesions(roiPx).plane(await lesionRow(box));
    assert.deepEqual(plane, square(x, y, roiPx));
    assert.equal(plane.buffer.byteLength, 4 * roiPx * roiPx, 'what is kept is the ROI and not the film');
  });

test('the ROI is resampled to the size of the network; lesions of one film are planes of their own', async () => {
  const source = lesions(20, 10);
  const [first, second] = [await lesionRow([18, 12, 22, 16]), await lesionRow([26, 12, 30, 16])];
  assert.deepEqual(await source.plane(first), resizeBilinear(square(10, 4, 20), 20, 20, 10, 10));
  assert.deepEqual(await source.plane(second), resizeBilinear(square(18, 4, 20), 20, 20, 10, 10));
});

test('a PATCH with a box, a film without one, and every image where roiPx is 0 are seen whole', async () => {
  const film = await lesionRow([18, 12, 22, 16]);
  const { box, ...without } = film;
  const whole = resizeBilinear(FILM, WIDTH, HEIGHT, 12, 12);
  assert.deepEqual(await lesions(12).plane({ ...film, modality: 'PATCH' }), whole);
  assert.deepEqual(await lesions(12).plane(without), whole);
  assert.deepEqual(await lesions(0, 12).plane(film), whole);
  for (const modality of ['DM', 'SYNTHETIC2D'] as const)
    assert.deepEqual(await lesions(12).plane({ ...film, modality }), square(14, 8, 12), modality);
});

test('a box that leaves its film is refused with its line', async () => {
  const bad = await lesionRow([36, 26, 41, 30], { line: 9 });
  await assert.rejects(lesions(12).plane(bad), {
    code: 'option-invalid',
    message:
      /^line 9 of the manifest: the box 36, 26, 41, 30 leaves image .*film\.png of 40 x 30 pixels: correct or clip it$/,
  });
});
