import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertClose } from '../../tests/tolerance.ts';
import { afroc } from './afroc.ts';
import { detectionAveragePrecision } from './detection-average-precision.ts';
import { dice } from './dice.ts';
import type { Detection, Lesion, Volume } from './findings.ts';
import { dbtexScore, froc, sensitivityAt } from './froc.ts';
import { findHits } from './hits.ts';
import { pixelAveragePrecision } from './pixel-average-precision.ts';

interface Scene {
  readonly volumes: readonly Volume[];
  readonly lesions: readonly Lesion[];
  readonly detections: readonly Detection[];
  readonly dbtexPositive: readonly number[];
  readonly dbtexAll: number;
  readonly afrocArea: number;
  readonly coco?: Readonly<Record<string, number>>;
  readonly voc: Readonly<Record<string, number>>;
}

const goldens = JSON.parse(
  readFileSync(new URL('../../../../references/stats/detection.json', import.meta.url), 'utf8'),
);
const scenes: readonly Scene[] = goldens.scenes;
const CLOSED = 1e-12;

scenes.forEach(({ detections, lesions, volumes, ...golden }, index) => {
  test(`scene ${index}: the DBTex figures agree with a plain loop and numpy.interp`, () => {
    const got = dbtexScore(detections, lesions, volumes);
    golden.dbtexPositive.forEach((expected, k) => {
      assertClose(got.positiveSensitivities[k] as number, expected, CLOSED, `sensitivity at ${k + 1}`);
    });
    assertClose(got.meanSensitivity, golden.dbtexPositive.reduce((sum, x) => sum + x, 0) / 4, CLOSED, 'mean');
    assertClose(got.sensitivityAtTwo, golden.dbtexAll, CLOSED, 'at 2 of all');
  });

  test(`scene ${index}: the AFROC area is the share of pairs, and that under its points`, () => {
    const { area, points } = afroc(detections, lesions, volumes);
    assertClose(area, golden.afrocArea, CLOSED, 'area');
    const trapezoids = points.slice(1).reduce((sum, point, i) => {
      const before = points[i] as (typeof points)[number];
      return (
        sum +
        ((point.falsePositiveFraction - before.falsePositiveFraction) * (point.sensitivity + before.sensitivity)) / 2
      );
    }, 0);
    assertClose(trapezoids, area, CLOSED, 'trapezoids');
  });

  test(`scene ${index}: average precision agrees with pycocotools and with VOC's loop`, () => {
    for (const iou of [0.3, 0.5, 0.75]) {
      const voc = detectionAveragePrecision(detections, lesions, volumes, { iou, method: 'voc-all-point' });
      assertClose(voc.value, golden.voc[iou] as number, CLOSED, `voc ${iou}`);
      if (golden.coco === undefined) continue;
      const coco = detectionAveragePrecision(detections, lesions, volumes, { iou });
      assertClose(coco.value, golden.coco[iou] as number, 1e-9, `coco ${iou}`); // COCO adds 2e-16 to denominators
    }
  });

  test(`scene ${index}: a monotone transform of the scores changes nothing; another copy of each mark neither`, () => {
    const stretched = detections.map((mark) => ({ ...mark, score: mark.score ** 3 * 7 }));
    const [before, after] = [dbtexScore(detections, lesions, volumes), dbtexScore(stretched, lesions, volumes)];
    assert.deepEqual(after.positiveSensitivities, before.positiveSensitivities);
    assert.equal(afroc(stretched, lesions, volumes).area, afroc(detections, lesions, volumes).area);
    const { lesionOf } = findHits(detections, lesions, volumes);
    const again = detections.filter((_, row) => (lesionOf[row] as number) >= 0);
    assert.deepEqual(froc([...detections, ...again], lesions, volumes).points, before.all.points);
  });
});

const volumes = [
  { id: 'one', slices: 40 },
  { id: 'two', slices: 40 },
];
const lesion = { volume: 'one', box: [1000, 1000, 1060, 1080], slices: [18, 22] } as const; // half diagonal 50, centre (1030, 1040, 20)
const mark = (x: number, y: number, slice: number, score = 0.5, volume = 'one'): Detection => ({
  volume,
  box: [x - 5, y - 5, x + 5, y + 5],
  slice,
  score,
});
const hits = (detection: Detection, ...lesions: Lesion[]) => findHits([detection], lesions, volumes).lesionOf[0];

test('the limits of the DBTex rule: 100 px or half the diagonal, a quarter of the slices, both included', () => {
  assert.equal(hits(mark(1130, 1040, 30), lesion), 0);
  assert.equal(hits(mark(1130.1, 1040, 20), lesion), -1);
  assert.equal(hits(mark(1030, 1040, 30.1), lesion), -1);
  assert.equal(hits(mark(1090, 1120, 10), lesion), 0);
  assert.equal(hits(mark(1091, 1121, 10), lesion), -1);
  const large = { ...lesion, box: [800, 800, 1100, 1200] as const }; // half diagonal 250
  assert.equal(hits(mark(1100, 1200, 20), large), 0);
  assert.equal(hits(mark(1101, 1201, 20), large), -1);
  assert.equal(hits(mark(1030, 1040, 20, 0.5, 'two'), lesion), -1);
  const near = { ...lesion, box: [1060, 1000, 1120, 1080] as const };
  assert.equal(hits(mark(1070, 1040, 20), lesion, near), 1);
  assert.equal(hits(mark(1060, 1040, 20), lesion, near), 0); // as near: the first
});

