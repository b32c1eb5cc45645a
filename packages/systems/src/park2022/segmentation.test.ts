/** Masks, maps on the stored image, DSC and PxAP against plain loops, and the baseline. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writePng8 } from '@mammoscope/imaging';
import { rowsByImage } from './evaluation.ts';
import { lesionMask, rasterOf } from './lesion-mask.ts';
import { memberSaliency, onRaster, projected } from './saliency-planes.ts';
import type { ScoredImage } from './scored-cases.ts';
import { HEIGHT, LESION, type SharedFiles, scoredImages, WIDTH, writeSharedFiles } from './scored-fixture.ts';
import {
  centreOverlap,
  type Overlap,
  type SegmentedImage,
  segmentationFigures,
  segmentedImages,
} from './segmentation.ts';

let files: SharedFiles;
let images: ScoredImage[];

before(async () => {
  files = await writeSharedFiles();
  images = scoredImages(['DM', 'DBT'], files.folder, true);
});
after(() => rm(files.folder, { recursive: true }));

const malignantOf = (modality: string) =>
  images.find((image) => image.modality === modality && image.labels.malignant) as ScoredImage;

test('a lesion is its mask, or where there is none its box; an image without one of the label has none', async () => {
  const image = malignantOf('DM');
  const raster = rasterOf(image);
  assert.deepEqual(raster, { width: WIDTH, height: HEIGHT, step: 1 });
  const byMask = await lesionMask(image, 'malignant', raster);
  const boxed = image.lesions.map(({ mask: _, ...lesion }) => lesion);
  const byBox = await lesionMask({ ...image, lesions: boxed }, 'malignant', raster);
  assert.ok(byMask && byBox && Buffer.from(byMask).equals(Buffer.from(byBox)));
  assert.equal(
    byMask.reduce((sum, value) => sum + value, 0),
    (LESION[2] - LESION[0]) * (LESION[3] - LESION[1]),
  );
  assert.equal(await lesionMask(image, 'benign', raster), undefined);
});

test('large images are compared at every few pixels', async () => {
  const image = { ...malignantOf('DM'), widthPx: 2560, heightPx: 4096 };
  const raster = rasterOf(image);
  assert.deepEqual(raster, { width: 640, height: 1024, step: 4 });
  const boxed = { ...image, lesions: [{ finding: 'malignant' as const, box: [400, 800, 480, 880] as const }] };
  const mask = await lesionMask(boxed, 'malignant', raster);
  assert.equal(
    mask?.reduce((sum, value) => sum + value, 0),
    20 * 20,
  );
  assert.equal(mask?.[200 * 640 + 100], 1);
  assert.equal(mask?.[199 * 640 + 100], 0);
});

test('a mask of another size than its image is refused', async () => {
  const path = join(files.folder, 'small.png');
  await writePng8(path, new Float32Array(12).fill(255), 4, 3);
  const image = malignantOf('DM');
  const other = { ...image, lesions: [{ finding: 'malignant' as const, mask: path }] };
  await assert.rejects(lesionMask(other, 'malignant', rasterOf(image)), {
    code: 'data-unusable',
    message: /4 x 3 pixels and its image dm\.png 48 x 64/,
  });
});

test('a map lies on the part of the image that the network saw: its cells there, zeros outside', () => {
  const grid = { box: [-8, 16, 24, 48], rows: 2, columns: 2, slices: 1 } as const;
  const plane = onRaster(Float32Array.of(0.1, 0.2, 0.3, 0.4), grid, { width: 32, height: 64, step: 1 });
  const at = (x: number, y: number) => plane[y * 32 + x] as number;
  assert.equal(at(0, 15), 0);
  assert.equal(at(24, 20), 0);
  assert.ok(Math.abs(at(23, 16) - 0.2) < 1e-6, 'beyond the last centre a cell keeps its value');
  // Pixel 8 has its centre at 8.5, half a pixel right of the middle of the window's 32: 0.5 + 0.5 / 16 of the way between the two centres.
  const [across, down] = [0.5 + 0.5 / 16, 0.5 + 0.5 / 16];
  const expected = (0.1 * (1 - across) + 0.2 * across) * (1 - down) + (0.3 * (1 - across) + 0.4 * across) * down;
  assert.ok(Math.abs(at(8, 32) - expected) < 1e-6);
});

test('maps are projected by their maximum, and the ensemble is the mean of its members', async () => {
  const maps = Float32Array.of(0.1, 0.5, 0.3, 0.2);
  assert.deepEqual([...projected(maps, { rows: 1, columns: 2 })], [Math.fround(0.3), 0.5]);
  const image = malignantOf('DBT');
  const found = await memberSaliency(image, 'malignant');
  assert.deepEqual([...found.keys()], ['dbt-trial-01', 'dbt-trial-02', 'ensemble']);
  const [first, second] = image.members as [ScoredImage['members'][number], ScoredImage['members'][number]];
  const empty = { benign: second.saliency?.benign ?? '', malignant: second.saliency?.benign ?? '' };
  const mixed = await memberSaliency({ ...image, members: [first, { ...second, saliency: empty }] }, 'malignant');
  assert.ok(Math.abs(Math.max(...(mixed.get('ensemble') ?? [])) - 0.4) < 1e-6);
});

/** Soft Dice and average precision of a plane, one pixel after the other. */
function plainOverlap(plane: Float32Array, mask: Uint8Array) {
  let [product, squares] = [0, 0];
  for (const [i, a] of plane.entries()) {
    product += a * (mask[i] as number);
    squares += a * a + (mask[i] as number) ** 2;
  }
  const total = mask.reduce((sum, value) => sum + value, 0);
  let [pxap, recallBefore] = [0, 0];
  for (const threshold of [...new Set(plane)].sort((a, b) => b - a)) {
    const marked = [...plane.keys()].filter((i) => (plane[i] as number) >= threshold);
    const hits = marked.filter((i) => mask[i] === 1).length;
    pxap += (hits / marked.length) * (hits / total - recallBefore);
    recallBefore = hits / total;
  }
  return { dsc: (2 * product) / squares, pxap };
}

