import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DARK, LIGHT, type Palette } from './palette.ts';

/** Relative luminance of #rrggbb (WCAG 2.2). */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(palette: Palette, a: `--${string}`, b: `--${string}`): number {
  const [low, high] = [luminance(palette[a] as string), luminance(palette[b] as string)].sort((x, y) => x - y) as [
    number,
    number,
  ];
  return (high + 0.05) / (low + 0.05);
}

const TEXTS = [
  ['--ink', '--page'],
  ['--ink', '--surface'],
  ['--quiet', '--page'],
  ['--quiet', '--surface'],
  ['--link', '--page'],
  ['--banner-ink', '--banner'],
  ['--warning-ink', '--warning'],
  ['--cutoff', '--page'],
  ['--series-2', '--page'],
] as const;

for (const [name, palette] of [
  ['light', LIGHT],
  ['dark', DARK],
] as const) {
  test(`${name}: texts reach 4.5:1 and marks 3:1`, () => {
    for (const [ink, page] of TEXTS) assert.ok(contrast(palette, ink, page) >= 4.5, `${ink} on ${page}`);
    const marks = Object.keys(palette).filter((key) =>
      /^--(series|axis|cutoff|warning-edge)/.test(key),
    ) as `--${string}`[];
    assert.ok(marks.length >= 10);
    for (const mark of marks) assert.ok(contrast(palette, mark, '--page') >= 3, mark);
  });
}

test('both themes name the same colours', () => {
  assert.deepEqual(Object.keys(LIGHT), Object.keys(DARK));
});
