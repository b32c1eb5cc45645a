import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ManifestRow, type Plane, readManifest, writePng16 } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { Engine, loadWeights } from '@mammoscope/runtime';
import { PUBLISHED_DETECTION } from '../detection/detections.ts';
import { geometryOf, loadPhases } from '../detection/detector.ts';
import { detectorDeclarations, inferencePhases } from '../detection/graphs.ts';
import { detectionOptions, detectOnFilm, detectorSpec, trainDetectorOn } from './detector.ts';
import { filmsOf, readFilm } from './films.ts';
import { classIndex, PRESETS, type Recipe } from './recipe.ts';

const RECIPE: Recipe = {
  ...PRESETS.tiny,
  tileWidthPx: 64,
  tileHeightPx: 64,
  overlapPx: 16,
  anchors: { sizesPx: [8, 16, 24, 32, 48], ratios: [1] },
  epochs: 1,
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
  const { plane, cropPx, lesions } = await readFilm(films[0] as (typeof films)[number]);
  assert.deepEqual([plane.width, plane.height, ...cropPx], [60, 64, 0, 0, 60, 64]);
  assert.deepEqual(lesions, [
    { box: [20, 30, 36, 46], class: classIndex('malignant') },
    { box: [55, 0, 60, 10], class: classIndex('benign') },
  ]);
  assert.deepEqual([Math.min(...plane.data), Math.max(...plane.data)], [0, 1]);
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
});

test('the thresholds of the recipe are those of the detections', () => {
  assert.deepEqual(detectionOptions(PRESETS.paper), { score: 0.3, overlap: 0.3, most: PUBLISHED_DETECTION.most });
  assert.deepEqual(
    [detectorSpec(PRESETS.paper, 'training').rois, detectorSpec(PRESETS.paper, 'inference').rois],
    [1024, 1000],
  );
});

test('a detector is trained on films and finds boxes in their pixels', async () => {
  const engine = await Engine.create({ threads: 2 });
  try {
    const spec = detectorSpec(RECIPE, 'inference');
    const one = new Map([
      ['rpn.head.cls_logits.bias', { dtype: 'F32' as const, shape: [1], data: new Float32Array(1) }],
    ]);
    const declarations = detectorDeclarations(spec);
    const { values } = loadWeights(declarations, one, { seed: 4, file: 'seed', classifier: null });
    for (const [name, weights] of values) if (name.endsWith('bn3.weight')) weights.fill(0.2);
    const films = filmsOf(rows).slice(0, 2);
    const history = await trainDetectorOn(films, { engine, recipe: RECIPE, weights: values, seed: 1 });
    assert.equal(history.length, 1);
    assert.ok(history.every(({ total }) => total > 0 && Number.isFinite(total)));
    const sessions = await loadPhases(engine, inferencePhases(spec), new Map());
    const right: Plane = { width: 80, height: 64, data: new Float32Array(80 * 64) };
    // The mirror image: a right breast, whose boxes start after 20 black columns.
    const stored = film(1);
    for (const [at] of stored.entries()) right.data[at] = stored[Math.floor(at / 80) * 80 + 79 - (at % 80)] as number;
    const geometry = geometryOf(spec, RECIPE.anchors);
    const found = await detectOnFilm(right, 'R', sessions, geometry, { ...RECIPE, scoreThreshold: 0.01 });
    assert.ok(found.length > 0);
    assert.ok(found.every(({ box: [x1, y1, x2, y2] }) => x1 >= 20 && x2 <= 80 && y1 >= 0 && y2 <= 64));
  } finally {
    await engine.close();
  }
});
