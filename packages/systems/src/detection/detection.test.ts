import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pyramidLevels, type TensorData, transposedShapes } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { anchorsOf, levelAnchors, PUBLISHED_ANCHORS } from './anchors.ts';
import { BOX_CODER, decodeBox, encodeBox, RPN_CODER } from './box-coder.ts';
import { overlapOf, packBoxes } from './boxes.ts';
import { detectionsOf } from './detections.ts';
import { batchSize, packImages } from './image-batch.ts';
import { ANCHOR_MATCHING, IGNORED, matchBoxes, NEGATIVE, PROPOSAL_MATCHING } from './matching.ts';
import { proposalsOf } from './proposals.ts';
import { levelOf, planRois } from './roi-plan.ts';
import { transposePlan } from './roi-transpose.ts';
import { sampleMatches } from './sampling.ts';
import { suppress } from './suppression.ts';
import { regionTargets, rpnTargets } from './targets.ts';

const stream = (name: string) => new RandomStream(7, 'detection-test', name);

function randomBoxes(random: RandomStream, count: number, extent = 500): Float64Array {
  return Float64Array.from(
    Array.from({ length: count }, () => {
      const [x, y] = [random.uniform(0, extent), random.uniform(0, extent)];
      return [x, y, x + random.uniform(1, 80), y + random.uniform(1, 80)];
    }).flat(),
  );
}

test('anchors are centred on their cells, as wide and high as their ratio says, corners rounded to even', () => {
  const [first] = anchorsOf(pyramidLevels(64, 96), PUBLISHED_ANCHORS) as [Float64Array];
  // 32 px at 1:2 is 45.25 x 22.63: half of it, rounded; torchvision's cell anchors of size 32.
  assert.deepEqual([...first.subarray(0, 4)], [-23, -11, 23, 11]);
  const pixels = 16 * 24;
  assert.deepEqual([...first.subarray(4 * pixels, 4 * pixels + 4)], [-16, -16, 16, 16]);
  assert.deepEqual([...first.subarray(8 * pixels, 8 * pixels + 4)], [-11, -23, 11, 23]);
  assert.deepEqual([...first.subarray(4 * (pixels + 25), 4 * (pixels + 25) + 4)], [-12, -12, 20, 20]); // row 1, column 1
  const small = levelAnchors({ name: 'p2', stride: 4, rows: 1, columns: 1 }, 5, [1]); // halves of 2.5
  assert.deepEqual([...small], [-2, -2, 2, 2]);
  assert.throws(() => anchorsOf(pyramidLevels(64, 64), { sizesPx: [32], ratios: [1] }), { code: 'option-invalid' });
  assert.throws(() => pyramidLevels(100, 64), /multiples of 32 px, got 100 x 64/);
});

test('decoding undoes encoding, for both coders', () => {
  const [from, to] = [randomBoxes(stream('from'), 200), randomBoxes(stream('to'), 200)];
  const decoded = new Float64Array(800);
  for (const weights of [RPN_CODER, BOX_CODER]) {
    for (let i = 0; i < 200; i++) {
      const t = encodeBox(from, i, to, i, weights) as [number, number, number, number];
      decodeBox(from, i, t, weights, decoded, i);
    }
    assert.ok(decoded.every((x, i) => Math.abs(x - (to[i] as number)) < 1e-9));
  }
  // Ren et al., equation 2, by hand: a box twice as wide, moved by half a width.
  assert.deepEqual(encodeBox(Float64Array.of(0, 0, 10, 20), 0, Float64Array.of(0, 0, 20, 20), 0, RPN_CODER), [
    0.5,
    0,
    Math.log(2),
    0,
  ]);
  decodeBox(Float64Array.of(0, 0, 10, 10), 0, [0, 0, 100, 0], RPN_CODER, decoded, 0);
  assert.ok(Math.abs((decoded[2] as number) - (5 + (1000 / 16) * 5)) < 1e-9); // bounded growth
});

