/** Kang 2021 on lesions of whole mammograms from the command line: cut out in training, evaluation and prediction alike. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { formatCsv, resizeBilinear, writePng8, zScoreNormalise } from '@mammoscope/imaging';
import * as ort from 'onnxruntime-node';
import { assertDone, assertRefused, workplace } from './cli-process.ts';
import { dicomBytes, element, imageElements } from './dicom-object.ts';
import { type DrawnMammogram, mammogramBytes, mammogramValues } from './mammogram-object.ts';

const { folder, mammoscope } = await workplace();
const [SIDE, ROI] = [96, 32];

/** Films of twelve women in turn benign and malignant, chest wall left and right, DICOM and PNG; the first has two lesions. */
const women = Array.from({ length: 12 }, (_, i) => {
  const chestWall = i % 4 < 2 ? 'left' : 'right';
  const x = chestWall === 'left' ? 10 + 18 * (i % 2) : 76; // of the second at the skin line
  const size = i % 2 === 0 ? 4 : 10;
  const lesion = [x, 40, x + size, 40 + size] as const;
  return { drawn: { chestWall, brighter: 9 * i, lesion } satisfies DrawnMammogram, lesion, isDicom: i % 3 !== 2 };
});
const rows = women.flatMap(({ drawn, lesion, isDicom }, i) => {
  const [x1, y1, x2, y2] = lesion;
  const row = {
    patient_id: `w${i}`,
    path: `films/${i}.${isDicom ? 'dcm' : 'png'}`,
    modality: isDicom ? 'DM' : 'FILM',
    label: i % 2 === 0 ? 'benign' : 'malignant',
    laterality: drawn.chestWall === 'left' ? 'L' : 'R',
    split: i < 6 ? 'train' : i < 9 ? 'val' : 'test',
    ...{ lesion_id: `w${i}-a`, x1, y1, x2, y2 },
  };
  const larger = { lesion_id: 'w0-b', y1: 50, y2: 50 + ROI + 1 };
  return i === 0 ? [row, { ...row, ...larger }] : [row];
});
type Row = (typeof rows)[number];
const some = rows.slice(0, 5);
const NO_BOX = { x1: '', y1: '', x2: '', y2: '' };

/** A manifest of rows, written beside the films. */
async function manifestOf(name: string, changed: readonly object[]): Promise<string> {
  await writeFile(join(folder, name), formatCsv(changed as readonly Row[]));
  return name;
}

/** The network with the fewest operations to time. */
const SETTINGS = ['networks=samala2016', `sizePx=${ROI}`, `roiPx=${ROI}`, 'batch=4', 'epochs=1'];
const train = (manifest: string, out: string, ...settings: readonly string[]) =>
  mammoscope([
    ...['train', 'kang2021', '--data', manifest, '--classes', 'benign,malignant', '--preset', 'tiny', '--seed', '7'],
    ...[...SETTINGS, ...settings].flatMap((setting) => ['--set', setting]),
    ...['--out', out],
  ]);

before(async () => {
  await mkdir(join(folder, 'films'));
  for (const [i, { drawn, isDicom }] of women.entries()) {
    const path = join(folder, 'films', `${i}.${isDicom ? 'dcm' : 'png'}`);
    const tags = { laterality: drawn.chestWall === 'left' ? 'L' : 'R', patientId: `w${i}` };
    if (isDicom) await writeFile(path, mammogramBytes(drawn, tags));
    else
      await writePng8(
        path,
        Float32Array.from(mammogramValues(drawn), (value) => value >> 4),
        SIDE,
        SIDE,
      );
  }
  const outcome = await train(await manifestOf('films.csv', rows), 'run');
  assertDone(outcome);
  assert.match(outcome.stderr, /lesions larger than the ROI of 32 px, whose middle is seen: 1 /);
});

/** Where the ROI of a woman's lesion begins on the stored film. */
function startOf(woman: number): readonly [number, number] {
  const { lesion } = women[woman] as (typeof women)[number];
  const start = (centre: number) => Math.min(SIDE - ROI, Math.max(0, centre - ROI / 2));
  return [start((lesion[0] + lesion[2]) / 2), start((lesion[1] + lesion[3]) / 2)];
}

/** Stored values of the ROI of a woman's lesion, which is moved into the film, as the network sees it: chest wall left in DICOM. */
function roiOf(woman: number): number[] {
  const { drawn, isDicom } = women[woman] as (typeof women)[number];
  const values = mammogramValues(drawn);
  const [x, y] = startOf(woman);
  const isMirrored = isDicom && drawn.chestWall === 'right';
  return Array.from({ length: ROI * ROI }, (_, i) => {
    const column = isMirrored ? x + ROI - 1 - (i % ROI) : x + (i % ROI);
    return values[(y + Math.floor(i / ROI)) * SIDE + column] as number;
  });
}

