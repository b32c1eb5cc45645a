import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { dynamicImage, eightBits, type Frame, featuresOf } from './dynamic-image.ts';
import { rankPool } from './rank-pooling.ts';

const framesOf = (frames: readonly Frame[]) => ({
  depth: frames.length,
  slice: async (t: number) => frames[t] as Frame,
});

function randomFrames(count: number, width: number, height: number, channels: 1 | 3): Frame[] {
  const stream = new RandomStream(1, 'frames', channels);
  return Array.from({ length: count }, () => ({
    width,
    height,
    data: Float32Array.from({ length: channels * width * height }, () => 255 * stream.uniform()),
  }));
}

test('8 bits are linear from the least to the greatest value', () => {
  assert.deepEqual([...eightBits(Float64Array.of(-2, 0, 2, -1.999))], [0, 128, 255, 0]);
  assert.deepEqual([...eightBits(Float64Array.of(1e-9, 5e-9))], [0, 255]);
});

test('a grey and a colour dynamic image are d of their pixels, colours pooled as one vector and scaled by the same numbers', async () => {
  for (const channels of [1, 3] as const) {
    const frames = randomFrames(6, 5, 4, channels);
    const image = await dynamicImage(framesOf(frames), { lambda: 10 });
    const { d, weights } = await rankPool({ depth: 6, slice: async (t) => (frames[t] as Frame).data }, { lambda: 10 });
    assert.deepEqual([image.width, image.height, image.channels, image.exact?.lambda], [5, 4, channels, 10]);
    assert.deepEqual(image.weights, weights);
    const [least, greatest] = [Math.min(...d), Math.max(...d)];
    assert.deepEqual(
      [...image.data],
      [...d].map((value) => Math.round((255 * (value - least)) / (greatest - least))),
    );
  }
});

test('a lesion that only some slices show stands out of what all slices show', async () => {
  const stream = new RandomStream(2, 'tissue');
  const tissue = Float32Array.from({ length: 400 }, () => 100 + 100 * stream.uniform());
  const frames = Array.from({ length: 12 }, (_, t) => ({
    width: 20,
    height: 20,
    data: tissue.map((value, i) => value + (t >= 8 && i === 210 ? 50 : 0) + stream.uniform()),
  }));
  for (const method of ['exact', 'approximate'] as const) {
    const { data, exact } = await dynamicImage(framesOf(frames), { method });
    assert.equal(data.indexOf(255), 210, method);
    assert.equal(exact === undefined, method === 'approximate');
  }
});

test('other features are pooled by giving their function', async () => {
  const frames = randomFrames(5, 4, 4, 1);
  const means = ({ data }: Frame) =>
    Float32Array.of(...[0, 4, 8, 12].map((at) => Array.from(data.slice(at, at + 4)).reduce((a, b) => a + b, 0)));
  const { d } = await rankPool(featuresOf(framesOf(frames), means));
  assert.equal(d.length, 4);
});

test('frames of different size, of two channels, or that change everywhere alike are refused by name', async () => {
  const [a, b] = randomFrames(2, 4, 6, 1) as [Frame, Frame];
  const turned = { ...b, width: 6, height: 4 };
  await assert.rejects(dynamicImage(framesOf([a, b, turned])), {
    code: 'slices-unusable',
    message: /frame 2 is 6 x 4 pixels and others are 4 x 6/,
  });
  const two = { width: 4, height: 3, data: a.data };
  await assert.rejects(dynamicImage(framesOf([two, two])), {
    code: 'option-invalid',
    message: /one or three values a pixel, got 24/,
  });
  const flat = (value: number) => ({ width: 2, height: 2, data: new Float32Array(4).fill(value) });
  await assert.rejects(dynamicImage(framesOf([flat(1), flat(2)])), { code: 'slices-unusable', message: /one value/ });
  await assert.rejects(dynamicImage(framesOf([a])), { code: 'slices-unusable', message: /two slices or more/ });
});
