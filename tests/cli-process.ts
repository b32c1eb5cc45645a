/** The command line as a user calls it: child processes, phantom images, and what a run folder holds. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatCsv, writePng8 } from '@mammoscope/imaging';
import { drawPatchCohort } from '@mammoscope/phantom';

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder, removed after the tests of the file; timings of lowerings made in it are shared by its commands. */
export async function workplace(): Promise<{
  readonly folder: string;
  /** Runs ./mammoscope in the folder until it ends; `onStart` gets the process. */
  readonly mammoscope: (args: readonly string[], onStart?: (child: ChildProcess) => void) => Promise<Outcome>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-command-'));
  after(() => rm(folder, { recursive: true, force: true }));
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') };
  const command = fileURLToPath(new URL('../mammoscope', import.meta.url));
  return {
    folder,
    mammoscope: (args, onStart) =>
      new Promise((resolve, reject) => {
        const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
        const texts = { stdout: '', stderr: '' };
        for (const name of ['stdout', 'stderr'] as const)
          child[name].setEncoding('utf8').on('data', (text: string) => {
            texts[name] += text;
          });
        child.on('error', reject);
        child.on('close', (code, signal) => resolve({ code, signal, ...texts }));
        onStart?.(child);
      }),
  };
}

/** Draws phantom patches below a folder and returns the path of their manifest. */
export async function phantomManifest(folder: string, patients = 16, seed = 0): Promise<string> {
  await mkdir(join(folder, 'images'), { recursive: true });
  const patches = drawPatchCohort({ patients, seed, sizePx: SIZE_PX });
  for (const { fileName, plane } of patches) await writePng8(join(folder, 'images', fileName), plane, SIZE_PX, SIZE_PX);
  const rows = patches.map(({ patientId, fileName, label }, i) => ({
    patient_id: patientId,
    path: `images/${fileName}`,
    modality: 'PATCH',
    label,
    bit_depth: 8,
    scanner: i % 2 === 0 ? 'A' : 'B',
  }));
  await writeFile(join(folder, 'manifest.csv'), formatCsv(rows));
  return join(folder, 'manifest.csv');
}

const SIZE_PX = 32;

/** The classes of the phantom patches, as --classes takes them. */
export const CLASSES = 'normal,microcalcification';

/**
 * Arguments of a training run of about two seconds: two epochs on 32 px. With seed 7 both SqueezeNets learn; with a few
 * others the last rectifier is dead from the start, and equal bytes would say less.
 */
export function trainArguments(manifest: string, out: string, networks = 'squeezenet1_1'): string[] {
  const settings = [`networks=${networks}`, `sizePx=${SIZE_PX}`, 'batch=4', 'epochs=2'];
  return [
    ...['train', 'kang2021', '--data', manifest, '--classes', CLASSES, '--preset', 'tiny', '--seed', '7'],
    ...settings.flatMap((setting) => ['--set', setting]),
    ...['--out', out],
  ];
}

/** Requires that a command succeeded. */
export function assertDone({ code, signal, stderr }: Outcome): void {
  assert.equal(code, 0, `exit ${code ?? signal}: ${stderr}`);
}

/** Requires an exit code, one sentence on stderr that matches everything given, nothing on stdout and no stack trace. */
export function assertRefused(
  { code, stdout, stderr }: Outcome,
  expected: number,
  ...patterns: readonly RegExp[]
): void {
  const lines = stderr.trimEnd().split('\n');
  const message = lines.at(-1) as string;
  assert.equal(code, expected, stderr);
  assert.match(message, /^mammoscope: \S/);
  for (const pattern of patterns) assert.match(message, pattern);
  assert.equal(lines.filter((line) => line.startsWith('mammoscope:')).length, 1, stderr);
  assert.doesNotMatch(stderr, /^\s+at .*:\d+|node:internal|Error:/m);
  assert.equal(stdout, '');
}

/** SHA-256 of every file below a folder, hidden ones too, by relative path. */
export async function fileHashes(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const hashes: Record<string, string> = {};
  for (const name of names) {
    const path = join(folder, name);
    if ((await stat(path)).isFile())
      hashes[name] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
  }
  return hashes;
}

/** A copy of a folder to spoil. */
export async function copyOf(folder: string, name: string): Promise<string> {
  const copy = `${folder}-${name}`;
  await cp(folder, copy, { recursive: true });
  return copy;
}
