import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Plane } from '@mammoscope/imaging';
import { Graph, lower, Scope } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine, initialise } from '@mammoscope/runtime';
import sharp from 'sharp';
import {
  channelSum,
  detectorBackbone,
  detectorLayers,
  LAYERS,
  layerGraph,
  layerSums,
  sppnetBackbone,
} from './feature-layers.ts';
import { featureFigurePng } from './feature-layers-figure.ts';
import { filmLayersPng } from './feature-layers-film.ts';
import { classIndex } from './recipe.ts';
import { sppnetSpec } from './sppnet.ts';
import { SPPNET_PRESETS } from './sppnet-recipe.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.create({ threads: 1 });
});
after(() => engine.close());

const random = (count: number) => {
  const stream = new RandomStream(4, 'values');
  return Float32Array.from({ length: count }, () => stream.normal());
};

test('channels are scaled by their own range and averaged; a channel that is the same everywhere counts nothing', async () => {
  const [channels, pixels] = [3, 20];
  const values = random(channels * pixels);
  values.fill(7, pixels, 2 * pixels);
  const graph = new Graph();
  graph.output('sum', channelSum(graph.input('map', [1, channels, 4, 5])));
  const session = await engine.load(lower(graph, engine.target, new Map()));
  const sum = (await session.run(new Map([['map', values]]))).get('out:sum') as Float32Array;
  await session.release();
  for (let i = 0; i < pixels; i++) {
    let expected = 0;
    for (const c of [0, 2]) {
      const own = values.subarray(c * pixels, (c + 1) * pixels);
      const [low, high] = [Math.min(...own), Math.max(...own)];
      expected += ((own[i] as number) - low) / (high - low) / channels;
    }
    assert.ok(Math.abs((sum[i] as number) - expected) < 1e-6, `pixel ${i}: ${sum[i]} and ${expected}`);
  }
});

test('five layers, of the detector and of SPPNet: half the size, then a quarter to a thirty-second', () => {
  const spec = sppnetSpec(SPPNET_PRESETS.paper.film);
  for (const [backbone, shape] of [
    [detectorBackbone(), [1, 3, 96, 64]],
    [sppnetBackbone(spec), [1, 1, 96, 64]],
  ] as const) {
    const outputs = layerGraph(backbone, shape).outputs;
    assert.deepEqual([...outputs.keys()], [...LAYERS]);
    assert.deepEqual(
      [...outputs.values()].map((tensor) => tensor.shape),
      [2, 4, 8, 16, 32].map((stride) => [96 / stride, 64 / stride]),
    );
  }
});

test('the detector sees a whole film up to multiples of its stride, each layer in the frame of the film', async () => {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  detectorBackbone()(scope, graph.input('image', [1, 3, 32, 32]));
  await putFirstWeights(scope);
  const plane: Plane = { width: 40, height: 60, data: random(2400).map(Math.abs) };
  const { film, layers } = await detectorLayers(engine, plane, { lowerings: new Map() });
  assert.deepEqual([film.width, film.height], [64, 64]);
  assert.deepEqual([film.data[39], film.data[40], film.data[64]], [plane.data[39], 0, plane.data[40]]);
  assert.deepEqual(
    layers.map(({ width, height }) => [width, height]),
    [32, 16, 8, 4, 2].map((side) => [side, side]),
  );
  for (const { data } of layers) assert.ok(data.every((value) => value >= 0 && value <= 1) && new Set(data).size > 1);
});

test('figure 3e of a film: its lesions, the boxes of the stored image that were found, and five layers, made smaller', async () => {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  detectorBackbone()(scope, graph.input('image', [1, 3, 32, 32]));
  await putFirstWeights(scope);
  const plane: Plane = { width: 64, height: 128, data: new Float32Array(64 * 128).fill(500) };
  plane.data[0] = 0;
  const seen = {
    ...{ plane, range: [0, 1000] as const, cropPx: [10, 0, 74, 128] as const, stored: { width: 74, height: 128 } },
    lesions: [{ box: [20, 20, 40, 40] as const, class: classIndex('malignant') }],
  };
  const found = [{ box: [30, 60, 50, 80] as const, class: classIndex('benign'), score: 0.9 }];
  const png = await filmLayersPng(engine, { seen, found }, { mostPx: 64, lowerings: new Map() });
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [7 * 32 + 6 * 4, 64]);
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  assert.deepEqual(at(9, 15), [255, 40, 40], 'the lesion at half the size');
  assert.deepEqual(at(36 + 9, 35), [0, 220, 60], 'the box, ten pixels further left on what is kept of the film');
  assert.deepEqual(at(15, 15), [128, 128, 128]);
});

