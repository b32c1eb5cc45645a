/** Manifests whose rows name DICOM files and stacks: what a network sees, where boxes go, and what is refused. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  boxOnSeen,
  checkManifest,
  type ManifestRow,
  openManifestImage,
  readManifest,
  readManifestImage,
  type SeenPlane,
  writePng8,
} from '@mammoscope/imaging';
import { type DrawnMammogram, type MammogramTags, mammogramBytes, mammogramValues } from './mammogram-object.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifest-dicom-'));
});
after(() => rm(folder, { recursive: true }));

async function store(name: string, drawn: DrawnMammogram, tags: MammogramTags): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, mammogramBytes(drawn, tags));
  return path;
}

function rowOf(path: string, changes: Partial<ManifestRow> = {}): ManifestRow {
  return { line: 2, patientId: 'p', path, absolutePath: path, modality: 'DM', label: 'x', other: {}, ...changes };
}

/** The mean of a box, and of the plane. */
function means({ data, width }: { data: Float32Array; width: number }, [x1, y1, x2, y2]: readonly number[]) {
  let [inside, count, all] = [0, 0, 0];
  data.forEach((value, i) => {
    const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
    all += value;
    if (x > (x1 as number) && x < (x2 as number) && y > (y1 as number) && y < (y2 as number)) {
      inside += value;
      count++;
    }
  });
  return { inside: inside / count, all: all / data.length, count };
}

test('a DICOM row is seen upright, bright on black, chest wall on the left, and its box goes along', async () => {
  const lesion = [60, 40, 70, 48] as const;
  for (const photometric of ['MONOCHROME1', 'MONOCHROME2'] as const) {
    const path = await store(
      `${photometric}.dcm`,
      { chestWall: 'right', lesion },
      { laterality: 'R', view: 'CC', photometric },
    );
    const seen = await readManifestImage(rowOf(path, { laterality: 'R', view: 'CC', box: lesion }));
    assert.deepEqual([seen.laterality, seen.view, seen.bitDepth], ['R', 'CC', 16]);
    assert.equal(seen.decisions.length, 15);
    const box = boxOnSeen(lesion, seen);
    const { inside, all, count } = means(seen, box);
    assert.equal(count, 80);
    assert.ok(inside > 0.8 && all < 0.6, `${photometric}: ${inside} in the box, ${all} in all`);
    assert.equal(box[0], 96 - 70); // mirrored, and the crop begins at the chest wall
    assert.ok(seen.width < 96 && seen.height < 96, 'air is cropped');
  }
});

test('side and view of the row are held against tags and pixels, and prefer says which wins', async () => {
  const path = await store('left.dcm', { chestWall: 'left' }, { laterality: 'L', view: 'MLO' });
  await assert.rejects(readManifestImage(rowOf(path, { laterality: 'R' })), {
    code: 'sources-disagree',
    message: /R by laterality .*L by ImageLaterality/,
  });
  await assert.rejects(readManifestImage(rowOf(path, { view: 'CC' })), {
    code: 'sources-disagree',
    message: /CC by the row, MLO by the file/,
  });
  const told = rowOf(path, { laterality: 'R', view: 'CC', prefer: { laterality: 'user', view: 'user' } });
  const { laterality, view } = await readManifestImage(told);
  assert.deepEqual([laterality, view], ['R', 'CC']);
});

test('PatientOrientation that holds a view, as in CBIS-DDSM, is taken for the view', async () => {
  const path = await store('cbis.dcm', {}, { orientation: 'CC', laterality: 'L' });
  const seen = await readManifestImage(rowOf(path, { laterality: 'L', view: 'CC' }));
  assert.equal(seen.view, 'CC');
  await assert.rejects(readManifestImage(rowOf(path, { view: 'MLO' })), { code: 'sources-disagree' });
});

test('a patch as DICOM gets its grey levels and is not turned', async () => {
  const path = await store('patch.dcm', { chestWall: 'right' }, { laterality: 'L', view: 'NONSENSE' });
  const seen = await readManifestImage(rowOf(path, { modality: 'PATCH' }));
  assert.deepEqual([seen.width, seen.height], [96, 96]);
  const stored = mammogramValues({ chestWall: 'right' });
  const [dark, light] = [stored.indexOf(Math.min(...stored)), stored.indexOf(Math.max(...stored))];
  assert.ok((seen.data[light] as number) > (seen.data[dark] as number) + 0.3);
  assert.equal(boxOnSeen([1, 2, 3, 4], seen).join(), '1,2,3,4');
});

