/** Maps laid back: what was turned and cut out of an image is, turned back, the part of the image that its place names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BoxPx, cropPlane, ORIENTATIONS, orientPlane, type Plane } from '@mammoscope/imaging';
import { mapAsStored, storedPlace } from './stored-place.ts';

const STORED: Plane = { width: 7, height: 9, data: Float32Array.from({ length: 63 }, (_, i) => (i * 31) % 63) };

/** A part of the stored image, pixel by pixel. */
const partOf = ([x1, y1, x2, y2]: BoxPx): number[] =>
  Array.from({ length: (y2 - y1) * (x2 - x1) }, (_, i) => {
    const [x, y] = [x1 + (i % (x2 - x1)), y1 + Math.floor(i / (x2 - x1))];
    return STORED.data[y * STORED.width + x] as number;
  });

test('in every orientation, of a crop and of a square within it', () => {
  for (const orientation of ORIENTATIONS) {
    const turned = orientPlane(STORED, orientation);
    const cropPx: BoxPx = [1, 2, turned.width, turned.height - 1];
    const seen = cropPlane(turned, cropPx);
    const { width, height } = STORED;
    const placement = { width, height, orientation, cropPx, outWidth: seen.width, outHeight: seen.height };
    for (const box of [
      [0, 0, seen.width, seen.height],
      [1, 1, 4, 3],
    ] as const) {
      const place = storedPlace({ placement }, box);
      assert.deepEqual([...mapAsStored(cropPlane(seen, box), place).data], partOf(place.box));
    }
  }
});

test('what was not turned lies where it was cut out', () => {
  const place = storedPlace({}, [2, 3, 5, 7]);
  assert.deepEqual(place.box, [2, 3, 5, 7]);
  assert.deepEqual([...mapAsStored(cropPlane(STORED, place.box), place).data], partOf(place.box));
});
