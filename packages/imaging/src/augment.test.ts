import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import {
  type AugmentationParameters,
  applyAugmentation,
  augmentationStream,
  type BorderFill,
  drawAugmentation,
  inverseMap,
  NO_AUGMENTATION,
} from './augment.ts';

const random = new RandomStream(4, 'augment test');
const noise = (count: number) => Float32Array.from({ length: count }, () => random.integer(0, 65535));

function apply(
  plane: Float32Array,
  width: number,
  height: number,
  parameters: Partial<AugmentationParameters>,
  fill: BorderFill = 'edge',
): Float32Array {
  return applyAugmentation(plane, width, height, { ...NO_AUGMENTATION, ...parameters }, { fill });
}

test('no augmentation is the identity', () => {
  const plane = noise(7 * 5);
  assert.deepEqual(apply(plane, 7, 5, {}), plane);
});

test('flips are exact, on the named axis, and undo themselves', () => {
  const plane = Float32Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual([...apply(plane, 3, 2, { flipHorizontal: true })], [3, 2, 1, 6, 5, 4]);
  assert.deepEqual([...apply(plane, 3, 2, { flipVertical: true })], [4, 5, 6, 1, 2, 3]);
  const large = noise(6 * 9);
  for (const flip of [{ flipHorizontal: true }, { flipVertical: true }]) {
    assert.deepEqual(apply(apply(large, 6, 9, flip), 6, 9, flip), large);
  }
});

test('a quarter turn is counter-clockwise and exact; four of them are the identity', () => {
  assert.deepEqual([...apply(Float32Array.of(1, 2, 3, 4), 2, 2, { angleDeg: 90 })], [2, 4, 1, 3]);
  for (const side of [5, 8]) {
    const plane = noise(side * side);
    let turned: Float32Array = plane;
    for (let i = 0; i < 4; i++) turned = apply(turned, side, side, { angleDeg: 90 });
    assert.deepEqual(turned, plane);
    assert.deepEqual(apply(plane, side, side, { angleDeg: -450 }), apply(plane, side, side, { angleDeg: 270 }));
    const halfTurn = apply(plane, side, side, { flipHorizontal: true, flipVertical: true });
    assert.deepEqual(apply(plane, side, side, { angleDeg: 180 }), halfTurn);
  }
});

test('a translation of whole pixels moves a delta by exactly those, right and down', () => {
  const plane = new Float32Array(9 * 7);
  plane[2 * 9 + 3] = 1;
  const moved = apply(plane, 9, 7, { translateXPx: 4, translateYPx: -1 });
  assert.equal(moved[1 * 9 + 7], 1);
  assert.equal(
    moved.reduce((a, b) => a + b),
    1,
  );
  const half = apply(plane, 9, 7, { translateXPx: 0.25 });
  assert.deepEqual([half[2 * 9 + 3], half[2 * 9 + 4]], [0.75, 0.25]);
});

test('content is flipped, then scaled, then turned, then moved', () => {
  // A delta right of the centre of 9 x 9: flipped to the left, twice as far, turned from left to bottom, moved by one.
  const plane = new Float32Array(81);
  plane[4 * 9 + 5] = 1;
  const parameters = { flipHorizontal: true, scale: 2, angleDeg: 90, translateXPx: 1 };
  const moved = apply(plane, 9, 9, parameters);
  assert.equal(moved.indexOf(Math.max(...moved)), 6 * 9 + 5);
  const map = inverseMap(9, 9, { ...NO_AUGMENTATION, ...parameters });
  assert.deepEqual([map.a * 5 + map.b * 6 + map.c, map.d * 5 + map.e * 6 + map.f], [5, 4]);
});

test('turning back recovers a smooth image away from the border', () => {
  const side = 64;
  const plane = Float32Array.from({ length: side * side }, (_, i) => {
    return 100 * Math.sin((i % side) / 9) * Math.cos(Math.floor(i / side) / 11);
  });
  const there = apply(plane, side, side, { angleDeg: 30, scale: 1.1 }, 'reflect');
  const back = apply(there, side, side, { angleDeg: -30, scale: 1 / 1.1 }, 'reflect');
  for (let y = 16; y < 48; y++) {
    for (let x = 16; x < 48; x++) {
      assert.ok(Math.abs((back[y * side + x] as number) - (plane[y * side + x] as number)) < 1);
    }
  }
});

