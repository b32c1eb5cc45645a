/** The comparison's tables from what evaluations wrote: figures of random features marked, calls by votes, AP and AC. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { formatCsv } from '@mammoscope/imaging';
import { writeComparison } from '../reproduce/results.ts';
import { formatJson, runFiles, writeRunRecord } from '../run/run-record.ts';
import { PUBLISHED } from './precision-and-confidence.ts';
import type { Backbone } from './recipe.ts';
import { reproduction } from './reproduction.ts';
import { recipeWith } from './settings.ts';

const out = await mkdtemp(join(tmpdir(), 'mammoscope-comparison-'));
after(() => rm(out, { recursive: true }));

const MODELS = ['dm', 'dbt', 'dm-dbt', 'ensemble'] as const;
/** Six pairs of six patients: by its score the ensemble has one wrong on either side, by votes it has all right. */
const POSITIVE = [true, true, true, false, false, false];
const SCORES = [0.9, 0.8, 0.3, 0.6, 0.2, 0.1];

/** A run folder as an evaluation leaves it; AP and AC are `shift` above 0.5 and 0.6. */
async function evaluated(name: string, backbone: Backbone, weights: boolean, shift: number): Promise<string> {
  const folder = join(out, name);
  await mkdir(folder, { recursive: true });
  const hash = { name: 'file', sha256: '0' };
  await writeRunRecord(folder, {
    ...{ format: 'mammoscope-run-1', system: 'liang2019', preset: 'tiny', command: 'train', seed: 0, device: 'cpu' },
    ...{ threads: 1, versions: {}, manifest: hash, exclusions: [], lowerings: {}, classes: ['benign', 'malignant'] },
    recipe: { ...recipeWith('tiny', [`backbone=${backbone}`, 'baselines=']) },
    weights: weights ? { [backbone]: hash } : {},
    rows: [],
    members: [...MODELS.slice(0, 3)],
  });
  const models = MODELS.map((model) => ({
    ...{ model, role: model === 'ensemble' ? 'ensemble' : 'member', cutoff: 0.5, randomFeatures: !weights },
    averagePrecision: { value: 0.5 + shift, interval: [0.4, 0.7] },
    averageCorrectConfidence: { value: 0.6 + shift, interval: null },
  }));
  await writeFile(runFiles(folder).metrics, formatJson({ models }));
  const rows = SCORES.map((score, i) => ({
    ...{ patient_id: `p${i}`, label: POSITIVE[i] ? 'malignant' : 'benign', score },
    decision: POSITIVE[i] ? 'malignant' : 'benign',
    ...Object.fromEntries(MODELS.slice(0, 3).map((model) => [`score_${model}`, score])),
  }));
  await writeFile(runFiles(folder).predictions, formatCsv(rows));
  return folder;
}

const comparison = { system: 'liang2019', preset: 'tiny', out, command: 'reproduce', seeds: [0, 1] };
before(async () => {
  const runs = async (seed: number) => ({
    alexnet: await evaluated(`seed-${seed}/alexnet`, 'alexnet', false, 0.02 * seed),
    squeezenet: await evaluated(`seed-${seed}/squeezenet`, 'squeezenet1_1', true, 0.02 * seed),
  });
  const repetitions = [0, 1].map(async (seed) => ({ name: `seed-${seed}`, runs: await runs(seed) }));
  await writeComparison(reproduction, comparison, await Promise.all(repetitions));
});

type Row = {
  label: string;
  model?: string;
  here?: Record<string, { value: number }>;
  cells?: { here?: object; published?: object }[];
};
const written = async () => {
  const { tables, figureTables, claims, notes } = JSON.parse(await readFile(join(out, 'tables.json'), 'utf8'));
  const rows = new Map<string, Row>(
    [...tables, ...figureTables].flatMap(({ number, rows: own }: { number: string; rows: Row[] }) =>
      own.map((row) => [`${number}: ${row.label}`, row] as const),
    ),
  );
  return { rows, claims: claims as { text: string }[], notes: notes as { kind: string; text: string }[] };
};

test('every figure of a backbone without weights is marked, in tables, claims and the notes at the top; the others are not', async () => {
  const { rows, claims, notes } = await written();
  assert.equal(rows.get('Table II: Ours, ensemble')?.model, 'ensemble (random)');
  assert.equal(rows.get('Table III: SqueezeNet')?.model, 'ensemble');
  assert.equal(rows.get('Table III: DenseNet')?.model, undefined, 'not run');
  assert.ok(rows.has('Table IV, AP and AC: alexnet, dm (random)'));
  assert.ok(rows.has('Table IV, AP and AC: squeezenet, dm'));
  const marked = claims.map(({ text }) => text).filter((text) => text.endsWith('(random)'));
  assert.deepEqual([claims.length, marked.length], [6, 3], 'three claims on each of the two runs');
  assert.ok(marked.every((text) => text.startsWith('alexnet')));
  assert.match(notes[0]?.text ?? '', /marked random .* say nothing of the method/);
  const page = await readFile(join(out, 'reproduction.html'), 'utf8');
  assert.match(page, /ensemble \(random\)/);
  assert.match(page, /marked random/);
});

test('the ensemble is measured by its votes, not by its score', async () => {
  const { rows } = await written();
  const accuracy = (label: string) => rows.get(label)?.here?.accuracy?.value;
  assert.equal(accuracy('Table III: SqueezeNet'), 1);
  assert.equal(accuracy('Table IV: squeezenet, dm'), 4 / 6);
});

test('AP and AC are means over repetitions, beside those that were published', async () => {
  const { rows } = await written();
  const close = (value: unknown, expected: number) =>
    assert.ok(Math.abs((value as { value: number }).value - expected) < 1e-12, JSON.stringify(value));
  const [ap, ac] = rows.get('Table IV, AP and AC: squeezenet, dm-dbt')?.cells ?? [];
  close(ap?.here, 0.51);
  close(ac?.here, 0.61);
  close(ap?.published, 0.88);
  close(ac?.published, 0.97);
  const unrun = rows.get('Table IV, AP and AC: resnet, dm')?.cells?.[0];
  assert.equal(unrun?.here, undefined);
});

test('the means of the published columns are those that the paper prints below them', () => {
  const printed = { dm: [0.71, 0.83], dbt: [0.76, 0.89], 'dm-dbt': [0.86, 0.93] } as const; // its row "Average", in two digits
  for (const [classifier, averages] of Object.entries(printed))
    for (const [i, average] of averages.entries()) {
      const values = Object.values(PUBLISHED).map((run) => run[classifier as 'dm'][i] as number);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      assert.ok(Math.abs(mean - average) <= 0.0101, `${classifier} ${i}: ${mean}`);
    }
});
