/** SPPNet on films and patches of virtual women: trained, scored, explained. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ManifestRow, readManifest } from '@mammoscope/imaging';
import { Engine } from '@mammoscope/runtime';
import sharp from 'sharp';
import type { SplitRow } from '../data/training-images.ts';
import { runFiles } from '../run/run-record.ts';
import { writeScreeningCohort } from '../virtual-cohort/screening.ts';
import { activationMaps } from './activation-map.ts';
import { scoreSppnet, sppnetStep, trainSppnet } from './sppnet.ts';
import { classesOf, SPPNET_MEMBERS, type SppnetMemberName } from './sppnet-members.ts';
import { SPPNET_PRESETS } from './sppnet-recipe.ts';

const SMALL = { sizePx: 64, width: 4, batch: 4, accumulate: 1, recompute: false, epochs: 1 } as const;
let folder: string;
let engine: Engine;
let rows: SplitRow[];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sppnet-'));
  engine = await Engine.create({ threads: 1 });
  const { manifest } = await writeScreeningCohort({ out: folder, patients: 15, seed: 2, difficulty: 0, heightPx: 128 });
  // Of five women two are malignant: every third five is for validation.
  rows = (await readManifest(manifest)).rows.map((row) => ({
    ...row,
    split: Number(row.patientId.slice(-2)) > 10 ? 'val' : 'train',
  }));
});
after(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

/** Trains a member into a folder; the trained member, and the batches of an epoch. */
async function trained(name: SppnetMemberName, out: string, own: readonly SplitRow[] = rows) {
  const member = SPPNET_MEMBERS[name];
  const recipe = { ...SPPNET_PRESETS.tiny[member.subject], ...SMALL };
  const files = runFiles(join(folder, out)).member(name);
  let batches = 0;
  await trainSppnet(
    { member, recipe, rows: own, step: sppnetStep(recipe, engine.device) },
    { engine, seed: 1, files, lowerings: new Map(), resume: false, events: { onBatch: () => batches++ } },
  );
  return { network: { member, recipe, best: files.best, lowerings: new Map<string, string>() }, files, batches };
}

test('SPPNet is trained on films by their labels and scores them; the same seed gives the same scores', async () => {
  const { network, files, batches } = await trained('sppnet', 'a');
  assert.equal(
    batches,
    Math.floor((12 + 2 * 8) / SMALL.batch),
    'of 20 films 8 are malignant, and 12 over 8 rounds to 2 copies',
  );
  const films = network.member.rowsOf(rows);
  const scores = await scoreSppnet(engine, network, films);
  assert.equal(scores.length, 30);
  assert.ok(scores.every((score) => score >= 0 && score <= 1) && new Set(scores).size > 15);
  const validation = (await readFile(files.validation, 'utf8')).trimEnd().split('\n').slice(1);
  const val = films.flatMap(({ split }, i) => (split === 'val' ? [scores[i] as number] : []));
  assert.equal(validation.length, val.length);
  for (const [i, line] of validation.entries())
    assert.ok(Math.abs(Number(line.split(',')[2]) - (val[i] as number)) < 1e-6, line);
  const again = await scoreSppnet(engine, (await trained('sppnet', 'b')).network, films);
  assert.deepEqual(again, scores);
});

test('patches of the rarer class come more often, and a task without a class is refused', async () => {
  const member = SPPNET_MEMBERS['er-status'];
  const training = member.rowsOf(rows).filter(({ split }) => split === 'train');
  const second = classesOf(member, training).filter((label) => label === 1).length;
  const [few, many] = [second, training.length - second].sort((a, b) => a - b) as [number, number];
  assert.ok(Math.round(many / few) > 1, `${many} and ${few} patches`);
  const { network, batches } = await trained('er-status', 'c');
  assert.equal(batches, Math.floor((many + Math.round(many / few) * few) / SMALL.batch));
  const scores = await scoreSppnet(engine, network, training);
  assert.ok(scores.every((score) => score >= 0 && score <= 1));
  await assert.rejects(
    trained(
      'er-status',
      'd',
      rows.filter(({ erStatus }) => erStatus !== 'negative'),
    ),
    {
      code: 'data-unusable',
      message:
        /er-status cannot be trained: of \d+ training patches \d+ are of class "ER-positive" and 0 of "ER-negative"/,
    },
  );
});

test('an activation map lies over the film without the black that was added', async () => {
  const { network } = await trained('sppnet', 'e');
  const [first] = network.member.rowsOf(rows) as [ManifestRow];
  for await (const { overlay, empty } of activationMaps(engine, network, [first])) {
    const { width, height, channels } = await sharp(overlay).metadata();
    assert.equal(typeof empty, 'boolean');
    assert.ok(width < height / 1.3, `${width} x ${height}`);
    assert.equal(channels, 3);
  }
});
