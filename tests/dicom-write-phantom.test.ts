/** `phantom --format dicom`: objects that others accept, that come back pixel for pixel, and that lie as their tags say. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { before, test } from 'node:test';
import { openDicom } from '@mammoscope/dicom';
import { describeOrientation, openImage, prepareImage, readImage, readManifest } from '@mammoscope/imaging';
import { PHANTOM_PRESETS } from '@mammoscope/phantom';
import { assertDone, fileHashes, workplace } from './cli-process.ts';

const { folder, mammoscope } = await workplace();
const { dm, dbt } = PHANTOM_PRESETS.tiny;
const cohort = (out: string, ...more: string[]) => ['phantom', '--out', out, '--patients', '1', '--seed', '3', ...more];
const images = join(folder, 'one', 'images', 'woman-0001');
const dicom = ['--format', 'dicom', '--raw'];

before(async () => {
  assertDone(await mammoscope(cohort('one', ...dicom)));
  assertDone(await mammoscope(cohort('png')));
});

const views = (['L', 'R'] as const).flatMap((side) =>
  (['CC', 'MLO'] as const).map((view) => ({ side, view, name: `${side}-${view}` })),
);
const kinds = [
  { suffix: '', spacingMm: dm.spacingMm },
  { suffix: '-raw', spacingMm: dm.spacingMm },
  { suffix: '-dbt', spacingMm: dbt.spacingMm },
] as const;
const objects = views.flatMap((view) =>
  kinds.map((kind) => ({ ...view, ...kind, path: join(images, `${view.name}${kind.suffix}.dcm`) })),
);
const sha256 = (...pieces: readonly ArrayBufferView[]) =>
  pieces
    .reduce<ReturnType<typeof createHash>>(
      (hash, { buffer, byteOffset, byteLength }) => hash.update(new Uint8Array(buffer, byteOffset, byteLength)),
      createHash('sha256'),
    )
    .digest('hex');
const missing = (program: string) => (spawnSync(program, ['--version']).error ? `${program} is not installed` : false);

test('a woman is eight objects and four for processing, in a manifest of the same columns that data check accepts', async () => {
  const names = await readdir(images);
  assert.deepEqual(names.sort(), objects.map(({ path }) => basename(path)).sort());
  const checked = await mammoscope(['data', 'check', 'one/manifest.csv', '--json']);
  assertDone(checked);
  const { summary } = JSON.parse(checked.stdout) as { summary: { perModality: unknown; sizes: unknown } };
  assert.deepEqual(summary.perModality, { DM: 4, DBT: 4 });
  assert.deepEqual(summary.sizes, {
    [`${dm.widthPx} x ${dm.heightPx} x 16`]: 4,
    [`${dbt.widthPx} x ${dbt.heightPx} x ${dbt.slices} slices x 16`]: 4,
  });
  const [ours, png] = await Promise.all(['one', 'png'].map((name) => readManifest(join(folder, name, 'manifest.csv'))));
  const cells = (rows: typeof ours) =>
    rows?.rows.map(({ path, absolutePath: _, ...row }) => ({ ...row, path: path.replace(/\.\w+$/, '') }));
  assert.deepEqual(cells(ours), cells(png));
  const [hashes, others] = [await fileHashes(join(folder, 'one')), await fileHashes(join(folder, 'png'))];
  for (const [name, hash] of Object.entries(others))
    if (name.startsWith('masks')) assert.equal(hashes[name], hash, name);
});

test('the same seed gives the same bytes, in one thread or two, with raw images or without, and as the beginning of a larger cohort', async () => {
  assertDone(await mammoscope(cohort('threads', '--threads', '2', ...dicom)));
  const one = await fileHashes(join(folder, 'one'));
  assert.deepEqual(await fileHashes(join(folder, 'threads')), one);
  assertDone(await mammoscope(['phantom', '--out', 'two', '--patients', '2', '--seed', '3', '--format', 'dicom']));
  const two = await fileHashes(join(folder, 'two'));
  for (const [name, hash] of Object.entries(one))
    if (name.endsWith('.dcm')) assert.equal(two[name], name.endsWith('-raw.dcm') ? undefined : hash, name);
});

for (const { path, name, suffix } of objects)
  test(`${name}${suffix}: dciodvfy has nothing to say, plain and with IHE's profile`, {
    skip: missing('dciodvfy'),
  }, () => {
    for (const profile of [[], ['-profile', suffix === '-dbt' ? 'IHEDBT' : 'IHEMammo']]) {
      const { stdout, stderr } = spawnSync('dciodvfy', ['-new', ...profile, path], { encoding: 'utf8' });
      const lines = `${stdout}${stderr}`.split('\n').filter(Boolean);
      const iod =
        suffix === '-dbt' ? 'BreastTomosynthesisImage' : `MammographyImageFor${suffix ? 'Processing' : 'Presentation'}`;
      assert.deepEqual(lines, [`${iod}${profile[1] ?? ''}`]);
    }
  });

for (const { name } of views)
  test(`${name}: the pixels are those of the PNG`, async () => {
    const flat = await readImage(join(folder, 'png', 'images', 'woman-0001', `${name}.png`));
    await using file = await openDicom(join(images, `${name}.dcm`));
    assert.equal(sha256(Float32Array.from((await file.frame(0)).data)), sha256(flat.data));
    await using volume = await openDicom(join(images, `${name}-dbt.dcm`));
    assert.equal(volume.frameCount, dbt.slices);
    for (let k = 0; k < dbt.slices; k++) {
      const slice = `slice-${String(k).padStart(2, '0')}.png`;
      const png = await readImage(join(folder, 'png', 'images', 'woman-0001', `${name}-dbt`, slice));
      assert.equal(sha256(Float32Array.from((await volume.frame(k)).data)), sha256(png.data), slice);
    }
  });

for (const { path, name, suffix } of objects)
  test(`${name}${suffix}: dcmtk and GDCM see the values that we see`, {
    skip: missing('dcmdump') || missing('gdcmraw') || false,
  }, async () => {
    await using file = await openDicom(path);
    const ours: ArrayBufferView[] = [];
    for await (const { data } of file.frames()) ours.push(data.slice());
    const raw = join(folder, `${name}${suffix}.raw`);
    assert.equal(spawnSync('gdcmraw', ['-i', path, '-o', raw]).status, 0);
    assert.equal(sha256(await readFile(raw)), sha256(...ours));
    assert.equal(spawnSync('dcmdump', ['+W', folder, path]).status, 0);
    assert.equal(sha256(await readFile(join(folder, `${basename(path)}.0.raw`))), sha256(...ours));
  });

for (const { path, name, side, view, suffix, spacingMm } of objects)
  test(`${name}${suffix}: prepareImage finds side, view, chest wall, spacing and polarity, and no source disagrees`, async () => {
    const stack = await openImage(path);
    for (const slice of suffix === '-dbt' ? [0, 7, dbt.slices - 1] : [0]) {
      const stored = await stack.slice(slice);
      const image = prepareImage(stored, stack.facts(slice), { crop: 'none', normalise: 'none' });
      assert.deepEqual([image.laterality, image.view], [side, view]);
      const orientation = describeOrientation(image.placement.orientation);
      assert.equal(
        orientation,
        describeOrientation({ transpose: false, flipHorizontal: side === 'R', flipVertical: false }),
      );
      const said = (step: string) => image.decisions.find((decision) => decision.step === step)?.choice ?? '';
      assert.equal(said('spacing'), `${spacingMm}, ${spacingMm} mm (rows, columns)`);
      assert.equal(said('photometric interpretation'), suffix === '-raw' ? 'least is white' : 'least is black');
      // Tissue at the chest wall, which is now left, is bright; beyond the nipple there is black air.
      const { plane } = image;
      const row = Math.floor(plane.height / 2) * plane.width;
      const nearWall = plane.data.subarray(row, row + 40).reduce((sum, value) => sum + value, 0) / 40;
      assert.ok(nearWall > 0.1 && plane.data[row + plane.width - 2] === 0, `${nearWall}`);
    }
    await stack.close();
  });

test('frames lie a slice apart along the normal, from the detector to the tube, and mirror each other between sides', async () => {
  const firsts = new Map<string, readonly number[]>();
  for (const { name, side, view } of views) {
    await using file = await openDicom(join(images, `${name}-dbt.dcm`));
    const { ImageOrientationPatient: axes = [] } = file.frameMeta(0);
    const [row, column] = [axes.slice(0, 3), axes.slice(3)] as [number[], number[]];
    const at = (frame: number) => file.frameMeta(frame).ImagePositionPatient ?? [];
    const step = at(1).map((value, axis) => value - (at(0)[axis] as number));
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
    assert.ok(Math.abs(Math.hypot(...step) - dbt.sliceMm) < 1e-5);
    assert.ok(Math.abs(dot(step, row)) < 1e-5 && Math.abs(dot(step, column)) < 1e-5);
    assert.ok((step[2] as number) > 0, 'the tube is above');
    // The chest wall is behind: the first column of a left breast is at the wall, the last of a right one.
    const wall =
      side === 'L'
        ? at(0)
        : at(0).map((value, axis) => value + (row[axis] as number) * (dbt.widthPx - 1) * dbt.spacingMm);
    assert.ok(Math.abs((wall[1] as number) + dbt.spacingMm / 2) < 1e-4, `${wall}`);
    if (view === 'CC') firsts.set(side, wall);
  }
  const [left, right] = [firsts.get('L') ?? [], firsts.get('R') ?? []];
  assert.ok(Math.abs((left[0] as number) + (right[0] as number)) < 1e-4 && left[2] === right[2]);
});

test('objects have identities of their own in one study, and say that nobody was imaged', {
  skip: missing('dcmdump'),
}, () => {
  const tags = (path: string, ...names: readonly string[]) => {
    const wanted = names.flatMap((name) => ['+P', name]);
    const { stdout } = spawnSync('dcmdump', ['+L', ...wanted, path], { encoding: 'utf8' });
    return Object.fromEntries([...stdout.matchAll(/\[(.*)\].* (\w+)$/gm)].map(([, value, name]) => [name, value]));
  };
  const read = objects.map(({ path }) =>
    tags(path, 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID', 'PatientName', 'PatientID', 'ImageComments'),
  );
  const different = (name: string) => new Set(read.map((one) => one[name])).size;
  assert.equal(different('SOPInstanceUID'), objects.length);
  assert.deepEqual(['StudyInstanceUID', 'SeriesInstanceUID', 'PatientID'].map(different), [1, 3, 1]);
  for (const { PatientName = '', ImageComments = '' } of read) {
    assert.match(PatientName, /^SYNTHETIC\^/);
    assert.match(ImageComments, /^Synthetic.*Not a medical device/);
  }
});
