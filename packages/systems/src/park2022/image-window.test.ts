import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type BoxPx, type ManifestRow, readManifest, writeNpy16, writePng16 } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { cutBox } from '../gmic/volume.ts';
import { writePhantomCohort } from '../virtual-cohort/women.ts';
import { FINDING, FIXTURE_COLUMNS, FIXTURE_ROWS, fixtureVolume } from './cohort-fixture.ts';
import { ImageWindows } from './image-window.ts';
import { drawWindow, STILL } from './window-draw.ts';
import { normaliseBreast } from './window-levels.ts';

const folder = await mkdtemp(join(tmpdir(), 'windows-'));
after(() => rm(folder, { recursive: true }));

const ROWS = 54;
const COLUMNS = 44;
const windows = () => {
  const opened = new ImageWindows([ROWS, COLUMNS]);
  after(() => opened.close());
  return opened;
};

const rowOf = (path: string, side: 'L' | 'R' = 'L', line = 5): ManifestRow => ({
  ...{ line, patientId: 'a', path, absolutePath: join(folder, path), label: 'normal', modality: 'DBT' as const },
  ...{ laterality: side, view: 'CC' as const, other: {} },
});

async function writeBreast(path: string, side: 'L' | 'R', slices = 3): Promise<Float32Array> {
  const volume = fixtureVolume({ label: 'malignant', side, slices, seed: 1 });
  await writeNpy16(join(folder, path), volume, [slices, FIXTURE_ROWS, FIXTURE_COLUMNS]);
  return volume;
}

test('the window lies against the chest wall on the row of the nipple, normalised; a right breast is mirrored', async () => {
  const left = await writeBreast('left.npy', 'L');
  await writeBreast('right.npy', 'R');
  const own = windows();
  const volume = await own.volume(rowOf('left.npy'));
  assert.equal(volume.slices, 3);
  const pixels = await volume.read(1);
  // The nipple is on row 32, so the window begins on row 32 - 27, give or take the mask's own row.
  const expected = (top: number) => {
    const cut = new Float32Array(ROWS * COLUMNS);
    for (let y = 0; y < ROWS; y++) {
      const start = (FIXTURE_ROWS + top + y) * FIXTURE_COLUMNS;
      cut.set(left.subarray(start, start + COLUMNS), y * COLUMNS);
    }
    return normaliseBreast(cut);
  };
  assert.ok([4, 5, 6].some((top) => expected(top).every((value, i) => value === pixels[i])));
  const mirrored = await (await own.volume(rowOf('right.npy', 'R'))).read(1);
  // The same disc at the same place: noise runs the other way.
  const brightest = (values: Float32Array) => {
    const bright = [...values.keys()].filter((i) => (values[i] as number) > 2);
    const mean = (of: (i: number) => number) => bright.reduce((sum, i) => sum + of(i), 0) / bright.length;
    return [mean((i) => i % COLUMNS), mean((i) => Math.floor(i / COLUMNS))];
  };
  const [a, b] = [brightest(pixels), brightest(mirrored)];
  assert.ok(
    Math.abs((a[0] as number) - FINDING.x) < 0.5 &&
      Math.hypot((a[0] as number) - (b[0] as number), (a[1] as number) - (b[1] as number)) < 1,
    `${a}, ${b}`,
  );
});

test('a box of the window is found again on the stored image, on either side, and so are maps', async () => {
  await writeBreast('boxed-left.npy', 'L');
  await writeBreast('boxed-right.npy', 'R');
  const own = windows();
  const plane = await own.plane(rowOf('boxed-left.npy'), 1);
  const top = FINDING.y - Math.floor(plane.data.findIndex((value) => value > 40000) / COLUMNS) - FINDING.radiusPx;
  const onLeft = await own.boxOnStored(rowOf('boxed-left.npy'), [10, 20, 30, 40]);
  assert.deepEqual(onLeft, [10, 20 + top, 30, 40 + top]);
  const onRight = await own.boxOnStored(rowOf('boxed-right.npy', 'R'), [10, 20, 30, 40]);
  assert.deepEqual(onRight, [FIXTURE_COLUMNS - 30, onLeft[1], FIXTURE_COLUMNS - 10, onLeft[3]]);
  const map = { width: 2, height: 1, data: Float32Array.of(1, 2) };
  const [asLeft] = await own.mapsOnStored(rowOf('boxed-left.npy'), [map]);
  const [asRight] = await own.mapsOnStored(rowOf('boxed-right.npy', 'R'), [map]);
  assert.deepEqual([asLeft?.data, asRight?.data], [Float32Array.of(1, 2), Float32Array.of(2, 1)]);
});