test('matching: the thresholds, and the best anchor of a lesion whatever its overlap', () => {
  const lesion = Float64Array.of(0, 0, 10, 10);
  // Overlaps of 0.8, 0.5, 0.2 and 0.
  const boxes = Float64Array.of(0, 0, 10, 8, 0, 0, 10, 5, 0, 0, 10, 2, 50, 50, 60, 60);
  assert.deepEqual([...matchBoxes(boxes, lesion, ANCHOR_MATCHING)], [0, IGNORED, NEGATIVE, NEGATIVE]);
  assert.deepEqual([...matchBoxes(boxes, lesion, PROPOSAL_MATCHING)], [0, 0, NEGATIVE, NEGATIVE]);
  const poor = boxes.subarray(8);
  assert.deepEqual([...matchBoxes(poor, lesion, ANCHOR_MATCHING)], [0, NEGATIVE]);
  assert.deepEqual([...matchBoxes(poor, lesion, PROPOSAL_MATCHING)], [NEGATIVE, NEGATIVE]);
  // Equal bests are both positive; a lesion that no anchor touches makes none positive.
  const twins = Float64Array.of(0, 0, 10, 2, 0, 8, 10, 10);
  assert.deepEqual([...matchBoxes(twins, lesion, ANCHOR_MATCHING)], [0, 0]);
  assert.deepEqual([...matchBoxes(boxes.subarray(12), lesion, ANCHOR_MATCHING)], [NEGATIVE]);
  const untouched = Float64Array.of(0, 0, 10, 10, 90, 90, 99, 99);
  assert.deepEqual([...matchBoxes(boxes.subarray(0, 8), untouched, ANCHOR_MATCHING)], [0, IGNORED]);
  // The best of lesion 1 overlaps lesion 0 more: it stays with lesion 0.
  const two = Float64Array.of(0, 0, 10, 10, 8, 0, 18, 10);
  assert.deepEqual([...matchBoxes(Float64Array.of(1, 0, 11, 10), two, ANCHOR_MATCHING)], [0]);
});

test('no box in an image: all anchors are negative, and boxes weigh nothing', () => {
  const levels = pyramidLevels(64, 64);
  const anchors = anchorsOf(levels, PUBLISHED_ANCHORS);
  const none = { boxes: new Float64Array(), classes: [] };
  const inputs = rpnTargets(levels, anchors, [none], [stream('none')]);
  const sum = (port: string) =>
    levels.reduce(
      (all, { name }) => all + (inputs.get(`rpn/${port}/${name}`) as Float32Array).reduce((a, b) => a + b),
      0,
    );
  assert.ok(Math.abs(sum('weights') - 1) < 1e-6);
  assert.equal(sum('labels'), 0);
  assert.equal(sum('boxWeights'), 0);
  const proposals = randomBoxes(stream('regions'), 20);
  const { boxes, inputs: box } = regionTargets([proposals], [none], [stream('sample')], { classes: 3, capacity: 32 });
  assert.equal(boxes[0]?.length, 80);
  const labels = box.get('box/labels') as Float32Array;
  assert.ok(labels.every((weight, i) => (i % 3 === 0 && i < 60 ? Math.abs(weight - 1 / 20) < 1e-7 : weight === 0)));
});

test('sampling: at most the fraction of positives, the rest negatives, the same for the same stream', () => {
  const matched = Int32Array.from({ length: 1000 }, (_, i) => (i < 300 ? i : i < 400 ? IGNORED : NEGATIVE));
  const draw = () => sampleMatches(matched, { count: 256, positiveFraction: 0.5 }, stream('sampling'));
  const { positives, negatives } = draw();
  assert.deepEqual([positives.length, negatives.length], [128, 128]);
  assert.ok(positives.every((i) => i < 300) && negatives.every((i) => i >= 400));
  assert.equal(new Set([...positives, ...negatives]).size, 256);
  assert.deepEqual(draw(), { positives, negatives });
  const few = sampleMatches(matched.subarray(290), { count: 256, positiveFraction: 0.5 }, stream('few'));
  assert.deepEqual([few.positives.length, few.negatives.length], [10, 246]);
  const all = sampleMatches(matched, null, stream('all'));
  assert.deepEqual([all.positives.length, all.negatives.length], [300, 600]);
});