test('the border is mirrored, repeated or constant', () => {
  const line = Float32Array.of(1, 2, 3, 4);
  const shifted = (fill: BorderFill) => [...apply(line, 4, 1, { translateXPx: 3 }, fill)];
  assert.deepEqual(shifted('reflect'), [4, 3, 2, 1]);
  assert.deepEqual(shifted('edge'), [1, 1, 1, 1]);
  assert.deepEqual(shifted(-5), [-5, -5, -5, 1]);
  assert.deepEqual([...apply(line, 4, 1, { translateXPx: 7 }, 'reflect')], [2, 1, 2, 3]);
  assert.deepEqual([...apply(line, 4, 1, { translateXPx: 0.5 }, 0)], [0.5, 1.5, 2.5, 3.5]);
});

test('gain and offset come last', () => {
  assert.deepEqual([...apply(Float32Array.of(1, 2), 2, 1, { gain: 2, offset: 10, translateXPx: 1 }, 3)], [16, 12]);
});

test('an image gets the same augmentation in any order, another one in another epoch', () => {
  const options = { flipHorizontal: 0.5, angleDeg: [-30, 30], translateXPx: [-4, 4], scale: [0.9, 1.1] } as const;
  const draw = (epoch: number, image: number) => drawAugmentation(augmentationStream(9, epoch, image), options);
  const forwards = [0, 1, 2, 3].map((image) => draw(0, image));
  const backwards = [3, 2, 1, 0].map((image) => draw(0, image)).reverse();
  assert.deepEqual(forwards, backwards);
  assert.equal(new Set(forwards.map((each) => each.angleDeg)).size, 4);
  assert.notEqual(draw(1, 0).angleDeg, draw(0, 0).angleDeg);
});

test('drawing keeps to its ranges, and one option does not change what another draws', () => {
  const options = {
    flipVertical: 0.25,
    angleDeg: [-10, 20],
    scale: [0.8, 1.25],
    gain: [0.9, 1.1],
    offset: [-3, 3],
  } as const;
  const drawn = Array.from({ length: 400 }, (_, i) => drawAugmentation(augmentationStream(1, 0, i), options));
  assert.ok(drawn.every((each) => !each.flipHorizontal && each.translateXPx === 0 && each.translateYPx === 0));
  assert.ok(
    drawn.every((each) => each.angleDeg >= -10 && each.angleDeg < 20 && each.scale >= 0.8 && each.scale < 1.25),
  );
  const flips = drawn.filter((each) => each.flipVertical).length;
  assert.ok(flips > 60 && flips < 140, `${flips} flips of 400 at 0.25`);
  const alone = drawAugmentation(augmentationStream(1, 0, 7), { offset: [-3, 3] });
  assert.equal(alone.offset, drawn[7]?.offset);
});

test('options and sizes that make no sense are refused', () => {
  const stream = () => augmentationStream(1, 0, 0);
  assert.throws(() => drawAugmentation(stream(), { flipHorizontal: 1.5 }), {
    code: 'option-invalid',
    message: /got 1.5/,
  });
  assert.throws(() => drawAugmentation(stream(), { angleDeg: [5, -5] }), {
    code: 'option-invalid',
    message: /\[5, -5\]/,
  });
  assert.throws(() => drawAugmentation(stream(), { scale: [0, 1] }), { code: 'option-invalid', message: /above 0/ });
  assert.throws(() => apply(noise(6), 2, 2, {}), { code: 'option-invalid', message: /2 x 2 values, got 6/ });
  assert.throws(() => apply(noise(4), 2, 2, { scale: -1 }), {
    code: 'option-invalid',
    message: /scale must be above 0/,
  });
  assert.throws(() => apply(noise(4), 2, 2, { gain: Number.NaN }), {
    code: 'option-invalid',
    message: /gain must be finite/,
  });
});