test('predict cuts the lesions of a manifest out as training did: a score is that of the ROI cut out by hand', async () => {
  assert.equal(JSON.parse(await readFile(join(folder, 'run', 'run.json'), 'utf8')).recipe.roiPx, ROI);
  const manifest = await manifestOf(
    'some.csv',
    some.map(({ label: _, ...row }) => row),
  ); // new lesions have no label
  const outcome = await mammoscope(['predict', 'run', manifest, '--out', 'predicted', '--json']);
  assertDone(outcome);
  const { predictions } = JSON.parse(outcome.stdout);
  assert.deepEqual(
    predictions.map(({ path, patientId, lesionId }: Record<string, string>) => [path, patientId, lesionId]),
    some.map((row) => [row.path, row.patient_id, row.lesion_id]),
  );
  const [header] = (await readFile(join(folder, 'predicted', 'predictions.csv'), 'utf8')).split('\n');
  assert.match(header as string, /^patient_id,lesion_id,path,score,/);
  const cut = [1, 2, 3]; // DICOM with the chest wall on the left, PNG, DICOM with it on the right
  for (const woman of cut) {
    const values = roiOf(woman);
    if (!women[woman]?.isDicom) {
      const bytes = Float32Array.from(values, (value) => value >> 4);
      await writePng8(join(folder, `roi-${woman}.png`), bytes, ROI, ROI);
      continue;
    }
    const size = [element(0x00280010, 'US', [ROI]), element(0x00280011, 'US', [ROI])];
    const grey = element(0x00280004, 'CS', 'MONOCHROME2');
    const patch = imageElements([grey, ...size, element(0x7fe00010, 'OW', values)]);
    await writeFile(join(folder, `roi-${woman}.dcm`), dicomBytes(patch));
  }
  const files = cut.map((woman) => `roi-${woman}.${women[woman]?.isDicom ? 'dcm' : 'png'}`);
  const byHand = await mammoscope(['predict', 'run', ...files, '--out', 'by-hand', '--json']);
  assertDone(byHand);
  for (const [i, { score }] of JSON.parse(byHand.stdout).predictions.entries()) {
    const whole = predictions.find(({ patientId }: { patientId: string }) => patientId === `w${cut[i]}`);
    assert.ok(Math.abs(score - whole.score) < 1e-4, `${files[i]}: ${score} by hand, ${whole.score} cut out`);
  }
  const [first, second] = predictions;
  assert.notEqual(first.score, second.score, 'two lesions of one film');
});

test('evaluate cuts out the lesions of another manifest, and refuses a film without a box among them', async () => {
  const others = some.map((row) => ({ ...row, patient_id: `new-${row.patient_id}` }));
  const evaluate = (manifest: string) =>
    mammoscope(['evaluate', 'run', '--data', manifest, '--out', 'evaluated', '--json']);
  assertDone(await evaluate(await manifestOf('others.csv', others)));
  const scores = async (name: string) => {
    const [header, ...lines] = (await readFile(join(folder, name, 'predictions.csv'), 'utf8')).trimEnd().split('\n');
    const column = (header as string).split(',').indexOf('score');
    return lines.map((line) => line.split(',')[column]);
  };
  assert.deepEqual(await scores('evaluated'), await scores('predicted'));
  const boxless = await manifestOf('new.csv', [...others, { ...others[2], path: 'films/9.dcm', ...NO_BOX }]);
  assertRefused(await evaluate(boxless), 2, /new\.csv, line 7: image films\/9\.dcm is a whole mammogram without a box/);
});

/** Networks with inputs of 48 and of 32 pixels. */
const TWO = ['squeezenet1_1', 'samala2016'] as const;
const SIZES = { squeezenet1_1: 48, samala2016: ROI } as const;

test('networks of two sizes: each sees the ROI in its own, in training, predict and the exported model', async () => {
  const settings = [`networks=${TWO}`, `networkSizes=squeezenet1_1:${SIZES.squeezenet1_1}`, 'copies=3'];
  const trained = await train('films.csv', 'two', ...settings);
  assertDone(trained);
  // 7 training images, 3 times each, in batches of 4
  assert.match(trained.stderr, /samala2016: 7 training, .* images; .*\b5 batches/);
  const outcome = await mammoscope(['predict', 'two', await manifestOf('some.csv', some), '--out', 'both', '--json']);
  assertDone(outcome);
  const { cutoff, memberCutoffs, predictions } = JSON.parse(outcome.stdout);
  const exported = await mammoscope(['export', 'two', '--out', 'two.onnx', '--json']);
  assertDone(exported);
  const inputs = { image_48: 48, image_32: ROI };
  assert.deepEqual(JSON.parse(exported.stdout).inputs, inputs);
  const seen = (woman: number, sizePx: number) => {
    const roi = Float32Array.from(roiOf(woman));
    const resized = sizePx === ROI ? roi : resizeBilinear(roi, ROI, ROI, sizePx, sizePx);
    return new ort.Tensor('float32', zScoreNormalise(resized), [1, 1, sizePx, sizePx]);
  };
  const scoreOf = async (file: string, feeds: Record<string, ort.Tensor>) => {
    const session = await ort.InferenceSession.create(join(folder, file), { intraOpNumThreads: 1 });
    const { score } = await session.run(feeds);
    await session.release();
    assert.ok(score);
    return (score.data as Float32Array)[0] as number;
  };
  for (const woman of [1, 3]) {
    const found = predictions.find(({ patientId }: { patientId: string }) => patientId === `w${woman}`);
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, sizePx]) => [name, seen(woman, sizePx)]));
    const whole = await scoreOf('two.onnx', feeds);
    assert.ok(Math.abs(whole - found.score) < 1e-4, `${whole} of the file, ${found.score} of predict`);
    for (const member of TWO) {
      const own = await scoreOf(`two/${member}/model.onnx`, { image: seen(woman, SIZES[member]) });
      assert.ok(Math.abs(own - found.members[member]) < 1e-4, `${member}: ${own}, ${found.members[member]}`);
      assert.equal(found.votes[member] === 'malignant', own >= (memberCutoffs[member] ?? Infinity));
    }
    assert.equal(found.decision === 'malignant', found.score >= (cutoff ?? Infinity));
  }
});