test('focal targets: every anchor counts, alpha and 1 - alpha over the positives', () => {
  const levels = pyramidLevels(64, 64);
  const anchors = anchorsOf(levels, PUBLISHED_ANCHORS);
  const truth = { boxes: Float64Array.of(16, 16, 48, 48), classes: [2] };
  const inputs = rpnTargets(levels, anchors, [truth], [stream('focal')], { sampling: null, alpha: 0.25 });
  const [labels, weights] = ['labels', 'weights'].map((port) =>
    levels.flatMap(({ name }) => [...(inputs.get(`rpn/${port}/${name}`) as Float32Array)]),
  ) as [number[], number[]];
  const positives = labels.filter((label) => label === 1).length;
  assert.ok(positives > 0);
  assert.ok(
    weights.every((weight, i) => weight === 0 || Math.abs(weight - (labels[i] === 1 ? 0.25 : 0.75) / positives) < 1e-7),
  );
});

test('regions with every one used: alpha weighs positives, 1 - alpha negatives; the four deltas are those of the class', () => {
  const truth = { boxes: Float64Array.of(0, 0, 10, 10), classes: [2] };
  const proposals = [Float64Array.of(0, 0, 10, 8, 50, 50, 60, 60)];
  const options = { sampling: null, alpha: 0.25 } as const;
  const { boxes, inputs } = regionTargets(proposals, [truth], [stream('all')], { classes: 3, capacity: 4 }, options);
  // Positives first: the proposal of overlap 0.8 and the lesion itself, then the other proposal.
  assert.deepEqual([...(boxes[0] as Float64Array)], [0, 0, 10, 8, 0, 0, 10, 10, 50, 50, 60, 60]);
  const values = (port: string) => [...(inputs.get(port) as Float32Array)];
  assert.deepEqual(values('box/labels'), [0, 0, 0.125, 0, 0, 0.125, 0.375, 0, 0, 0, 0, 0]);
  const at = (port: string, row: number) => values(port).slice(12 * row + 8, 12 * row + 12);
  assert.deepEqual(at('box/weights', 0), [0.5, 0.5, 0.5, 0.5]);
  // Fast R-CNN's weights 10 and 5: the centre is 1 of 8 px lower, the height grows by 10 / 8.
  assert.deepEqual(at('box/targets', 0), [0, 10 / 8, 0, 5 * Math.log(10 / 8)].map(Math.fround));
  assert.deepEqual(at('box/targets', 1), [0, 0, 0, 0]);
  assert.equal(values('box/weights').filter((weight) => weight !== 0).length, 8);
});

test('suppression keeps what a plain loop keeps, of 10,000 boxes too, and never a box without an area by another', () => {
  const random = stream('nms');
  const boxes = randomBoxes(random, 400);
  const scores = Array.from({ length: 400 }, () => Math.round(random.uniform(0, 50)) / 50); // ties
  const left = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const kept: number[] = [];
  for (const i of left) if (kept.every((j) => overlapOf(boxes, i, boxes, j) <= 0.3)) kept.push(i);
  assert.deepEqual(suppress(boxes, scores, 0.3), kept);
  const many = randomBoxes(random, 10_000, 4000);
  const found = suppress(
    many,
    Float64Array.from({ length: 10_000 }, () => random.uniform()),
    0.3,
  );
  assert.ok(found.length > 100 && found.length < 10_000);
  const points = Float64Array.of(5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 10, 10);
  assert.deepEqual(suppress(points, [0.9, 0.8, 0.7], 0.3), [0, 1, 2]);
  assert.deepEqual(suppress(new Float64Array(), [], 0.3), []);
});

test('a box of zero area is refused with its place', () => {
  assert.throws(
    () =>
      packBoxes(
        [
          [0, 0, 4, 4],
          [3, 3, 3, 9],
        ],
        'film.png',
      ),
    {
      code: 'data-unusable',
      message: /box 2 of film\.png must satisfy x1 < x2 and y1 < y2, got 3, 3, 3, 9/,
    },
  );
});