/** Puts the first values of what a scope declares into the engine, and gives them. */
async function putFirstWeights({ declarations }: Scope): Promise<ReadonlyMap<string, Float32Array>> {
  const values = initialise(declarations, 3);
  await engine.put(
    new Map(
      [...declarations].map(([name, { tensor }]) => [
        name,
        { dtype: 'float32' as const, shape: tensor.shape, data: (values.get(name) as Float32Array).slice() },
      ]),
    ),
  );
  return values;
}

test('the sums of a network are those of its weights in the engine, the first of its rectified convolution', async () => {
  const spec = sppnetSpec({ ...SPPNET_PRESETS.paper.film, width: 4 });
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const image = graph.input('image', [1, 1, 64, 64]);
  sppnetBackbone(spec)(scope, image);
  const values = await putFirstWeights(scope);
  const pixels = random(64 * 64);
  const place = { shape: [1, 1, 64, 64] as const, lowerings: new Map() };
  const [first, ...others] = await layerSums(engine, sppnetBackbone(spec), pixels, place);
  for (const { data } of [first, ...others].flatMap((layer) => layer ?? []))
    assert.ok(data.every((value) => value >= 0 && value <= 1));
  // Running statistics of 0 and 1, scales of 1 and no shift: scaling undoes what is left of the normalisation.
  const expected = rectifiedSum(pixels, values.get('conv1.weight') as Float32Array);
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - (first?.data[i] as number))));
  assert.ok(difference < 1e-4, `${difference}`);
});

/** A convolution of [1, 64, 64] by four kernels of 7 x 7, stride 2, padding 3, rectified, each channel scaled, averaged. */
function rectifiedSum(image: Float32Array, kernels: Float32Array): Float64Array {
  const sum = new Float64Array(32 * 32);
  for (let c = 0; c < 4; c++) {
    const own = new Float64Array(32 * 32);
    for (const [i] of own.entries()) {
      let value = 0;
      for (let k = 0; k < 49; k++) {
        const [x, y] = [2 * (i % 32) - 3 + (k % 7), 2 * Math.floor(i / 32) - 3 + Math.floor(k / 7)];
        if (x >= 0 && y >= 0 && x < 64 && y < 64)
          value += (image[y * 64 + x] as number) * (kernels[c * 49 + k] as number);
      }
      own[i] = Math.max(0, value);
    }
    const most = Math.max(...own); // the least is 0
    for (const [i, value] of own.entries()) sum[i] = (sum[i] as number) + value / most / 4;
  }
  return sum;
}

test('the figure has a panel for the truth, one for what was found and one a layer; boxes are red and green', async () => {
  const film: Plane = { width: 20, height: 30, data: new Float32Array(600).fill(0.5) };
  const layer = { width: 2, height: 3, data: Float32Array.of(0, 0, 0, 0, 0, 1) };
  const drawn = {
    film,
    truth: [{ box: [5, 6, 10, 12] as const, label: 'malignant' as const }],
    layers: [layer, layer],
  };
  const { data, info } = await sharp(
    await featureFigurePng({ ...drawn, found: [{ box: [0, 0, 20, 30], label: 'benign' }] }),
  )
    .raw()
    .toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height, info.channels], [4 * 20 + 3 * 4, 30, 3]);
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  const [red, green, grey, white] = [
    [255, 40, 40],
    [0, 220, 60],
    [128, 128, 128],
    [255, 255, 255],
  ];
  for (const [x, y] of [
    [4, 5],
    [10, 5],
    [4, 12],
    [10, 12],
    [7, 5],
    [4, 9],
  ] as const)
    assert.deepEqual(at(x, y), red, `${x}, ${y}`);
  for (const [x, y] of [
    [5, 6],
    [9, 11],
    [3, 5],
    [11, 12],
  ] as const)
    assert.deepEqual(at(x, y), grey, `${x}, ${y}`);
  for (const [x, y] of [
    [24, 0],
    [43, 29],
    [24, 15],
  ] as const)
    assert.deepEqual(at(x, y), green);
  assert.deepEqual(at(21, 3), white);
  assert.ok((at(67, 29)[0] as number) > (at(67, 29)[2] as number), 'strong is red');
  assert.ok((at(48, 0)[2] as number) > (at(48, 0)[0] as number), 'weak is blue');
  const without = await sharp(await featureFigurePng(drawn)).metadata();
  assert.equal(without.width, 3 * 20 + 2 * 4);
});
