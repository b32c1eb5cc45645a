/** `mammoscope phantom` as a user calls it: files that data check accepts, the same bytes for the same seed, refusals. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { readImage, readManifest } from '@mammoscope/imaging';
import { PHANTOM_PRESETS } from '@mammoscope/phantom';
import { assertDone, assertRefused, fileHashes, workplace } from './cli-process.ts';

const { folder, mammoscope } = await workplace();
const { dm, dbt } = PHANTOM_PRESETS.tiny;
const cohort = (out: string, ...more: string[]) => ['phantom', '--out', out, '--patients', '1', '--seed', '3', ...more];

interface TruthFile {
  readonly women: readonly {
    readonly label: string;
    readonly views: readonly {
      readonly dm: { readonly path: string; readonly box?: readonly number[]; readonly mask?: string };
      readonly dbt: {
        readonly folder: string;
        readonly box?: readonly number[];
        readonly mask?: string;
        readonly focusSlice?: number;
      };
    }[];
  }[];
}

before(async () => assertDone(await mammoscope([...cohort('one'), '--json'])));

test('one woman is four mammograms and four tomosyntheses that data check accepts', async () => {
  const checked = await mammoscope(['data', 'check', 'one/manifest.csv', '--json']);
  assertDone(checked);
  const { summary } = JSON.parse(checked.stdout) as {
    summary: { images: number; boxes: number; perModality: Record<string, number>; sizes: Record<string, number> };
  };
  assert.deepEqual(summary.perModality, { DM: 4, DBT: 4 });
  assert.equal(summary.boxes, 4);
  assert.deepEqual(summary.sizes, {
    [`${dm.widthPx} x ${dm.heightPx} x 16`]: 4,
    [`${dbt.widthPx} x ${dbt.heightPx} x ${dbt.slices} slices x 16`]: 4,
  });
  const names = Object.keys(await fileHashes(join(folder, 'one')));
  assert.equal(names.filter((name) => /-dbt\/slice-\d\d\.png$/.test(name)).length, 4 * dbt.slices);
});

test('truth.json says what the manifest says, and masks fill their boxes', async () => {
  const truth = JSON.parse(await readFile(join(folder, 'one', 'truth.json'), 'utf8')) as TruthFile;
  const { rows, classes } = await readManifest(join(folder, 'one', 'manifest.csv'));
  const [woman] = truth.women;
  assert.ok(woman);
  assert.deepEqual(classes, ['normal', woman.label]);
  for (const { dm: flat, dbt: stack } of woman.views) {
    for (const [path, { box, mask }] of [
      [flat.path, flat],
      [stack.folder, stack],
    ] as const) {
      const row = rows.find((one) => one.path === path);
      assert.deepEqual(row?.box, box);
      assert.equal(row?.label, box ? woman.label : 'normal');
      if (!box || !mask) continue;
      const image = await readImage(join(folder, 'one', mask));
      const inside = [...image.data.entries()].filter(([, value]) => value === 255).map(([at]) => at);
      const [columns, lines] = [inside.map((at) => at % image.width), inside.map((at) => Math.floor(at / image.width))];
      assert.deepEqual(box, [
        Math.min(...columns),
        Math.min(...lines),
        Math.max(...columns) + 1,
        Math.max(...lines) + 1,
      ]);
    }
    const row = rows.find((one) => one.path.startsWith(stack.folder));
    assert.equal(row?.other.focus_slice, stack.focusSlice === undefined ? '' : String(stack.focusSlice));
  }
});

test('the same seed gives the same bytes, in one thread or two, and as the beginning of a larger cohort', async () => {
  assertDone(await mammoscope(cohort('threads', '--threads', '2')));
  const one = await fileHashes(join(folder, 'one'));
  assert.deepEqual(await fileHashes(join(folder, 'threads')), one);
  // Three women, so that a worker thread draws more than two breasts.
  assertDone(await mammoscope(['phantom', '--out', 'two', '--patients', '3', '--seed', '3', '--threads', '2']));
  const two = await fileHashes(join(folder, 'two'));
  for (const [name, hash] of Object.entries(one)) if (name.endsWith('.png')) assert.equal(two[name], hash, name);
});

test('density and difficulty are taken', async () => {
  assertDone(await mammoscope(cohort('dense', '--density', 'd', '--difficulty', '0')));
  const truth = JSON.parse(await readFile(join(folder, 'dense', 'truth.json'), 'utf8')) as {
    difficulty: number;
    women: { density: string }[];
  };
  assert.equal(truth.difficulty, 0);
  assert.equal(truth.women[0]?.density, 'd');
});

test('bad input is refused in one sentence', async () => {
  const refused = async (args: readonly string[], ...patterns: readonly RegExp[]) =>
    assertRefused(await mammoscope(['phantom', ...args]), 2, ...patterns);
  await refused(['--patients', '1'], /--out/);
  await refused(['--out', 'x'], /--patients/);
  await refused(['--out', 'x', '--patients', '0'], /"0" is not above 0/);
  await refused(['--out', 'x', '--patients', '1000000'], /from 1 to 9999, got 1000000/);
  await refused(['--out', 'x', '--patients', '1', '--preset', 'huge'], /tiny, small, full/);
  await refused(['--out', 'x', '--patients', '1', '--density', 'e'], /a, b, c, d/);
  await refused(['--out', 'x', '--patients', '1', '--difficulty', '1.5'], /"1.5" is no number from 0 to 1/);
  await refused(['--out', 'x', '--patients', '1', '--format', 'tiff'], /png, dicom/);
  await refused(['--out', 'x', '--patients', '1', '--raw'], /written as DICOM only/);
  await refused(['--out', 'one', '--patients', '1'], /manifest\.csv exists already/);
  await writeFile(join(folder, 'file'), '');
  await refused(['--out', 'file', '--patients', '1'], /cannot be made/);
});
