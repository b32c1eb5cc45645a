import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { dynamicImage, type ManifestRow, orientPlane, writePng8 } from '@mammoscope/imaging';
import { backboneInput, dynamicImageOf, imageDigest, imageRecipe, planeOf, VARIANTS } from './pair-images.ts';
import { PRESETS } from './recipe.ts';

const folder = await mkdtemp(join(tmpdir(), 'mammoscope-pair-'));
after(() => rm(folder, { recursive: true }));

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

test('a tomosynthesis of one file a slice is pooled from all of its folder, and its digest is of all of it', async () => {
  const dbt = join(folder, 'dbt');
  await mkdir(dbt);
  const slices = [0, 1, 2].map((t) =>
    Float32Array.from({ length: 80 }, (_, i) => ((i * 7) % 40) + (i === 33 ? 30 * t : 0) + ((i * t) % 3)),
  );
  for (const [t, data] of slices.entries()) await writePng8(join(dbt, `${t}.png`), data, 10, 8);
  const row: ManifestRow = {
    ...{
      line: 2,
      patientId: 'p',
      path: 'dbt/0.png',
      absolutePath: join(dbt, '0.png'),
      modality: 'DBT',
      label: 'x',
      other: {},
    },
  };
  const recipe = { ...PRESETS.tiny, sizePx: 64 };
  const expected = await dynamicImage({
    depth: 3,
    slice: async (t) => ({ width: 10, height: 8, data: slices[t] as Float32Array }),
  });
  const { data } = await dynamicImageOf(row, recipe);
  assert.deepEqual([...data], [...expected.data]);
  const byFolder = { ...row, path: 'dbt', absolutePath: dbt };
  assert.deepEqual([...(await dynamicImageOf(byFolder, recipe)).data], [...expected.data]);
  const pair = { ...row, modality: 'DM' as const, dbt: row };
  assert.deepEqual((await planeOf(pair, 'dbt', recipe)).data.length, 64 * 64);
  const before = await imageDigest(row);
  assert.equal(await imageDigest(byFolder), before);
  await writePng8(join(dbt, '2.png'), slices[1] as Float32Array, 10, 8);
  assert.notEqual(await imageDigest(row), before);
  await writeFile(join(dbt, '2.png'), 'no image');
  await assert.rejects(planeOf(pair, 'dbt', recipe), { message: /line 2 of the manifest, dbt\/0\.png: .*2\.png/ });
});

test('the key of features names what decides the image, of a dynamic image its pooling too', () => {
  const { tiny } = PRESETS;
  assert.equal(imageRecipe(tiny, 'dm'), imageRecipe({ ...tiny, lambda: 2, framePx: 9 }, 'dm'));
  for (const change of [{ lambda: 2 }, { framePx: 9 }, { sizePx: 7 }, { pooling: 'approximate' as const }])
    assert.notEqual(imageRecipe(tiny, 'dbt'), imageRecipe({ ...tiny, ...change }, 'dbt'), JSON.stringify(change));
});
