/** Pairs of mammogram and tomosynthesis that cannot be read together: named by their line and refused before anything is trained. */
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { type CsvCells, formatCsv, writePng8 } from '@mammoscope/imaging';
import { assertRefused, type Outcome, workplace } from './cli-process.ts';
import { type DrawnMammogram, type MammogramTags, mammogramBytes } from './mammogram-object.ts';

const { folder, mammoscope } = await workplace();
const SIDE = 96;
const CC = { laterality: 'L', view: 'CC' } as const;

/** Rows of 16 good pairs in DICOM, lines 2 to 33. */
const good: CsvCells[] = [];

const rowOf = (patient: string, modality: 'DM' | 'DBT', path: string): CsvCells => ({
  ...{ patient_id: patient, laterality: 'L', view: 'CC', label: 'malignant', split: 'train', modality, path },
});

async function store(name: string, drawn: DrawnMammogram, tags: MammogramTags = CC): Promise<string> {
  await writeFile(join(folder, name), mammogramBytes(drawn, tags));
  return name;
}

async function storeSlices(name: string, slices: readonly { readonly side?: number; readonly value: number }[]) {
  await mkdir(join(folder, name));
  for (const [t, { side = SIDE, value }] of slices.entries())
    await writePng8(join(folder, name, `${t}.png`), new Float32Array(side * side).fill(value), side, side);
  return name;
}

before(async () => {
  for (let p = 0; p < 16; p++) {
    const split = p < 8 ? 'train' : p < 12 ? 'val' : 'test';
    const of = { label: p % 2 === 0 ? 'benign' : 'malignant', split };
    const dm = await store(`p${p}.dcm`, { brighter: 10 * p });
    const dbt = await store(`p${p}-dbt.dcm`, { brighter: 10 * p + 5, frames: 3 });
    good.push({ ...rowOf(`p${p}`, 'DM', dm), ...of }, { ...rowOf(`p${p}`, 'DBT', dbt), ...of });
  }
});

/** What train says of the good pairs and some more rows, the first of which is on line 34. */
async function train(rows: readonly CsvCells[]) {
  await writeFile(join(folder, 'pairs.csv'), formatCsv([...good, ...rows]));
  const settings = ['sizePx=64', 'batch=8', 'epochs=1', 'patience=1', 'variants=1', 'baselines='];
  return mammoscope([
    ...['train', 'liang2019', '--data', 'pairs.csv', '--classes', 'benign,malignant', '--preset', 'tiny'],
    ...[...settings.flatMap((setting) => ['--set', setting]), '--out', 'run'],
  ]);
}

/** Requires a list of problems, each of them named. */
function assertListed({ code, stdout, stderr }: Outcome, ...problems: readonly RegExp[]): void {
  assert.deepEqual([code, stdout], [2, ''], stderr);
  assert.equal(stderr.includes(`pairs.csv has ${problems.length} problems`), true, stderr);
  for (const problem of problems) assert.match(stderr, problem);
}

/** An AVI by the RIFF specification, of frames of zeros. */
function avi(frames: number): Buffer {
  const chunk = (id: string, data: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(id, 0, 'latin1');
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data]);
  };
  const list = (type: string, ...parts: Buffer[]) => chunk('LIST', Buffer.concat([Buffer.from(type), ...parts]));
  const format = Buffer.alloc(40);
  format.writeUInt32LE(40, 0);
  format.writeInt32LE(SIDE, 4);
  format.writeInt32LE(SIDE, 8);
  format.writeUInt16LE(8, 14);
  const stream = list(
    'strl',
    chunk('strh', Buffer.concat([Buffer.from('vids'), Buffer.alloc(52)])),
    chunk('strf', format),
  );
  const pictures = Array.from({ length: frames }, () => chunk('00db', Buffer.alloc(SIDE * SIDE)));
  return chunk('RIFF', Buffer.concat([Buffer.from('AVI '), list('hdrl', stream), list('movi', ...pictures)]));
}

test('every image is decoded first: frames of different size, an AVI that ends early, the other breast, another view', async () => {
  await writeFile(join(folder, 'cut.avi'), avi(4).subarray(0, -SIDE));
  const outcome = await train([
    rowOf('a', 'DM', await store('a.dcm', { brighter: 201 })),
    rowOf('a', 'DBT', await storeSlices('a-dbt', [{ value: 9 }, { value: 8 }, { value: 7, side: 80 }])),
    rowOf('b', 'DM', await store('b.dcm', { brighter: 202 })),
    rowOf('b', 'DBT', 'cut.avi'),
    rowOf('c', 'DM', await store('c.dcm', { brighter: 203, chestWall: 'right' }, { laterality: 'R', view: 'CC' })),
    rowOf('c', 'DBT', await store('c-dbt.dcm', { brighter: 204, frames: 2 })),
    rowOf('d', 'DM', await store('d.dcm', { brighter: 205 }, { laterality: 'L', view: 'MLO' })),
    rowOf('d', 'DBT', await store('d-dbt.dcm', { brighter: 206, frames: 2 })),
  ]);
  assertListed(
    outcome,
    /line 35: .*2\.png is 80 x 80 of 8 bits and 0\.png beside it 96 x 96/,
    /line 37: .*cut\.avi ends inside the AVI chunk/,
    /line 38: .*"laterality" disagree/,
    /line 40: .*"view" disagree: CC by the row, MLO by the file/,
  );
});

test('then pairs are looked at: a tomosynthesis of one slice, one that shows the other breast, and one said to be right', async () => {
  const mirrored = { brighter: 301, frames: 2, chestWall: 'right' } as const;
  const withoutTags = await store('b-dbt.dcm', mirrored, {});
  const outcome = await train([
    rowOf('a', 'DM', await store('a.dcm', { brighter: 302 })),
    rowOf('a', 'DBT', await store('single.dcm', { brighter: 303 })),
    { ...rowOf('b', 'DM', await store('b.dcm', { brighter: 304 })), prefer: '' },
    { ...rowOf('b', 'DBT', withoutTags), prefer: 'laterality=user' },
    { ...rowOf('c', 'DM', await store('c.dcm', { brighter: 305 })), prefer: 'laterality=user' },
    { ...rowOf('c', 'DBT', await store('c-dbt.dcm', { ...mirrored, brighter: 306 }, {})), prefer: 'laterality=user' },
  ]);
  assertListed(
    outcome,
    /line 35: single\.dcm: .*has one slice, and a tomosynthesis two or more/,
    /line 36: b\.dcm shows the chest wall on the left and b-dbt\.dcm, its tomosynthesis, on the right: .*laterality=user/,
  );
});

test('slices that are all alike, or change everywhere alike, leave nothing to rank', async () => {
  const dm = rowOf('a', 'DM', await store('a.dcm', { brighter: 401 }));
  const alike = await storeSlices('alike', [{ value: 9 }, { value: 9 }, { value: 9 }]);
  assertRefused(await train([dm, rowOf('a', 'DBT', alike)]), 2, /line 35 .*alike: the 3 slices are all alike/);
  const ramp = await storeSlices('ramp', [{ value: 9 }, { value: 19 }, { value: 29 }]);
  assertRefused(await train([dm, rowOf('a', 'DBT', ramp)]), 2, /line 35 .*ramp: the dynamic image is of one value/);
  assert.equal((await readdir(folder)).includes('run'), false, 'what is refused leaves no folder behind');
});