test('a stack is read at the middle of its slices, and none is guessed', async () => {
  const path = await store('dbt.dcm', { frames: 5 }, { laterality: 'L', view: 'CC' });
  const image = await openManifestImage(rowOf(path, { modality: 'DBT', sliceFirst: 2, sliceLast: 4 }));
  assert.deepEqual([image.depth, image.slice], [5, 3]);
  const whole = mammogramValues({ frames: 5 });
  const { data } = await image.stored(3);
  assert.ok(data.every((value, i) => value === whole[3 * 96 * 96 + i]));
  await image.close();
  await assert.rejects(readManifestImage(rowOf(path, { modality: 'DBT' })), /5 slices and its row names none/);
  const outside = rowOf(path, { modality: 'DBT', sliceFirst: 2, sliceLast: 5 });
  await assert.rejects(readManifestImage(outside), /slices 0 to 4 and the row names 2 to 5/);
});

test('all slices of a stack lie as the middle one does, and an empty slice is no error', async () => {
  const [side, frames] = [96, 3];
  const values = mammogramValues({ frames, chestWall: 'right' });
  values.fill(40, 2 * side * side); // nothing but air on the last slice
  const path = join(folder, 'empty-slice.dcm');
  const bytes = mammogramBytes({ frames, chestWall: 'right' }, { laterality: 'R', view: 'CC' });
  const pixels = Buffer.from(Uint16Array.from(values).buffer);
  await writeFile(path, Buffer.concat([bytes.subarray(0, bytes.length - pixels.length), pixels]));
  const image = await openManifestImage(rowOf(path, { modality: 'DBT', laterality: 'R' }));
  const planes = [await image.seen(2), await image.seen(0), await image.seen(1)];
  const [last, first, middle] = planes as [SeenPlane, SeenPlane, SeenPlane];
  for (const { width, height, placement } of planes)
    assert.deepEqual([width, height, placement], [middle.width, middle.height, middle.placement]);
  assert.ok(middle.width < side, 'air is cropped');
  const mean = ({ data }: SeenPlane) => data.reduce((a, b) => a + b, 0) / data.length;
  assert.ok(mean(last) < 0.05 && mean(first) > 0.2, `${mean(last)}, ${mean(first)}`);
  // Slices differ by 3 of 4095 in the breast and by nothing outside: mirrored alike, they differ by no more.
  const apart = first.data.map((value, i) => Math.abs(value - (middle.data[i] as number)));
  assert.ok(Math.max(...apart) < 5 / 4095);
  await image.close();
});

test('a DBT row may name a slice of a series of single files, put in order by their numbers', async () => {
  const slice = (instance: number, name: string, series = '1.2.3') =>
    store(`series/${name}`, { brighter: 10 * instance }, { laterality: 'L', view: 'CC', series, instance });
  await slice(3, 'a.dcm');
  const first = await slice(1, 'b.dcm');
  await slice(2, 'c.dcm');
  await slice(9, 'other.dcm', '1.2.4');
  await writeFile(join(folder, 'series', 'notes.txt'), 'not an image');
  await store('series/volume.dcm', { frames: 2 }, { laterality: 'L', series: '1.2.5' });
  const image = await openManifestImage(rowOf(first, { modality: 'DBT' }));
  assert.equal(image.depth, 3);
  for (const k of [0, 1, 2]) {
    const expected = mammogramValues({ brighter: 10 * (k + 1) });
    assert.ok(
      (await image.stored(k)).data.every((value, i) => value === expected[i]),
      `slice ${k}`,
    );
  }
  await image.close();
  const alone = await openManifestImage(rowOf(first));
  assert.equal(alone.depth, 1);
  await alone.close();
  await slice(5, 'd.dcm');
  await assert.rejects(openManifestImage(rowOf(first, { modality: 'DBT' })), {
    code: 'image-truncated',
    message: /between a\.dcm and d\.dcm a slice is missing/,
  });
  await slice(2, 'd.dcm');
  await assert.rejects(openManifestImage(rowOf(first, { modality: 'DBT' })), /c\.dcm and d\.dcm lie at one place/);
});

