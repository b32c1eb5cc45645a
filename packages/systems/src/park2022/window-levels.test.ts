import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resizeBilinear, type SeenRegion } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { normaliseBreast, normalisedWindow, type WindowView, windowLevels } from './window-levels.ts';

const [WIDTH, HEIGHT] = [40, 30];

/** Levels round to float32; sums over counts and over pixels differ far below that. */
const TOLERANCE = 2 ** -22;

/** A part of an image of 12 bits with `background` left of a slanted edge, laid as `changes` say; level = table[value]. */
function regionOf(table: (value: number) => number, changes: Partial<SeenRegion> = {}): SeenRegion {
  const random = new RandomStream(1, 'pixels');
  const values = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) =>
    (i % WIDTH) + i / WIDTH < 25 ? 5 : 1000 + Math.floor(2000 * random.uniform()),
  );
  const levels = Float32Array.from({ length: 4096 }, (_, value) => table(value));
  return { width: WIDTH, height: HEIGHT, start: 0, stepX: 1, stepY: WIDTH, values, levels, ...changes };
}

const clipped = (value: number) => Math.min(1, Math.max(0, (value - 1200) / 1500));

const VIEWS: Readonly<Record<string, WindowView>> = {
  'the whole': { width: WIDTH, height: HEIGHT, left: 0, top: 0, region: regionOf((value) => value / 4095) },
  'through a window that clips': { width: WIDTH, height: HEIGHT, left: 0, top: 0, region: regionOf(clipped) },
  'beyond the image': { width: 60, height: 41, left: 7, top: 11, region: regionOf((value) => value / 4095) },
  'beyond an image without black': {
    width: 60,
    height: 41,
    left: 0,
    top: 11,
    region: regionOf((value) => 0.2 + value / 8190),
  },
  'beyond an image with levels below black': {
    width: 41,
    height: 30,
    left: 1,
    top: 0,
    region: regionOf((value) => value - 9),
  },
  'mirrored, upside down, a part': {
    ...{ width: 20, height: 12, left: 0, top: 0 },
    region: regionOf(clipped, { width: 20, height: 12, start: 22 * WIDTH + 31, stepX: -1, stepY: -WIDTH }),
  },
  'one value': { width: WIDTH, height: HEIGHT, left: 0, top: 0, region: regionOf(() => 0.5) },
  'one value within black': { width: 50, height: 30, left: 5, top: 0, region: regionOf(() => 0.5) },
  'beside the image': { width: 9, height: 8, left: 0, top: 0 },
};

for (const [name, view] of Object.entries(VIEWS))
  test(`${name}: normalised by a table is normalised pixel by pixel`, () => {
    const { width, height, region, left, top } = view;
    const plane = new Float32Array(width * height);
    if (region)
      for (let y = 0; y < region.height; y++)
        for (let x = 0; x < region.width; x++) {
          const value = region.values[region.start + y * region.stepY + x * region.stepX] as number;
          plane[(top + y) * width + left + x] = region.levels?.[value] as number;
        }
    assert.ok(windowLevels(view).every((level, i) => level === plane[i]));
    const same = (a: Float32Array, b: Float32Array) =>
      a.length === b.length &&
      a.every((value, i) => Math.abs(value - (b[i] as number)) <= TOLERANCE * Math.max(1, Math.abs(value)));
    assert.ok(same(normalisedWindow(view, width, height), normaliseBreast(plane)));
    const resized = normaliseBreast(resizeBilinear(plane, width, height, width - 3, height + 2));
    assert.ok(same(normalisedWindow(view, width - 3, height + 2), resized));
  });
