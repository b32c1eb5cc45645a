import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decimalsToTell,
  formatCount,
  formatCutoff,
  formatDuration,
  formatEstimate,
  formatFixed,
  formatPValue,
  formatScore,
  shorten,
} from './format.ts';

test('estimates read as in Kang et al. 2021, table 1', () => {
  assert.equal(formatEstimate({ value: 0.856, interval: [0.8056, 0.907] }, 'fraction'), '0.856 (0.806–0.907)');
  assert.equal(formatEstimate({ value: 70 / 97, interval: [0.6324, 0.8108] }, 'percent'), '72.2 (63.2–81.1)');
  assert.equal(formatEstimate({ value: 0.1, interval: [-0.2, 0.4] }, 'fraction'), '0.100 (−0.200 to 0.400)');
  assert.equal(formatEstimate({ value: 1 }, 'percent'), '100.0');
});

test('what is undefined is an em dash without interval', () => {
  assert.equal(formatEstimate({ value: null, interval: [0, 1] }, 'percent'), '—');
  assert.equal(formatEstimate({ value: Number.NaN }, 'fraction'), '—');
  assert.equal(formatEstimate({ value: 0.5, interval: [Number.NaN, 1] }, 'percent'), '50.0');
});

test('numbers keep sign, group and magnitude', () => {
  assert.deepEqual([formatFixed(-0.0001, 2), formatFixed(-1.5, 1)], ['0.00', '−1.5']);
  assert.deepEqual([formatCount(1579), formatCount(1234567)], ['1579', '1\u202f234\u202f567']);
  assert.equal(formatCutoff({ value: 0.247 }), '> 0.247');
  assert.equal(formatCutoff({ value: 0.00012, comparison: '≥' }), '≥ 1.2e−4');
  assert.deepEqual([formatPValue(0.00004), formatPValue(0.129)], ['< 0.001', '0.129']);
  assert.deepEqual([8.25, 845, 7620].map(formatDuration), ['8.3 s', '14 min 05 s', '2 h 07 min']);
});

test('scores are printed with the decimals that put them on their own side of the cut-off', () => {
  const cutoff = { value: 0.74903, comparison: '≥' } as const;
  assert.equal(decimalsToTell([0.2, 0.9], cutoff), 3);
  assert.equal(decimalsToTell([0.74891], cutoff), 4); // 0.749 would read as called positive
  assert.equal(decimalsToTell([0.74903], cutoff), 3);
  assert.equal(decimalsToTell([0.74903], { ...cutoff, comparison: '>' }), 3);
  assert.equal(decimalsToTell([0.749031], { ...cutoff, comparison: '>' }), 6);
  assert.equal(decimalsToTell([0.74903 - 1e-12], cutoff), 8);
  assert.deepEqual([formatScore(0.74891, 4), formatCutoff(cutoff, 4)], ['0.7489', '≥ 0.7490']);
});

test('a text is cut by columns, never inside a character', () => {
  assert.equal(shorten('DenseNet-201', 12), 'DenseNet-201');
  assert.equal(shorten('Inception-ResNet-v2', 10), 'Inception…');
  assert.equal(shorten('石灰化像', 5), '石灰…');
  assert.equal(shorten('👩👩👩', 5), '👩👩…');
});
