/** Overlays of Grad-CAM against the map of the same graph. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sizeOf } from '@mammoscope/nn';
import { Engine, evaluateGraph, float32Tensor, probeInput, probeParameter, writeCheckpoint } from '@mammoscope/runtime';
import { overlayPng } from './colour-map.ts';
import { gradCamOverlays, mapSliceOf } from './grad-cam-overlays.ts';
import { type ClassifierSpec, declarationsOf, gradCamGraph, inputShape } from './graphs.ts';

const SIZE_PX = 40;
const PLANE = probeInput([SIZE_PX, SIZE_PX], 2);

let engine: Engine;
let folder: string;
before(async () => {
  engine = await Engine.create({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'grad-cam-'));
});
after(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

/** Weights of this salt have something that speaks for the class; those without one nothing at all. */
const SALT = 'c';
const weightsOf = (spec: ClassifierSpec, salt: string) =>
  new Map([...declarationsOf(spec)].map(([name, { tensor }]) => [name, probeParameter(name, tensor.shape, salt)]));

/** The Grad-CAM of one input for the class with index 1, by the graph alone. */
async function mapOf(spec: ClassifierSpec, input: Float32Array): Promise<Float32Array> {
  const values = new Map([...weightsOf(spec, SALT), ['image', input], ['classSeed', Float32Array.of(0, 1)]] as const);
  return (await evaluateGraph(gradCamGraph(spec), values, engine.target)).get('out:cam') as Float32Array;
}

async function overlaid(spec: ClassifierSpec, slice?: number, salt = SALT) {
  const best = join(folder, `${spec.network}-${salt}.safetensors`);
  const shapes = declarationsOf(spec);
  const tensors = [...weightsOf(spec, salt)].map(
    ([name, data]) => [name, float32Tensor(shapes.get(name)?.tensor.shape ?? [], data)] as const,
  );
  await writeCheckpoint(best, { tensors: new Map(tensors), state: {} });
  const input = probeInput(inputShape(spec, 1), 1);
  const network = { spec, best, lowerings: new Map() };
  const place = slice === undefined ? {} : { slice };
  const [only, ...more] = await Array.fromAsync(
    gradCamOverlays(engine, network, [0], async () => ({ input, plane: PLANE, ...place })),
  );
  assert.equal(more.length, 0);
  assert.ok(only);
  return { ...only, input };
}

const COMMON = { channels: 1, outputs: 2, sizePx: SIZE_PX, stem: 'small', width: 16 } as const;

test('the map of an image lies over its plane', async () => {
  const spec: ClassifierSpec = { ...COMMON, network: 'resnet18' };
  const { overlay, empty, input } = await overlaid(spec);
  const map = await mapOf(spec, input);
  const side = Math.sqrt(map.length);
  assert.ok(overlay.equals(await overlayPng(PLANE, SIZE_PX, map, side, side)));
  assert.ok(!empty && map.some((value) => value > 0));
  const nothing = await overlaid(spec, undefined, '');
  assert.ok(nothing.empty);
  assert.ok(nothing.overlay.equals(await overlayPng(PLANE, SIZE_PX, new Float32Array(map.length), side, side)));
});

test('of a volume it is the part of the map that lies over the slice', async () => {
  const spec: ClassifierSpec = { ...COMMON, network: 'anisotropic_resnet18', slices: 16 };
  const [first, last] = [await overlaid(spec, 2), await overlaid(spec, 13)];
  const map = await mapOf(spec, first.input);
  const size = map.length / 2; // 16 slices, halved three times
  const side = Math.sqrt(size);
  assert.equal(sizeOf([2, side, side]), map.length);
  for (const [half, { overlay }] of [first, last].entries()) {
    const part = map.slice(half * size, (half + 1) * size);
    assert.ok(overlay.equals(await overlayPng(PLANE, SIZE_PX, part, side, side)));
  }
  assert.ok(!first.overlay.equals(last.overlay));
});

test('the slices of a map share those of the input out evenly, in order', () => {
  for (const [slices, depth] of [
    [8, 8],
    [8, 1],
    [12, 2],
    [12, 3],
    [6, 2],
  ] as const) {
    const over = Array.from({ length: slices }, (_, slice) => mapSliceOf(slice, slices, depth));
    assert.deepEqual(
      over,
      Array.from({ length: depth }, (_, d) => Array.from({ length: slices / depth }, () => d)).flat(),
    );
  }
});