test('a window is moved and resized by so many pixels, all slices alike', async () => {
  await writeBreast('varied.npy', 'L');
  const own = windows();
  const still = await own.plane(rowOf('varied.npy'), 1);
  const moved = await own.volume(rowOf('varied.npy'), { rightPx: 3, downPx: -2, growPx: 0 });
  const pixels = await moved.read(1);
  // Moving the window to the right moves what it shows to the left; grey levels follow by one line.
  const at = (x: number, y: number) => y * COLUMNS + x;
  const [low, high] = [at(10, 20), at(15, 33)];
  const slope =
    ((pixels[high] as number) - (pixels[low] as number)) /
    ((still.data[at(18, 31)] as number) - (still.data[at(13, 18)] as number));
  for (const [x, y] of [
    [12, 34],
    [20, 23],
    [5, 30],
  ] as const) {
    const expected =
      (pixels[low] as number) + slope * ((still.data[at(x + 3, y - 2)] as number) - (still.data[at(13, 18)] as number));
    assert.ok(Math.abs((pixels[at(x, y)] as number) - expected) < 1e-3);
  }
  const grown = await (await own.volume(rowOf('varied.npy'), { rightPx: 0, downPx: 0, growPx: 14 })).read(1);
  const bright = (values: Float32Array) => values.filter((value) => value > 2).length;
  const plain = await (await own.volume(rowOf('varied.npy'))).read(1);
  assert.equal(grown.length, plain.length);
  const ratio = bright(grown) / bright(plain);
  assert.ok(Math.abs(ratio - (54 / 68) ** 2) < 0.12, `${ratio}`); // the disc shrinks as the window grows
});

test('draws are whole pixels within the limits, and reach them', () => {
  const draws = Array.from({ length: 500 }, (_, i) => drawWindow({ shiftPx: 5, resizePx: 3 }, new RandomStream(1, i)));
  const extremes = (of: (draw: (typeof draws)[number]) => number) => [
    Math.min(...draws.map(of)),
    Math.max(...draws.map(of)),
  ];
  assert.deepEqual(
    extremes(({ rightPx }) => rightPx),
    [-5, 5],
  );
  assert.deepEqual(
    extremes(({ downPx }) => downPx),
    [-5, 5],
  );
  assert.deepEqual(
    extremes(({ growPx }) => growPx),
    [-3, 3],
  );
});

test('volumes of one slice and of 300 are read slice by slice', async () => {
  await writeBreast('one.npy', 'L', 1);
  await writeBreast('many.npy', 'L', 300);
  const own = windows();
  for (const [path, slices] of [
    ['one.npy', 1],
    ['many.npy', 300],
  ] as const) {
    const volume = await own.volume(rowOf(path));
    assert.equal(volume.slices, slices);
    assert.equal((await volume.read(slices - 1)).length, ROWS * COLUMNS);
  }
});

test('an all-black volume, and frames of differing size, are refused with their line', async () => {
  await writeNpy16(join(folder, 'black.npy'), new Float32Array(3 * 64 * 48), [3, 64, 48]);
  await assert.rejects(windows().volume(rowOf('black.npy')), {
    code: 'data-unusable',
    message:
      /line 5 of the manifest, black\.npy: no breast is seen in its middle slice, as in an image that is all black/,
  });
  await mkdir(join(folder, 'frames'));
  const one = fixtureVolume({ label: 'normal', side: 'L', slices: 1, seed: 1 });
  for (const [i, rows] of [64, 64, 63].entries())
    await writePng16(join(folder, 'frames', `slice-${i}.png`), one.slice(0, rows * 48), 48, rows);
  const volume = await windows().volume(rowOf('frames'));
  await volume.read(1);
  await assert.rejects(volume.read(2), {
    code: 'image-corrupt',
    message: /line 5 of the manifest, frames: .*slice-2\.png is 48 x 63 .* slice-0\.png beside it 48 x 64/,
  });
});

