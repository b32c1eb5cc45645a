import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dynamicImage, type ManifestRow, orientPlane, writePng8 } from '@mammoscope/imaging';
import {
  backboneInput,
  dynamicImageOf,
  imageDigest,
  imageRecipe,
  planeOf,
  slicePlanes,
  VARIANTS,
} from './pair-images.ts';
import { PRESETS } from './recipe.ts';

const folder = await mkdtemp(join(tmpdir(), 'mammoscope-pair-'));
after(() => rm(folder, { recursive: true }));

const ROW: ManifestRow = {
  ...{ line: 2, patientId: 'p', path: '', absolutePath: '', modality: 'DBT', label: 'x', other: {} },
};

const corner = { width: 3, height: 3, data: Float32Array.of(1, 2, 0, 0, 0, 0, 0, 0, 0) };
const turned = (variant: number) => [...orientPlane(corner, VARIANTS[variant] as (typeof VARIANTS)[number]).data];

test('the first five variants are those of the paper: itself, reflected, and rotated by 90, 180 and 270 degrees', () => {
  assert.deepEqual(turned(0), [1, 2, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(turned(1), [0, 2, 1, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(turned(2), [0, 0, 0, 2, 0, 0, 1, 0, 0]); // counter-clockwise
  assert.deepEqual(turned(3), [0, 0, 0, 0, 0, 0, 0, 2, 1]);
  assert.deepEqual(turned(4), [0, 0, 1, 0, 0, 2, 0, 0, 0]); // clockwise
});

test('the eight variants are all different', () => {
  assert.equal(VARIANTS.length, 8);
  assert.equal(new Set(VARIANTS.map((_, variant) => turned(variant).join())).size, 8);
});

test('the backbone gets three equal channels of mean 0 and standard deviation 1', () => {
  const input = backboneInput(corner, 1);
  assert.equal(input.length, 27);
  for (const channel of [0, 1, 2]) assert.deepEqual(input.slice(9 * channel, 9 * channel + 9), input.slice(0, 9));
  const [sum, squares] = [input.reduce((a, b) => a + b, 0), input.reduce((a, b) => a + b * b, 0)];
  assert.ok(Math.abs(sum) < 1e-5 && Math.abs(squares / 27 - 1) < 1e-5);
});

test('a tomosynthesis of one file a slice is named by its folder and pooled from all of it, its digest is of all of it; one file is no tomosynthesis', async () => {
  const dbt = join(folder, 'dbt');
  await mkdir(dbt);
  const slices = [0, 1, 2].map((t) =>
    Float32Array.from({ length: 80 }, (_, i) => ((i * 7) % 40) + (i === 33 ? 30 * t : 0) + ((i * t) % 3)),
  );
  for (const [t, data] of slices.entries()) await writePng8(join(dbt, `${t}.png`), data, 10, 8);
  const row: ManifestRow = { ...ROW, path: 'dbt', absolutePath: dbt };
  const recipe = { ...PRESETS.tiny, sizePx: 64 };
  const expected = await dynamicImage({
    depth: 3,
    slice: async (t) => ({ width: 10, height: 8, data: slices[t] as Float32Array }),
  });
  const { data } = await dynamicImageOf(row, recipe);
  assert.deepEqual([...data], [...expected.data]);
  const pair = { ...row, modality: 'DM' as const, dbt: row };
  assert.deepEqual((await planeOf(pair, 'dbt', recipe)).data.length, 64 * 64);
  const single = { ...pair, dbt: { ...row, path: 'dbt/0.png', absolutePath: join(dbt, '0.png') } };
  await assert.rejects(planeOf(single, 'dbt', recipe), {
    code: 'slices-unusable',
    message: /line 2 of the manifest, dbt\/0\.png: .*one slice, and a tomosynthesis two or more: name .* the folder/,
  });
  const before = await imageDigest(row);
  await writePng8(join(dbt, '2.png'), slices[1] as Float32Array, 10, 8);
  assert.notEqual(await imageDigest(row), before);
  await writeFile(join(dbt, '2.png'), 'no image');
  await assert.rejects(planeOf(pair, 'dbt', recipe), { message: /line 2 of the manifest, dbt: .*2\.png/ });
});

test('K slices are evenly spaced, each the whole image; of fewer slices some come twice', async () => {
  const dbt = join(folder, 'ramp');
  await mkdir(dbt);
  for (let t = 0; t < 6; t++) await writePng8(join(dbt, `${t}.png`), new Float32Array(80).fill(20 * t), 10, 8);
  const row = { ...ROW, path: 'ramp', absolutePath: dbt };
  const valuesOf = async (slices: number) => {
    const values = [];
    for await (const { width, height, data } of slicePlanes(row, { ...PRESETS.tiny, sizePx: 64, slices })) {
      assert.deepEqual([width, height, data.length], [64, 64, 64 * 64]);
      assert.equal(new Set(data).size, 1);
      values.push(data[0]);
    }
    return values;
  };
  assert.deepEqual(await valuesOf(3), [20, 60, 100]); // slices 1, 3, 5: the middles of three thirds
  assert.deepEqual(await valuesOf(6), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(await valuesOf(12), [0, 0, 20, 20, 40, 40, 60, 60, 80, 80, 100, 100]);
});

test('the key of features names what decides the image, of a dynamic image its pooling too', () => {
  const { tiny } = PRESETS;
  assert.equal(imageRecipe(tiny, 'dm'), imageRecipe({ ...tiny, lambda: 2, framePx: 9 }, 'dm'));
  for (const change of [{ lambda: 2 }, { framePx: 9 }, { sizePx: 7 }, { pooling: 'approximate' as const }])
    assert.notEqual(imageRecipe(tiny, 'dbt'), imageRecipe({ ...tiny, ...change }, 'dbt'), JSON.stringify(change));
  assert.notEqual(imageRecipe(tiny, 'slices'), imageRecipe({ ...tiny, slices: 9 }, 'slices'));
  assert.equal(imageRecipe(tiny, 'dbt'), imageRecipe({ ...tiny, slices: 9 }, 'dbt'));
});