test('proposals stay inside the image, at most so many, best first', () => {
  const [level] = pyramidLevels(64, 64) as [ReturnType<typeof pyramidLevels>[number]];
  const anchors = levelAnchors(level, 32, [1]);
  const random = stream('proposals');
  const objectness = Float32Array.from({ length: 256 }, () => random.normal());
  const deltas = Float32Array.from({ length: 1024 }, () => random.normal(0, 0.3));
  const output = { anchors, objectness, deltas, pixels: 256 };
  const { boxes, scores } = proposalsOf(
    [output],
    { widthPx: 60, heightPx: 50 },
    { before: 100, after: 20, overlap: 0.7 },
  );
  assert.ok(scores.length <= 20 && scores.length > 3);
  assert.ok(scores.every((score, i) => i === 0 || score <= (scores[i - 1] as number)));
  assert.ok(boxes.every((x, i) => x >= 0 && x <= (i % 2 === 0 ? 60 : 50)));
  assert.equal(scores[0], Math.max(...objectness));
});

test('the anchors decoded are those that sorting gives, of equal ones the first', () => {
  const [level] = pyramidLevels(64, 64) as [ReturnType<typeof pyramidLevels>[number]];
  const anchors = levelAnchors(level, 4, [1]); // they do not overlap, so none suppresses another
  const random = stream('highest');
  for (const values of [3, 40, 1e6]) {
    const objectness = Float32Array.from({ length: 256 }, () => Math.floor(random.uniform(0, values)));
    for (const before of [1, 17, 128, 255]) {
      const options = { before, after: before, overlap: 0.7 };
      const output = { anchors, objectness, deltas: new Float32Array(1024), pixels: 256 };
      const { boxes } = proposalsOf([output], { widthPx: 64, heightPx: 64 }, options);
      const best = [...objectness.keys()].sort(
        (a, b) => (objectness[b] as number) - (objectness[a] as number) || a - b,
      );
      const clipped = best
        .slice(0, before)
        .flatMap((i) => [...anchors.subarray(4 * i, 4 * i + 4)].map((x) => Math.min(Math.max(x, 0), 64)));
      assert.deepEqual([...boxes], clipped);
    }
  }
});

test('a region is read from the level that equation 1 of the pyramid says', () => {
  const levels = (side: number) => levelOf(Float64Array.of(0, 0, side, side), 0, 4);
  assert.deepEqual([20, 111, 112, 223, 224, 447, 448, 2000].map(levels), [0, 0, 1, 1, 2, 2, 3, 3]);
});

test('a region shorter than a cell counts as one cell, and the shares of a bin inside the map add up to 1', () => {
  const levels = pyramidLevels(64, 64).slice(0, 4);
  const { indices, weights } = planRois([Float64Array.of(40, 40, 41, 41)], { levels, capacity: 1 });
  const mean = (bin: number, of: (pixel: number) => number) => {
    let sum = 0;
    for (let at = 16 * bin; at < 16 * (bin + 1); at++) sum += (weights[at] as number) * of(Number(indices[at]));
    return sum;
  };
  for (let bin = 0; bin < 49; bin++) assert.ok(Math.abs(mean(bin, () => 1) - 1) < 1e-6);
  // Linear in x: bin 6 of row 0 is centred on 10 + 13/14 cells, 16 cells a row.
  assert.ok(Math.abs(mean(6, (pixel) => pixel % 16) - (10 + 13 / 14)) < 1e-6);
  assert.ok(Math.abs(mean(42, (pixel) => Math.floor(pixel / 16)) - (10 + 13 / 14)) < 1e-6);
});

