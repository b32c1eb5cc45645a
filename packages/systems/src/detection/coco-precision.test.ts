import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { BoxPx } from '@mammoscope/imaging';
import { cocoAveragePrecision } from './coco-precision.ts';

interface Scene {
  readonly volumes: readonly { readonly id: string }[];
  readonly lesions: readonly { readonly volume: string; readonly box: BoxPx }[];
  readonly detections: readonly { readonly volume: string; readonly box: BoxPx; readonly score: number }[];
  /** pycocotools' figures by overlap. */
  readonly coco?: Readonly<Record<string, number>>;
}

const scenes: readonly Scene[] = JSON.parse(
  readFileSync(new URL('../../../../references/stats/detection.json', import.meta.url), 'utf8'),
).scenes;

test("the figures over all sizes are pycocotools'", () => {
  let compared = 0;
  for (const { volumes, lesions, detections, coco } of scenes) {
    if (!coco) continue;
    const images = volumes.map(({ id }) => ({
      truth: lesions.filter(({ volume }) => volume === id).map(({ box }) => box),
      found: detections.filter(({ volume }) => volume === id),
    }));
    const overlaps = Object.keys(coco).map(Number);
    const [all] = cocoAveragePrecision(images, { overlaps });
    for (const [i, overlap] of overlaps.entries()) {
      assert.ok(Math.abs((all?.values[i] as number) - (coco[overlap] as number)) < 1e-9, `overlap ${overlap}`);
      compared++;
    }
  }
  assert.ok(compared > 3);
});

test('by size: lesions of another size neither count nor make the boxes that find them wrong', () => {
  const images = [
    {
      truth: [
        [0, 0, 20, 20],
        [100, 100, 200, 200],
      ] as BoxPx[],
      found: [
        { box: [100, 100, 200, 199] as BoxPx, score: 0.9 }, // finds the large one
        { box: [50, 50, 60, 60] as BoxPx, score: 0.8 }, // small, finds nothing
        { box: [300, 300, 500, 500] as BoxPx, score: 0.7 }, // large, finds nothing
        { box: [0, 0, 20, 20] as BoxPx, score: 0.6 }, // finds the small one
      ],
    },
  ];
  const figures = new Map(
    cocoAveragePrecision(images, { overlaps: [0.5] }).map(({ size, values, lesions }) => [size, [lesions, values[0]]]),
  );
  assert.deepEqual(figures.get('small'), [1, 0.5]); // after one wrong small box
  assert.deepEqual(figures.get('large'), [1, 1]);
  assert.equal(figures.has('medium'), false);
  // Recall 0.5 at precision 1, recall 1 at 2 of 4.
  const [lesions, value] = figures.get('all') as [number, number];
  assert.equal(lesions, 2);
  assert.ok(Math.abs(value - (51 + 50 * 0.5) / 101) < 1e-12);
});
