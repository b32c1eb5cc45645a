import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { watch } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import {
  assertDone,
  assertRefused,
  copyOf,
  fileHashes,
  phantomManifest,
  trainArguments,
  workplace,
} from './cli-process.ts';

const { folder, mammoscope } = await workplace();
const NETWORKS = ['squeezenet1_1', 'squeezenet1_0'];

let manifest: string;
let expected: Record<string, string>;

const train = (out: string, ...more: string[]) => [...trainArguments(manifest, out, NETWORKS.join()), ...more];

/** Hashes of a finished run after it was evaluated. */
async function evaluated(out: string): Promise<Record<string, string>> {
  assertDone(await mammoscope(['evaluate', out, '--data', manifest]));
  return fileHashes(join(folder, out));
}

before(async () => {
  manifest = await phantomManifest(join(folder, 'data'));
  assertDone(await mammoscope(train('whole')));
  expected = await evaluated('whole');
});

test('a run holds the files that the others are held against, of networks that learn', async () => {
  const member = (name: string) =>
    ['best.safetensors', 'history.csv', 'last.safetensors', 'model.onnx', 'validation.csv'].map(
      (file) => `${name}/${file}`,
    );
  const files = ['metrics.json', 'predictions.csv', 'report.html', 'run.json', ...NETWORKS.flatMap(member)];
  const held = Object.keys(expected).filter((name) => !name.startsWith('figures/'));
  assert.deepEqual(held.sort(), files.sort());
  for (const name of NETWORKS) {
    const [, ...epochs] = (await readFile(join(folder, 'whole', name, 'history.csv'), 'utf8')).trim().split('\n');
    const losses = epochs.map((line) => Number(line.split(',')[1]));
    assert.equal(losses.length, 2);
    assert.ok(
      losses.every((loss) => Math.abs(loss - Math.LN2) > 1e-5),
      `${name} is dead (${losses}): take another seed`,
    );
  }
});

test('the same command gives the same bytes', async () => {
  assertDone(await mammoscope(train('again')));
  assert.deepEqual(await evaluated('again'), expected);
});

/** A moment to kill a process at: some time after its first word, or when it writes a file of the run for the nth time. */
type Moment = { readonly afterMs: number } | { readonly writing: string; readonly time?: number };

/** Kills a process at a moment. The folder that the file is written in must exist. */
function killAt(child: ChildProcess, out: string, moment: Moment): void {
  if ('afterMs' in moment) {
    child.stderr?.once('data', () => setTimeout(() => child.kill('SIGKILL'), moment.afterMs).unref());
    return;
  }
  const parts = moment.writing.split('/');
  const name = parts.pop() as string;
  const partials = new Set<string>();
  const watcher = watch(join(folder, out, ...parts), (_, changed) => {
    if (changed?.startsWith(`.${name}.${child.pid}-`)) partials.add(changed);
    if (partials.size >= (moment.time ?? 1)) child.kill('SIGKILL');
  });
  child.on('close', () => watcher.close());
}

/** Runs and kills a training at each moment in turn, resuming every time, then lets it end. Returns how often it was killed. */
async function trainKilled(out: string, moments: readonly Moment[], command = train(out)): Promise<number> {
  for (const name of NETWORKS) await mkdir(join(folder, out, name), { recursive: true });
  let kills = 0;
  for (const moment of moments) {
    const outcome = await mammoscope([...command, '--resume'], (child) => killAt(child, out, moment));
    if (outcome.signal === 'SIGKILL') kills += 1;
    else assertDone(outcome);
  }
  assertDone(await mammoscope([...command, '--resume']));
  return kills;
}

test('a run killed while it writes any of its files resumes to the same bytes', async () => {
  const [first, second] = NETWORKS;
  const moments: Moment[] = [
    { writing: 'run.json' },
    { writing: `${first}/best.safetensors` },
    { writing: `${first}/last.safetensors` },
    { writing: `${first}/last.safetensors`, time: 2 }, // of the second epoch: the first one's is what is resumed from
    { writing: `${first}/history.csv` },
    { writing: `${first}/validation.csv` },
    { writing: `${first}/model.onnx` },
    { writing: `${second}/best.safetensors` }, // with the first network finished
    { writing: `${second}/last.safetensors`, time: 2 },
    { writing: `${second}/model.onnx` },
  ];
  assert.equal(await trainKilled('writing', moments), moments.length, 'a kill came too late');
  assert.deepEqual(await evaluated('writing'), expected);
});