test('predict writes the Grad-CAM of every network beside the JSON, each over the image as that network sees it', async () => {
  const { predictions } = JSON.parse(await readFile(join(folder, 'both', 'predictions.json'), 'utf8'));
  const sideOf = async (path: string) => (await readFile(join(folder, 'both', path))).readUInt32BE(16); // IHDR
  for (const { image, gradCam } of predictions) {
    assert.deepEqual(Object.keys(gradCam), TWO);
    // small images are enlarged by a whole factor to 160 pixels or more
    assert.equal(await sideOf(image), 4 * 48);
    assert.equal(await sideOf(gradCam.squeezenet1_1.overlay), 4 * 48);
    assert.equal(await sideOf(gradCam.samala2016.overlay), 5 * 32);
  }
  // maps by themselves lie where the ROI was cut out of the stored film, mirrored or not
  for (const woman of [1, 2, 3]) {
    const { gradCam } = predictions.find(({ patientId }: { patientId: string }) => patientId === `w${woman}`);
    const [x, y] = startOf(woman);
    for (const { map } of Object.values<{ map: { volume: string; box: number[] } }>(gradCam)) {
      assert.deepEqual(map.box, [x, y, x + ROI, y + ROI]);
      const nifti = gunzipSync(await readFile(join(folder, 'both', map.volume)));
      assert.deepEqual([nifti.readInt32LE(0), nifti.readInt16LE(46)], [348, 1], 'a volume of one slice');
    }
  }
  const [header] = (await readFile(join(folder, 'both', 'predictions.csv'), 'utf8')).split('\n');
  assert.equal(
    header,
    'patient_id,lesion_id,path,score,decision,score_squeezenet1_1,score_samala2016,vote_squeezenet1_1,vote_samala2016',
  );
});

test('evaluate explains the network asked for, by its own scores and cut-off, and names those of the run for another', async () => {
  const evaluate = (...more: string[]) =>
    mammoscope(['evaluate', 'two', '--data', 'others.csv', '--out', 'explained', ...more]);
  const gallery = async () =>
    (await readFile(join(folder, 'explained', 'report.html'), 'utf8')).match(
      /<section id="gallery".*?<\/section>/s,
    )?.[0] ?? '';
  assertDone(await evaluate());
  assert.match(await gallery(), /Scores and decisions are those of squeezenet1_1\. Grad-CAM .* of squeezenet1_1/);
  assertDone(await evaluate('--explain', 'samala2016'));
  const shown = await gallery();
  assert.match(shown, /Scores and decisions are those of samala2016\. Grad-CAM .* of samala2016/);
  const [header = '', ...lines] = (await readFile(join(folder, 'explained', 'predictions.csv'), 'utf8'))
    .trim()
    .split('\n');
  const column = header.split(',').indexOf('score_samala2016');
  for (const line of lines) assert.ok(shown.includes(`score ${Number(line.split(',')[column]).toFixed(3)}`), line);
  assertRefused(
    await evaluate('--explain', 'xception'),
    2,
    /--explain xception: the run has squeezenet1_1, samala2016; name one .* for squeezenet1_1/,
  );
});

test('a whole film without a manifest is refused; a manifest as PATCH says that an image shows a lesion alone', async () => {
  assertRefused(
    await mammoscope(['predict', 'run', 'films/0.dcm', '--out', 'unmade']),
    2,
    /films\/0\.dcm has 96 x 96 pixels .* squares of 32: give a manifest \(CSV\) with the boxes/,
  );
  const patches = rows.map(({ x1, y1, x2, y2, ...row }) => ({ ...row, modality: 'PATCH' })).slice(1, 4);
  assertDone(await mammoscope(['predict', 'run', await manifestOf('patches.csv', patches), '--out', 'patches']));
});

test('a film without a box among lesions is refused by line', async () => {
  const boxless = await manifestOf('boxless.csv', rows.map((row, i) => (i === 3 ? { ...row, ...NO_BOX } : row))); // biome-ignore format: one row
  const pattern =
    /boxless\.csv, line 5: image films\/2\.png is a whole mammogram without a box, .* fill x1, y1, x2, y2/;
  assertRefused(await train(boxless, 'unmade'), 2, pattern);
  assertRefused(await mammoscope(['predict', 'run', boxless, '--out', 'unmade']), 2, pattern);
});
