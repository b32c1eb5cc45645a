import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ManifestRow, minMaxNormalise, readManifest, writePng16 } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { PUBLISHED_DETECTION } from '../detection/detections.ts';
import { geometryOf } from '../detection/detector.ts';
import { truthInTile } from '../detection/fit-detector.ts';
import { TEST_PROPOSALS, TRAINING_PROPOSALS } from '../detection/proposals.ts';
import { rpnTargets } from '../detection/targets.ts';
import { type Tile, tilesOf } from '../detection/tiling.ts';
import {
  aboveThreshold,
  anchorsOfRecipe,
  candidateOptions,
  detectionOptions,
  detectorSpec,
  proposalOptions,
} from './detector.ts';
import { FilmCache } from './film-cache.ts';
import { boxOnFile, type Film, filmsOf, readFilm, type SeenFilm } from './films.ts';
import { boxOnPlane } from './overlay.ts';
import { classIndex, PRESETS, type Recipe } from './recipe.ts';
import { epochTiles, type FilmTile, mirrored, tilePlane, tilesAnEpoch, tilesOfFilms } from './tiles.ts';

const RECIPE: Recipe = {
  ...PRESETS.tiny,
  tileWidthPx: 64,
  tileHeightPx: 64,
  overlapPx: 16,
  anchorSizesPx: [8, 16, 24, 32, 48],
  anchorRatios: [1],
};

/** A left breast of 60 columns in a film of 80, with a bright square. */
function film(seed: number): Float32Array {
  const random = new RandomStream(2, 'film', seed);
  return Float32Array.from({ length: 80 * 64 }, (_, at) => {
    const [x, y] = [at % 80, Math.floor(at / 80)];
    if (x >= 60) return 0;
    return 5000 + random.integer(0, 500) + (x >= 20 && x < 36 && y >= 30 && y < 46 ? 30_000 : 0);
  });
}

let folder: string;
let rows: readonly ManifestRow[];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lin2023-'));
  for (const name of ['a', 'b', 'black'])
    await writePng16(
      join(folder, `${name}.png`),
      name === 'black' ? new Float32Array(80 * 64) : film(name.charCodeAt(0)),
      80,
      64,
    );
  const lines = [
    'patient_id,path,modality,label,laterality,view,lesion_id,x1,y1,x2,y2',
    'p1,a.png,DM,malignant,L,CC,1,20,30,36,46',
    'p1,a.png,DM,benign,L,CC,2,55,0,70,10',
    'p1,b.png,DM,malignant,L,MLO,1,20,30,36,46',
    'p2,black.png,DM,benign,L,CC,,,,,',
  ];
  await writeFile(join(folder, 'manifest.csv'), `${lines.join('\n')}\n`);
  rows = (await readManifest(join(folder, 'manifest.csv'))).rows;
});
after(() => rm(folder, { recursive: true }));

test('rows of one file are one film; lesions are cut to what is kept of it', async () => {
  const films = filmsOf(rows);
  assert.deepEqual(
    films.map(({ path, lesions }) => [path, lesions.length]),
    [
      ['a.png', 2],
      ['b.png', 1],
      ['black.png', 0],
    ],
  );
  const { plane, range, cropPx, lesions } = await readFilm(films[0] as (typeof films)[number]);
  assert.deepEqual([plane.width, plane.height, ...cropPx], [60, 64, 0, 0, 60, 64]);
  assert.deepEqual(lesions, [
    { box: [20, 30, 36, 46], class: classIndex('malignant') },
    { box: [55, 0, 60, 10], class: classIndex('benign') },
  ]);
  assert.deepEqual(range, [Math.min(...plane.data), Math.max(...plane.data)]);
  await assert.rejects(readFilm(films[2] as (typeof films)[number]), {
    code: 'data-unusable',
    message: /black\.png at line 5 is black everywhere/,
  });
});

test('films that contradict themselves are refused with their lines', () => {
  const [first, , second] = rows as [ManifestRow, ManifestRow, ManifestRow];
  assert.throws(() => filmsOf([first, { ...second, label: 'benign' }]), {
    code: 'data-unusable',
    message: /lesion "1" of patient "p1" is malignant at line 2 and benign at line 4/,
  });
  assert.throws(() => filmsOf([{ ...first, label: 'mass' }]), { message: /got "mass" at line 2/ });
  assert.throws(() => filmsOf([first, { ...first, patientId: 'p9', line: 3 }]), {
    message: /lines 2 and 3 name one file/,
  });
  const { box: _, ...unmarked } = first;
  assert.throws(() => filmsOf([unmarked]), { message: /a\.png at line 2 is malignant and has no malignant lesion/ });
  assert.equal(filmsOf([{ ...unmarked, label: 'normal' }])[0]?.malignant, false);
});