test('DSC and PxAP of an image are those of a plain loop, and above the centre of the breast', async () => {
  const segmented = await segmentedImages(images, rowsByImage(files.manifest));
  assert.equal(segmented.length, 2 * (10 + 4), 'five women and two, in two views, by two modalities');
  for (const modality of ['DM', 'DBT'] as const) {
    const image = malignantOf(modality);
    const raster = rasterOf(image);
    const mask = (await lesionMask(image, 'malignant', raster)) as Uint8Array;
    const maps = (await memberSaliency(image, 'malignant')).get('ensemble') as Float32Array;
    const expected = plainOverlap(onRaster(projected(maps, image.grid), image.grid, raster), mask);
    const own = segmented.find((each) => each.image === image) as SegmentedImage;
    const { dsc, pxap } = own.overlaps.get('ensemble') as Overlap;
    assert.ok(Math.abs(dsc - expected.dsc) < 1e-6 && Math.abs(pxap - expected.pxap) < 1e-6, modality);
    const figures = segmentationFigures(segmented, modality, 'malignant', 1);
    assert.ok(figures && Math.abs(figures.ensemble.dsc - dsc) < 1e-9 && figures.images === 10);
    assert.deepEqual([figures.members.dsc.mean, figures.members.dsc.deviation], [figures.ensemble.dsc, 0]);
    assert.ok(figures.ensemble.dsc > figures.baseline.dsc);
    // The breast is a half disc of radius 30 around (0, 32): its centroid is 4 r / (3 pi) from the wall.
    const centre = centreOverlap(mask, raster, [(4 * 30) / (3 * Math.PI) - 0.5, 31.5]);
    assert.ok(Math.abs(own.baseline.pxap - centre.pxap) < 0.2 * centre.pxap, `${own.baseline.pxap}, ${centre.pxap}`);
    assert.ok(Math.abs((figures.gain.value ?? 0) - (figures.ensemble.dsc - figures.baseline.dsc)) < 1e-9);
    const spread = (figures.gain.interval ?? [0, 1]).map((bound) => Math.abs(bound - (figures.gain.value ?? 0)));
    assert.ok(Math.max(...spread) < 1e-9, 'all images are alike');
  }
  assert.equal(segmentationFigures(segmented, 'SYNTHETIC2D', 'benign', 1), undefined);
});

test('the baseline is a disc of the area of the lesion: all of one at the centre, none of one far away', () => {
  const raster = { width: 20, height: 20, step: 1 };
  const disc = (x: number, y: number) =>
    Uint8Array.from({ length: 400 }, (_, at) => (Math.hypot((at % 20) - x, Math.floor(at / 20) - y) <= 3 ? 1 : 0));
  assert.deepEqual(centreOverlap(disc(9, 9), raster, [9, 9]), { dsc: 1, pxap: 1 });
  const far = centreOverlap(disc(16, 16), raster, [4, 4]);
  assert.equal(far.dsc, 0);
  assert.ok(far.pxap < 0.12);
});

test('a black image has its centre for the centre of the breast', async () => {
  const path = join(files.folder, 'black.png');
  await writePng8(path, new Float32Array(WIDTH * HEIGHT), WIDTH, HEIGHT);
  const [image] = images.filter(({ labels }) => labels.malignant) as [ScoredImage];
  const row = { ...rowsByImage(files.manifest)(image), path: 'black.png', absolutePath: path };
  const [found] = await segmentedImages([image], () => row);
  const mask = (await lesionMask(image, 'malignant', rasterOf(image))) as Uint8Array;
  assert.deepEqual(found?.baseline, centreOverlap(mask, rasterOf(image), [WIDTH / 2, HEIGHT / 2]));
});