test('a DBT row may name the folder of its slices', async () => {
  for (const k of [1, 2, 3])
    await store(`slices/${k}.dcm`, { brighter: 10 * k }, { laterality: 'L', series: '1.2.6', instance: k });
  const manifest = async (modality: string) => {
    const lines = [`1,slices,${modality},normal,0,2`, '2,slices/2.dcm,DM,malignant,,'];
    const header = 'patient_id,path,modality,label,slice_first,slice_last';
    await writeFile(join(folder, 'folder.csv'), [header, ...lines].join('\n'));
    return readManifest(join(folder, 'folder.csv'));
  };
  await assert.rejects(manifest('DM'), /line 2: image slices is not a file/);
  const { problems, summary } = await checkManifest(await manifest('DBT'));
  assert.deepEqual([problems, summary.sizes], [[], { '96 x 96 x 3 slices x 16': 1, '96 x 96 x 16': 1 }]);
  const { data } = await readManifestImage(
    rowOf(join(folder, 'slices'), { modality: 'DBT', sliceFirst: 0, sliceLast: 2 }),
  );
  await store('lone/1.dcm', {}, { laterality: 'L', series: '1.2.7', instance: 1 });
  const lone = await openManifestImage(rowOf(join(folder, 'lone'), { modality: 'DBT' }));
  assert.equal(lone.depth, 1);
  const second = await readManifestImage(rowOf(join(folder, 'slices', '2.dcm')));
  assert.ok(data.every((value, i) => value === second.data[i]));
});

test('a DBT row may name a folder of numbered images, and one of them is not taken for all', async () => {
  await mkdir(join(folder, 'frames'));
  for (const k of [2, 10, 1]) await writePng8(join(folder, 'frames', `${k}.png`), new Float32Array(6).fill(k), 3, 2);
  const image = await openManifestImage(rowOf(join(folder, 'frames'), { modality: 'DBT', bitDepth: 8 }));
  assert.deepEqual([image.depth, image.bitDepth], [3, 8]);
  assert.deepEqual([...(await image.seen(2)).data], new Array(6).fill(10));
  const first = rowOf(join(folder, 'frames', '1.png'), { modality: 'DBT', other: { slices: '3' } });
  await assert.rejects(openManifestImage(first), {
    code: 'option-invalid',
    message: /has one slice and its row says slices 3: name the folder/,
  });
});

test('data check holds side, view, size, slices and boxes of DICOM rows against the files', async () => {
  await store('one.dcm', { brighter: 1 }, { laterality: 'L', view: 'CC' });
  await store('two.dcm', { brighter: 2 }, { laterality: 'L', view: 'CC' });
  await store('three.dcm', { brighter: 3 }, { laterality: 'L', view: 'CC' });
  await store('four.dcm', { brighter: 4, frames: 3 }, { laterality: 'L', view: 'CC' });
  await writeFile(join(folder, 'five.dcm'), mammogramBytes({}, { laterality: 'L' }).subarray(0, 4000));
  const lines = [
    'patient_id,path,modality,label,laterality,view,x1,y1,x2,y2,slice_first,slice_last,width,height,prefer',
    '1,one.dcm,DM,normal,R,CC,,,,,,,,,',
    '2,two.dcm,DM,normal,L,MLO,,,,,,,,,',
    '3,three.dcm,DM,malignant,L,CC,1,1,97,5,,,96,95,',
    '4,four.dcm,DBT,malignant,L,CC,1,1,5,5,1,3,,,',
    '5,five.dcm,DM,malignant,L,,,,,,,,,,',
  ];
  await writeFile(join(folder, 'check.csv'), `${lines.join('\n')}\n`);
  const { problems, summary } = await checkManifest(await readManifest(join(folder, 'check.csv')));
  const text = problems.map(({ line, message }) => `${line}: ${message}`).join('\n');
  assert.match(text, /^2: .*"laterality" disagree/m);
  assert.match(text, /^3: .*"view" disagree: MLO by the row, CC by the file/m);
  assert.match(text, /^4: the box 1, 1, 97, 5 leaves image/m);
  assert.match(text, /^4: .*has a height of 96 pixels and its row says 95/m);
  assert.match(text, /^5: slices 1 to 3 are named .* has slices 0 to 2/m);
  assert.match(text, /^6: .*five\.dcm/m);
  assert.equal(problems.length, 6);
  assert.deepEqual(summary.sizes, { '96 x 96 x 16': 1, '96 x 96 x 3 slices x 16': 1 });
  const bad = lines.slice(0, 2).map((line, i) => (i === 1 ? `${line}laterality:user` : line));
  await writeFile(join(folder, 'prefer.csv'), `${bad.join('\n')}\n`);
  await assert.rejects(readManifest(join(folder, 'prefer.csv')), /prefer must be step=source pairs/);
});