test('the thresholds of the recipe are those of the detections', () => {
  assert.deepEqual(detectionOptions(PRESETS.paper), { score: 0.3, overlap: 0.3, most: PUBLISHED_DETECTION.most });
  assert.deepEqual(
    [detectorSpec(PRESETS.paper, 'training').rois, detectorSpec(PRESETS.paper, 'inference').rois],
    [1024, 1000],
  );
});

test('the paper preset has the numbers of torchvision', () => {
  assert.deepEqual(proposalOptions(PRESETS.paper, 'training'), TRAINING_PROPOSALS);
  assert.deepEqual(proposalOptions(PRESETS.paper, 'inference'), TEST_PROPOSALS);
});

test('candidates above the threshold are the boxes of the threshold', () => {
  const { score, ...rest } = candidateOptions(PRESETS.paper);
  const { score: threshold, ...same } = detectionOptions(PRESETS.paper);
  assert.deepEqual(rest, same);
  assert.deepEqual([score, threshold], [0.05, 0.3]);
  const boxes = [0.3, 0.31, 0.1].map((own) => ({ box: [0, 0, 1, 1] as const, class: 1, score: own }));
  assert.deepEqual(aboveThreshold(boxes, PRESETS.paper), [boxes[1]]);
});

test('a box of the file is where the networks see it, and back, whatever was cut off and turned', () => {
  const plane = { width: 30, height: 20, data: new Float32Array(600) };
  const seen = {
    plane,
    range: [0, 1],
    cropPx: [10, 0, 40, 20],
    stored: { width: 50, height: 20 },
    lesions: [],
  } as const;
  const film: SeenFilm = seen;
  assert.deepEqual(boxOnPlane([12, 3, 20, 9], film), [2, 3, 10, 9]);
  assert.deepEqual(boxOnFile([2, 3, 10, 9], film), [12, 3, 20, 9]);
  // Mirrored: column 12 to 20 of 60 becomes 40 to 48, of which the crop takes 5 and the background 10.
  const placement = {
    ...{ width: 60, height: 20, outWidth: 50, outHeight: 20 },
    orientation: { transpose: false, flipHorizontal: true, flipVertical: false },
    cropPx: [5, 0, 55, 20],
  } as const;
  const turned: SeenFilm = { ...film, placement };
  assert.deepEqual(boxOnPlane([12, 3, 20, 9], turned), [25, 3, 33, 9]);
  assert.deepEqual(boxOnFile([25, 3, 33, 9], turned), [12, 3, 20, 9]);
});

test('a film of more rows than asked for is made smaller, each pixel the mean of what it covers, and boxes go there and back', async () => {
  const [film] = filmsOf(rows) as [Film];
  const [seen, small] = [await readFilm(film), await readFilm(film, { filmRowsPx: 32 })];
  assert.deepEqual([small.plane.width, small.plane.height, small.scale], [30, 32, [0.5, 0.5]]);
  const { data, width } = seen.plane;
  const sum = (x: number, y: number) => (data[y * width + x] as number) + (data[y * width + x + 1] as number);
  for (const [x, y] of [
    [0, 0],
    [12, 17],
    [29, 31],
  ] as const)
    assert.ok(
      Math.abs((small.plane.data[y * 30 + x] as number) - (sum(2 * x, 2 * y) + sum(2 * x, 2 * y + 1)) / 4) < 1e-3,
    );
  assert.deepEqual(small.lesions[0]?.box, [10, 15, 18, 23]);
  assert.deepEqual(boxOnFile([10, 15, 18, 23], small), [20, 30, 36, 46]);
  assert.deepEqual(boxOnPlane([20, 30, 36, 46], small), [10, 15, 18, 23]);
  assert.deepEqual(await readFilm(film, { filmRowsPx: 64 }), seen);
});

const filmTiles = async (recipe: Recipe, limitBytes = 1e9) =>
  tilesOfFilms(filmsOf(rows).slice(0, 2), new FilmCache(limitBytes), recipe);

test('tiles of films hold the grey values of the whole film, and the lesions in them', async () => {
  const [film] = filmsOf(rows) as [Film];
  const seen = await readFilm(film);
  const whole = minMaxNormalise(seen.plane.data);
  const tiles = await filmTiles({ ...RECIPE, tileWidthPx: 32, tileHeightPx: 32, overlapPx: 8 });
  assert.equal(tiles.length, 2 * 3 * 3); // 60 x 64 px by 32 with 8 shared
  for (const { tile } of tiles.slice(0, 9)) {
    const [left, top] = tile.box;
    const { width, data } = tilePlane(seen, tile);
    const same = data.every((value, i) => value === whole[(top + Math.floor(i / width)) * 60 + left + (i % width)]);
    assert.ok(same, `tile at ${left}, ${top}`);
  }
  assert.deepEqual(
    tiles.filter(({ truth }) => truth.classes.length > 0).map(({ film: { path } }) => path),
    // The square lies by half or more in 5 of 9 tiles, the lesion at the skin line in one more.
    [...new Array(6).fill('a.png'), ...new Array(5).fill('b.png')],
  );
});

