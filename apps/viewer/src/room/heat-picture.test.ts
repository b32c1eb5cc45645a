import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AS_STORED, MIRRORED } from '@mammoscope/imaging/browser';
import { colourOf, heatPixels } from './heat-picture.ts';

/** Relative luminance (WCAG 2.2, of linear light). */
function luminance([red, green, blue]: readonly [number, number, number, number]): number {
  const linear = (byte: number) => (byte <= 10.3 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

test('the scale can be read without colours: the stronger, the lighter and the less transparent', () => {
  const colours = Array.from({ length: 41 }, (_, i) => colourOf(i / 40));
  for (const [i, colour] of colours.entries()) {
    const before = colours[i - 1];
    if (!before) continue;
    assert.ok(luminance(colour) > luminance(before), `at ${i / 40}`);
    assert.ok(colour[3] > before[3]);
  }
  assert.equal(colours[0]?.[3], 0);
});

test('a map is turned as its image hangs, and drawn fine enough to be smooth', () => {
  const map = { columns: 2, rows: 1, values: Float32Array.of(1, 0) };
  const alphas = (orientation: typeof AS_STORED) => {
    const { width, height, pixels } = heatPixels(map, orientation);
    assert.deepEqual([width, height], [96, 48]);
    return [pixels[3], pixels[4 * (width - 1) + 3]];
  };
  assert.deepEqual(alphas(AS_STORED), [255, 0]);
  assert.deepEqual(alphas(MIRRORED), [0, 255]);
});
