/** The breast mask on the 218 real films of mini-MIAS: every annotated lesion lies inside, quickly, in bounded memory. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type GreyImage, importMias, prepareImage, readImage, readManifest } from '@mammoscope/imaging';

const data = process.env.MAMMOSCOPE_DATA;
const skip = data ? false : 'MAMMOSCOPE_DATA is not set';

/** Circles are rounder than breasts: some reach beyond the skin. */
const LEAST_INSIDE = 0.9;

/** mdb212 has its calcifications marked in the air above the breast, 687, 882: an error of the list, seen by eye. */
const MARKED_IN_AIR = /mdb212/;

interface Film {
  readonly path: string;
  readonly laterality: string | undefined;
  readonly boxes: (readonly number[])[];
}

let folder = '';
const films = new Map<string, Film>();
before(async () => {
  if (!data) return;
  folder = await mkdtemp(join(tmpdir(), 'mini-mias-'));
  await importMias(join(data, 'mini-mias'), join(folder, 'mias.csv'));
  for (const { absolutePath: path, laterality, box } of (await readManifest(join(folder, 'mias.csv'))).rows) {
    const film = films.get(path) ?? { path, laterality, boxes: [] };
    films.set(path, film);
    if (box) film.boxes.push(box);
  }
});
after(() => (folder ? rm(folder, { recursive: true }) : undefined));

/** The share of the circle in a box that the mask holds; black padding, where the film was cut off, does not count. */
function insideShare(
  mask: Uint8Array,
  { width, height, data }: GreyImage,
  [x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[],
): number {
  // A box that was clipped at the border of the film still has its whole side as diameter.
  const radius = Math.max(x2 - x1, y2 - y1) / 2;
  const [cx, cy] = [(x1 + x2) / 2, (y1 + y2) / 2];
  let [inside, all] = [0, 0];
  for (let y = Math.floor(y1); y < Math.min(height, y2); y++) {
    for (let x = Math.floor(x1); x < Math.min(width, x2); x++) {
      if (Math.hypot(x + 0.5 - cx, y + 0.5 - cy) > radius || data[y * width + x] === 0) continue;
      all++;
      inside += mask[y * width + x] as number;
    }
  }
  return inside / all;
}

test('every annotated lesion of mini-MIAS lies inside the mask, and the sides are those of the list', {
  skip,
  timeout: 900_000,
}, async () => {
  const outside: string[] = [];
  const wrong: string[] = [];
  let [lesions, sides, slowestMs] = [0, 0, 0];
  for (const { path, boxes, laterality } of films.values()) {
    const image = await readImage(path);
    const start = process.cpuUsage();
    const { mask, laterality: found } = prepareImage(image, { BitsStored: 8, ViewPosition: 'MLO' });
    slowestMs = Math.max(slowestMs, process.cpuUsage(start).user / 1000);
    if (found) sides++;
    if (found && found !== laterality) wrong.push(path);
    for (const box of boxes) {
      lesions++;
      const share = insideShare(mask.data, image, box);
      if (share < LEAST_INSIDE && !MARKED_IN_AIR.test(path))
        outside.push(`${path} ${box.join(', ')}: ${(100 * share).toFixed(0)} %`);
    }
  }
  assert.ok(films.size >= 200 && lesions >= 50, `${films.size} films, ${lesions} lesions`);
  assert.deepEqual(outside, []);
  assert.deepEqual(wrong, []);
  assert.ok(sides >= films.size - 4, `the side of ${films.size - sides} films was not found`);
  assert.ok(slowestMs < 2000, `${slowestMs} ms`);
  assert.ok(process.memoryUsage().rss < 600e6, `${process.memoryUsage().rss} bytes`);
});
