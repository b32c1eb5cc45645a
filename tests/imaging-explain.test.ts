/** `image explain` and `image mask` as a user calls them. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { readImage, writePng8 } from '@mammoscope/imaging';
import { assertDone, assertRefused, workplace } from './cli-process.ts';

const { folder, mammoscope } = await workplace();

const SIDE = 128;

before(async () => {
  // Half a disc on a grey background, its flat side on the left.
  const plane = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const radius = Math.hypot(i % SIDE, Math.floor(i / SIDE) - SIDE / 2);
    return radius < 50 ? 200 - radius : 20 + (i % 3);
  });
  await writePng8(join(folder, 'film.png'), plane, SIDE, SIDE);
});

test('image explain prints every decision, and writes a page that stands alone', async () => {
  const explained = await mammoscope(['image', 'explain', 'film.png', '--out', 'explained', '--json']);
  assertDone(explained);
  const { laterality, decisions, size } = JSON.parse(explained.stdout) as {
    laterality: string;
    size: number[];
    decisions: { step: string; choice: string; reason: string; evidence: { source: string }[] }[];
  };
  assert.deepEqual([laterality, size], ['L', [SIDE, SIDE, 1]]);
  assert.equal(decisions.length, 15);
  assert.ok(decisions.every(({ choice, reason }) => choice && reason));
  const page = await readFile(join(folder, 'explained', 'explanation.html'), 'utf8');
  assert.ok(decisions.every(({ step }) => page.includes(`<th scope="row">${step}</th>`)));
  assert.equal(page.match(/src="data:image\/png;base64,/g)?.length, 3);
  assert.ok(!/(?:src|href)="(?!data:)/.test(page), 'the page asks for nothing');
  assert.ok((await readFile(join(folder, 'explained', 'explanation.png'))).length > 1000);
  const plain = await mammoscope(['image', 'explain', 'film.png']);
  assert.match(
    plain.stdout,
    /^chest wall: left\n {2}because straight edge of the breast is the only source\n {2}pixels /m,
  );
});

test('a side that contradicts the pixels is refused with both, and taken when the user says so', async () => {
  const refused = await mammoscope(['image', 'explain', 'film.png', '--laterality', 'R']);
  assertRefused(refused, 2, /R by laterality .*L by chest wall as hung/);
  const told = await mammoscope([
    'image',
    'explain',
    'film.png',
    '--laterality',
    'R',
    '--prefer',
    'laterality=user',
    '--json',
  ]);
  assertDone(told);
  assert.equal(JSON.parse(told.stdout).laterality, 'R');
  assertRefused(await mammoscope(['image', 'explain', 'film.png', '--prefer', 'side=tag']), 2, /no preference/);
  assertRefused(await mammoscope(['image', 'explain', 'film.png', '--slice', '1']), 2, /slices 0 to 0, got 1/);
  assertRefused(
    await mammoscope(['image', 'explain', 'film.png', '--resample', '0.1']),
    2,
    /film\.png: .*give --spacing in mm/,
  );
});

test('image mask draws the images of a folder on one sheet', async () => {
  const drawn = await mammoscope(['image', 'mask', '.', '--out', 'masks.png', '--json']);
  assertDone(drawn);
  const { images } = JSON.parse(drawn.stdout) as { images: { file: string; areaShare: number }[] };
  assert.equal(images.length, 1);
  // Half a disc of radius 50 is 3927 pixels, a quarter of the image.
  assert.ok(Math.abs((images[0]?.areaShare ?? 0) - 3927 / SIDE ** 2) < 0.02);
  await assert.rejects(readImage(join(folder, 'masks.png')), { code: 'image-colour' });
  await writeFile(join(folder, 'broken.png'), 'no image');
  assertRefused(await mammoscope(['image', 'mask', 'broken.png', '--out', 'b.png']), 2, /broken\.png/);
});