test('10,000 boxes in one film are cut to its tiles, matched and drawn from as any number is', () => {
  const random = new RandomStream(5, 'boxes');
  const lesions = Array.from({ length: 10_000 }, () => {
    const [x, y] = [random.uniform(0, 110), random.uniform(0, 110)];
    return { box: [x, y, x + random.uniform(2, 18), y + random.uniform(2, 18)] as const, class: random.integer(1, 2) };
  });
  const [tile] = tilesOf({ width: 128, height: 128 }, RECIPE);
  const truth = truthInTile(lesions, tile as Tile);
  assert.ok(truth.classes.length > 1000 && truth.boxes.every((value) => value >= 0 && value <= 64));
  const { levels, anchors } = geometryOf(detectorSpec(RECIPE, 'training'), anchorsOfRecipe(RECIPE));
  const inputs = rpnTargets(levels, anchors, [truth], [new RandomStream(6, 'anchors')]);
  const positives = levels.flatMap(({ name }) => [...(inputs.get(`rpn/labels/${name}`) as Float32Array)]);
  assert.equal(positives.filter((label) => label === 1).length, 128, 'half of 256 anchors');
});

test('an epoch has every tile with a lesion once, and a share of the others drawn anew', () => {
  const tiles = Array.from(
    { length: 20 },
    (_, i) =>
      ({ tile: { box: [i, 0, i + 1, 1] }, truth: { classes: i < 4 ? [1] : [], boxes: [] } }) as unknown as FilmTile,
  );
  const recipe = { ...RECIPE, emptyTiles: 0.5 };
  const numbers = (epoch: number, seed = 3) =>
    epochTiles(tiles, recipe, seed, epoch).map((tile) => tiles.indexOf(tile));
  assert.equal(tilesAnEpoch(tiles, recipe), 6);
  const [first, second] = [numbers(0), numbers(1)];
  for (const epoch of [first, second]) {
    assert.equal(new Set(epoch).size, 6);
    assert.deepEqual(epoch.filter((i) => i < 4).sort(), [0, 1, 2, 3]);
  }
  assert.notDeepEqual(first, second);
  assert.deepEqual(numbers(0), first);
  assert.equal(tilesAnEpoch(tiles, { ...RECIPE, emptyTiles: 9 }), 20);
});

test('a tile is mirrored with its boxes, and twice is as before', () => {
  const plane = { width: 3, height: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const tile = { plane, truth: { boxes: Float64Array.of(0, 0, 1, 1), classes: [2] } };
  const turned = mirrored(tile, { leftRight: true, topBottom: false });
  assert.deepEqual([...turned.plane.data], [3, 2, 1, 6, 5, 4]);
  assert.deepEqual([...turned.truth.boxes], [2, 0, 3, 1]);
  const both = mirrored(tile, { leftRight: true, topBottom: true });
  assert.deepEqual([...both.plane.data], [6, 5, 4, 3, 2, 1]);
  assert.deepEqual([...both.truth.boxes], [2, 1, 3, 2]);
  assert.deepEqual(mirrored(both, { leftRight: true, topBottom: true }), tile);
});

test('the cache keeps films within its limit, gives what reading gives, and reads again what it let go', async () => {
  const films = filmsOf(rows).slice(0, 2) as [Film, Film];
  const read: string[] = [];
  const cacheOf = (limit: number) =>
    new FilmCache(limit, (film) => {
      read.push(film.path);
      return readFilm(film);
    });
  const one = 60 * 64 * 2; // 16 bits a pixel
  const roomy = cacheOf(2 * one);
  for (const film of [...films, ...films]) assert.deepEqual(await roomy.get(film), await readFilm(film));
  assert.deepEqual([read.splice(0), roomy.bytes], [['a.png', 'b.png'], 2 * one]);
  const tight = cacheOf(one);
  for (const film of [films[0], films[1], films[1], films[0]]) await tight.get(film);
  assert.deepEqual([read.splice(0), tight.bytes], [['a.png', 'b.png', 'a.png'], one]);
  const none = cacheOf(0);
  for (const film of films) await none.get(film);
  assert.deepEqual([read.length, none.bytes], [2, 0]);
});
