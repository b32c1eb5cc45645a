import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Detected } from './detections.ts';
import { mergeTiles, tilesOf } from './tiling.ts';

const OPTIONS = { tileWidthPx: 100, tileHeightPx: 80, overlapPx: 20 };

test('a film that fits is one tile, and its findings stay as they are', () => {
  const tiles = tilesOf({ width: 100, height: 60 }, OPTIONS);
  assert.deepEqual(tiles, [{ box: [0, 0, 100, 60], own: [0, 0, 100, 60] }]);
  const findings: Detected[] = [
    { box: [1, 1, 9, 9], class: 1, score: 0.4 },
    { box: [1, 1, 9, 8], class: 1, score: 0.9 }, // overlapping, and not in order
  ];
  assert.deepEqual(mergeTiles(tiles, [findings], 0.3), findings);
});

test('tiles cover the film, overlap by at least what was asked, and own each point once', () => {
  for (const [width, height] of [
    [101, 80],
    [333, 251],
    [180, 81],
  ] as const) {
    const tiles = tilesOf({ width, height }, OPTIONS);
    for (let y = 0.25; y < height; y += 3)
      for (let x = 0.25; x < width; x += 3)
        assert.equal(tiles.filter(({ own: [x1, y1, x2, y2] }) => x >= x1 && x < x2 && y >= y1 && y < y2).length, 1);
    for (const { box, own } of tiles) {
      assert.ok(box[2] - box[0] <= 100 && box[3] - box[1] <= 80 && box[2] <= width && box[3] <= height);
      // A lesion of 20 px centred at a corner of what the tile owns lies wholly in the tile.
      assert.ok(box[0] === 0 || own[0] - box[0] >= 10);
      assert.ok(box[2] === width || box[2] - own[2] >= 10);
    }
  }
  assert.throws(() => tilesOf({ width: 200, height: 200 }, { ...OPTIONS, overlapPx: 80 }), { code: 'option-invalid' });
});

test('a lesion that two tiles see is found once, in pixels of the film', () => {
  const tiles = tilesOf({ width: 180, height: 80 }, OPTIONS); // tiles from 0 and from 80
  assert.deepEqual(
    tiles.map(({ box }) => box[0]),
    [0, 80],
  );
  const seen = [
    [{ box: [82, 10, 96, 20], class: 2, score: 0.8 }],
    [
      { box: [3, 10, 16, 20], class: 2, score: 0.7 },
      { box: [50, 50, 60, 60], class: 1, score: 0.9 },
    ],
  ] as const;
  assert.deepEqual(mergeTiles(tiles, seen, 0.3), [
    { box: [130, 50, 140, 60], class: 1, score: 0.9 },
    { box: [82, 10, 96, 20], class: 2, score: 0.8 },
  ]);
});
