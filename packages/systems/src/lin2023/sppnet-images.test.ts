import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ManifestRow, type Plane, writePng16 } from '@mammoscope/imaging';
import { letterbox, readPatch, readWholeFilm, SquareImages } from './sppnet-images.ts';

const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const ramp = (width: number, height: number): Plane => ({
  width,
  height,
  data: Float32Array.from({ length: width * height }, (_, i) => 1 + (i % width) + 3 * Math.floor(i / width)),
});

test('a film lies in the middle of its square by its longer side, with zeros around it', () => {
  for (const [width, height, box] of [
    [40, 80, [8, 0, 24, 32]],
    [80, 40, [0, 8, 32, 24]],
    [10, 20, [8, 0, 24, 32]],
    [300, 4, [0, 15, 32, 16]], // one row is left of the thinnest
  ] as const) {
    const plane = ramp(width, height);
    const square = letterbox(plane, 32);
    assert.deepEqual(square.box, box);
    const [x1, y1, x2, y2] = square.box;
    const inside = square.data.filter((_, i) => {
      const [x, y] = [i % 32, Math.floor(i / 32)];
      return x >= x1 && x < x2 && y >= y1 && y < y2;
    });
    assert.ok(inside.every((value) => value > 0));
    assert.equal(square.data.filter((value) => value !== 0).length, inside.length, 'zeros around');
    assert.ok(Math.abs(mean(inside) / mean(plane.data) - 1) < 1e-3, 'the mean stays');
  }
});

test('a film with a chest wall lies at its side of the square', () => {
  const plane = ramp(10, 20);
  const boxes = (['left', 'right'] as const).map((wall) => letterbox({ ...plane, wall }, 32));
  assert.deepEqual(
    boxes.map(({ box }) => box),
    [
      [0, 0, 16, 32],
      [16, 0, 32, 32],
    ],
  );
  const [left, right] = boxes.map(({ data }, i) => data.filter((_, at) => at % 32 >= 16 === (i === 1)));
  assert.deepEqual(left, right);
});

test('a film as large as its square stays as it is', () => {
  const plane = ramp(32, 32);
  assert.deepEqual([...letterbox(plane, 32).data], [...plane.data]);
});

let folder: string;
const film = ramp(24, 16);
/** The film with ten black columns beside it. */
const stored = Float32Array.from({ length: 34 * 16 }, (_, i) =>
  i % 34 < 24 ? (film.data[Math.floor(i / 34) * 24 + (i % 34)] as number) : 0,
);
const rowOf = (more: Partial<ManifestRow> = {}): ManifestRow => ({
  ...{ line: 2, patientId: 'p', path: 'film.png', absolutePath: join(folder, 'film.png'), modality: 'DM' },
  ...{ label: 'malignant', laterality: 'L', other: {} },
  ...more,
});
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sppnet-images-'));
  await writePng16(join(folder, 'film.png'), stored, 34, 16);
});
after(() => rm(folder, { recursive: true }));

test('a whole film is seen without its black background, from 0 to 1', async () => {
  const { width, height, data, wall } = await readWholeFilm(rowOf({ box: [1, 1, 3, 3] }));
  assert.deepEqual([width, height, wall], [24, 16, 'right']); // the ramp is brighter there
  const largest = film.data.at(-1) as number;
  for (const [i, value] of data.entries())
    assert.ok(Math.abs(value - ((film.data[i] as number) - 1) / (largest - 1)) < 1e-6, `pixel ${i}`);
});

test('a patch is cut out by its box with a margin, within the film, from 0 to 1', async () => {
  const patch = await readPatch(rowOf({ box: [4, 2, 14, 8] }), 0.2); // two pixels on each side
  assert.deepEqual([patch.width, patch.height], [14, 10]);
  const first = stored[0 * 34 + 2] as number;
  const last = stored[9 * 34 + 15] as number;
  assert.ok(Math.abs((patch.data[1] as number) - 1 / (last - first)) < 1e-6); // its left neighbour is the least, 1 below
  assert.equal((await readPatch(rowOf({ box: [0, 0, 10, 16] }), 0.5)).width, 18);
  for (const [row, message] of [
    [rowOf(), /image film\.png at line 2 is missing/],
    [rowOf({ box: [20, 2, 35, 8] }), /leaves its 34 x 16 pixels/],
  ] as const)
    await assert.rejects(readPatch(row, 0), { code: 'option-invalid', message });
});

test('batches repeat the plane for three channels and are zero where rows are wanting; flips follow epoch and number alone', async () => {
  const plane = { width: 2, height: 2, data: Float32Array.of(1, 2, 3, 4) };
  const images = new SquareImages(async () => plane, {
    recipe: { sizePx: 2, flip: true, turnDeg: 0, zoomShare: 0 },
    channels: 3,
    seed: 1,
  });
  const row = rowOf();
  assert.deepEqual(
    [...(await images.batch([row], 2))],
    [...[1, 2, 3, 4], ...[1, 2, 3, 4], ...[1, 2, 3, 4], ...new Array(12).fill(0)],
  );
  const example = (index: number) => ({ row: { ...row, split: 'train' as const }, index });
  const seen = async (index: number, epoch: number) => (await images.augmented([example(index)], epoch)).slice(0, 4);
  const drawn = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((index) => seen(index, 1)));
  assert.equal(new Set(drawn.map(String)).size, 4, 'both flips, alone and together');
  const [second, first] = [await images.augmented([example(1), example(0)], 1), drawn[0]];
  assert.deepEqual(second.slice(12, 16), first);
});

test('turns and zooms leave black where the square has nothing, and a recipe without them moves nothing', async () => {
  const plane = { width: 16, height: 16, data: new Float32Array(256).fill(1) };
  const zerosOf = async (recipe: { readonly turnDeg: number; readonly zoomShare: number }) => {
    const images = new SquareImages(async () => plane, {
      recipe: { sizePx: 16, flip: false, ...recipe },
      channels: 1,
      seed: 2,
    });
    const examples = Array.from({ length: 12 }, (_, index) => ({
      row: { ...rowOf(), split: 'train' as const },
      index,
    }));
    const seen = await images.augmented(examples, 1);
    return examples.map((_, i) => seen.subarray(256 * i, 256 * (i + 1)).filter((value) => value < 0.5).length);
  };
  assert.deepEqual(await zerosOf({ turnDeg: 0, zoomShare: 0 }), new Array(12).fill(0));
  const zoomed = await zerosOf({ turnDeg: 0, zoomShare: 0.5 });
  assert.ok(zoomed.some((zeros) => zeros > 50) && zoomed.some((zeros) => zeros === 0), `${zoomed}`);
  const turned = await zerosOf({ turnDeg: 45, zoomShare: 0 });
  // At 45 degrees the four corners are (3 - 2 sqrt 2) of the square.
  assert.ok(turned.some((zeros) => zeros > 10) && turned.every((zeros) => zeros <= 0.18 * 256), `${turned}`);
});