test('nothing marked, every lesion found, no lesion', () => {
  const empty = dbtexScore([], [lesion], volumes);
  assert.deepEqual([empty.meanSensitivity, empty.sensitivityAtTwo, empty.all.points.length], [0, 0, 1]);
  const perfect = dbtexScore([mark(1030, 1040, 20)], [lesion], volumes);
  assert.deepEqual([perfect.meanSensitivity, perfect.sensitivityAtTwo], [1, 1]);
  assert.equal(afroc([mark(1030, 1040, 20)], [lesion], volumes).area, 1);
  assert.equal(afroc([], [lesion], volumes).area, 0.5);
  assert.equal(detectionAveragePrecision([], [lesion], volumes).value, 0);
  assert.throws(() => froc([], [], volumes), { code: 'stats/classes' });
  assert.throws(() => afroc([], [lesion], volumes.slice(0, 1)), { code: 'stats/classes', message: /0 such volumes/ });
  assert.throws(() => sensitivityAt(perfect.all, Number.NaN), { code: 'stats/argument' });
});

test('bad findings are refused with their row', () => {
  const bad = (change: Partial<Detection>) => () => froc([{ ...mark(10, 10, 1), ...change }], [lesion], volumes);
  assert.throws(bad({ score: Number.NaN }), { code: 'stats/score', message: /detections\[0\]/ });
  assert.throws(bad({ box: [5, 5, 5, 9] }), { code: 'stats/argument', message: /corners/ });
  assert.throws(bad({ volume: 'three' }), { code: 'stats/argument', message: /"three"/ });
  assert.throws(bad({ slice: Number.NaN }), { code: 'stats/argument', message: /slice/ });
  assert.throws(() => froc([], [{ ...lesion, slices: [5, 2] }], volumes), {
    code: 'stats/argument',
    message: /lesions\[0\]/,
  });
  assert.throws(() => froc([], [lesion], [...volumes, ...volumes]), { code: 'stats/argument', message: /twice/ });
});

test('pixel average precision and Dice agree with scikit-learn and numpy', () => {
  for (const { map, mask, pxap, dice: expected } of goldens.pixels) {
    assertClose(pixelAveragePrecision(map, mask), pxap, CLOSED, 'pxap');
    assertClose(dice(map, mask), expected, CLOSED, 'dice');
    // Every value as a threshold, named; and a grid that is no finer than the map's single digit
    assertClose(pixelAveragePrecision(map, mask, { thresholds: [...map] }), pxap, CLOSED, 'thresholds');
  }
  const { map, mask, pxap } = goldens.pixels[1];
  const grid = Array.from({ length: 21 }, (_, i) => i / 20);
  assertClose(pixelAveragePrecision(map, mask, { thresholds: grid }), pxap, CLOSED, 'grid');
});

test('PxAP by hand at two thresholds; empty masks', () => {
  // At 0.5 marked: 0.9 (in), 0.6 (out): precision 1/2, recall 1/2. At 0.2 also 0.3 (in): precision 2/3, recall 1.
  const got = pixelAveragePrecision([0.9, 0.6, 0.3, 0.1], [1, 0, 1, 0], { thresholds: [0.2, 0.5] });
  assertClose(got, 0.5 * 0.5 + (2 / 3) * 0.5, CLOSED, 'by hand');
  assert.equal(pixelAveragePrecision([0.9, 0.1], [1, 0]), 1);
  assert.throws(() => pixelAveragePrecision([0.9, 0.1], [0, 0]), { code: 'stats/classes' });
  assert.throws(() => pixelAveragePrecision([0.9, 0.1], [1, 0], { thresholds: [Number.NaN] }), {
    code: 'stats/argument',
  });
  assert.equal(dice([1, 1, 0, 0], [1, 0, 1, 0]), 0.5);
  assert.equal(dice([0, 0], [0, 0]), 1);
  assert.equal(dice([0, 0], [0, 1]), 0);
  assert.throws(() => dice([0, 255], [0, 1]), { code: 'stats/probability', message: /pixel 1/ });
  assert.throws(() => dice([0], [0, 1]), { code: 'stats/length' });
});

test('VOC counts a second detection of the best lesion as false where COCO gives it the next', () => {
  const lesions: Lesion[] = [
    { volume: 'one', box: [0, 0, 100, 100], slices: [0, 0] },
    { volume: 'one', box: [0, 10, 100, 110], slices: [0, 0] },
  ];
  const twice = [0.9, 0.8].map((score): Detection => ({ volume: 'one', box: [0, 0, 100, 100], slice: 0, score }));
  assert.equal(detectionAveragePrecision(twice, lesions, volumes).value, 1);
  assert.equal(detectionAveragePrecision(twice, lesions, volumes, { method: 'voc-all-point' }).value, 0.5);
  assert.throws(() => detectionAveragePrecision(twice, lesions, volumes, { iou: 0 }), { code: 'stats/argument' });
});
