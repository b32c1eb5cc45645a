import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkManifest, openImage, readManifest } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { drawCategory, Synthetic2d } from './screened-breast.ts';
import { writePhantomCohort } from './women.ts';

const folder = await mkdtemp(join(tmpdir(), 'screened-'));
after(() => rm(folder, { recursive: true }));

test('the synthetic view is six tenths of the brightest slice and four of the mean, and passes slices on', () => {
  const slices = [Float32Array.of(0, 10, 20), Float32Array.of(0, 30, 10), Float32Array.of(0, 20, 60)];
  const view = new Synthetic2d(3);
  const passed = [...view.through(slices)];
  assert.deepEqual(passed, slices);
  const expected = [0, 0.6 * 30 + 0.4 * 20, 0.6 * 60 + 0.4 * 30];
  assert.ok(view.plane().every((value, i) => Math.abs(value - (expected[i] as number)) < 1e-4));
});

test('categories follow what a breast shows', () => {
  const drawn = (shows: 'normal' | 'benign' | 'malignant') => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const category = drawCategory(shows, new RandomStream(1, i));
      counts.set(category, (counts.get(category) ?? 0) + 1 / 4000);
    }
    return counts;
  };
  const near = (found: number | undefined, share: number) => Math.abs((found ?? 0) - share) < 0.03;
  const [normal, benign, malignant] = [drawn('normal'), drawn('benign'), drawn('malignant')];
  assert.ok(near(normal.get('1'), 0.85) && near(normal.get('2'), 0.1) && near(normal.get('0'), 0.05));
  assert.ok(near(benign.get('2'), 0.4) && near(benign.get('3'), 0.3) && near(benign.get('0'), 0.3));
  assert.ok(near(malignant.get('0'), 0.5) && near(malignant.get('4'), 0.3) && near(malignant.get('5'), 0.2));
});

test('a screening cohort has three modalities, categories and masks, and its lesions can be seen', async () => {
  const making = { patients: 2, preset: 'tiny', seed: 0, difficulty: 0.25 } as const;
  const { manifest: path, images } = await writePhantomCohort({ ...making, out: join(folder, 'a'), screening: true });
  assert.equal(images, 24);
  const manifest = await readManifest(path);
  const { problems, summary } = await checkManifest(manifest);
  assert.deepEqual(problems, []);
  assert.deepEqual(summary.perModality, { DM: 8, DBT: 8, SYNTHETIC2D: 8 });
  assert.ok(manifest.rows.every(({ birads }) => birads !== undefined && /^[0-5]$/.test(birads)));
  for (const breast of Map.groupBy(manifest.rows, ({ patientId, laterality }) => `${patientId} ${laterality}`).values())
    assert.equal(new Set(breast.map(({ birads }) => birads)).size, 1, 'a category is a breast’s');
  const plain = await writePhantomCohort({ ...making, out: join(folder, 'b') });
  const plainRows = (await readManifest(plain.manifest)).rows;
  assert.ok(plainRows.every(({ birads, other }) => birads === undefined && other.mask === undefined));
  // The same women with and without: what the lesion adds where its mask is, and nowhere else.
  const row = manifest.rows.find(({ label, modality }) => label !== 'normal' && modality === 'DM');
  assert.ok(row);
  const plane = async (file: string) => {
    const image = await openImage(file);
    const { data } = await image.slice(0);
    await image.close();
    return data;
  };
  const [seen, unseen, mask] = await Promise.all([
    plane(row.absolutePath),
    plane(join(folder, 'b', row.path)),
    plane(join(folder, 'a', row.other.mask as string)),
  ]);
  const gain = (inside: boolean) => {
    const at = [...mask.keys()].filter((i) => (mask[i] as number) > 0 === inside);
    return at.reduce((sum, i) => sum + (seen[i] as number) - (unseen[i] as number), 0) / at.length;
  };
  assert.ok(gain(true) > 2000, `${gain(true)}`);
  assert.ok(Math.abs(gain(false)) < 100, `${gain(false)}`);
});