test('a run killed at random moments resumes to the same bytes', async () => {
  const random = new RandomStream(11, 'kills');
  const moments = Array.from({ length: 3 }, () => ({ afterMs: random.uniform(0, 900) }));
  assert.ok((await trainKilled('random', moments)) > 0);
  assert.deepEqual(await evaluated('random'), expected);
});

test('a run in micro-batches, recomputed, warmed up and slowed on plateaus resumes to the same bytes', async () => {
  const settings = [
    ...['batch=8', 'accumulate=4', 'recompute=true', 'dropout=0.2', 'clipNorm=1', 'epochs=3', 'warmUpEpochs=1'],
    ...['schedule=plateau', 'scheduleEpochs=1', 'scheduleFactor=0.5', 'scheduleFigure=trainLoss'],
  ];
  const [name] = NETWORKS as [string];
  const command = (out: string) => [
    ...trainArguments(manifest, out, name),
    ...settings.flatMap((setting) => ['--set', setting]),
  ];
  assertDone(await mammoscope(command('procedure')));
  const whole = await fileHashes(join(folder, 'procedure'));
  const history = await readFile(join(folder, 'procedure', name, 'history.csv'), 'utf8');
  const rates = history
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',').at(-1)));
  assert.deepEqual(rates.slice(0, 2), [1.5e-4, 3e-4]);
  const { recipe } = JSON.parse(await readFile(join(folder, 'procedure', 'run.json'), 'utf8'));
  assert.deepEqual(
    settings.filter((setting) => `${setting.split('=')[0]}=${recipe[setting.split('=')[0] as string]}` !== setting),
    [],
  );
  const last = `${name}/last.safetensors`;
  const moments: Moment[] = [{ writing: last }, { writing: last, time: 2 }];
  assert.equal(await trainKilled('procedure-killed', moments, command('procedure-killed')), 2, 'a kill came too late');
  assert.deepEqual(await fileHashes(join(folder, 'procedure-killed')), whole);
});

test('Ctrl-C saves within an epoch, exits 130, and the run resumes to the same bytes', async () => {
  const outcome = await mammoscope(train('interrupted'), (child) => {
    child.stderr?.on('data', (text: Buffer | string) => {
      if (String(text).includes('epoch 1:')) setTimeout(() => child.kill('SIGINT'), 150);
    });
  });
  assertRefused(outcome, 130, /interrupted in epoch 2/, /--resume/);
  assertDone(await mammoscope(train('interrupted', '--resume')));
  assert.deepEqual(await evaluated('interrupted'), expected);
});

test('Ctrl-C before the first epoch exits 130 as well', async () => {
  const outcome = await mammoscope(train('early'), (child) => {
    child.stderr?.once('data', () => child.kill('SIGINT'));
  });
  assertRefused(outcome, 130, /interrupted (before (training|squeezenet1_1)|in epoch 1)/, /--resume/);
});

test('resuming a finished and evaluated run changes nothing', async () => {
  const out = 'whole-finished';
  await copyOf(join(folder, 'whole'), 'finished');
  assertDone(await mammoscope(train(out, '--resume')));
  assert.deepEqual(await fileHashes(join(folder, out)), expected);
});

test('a run is resumed by the command that began it and by no other', async () => {
  const refused = async (patterns: readonly RegExp[], ...args: string[]) => {
    assertRefused(await mammoscope(args), 2, /whole/, ...patterns, /--resume/);
    assert.deepEqual(await fileHashes(join(folder, 'whole')), expected);
  };
  await refused([/holds a run already/], ...train('whole'));
  await refused([/with seed 7: /], ...train('whole', '--resume', '--seed', '3'));
  await refused(
    [/classes normal,microcalcification/, /epochs 2/, /--threads \d/],
    ...train('whole', '--resume', '--set', 'epochs=3', '--threads', '7', '--classes', 'microcalcification,normal'),
  );
  const other = await phantomManifest(join(folder, 'other'), 16, 5);
  await refused([/with another manifest \(/], ...trainArguments(other, 'whole', NETWORKS.join()), '--resume');
});
