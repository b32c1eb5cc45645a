import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DetectorSpec } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine, probeParameter } from '@mammoscope/runtime';
import { detectorDeclarations } from './graphs.ts';
import { packImages } from './image-batch.ts';
import { measuredNormalisation } from './normalisation.ts';

const SIDE = 64;
const spec: DetectorSpec = {
  classes: 3,
  images: 1,
  heightPx: SIDE,
  widthPx: SIDE,
  rois: 4,
  anchorsPerPixel: 1,
};

/** Mean and unbiased variance of one channel of the first convolution, 7 x 7 at every second pixel, by a plain loop. */
function firstConvolution(image: Float32Array, weights: Float32Array, channel: number): [number, number] {
  const out = SIDE / 2;
  const values: number[] = [];
  for (let row = 0; row < out; row++)
    for (let column = 0; column < out; column++) {
      let sum = 0;
      for (let c = 0; c < 3; c++)
        for (let i = 0; i < 7; i++)
          for (let j = 0; j < 7; j++) {
            const [y, x] = [2 * row - 3 + i, 2 * column - 3 + j];
            if (y < 0 || y >= SIDE || x < 0 || x >= SIDE) continue;
            sum +=
              (image[(c * SIDE + y) * SIDE + x] as number) * (weights[((channel * 3 + c) * 7 + i) * 7 + j] as number);
          }
      values.push(sum);
    }
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)];
}

test('running statistics are those of the tiles, each adding a tenth; weights, and everything without tiles, stay', async () => {
  const values = new Map(
    [...detectorDeclarations(spec)]
      .filter(([name]) => name.startsWith('backbone.body'))
      .map(([name, { tensor, kind }]): [string, Float32Array] => [
        name,
        kind === 'weight'
          ? probeParameter(name, tensor.shape, '')
          : new Float32Array(tensor.shape[0] as number).fill(name.endsWith('var') ? 1 : 0),
      ]),
  );
  const random = new RandomStream(1, 'tile');
  const tile = { width: SIDE, height: SIDE, data: Float32Array.from({ length: SIDE ** 2 }, () => random.uniform()) };
  const engine = await Engine.create({ threads: 1 });
  try {
    const start = { engine, spec, lowerings: new Map(), values };
    assert.equal(await measuredNormalisation(start, []), values);
    const measured = await measuredNormalisation(start, [tile, tile, tile]);
    const name = 'backbone.body.conv1.weight';
    const weights = values.get(name) as Float32Array;
    assert.ok(measured.get(name)?.every((weight, i) => weight === weights[i]));
    const image = packImages([tile], spec);
    const forgotten = 0.9 ** 3;
    for (const channel of [0, 5, 63]) {
      const [mean, variance] = firstConvolution(image, weights, channel);
      const of = (statistic: string) => measured.get(`backbone.body.bn1.running_${statistic}`)?.[channel] as number;
      assert.ok(Math.abs(of('mean') - (1 - forgotten) * mean) < 1e-4, `mean ${of('mean')}`);
      const expected = forgotten + (1 - forgotten) * variance;
      assert.ok(Math.abs(of('var') / expected - 1) < 1e-4, `variance ${of('var')}, not ${expected}`);
    }
    assert.ok([...measured.values()].every((list) => list.every(Number.isFinite)));
  } finally {
    await engine.close();
  }
});
