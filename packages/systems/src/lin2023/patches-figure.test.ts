import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import type { SeenFilm } from './films.ts';
import { boxOnPlane } from './overlay.ts';
import { filmAround, patchesPng } from './patches-figure.ts';
import { classIndex } from './recipe.ts';

/** A film of 60 x 80 px seen at half the size, ten columns cut off; the value of a pixel is its column. */
const seen: SeenFilm = {
  plane: { width: 30, height: 40, data: Float32Array.from({ length: 1200 }, (_, i) => i % 30) },
  ...{ range: [0, 29] as const, cropPx: [10, 0, 70, 80] as const, scale: [0.5, 0.5] as const },
  ...{ stored: { width: 70, height: 80 }, lesions: [] },
};
const found = { box: [30, 20, 50, 40] as const, class: classIndex('malignant'), score: 0.831 };

test('a patch is the box of the stored image with half its longer side around, in a frame of its own', () => {
  const around = filmAround(seen, found.box) as SeenFilm;
  // On the plane the box is 10..20 x 10..20.
  assert.deepEqual(boxOnPlane(found.box, seen), [10, 10, 20, 20]);
  assert.deepEqual([around.plane.width, around.plane.height, around.plane.data[0]], [20, 20, 5]);
  assert.deepEqual(boxOnPlane(found.box, around), [5, 5, 15, 15]);
  assert.equal(filmAround(seen, [0, 0, 4, 4])?.plane.width, undefined, 'what was cut off is not seen');
});

test('a line a film, of equal patches, each with a box in the colour of its class; films without boxes have none', async () => {
  assert.equal(await patchesPng([{ seen, boxes: [] }]), undefined);
  const png = (await patchesPng([
    { seen, boxes: [found, { ...found, class: classIndex('benign') }] },
    { seen, boxes: [found] },
  ])) as Buffer;
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [2 * 256 + 8, 2 * 256 + 8]);
  const at = (x: number, y: number) => [...data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3)];
  // The left edge of the box is at a quarter of the patch.
  const [red, green, blue] = at(64, 128) as [number, number, number];
  assert.ok(red > 200 && green < 120 && blue < 120, `${red} ${green} ${blue}`);
  const benign = at(264 + 64, 128) as [number, number, number];
  assert.ok(benign[1] > 150 && benign[0] < 120, String(benign));
  assert.deepEqual(at(400, 400), [255, 255, 255]);
});
