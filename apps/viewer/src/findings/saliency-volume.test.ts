import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeNifti } from '@mammoscope/imaging';
import { saliencyMaps } from './saliency-volume.ts';

const place = { instance: '1.2', boxPx: [8, 0, 72, 96], frame: null, name: 'malignant' } as const;

test('a saliency volume as the systems write it is a heat map of each slice that has any, by the highest of all', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-saliency-'));
  context.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'map.nii.gz');
  const data = Float32Array.from([0, 0, 0, 0, 0, 0, 0.1, 0, 0.2, 0, 0, 0.4, 0, 0, 0, 0, 0, 0]);
  await writeNifti(path, { data, columns: 3, rows: 2, slices: 3 });
  const maps = await saliencyMaps(new Blob([await readFile(path)]), place);
  assert.equal(maps.length, 1);
  const [map] = maps;
  assert.deepEqual([map?.frame, map?.columns, map?.rows, map?.boxPx], [1, 3, 2, place.boxPx]);
  assert.deepEqual([...(map?.values ?? [])], [0.25, 0, 0.5, 0, 0, 1].map(Math.fround));
  await writeNifti(path, { data: data.subarray(6, 12), columns: 3, rows: 2, slices: 1 });
  const flat = new Blob([await readFile(path)]);
  assert.equal((await saliencyMaps(flat, place))[0]?.frame, null);
  assert.equal((await saliencyMaps(flat, { ...place, frame: 7 }))[0]?.frame, 7, 'a map of one plane lies on its slice');
});

test('other files are refused', async () => {
  const packed = await new Response(
    new Blob([new Uint8Array(400)]).stream().pipeThrough(new CompressionStream('gzip')),
  ).blob();
  await assert.rejects(saliencyMaps(packed, place), /no NIfTI-1/);
});