/** A^T dy by the pairs, and by the plan itself. */
function bothTransposes(boxes: Float64Array, heightPx: number, widthPx: number) {
  const levels = pyramidLevels(heightPx, widthPx).slice(0, 4);
  const pixels = levels.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  const plan = planRois([boxes], { levels, capacity: boxes.length / 4 + 3 });
  const sums = plan.weights.length / 16;
  const dy = Float64Array.from({ length: sums }, (_, i) => Math.sin(i));
  const direct = new Float64Array(pixels);
  for (const [i, weight] of plan.weights.entries()) {
    const pixel = Number(plan.indices[i]);
    direct[pixel] = (direct[pixel] as number) + weight * (dy[Math.floor(i / 16)] as number);
  }
  const shapes = transposedShapes(pixels, sums, 16);
  const pairs = transposePlan(plan, shapes);
  const product = (x: readonly number[], level: number) => {
    const [indices, weights] = [pairs[2 * level], pairs[2 * level + 1]] as [BigInt64Array, TensorData];
    const [rows, entries] = shapes[level] as readonly [number, number];
    return Array.from({ length: rows }, (_, row) => {
      let sum = 0;
      for (let at = row * entries; at < (row + 1) * entries; at++)
        if (weights[at] !== 0) sum += Number(weights[at]) * (x[Number(indices[at])] as number);
      return sum;
    });
  };
  const groups: number[][] = [[...dy]];
  for (const level of [0, 1, 2]) groups.push(product(groups.at(-1) as number[], level));
  return { direct, gathered: product(groups.flat(), 3), groups };
}

test('the transpose of the plan sums what the plan scatters, also where hundreds of regions share a pixel', () => {
  const scattered = bothTransposes(randomBoxes(stream('transpose'), 60), 608, 608);
  // 120 tiny regions on one place: 5880 bins in a handful of pixels need all three levels of groups.
  const crowded = bothTransposes(
    Float64Array.from({ length: 480 }, (_, i) => [40, 40, 41, 41][i % 4] as number),
    64,
    64,
  );
  for (const { direct, gathered } of [scattered, crowded])
    assert.ok(gathered.every((sum, pixel) => Math.abs(sum - (direct[pixel] as number)) < 1e-5));
  assert.ok(crowded.groups[3]?.some((sum) => sum !== 0));
});

test('images of different size are padded at the right and below to a multiple of 32', () => {
  const plane = (width: number, height: number, value: number) => ({
    width,
    height,
    data: new Float32Array(width * height).fill(value),
  });
  const planes = [plane(40, 33, 1), plane(20, 70, 0.5)];
  const size = batchSize(planes);
  assert.deepEqual(size, { heightPx: 96, widthPx: 64 });
  const images = packImages(planes, size);
  const at = (n: number, channel: number, y: number, x: number) =>
    images[((n * 3 + channel) * 96 + y) * 64 + x] as number;
  assert.ok(Math.abs(at(0, 0, 32, 39) - (1 - 0.485) / 0.229) < 1e-6);
  assert.ok(Math.abs(at(1, 2, 69, 19) - (0.5 - 0.406) / 0.225) < 1e-6);
  assert.deepEqual([at(0, 0, 33, 0), at(0, 1, 0, 40), at(1, 0, 69, 20)], [0, 0, 0]);
  assert.throws(() => packImages(planes, { heightPx: 64, widthPx: 64 }), {
    code: 'data-unusable',
    message: /20 x 70 px/,
  });
});

test('detections: the score threshold is exclusive, suppression is by class, boxes are cut to the image', () => {
  const regions = Float64Array.of(10, 10, 30, 30, 11, 10, 31, 30, 90, 90, 120, 120);
  const scores = Float32Array.of(0.1, 0.5, 0.4, 0.1, 0.3, 0.6, 0.2, 0.25, 0.55);
  const found = detectionsOf(
    { regions, scores, deltas: new Float32Array(36), classes: 3 },
    { widthPx: 100, heightPx: 100 },
    { score: 0.25, overlap: 0.3, most: 100 },
  );
  assert.deepEqual(
    found.map(({ class: label, box }) => [label, ...box]),
    [
      [2, 11, 10, 31, 30],
      [2, 90, 90, 100, 100],
      [1, 10, 10, 30, 30],
    ],
  );
});
