import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readImage } from './formats/read-image.ts';
import { writePng8, writePng16 } from './formats/write-png.ts';
import { readManifest } from './manifest.ts';
import { checkManifest, pixelSha256 } from './manifest-check.ts';
import { readManifestImage } from './manifest-image.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifest-check-'));
  for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) {
    await writePng8(
      join(folder, `${name}.png`),
      Float32Array.from({ length: 12 }, (_, p) => 20 * i + p),
      4,
      3,
    );
  }
  await writeFile(join(folder, 'a.pgm'), 'P2 4 3 255 0 1 2 3 4 5 6 7 8 9 10 11'); // a.png in another format
  await writePng16(
    join(folder, 'deep.png'),
    Float32Array.from({ length: 12 }, (_, p) => p),
    4,
    3,
  );
  await writeFile(join(folder, 'broken.png'), 'no image');
});
after(() => rm(folder, { recursive: true }));

async function check(...lines: string[]) {
  const path = join(folder, 'manifest.csv');
  await writeFile(path, `patient_id,path,modality,label,split,lesion_id,x1,y1,x2,y2,bit_depth\n${lines.join('\n')}\n`);
  return checkManifest(await readManifest(path));
}

const messages = (list: readonly { readonly line?: number; readonly message: string }[]) =>
  list.map((each) => `${each.line}: ${each.message}`).join('\n');

test('a sound manifest has no problems, and its summary counts rows, images and patients', async () => {
  const { summary, problems, notes } = await check(
    '1,a.png,FILM,normal,train,,,,,,8',
    '2,b.png,FILM,malignant,train,l1,0,0,4,3,8',
    '2,b.png,FILM,normal,train,l2,1,1,2,2,8',
    '3,c.png,PATCH,malignant,test,,,,,,8',
    '3,deep.png,PATCH,normal,test,,,,,,16',
  );
  assert.deepEqual([problems, notes], [[], []]);
  assert.deepEqual(summary, {
    rows: 5,
    images: 4,
    patients: 3,
    perClass: { normal: { rows: 3, images: 3, patients: 3 }, malignant: { rows: 2, images: 2, patients: 2 } },
    perSplit: {
      train: { rows: 3, images: 2, patients: 2, perClass: { normal: 2, malignant: 1 } },
      test: { rows: 2, images: 2, patients: 1, perClass: { normal: 1, malignant: 1 } },
    },
    perModality: { FILM: 3, PATCH: 2 },
    boxes: 2,
    sizes: { '4 x 3 x 8': 3, '4 x 3 x 16': 1 },
  });
});

test('a box outside its image, a depth that is not the declared one, an image that is none', async () => {
  const { problems } = await check(
    '1,a.png,FILM,normal,train,,0,0,5,3,8',
    '2,b.png,FILM,malignant,train,,0,0,4,3.5,8',
    '3,c.png,FILM,malignant,test,,,,,,16',
    '3,deep.png,FILM,normal,test,,,,,,8',
    '4,broken.png,FILM,normal,test,,,,,,',
  );
  const text = messages(problems);
  assert.match(text, /^2: the box 0, 0, 5, 3 leaves image a\.png of 4 x 3 pixels/m);
  assert.match(text, /^3: the box 0, 0, 4, 3\.5 leaves image b\.png/m);
  assert.match(text, /^4: image c\.png has 8 bits and bit_depth declares 16/m);
  assert.match(text, /^5: image deep\.png has 16 bits and bit_depth declares 8/m);
  assert.match(text, /^6: .*broken\.png is not an image/m);
  assert.equal(problems.length, 5);
});

test('the same pixels in two splits, of two patients, with two labels: found across file formats', async () => {
  const twin = async (line: string) =>
    await check('1,a.png,FILM,normal,train,,,,,,', '2,b.png,FILM,malignant,train,,,,,,', line);
  const all = await twin('3,a.pgm,FILM,malignant,test,,,,,,');
  const expected =
    '4: image a.pgm has the same pixels as a.png on line 2, but in splits train and test, patients 1 and 3, labels normal and malignant: keep one of them';
  assert.equal(messages(all.problems), expected);
  assert.match(messages((await twin('3,a.pgm,FILM,normal,train,,,,,,')).problems), /but in patients 1 and 3:/);
  assert.match(
    messages((await twin('1,a.pgm,FILM,malignant,train,,,,,,')).problems),
    /but in labels normal and malignant:/,
  );
  const copy = await twin('1,a.pgm,FILM,normal,train,,,,,,');
  assert.deepEqual(copy.problems, []);
  assert.match(messages(copy.notes), /4: image a\.pgm has the same pixels as a\.png on line 2 and counts twice/);
});

test('one image with two labels needs a lesion for each', async () => {
  const { problems } = await check('1,a.png,FILM,normal,train,,,,,,', '1,a.png,FILM,malignant,train,l1,,,,,');
  assert.match(messages(problems), /^3: image a\.png is malignant here and normal on line 2/);
});

test('readManifestImage refuses a depth that is not the declared one', async () => {
  const path = join(folder, 'manifest.csv');
  await writeFile(path, 'patient_id,path,modality,label,bit_depth\n1,a.png,DM,normal,16\n2,b.png,DM,malignant,8\n');
  const [first, second] = (await readManifest(path)).rows;
  assert.ok(first && second);
  await assert.rejects(readManifestImage(first), { code: 'bit-depth', message: /^image a\.png has 8 bits/ });
  assert.equal((await readManifestImage(second)).bitDepth, 8);
});

test('pixelSha256 depends on values, size and depth', async () => {
  const image = await readImage(join(folder, 'a.png'));
  const turned = { ...image, width: 3, height: 4 };
  const deep = await readImage(join(folder, 'deep.png'));
  assert.deepEqual(deep.data, image.data);
  assert.equal(new Set([image, turned, deep].map(pixelSha256)).size, 3);
  assert.equal(pixelSha256(await readImage(join(folder, 'a.pgm'))), pixelSha256(image));
});

test('the real patches have no problem', {
  skip: !process.env.MAMMOSCOPE_DATA && 'MAMMOSCOPE_DATA is not set',
}, async () => {
  const path = join(process.env.MAMMOSCOPE_DATA ?? '', 'microcalc-patches', 'manifest.csv');
  const { problems, summary } = await checkManifest(await readManifest(path));
  assert.equal(messages(problems), '');
  assert.deepEqual(summary.sizes, { '60 x 60 x 8': 617 });
});