test('a breast as DICOM, its frames read one at a time, is the breast as PNG: pixels, boxes and either side', async () => {
  const making = { patients: 1, preset: 'tiny', seed: 0 } as const;
  const [png, dicom] = await Promise.all(
    (['png', 'dicom'] as const).map(async (format) => {
      const { manifest } = await writePhantomCohort({ ...making, format, out: join(folder, format) });
      return (await readManifest(manifest, { unlabelled: true })).rows;
    }),
  );
  assert.ok(png && dicom);
  for (const [i, row] of png.entries()) {
    if (row.view !== 'MLO') continue;
    const own = new ImageWindows(row.modality === 'DM' ? [358, 227] : [264, 167]);
    const other = dicom[i] as ManifestRow;
    const slice = row.modality === 'DM' ? 0 : 7;
    const [plain, framed] = await Promise.all([own.volume(row), own.volume(other)]);
    assert.equal(plain.slices, framed.slices);
    const [a, b] = [await plain.read(slice), await framed.read(slice)];
    const correlation = a.reduce((sum, value, at) => sum + value * (b[at] as number), 0) / a.length;
    assert.ok(correlation > 0.9999, `${other.path}: ${correlation}`);
    assert.deepEqual(await own.boxOnStored(other, [0, 0, 100, 200]), await own.boxOnStored(row, [0, 0, 100, 200]));
    await own.close();
  }
});

test('a box of a slice of a large volume that was read is that part of it, unless it was resized', async () => {
  const out = join(folder, 'boxes');
  const making = { patients: 1, preset: 'tiny', seed: 0, format: 'dicom', out } as const;
  const { rows } = await readManifest((await writePhantomCohort(making)).manifest, { unlabelled: true });
  const size = [2116, 1339] as const; // more than is held, and more than the image has
  for (const row of rows.filter(({ modality, view }) => modality === 'DBT' && view === 'MLO'))
    for (const draw of [STILL, { rightPx: 31, downPx: -17, growPx: 0 }, { rightPx: 0, downPx: 5, growPx: 40 }]) {
      const own = new ImageWindows(size);
      const volume = await own.volume(row, draw);
      const boxes: BoxPx[] = [
        [40, 950, 140, 1210],
        [1200, 0, 1339, 256],
      ];
      assert.equal(await volume.readBox?.(7, [0, 0, 9, 9]), undefined);
      const whole = await volume.read(7);
      for (const [i, box] of boxes.entries()) {
        const part = cutBox(whole, size[1], box);
        assert.ok(new Set(part).size > (i === 0 ? 50 : 0), `${row.path}: the box shows something`);
        const read = await volume.readBox?.(7, box);
        assert.deepEqual(read, draw.growPx > 0 ? undefined : part, `${row.path}, ${box}`);
      }
      await own.close();
    }
});

test('grey levels have mean 0 and deviation 1 over the breast, and the background is two deviations below', () => {
  const plane = Float32Array.of(0, 0, 0, 4, 6, 5, 5, 0);
  const deviation = Math.sqrt(0.5);
  const expected = [-2, -2, -2, -1 / deviation, 1 / deviation, 0, 0, -2];
  assert.ok(normaliseBreast(plane).every((value, i) => Math.abs(value - (expected[i] as number)) < 1e-6));
  for (const constant of [0, 7])
    assert.deepEqual(normaliseBreast(new Float32Array(4).fill(constant)), new Float32Array(4));
  assert.deepEqual(normaliseBreast(Float32Array.of(0, 3, 3)), Float32Array.of(-2, 0, 0));
});
