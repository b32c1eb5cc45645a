/** Frames stream: what a process holds at its peak is a few frames, whatever the file holds. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RandomStream } from '@mammoscope/random';
import { dicomBytes, element, fragments, imageElements } from './dicom-object.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'dicom-memory-'));
after(() => rm(folder, { recursive: true }));

const ROWS = 2457;
const COLUMNS = 1996;
const SLICES = 60;
const FRAME_BYTES = ROWS * COLUMNS * 2;
const stack = [
  element(0x00280008, 'IS', String(SLICES)),
  element(0x00280010, 'US', [ROWS]),
  element(0x00280011, 'US', [COLUMNS]),
];

/** Reads in a process of its own; what `body` prints, and the peak in MiB. */
async function peak(path: string, body: string): Promise<{ readonly printed: string; readonly peakMiB: number }> {
  const program = `
    import { createHash } from 'node:crypto';
    import { existsSync, readFileSync } from 'node:fs';
    import { DecoderPool, openDicom } from '@mammoscope/dicom';
    const pool = new DecoderPool({ workers: 2 });
    const file = await openDicom(process.argv[1], { pool });
    ${body}
    await file.close();
    await pool.close();
    // of this process alone: maxRSS counts what the process that forked it held
    const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
    console.log(Number(/VmHWM:\\s*(\\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS) / 1024);`;
  const flags = ['--input-type=module', '-e', program, path];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: ROOT });
  const lines = stdout.trim().split('\n');
  return { printed: lines.slice(0, -1).join(' '), peakMiB: Number(lines.at(-1)) };
}

test('three frames of an uncompressed file of 588 MB take less than 150 MiB', async () => {
  const path = join(folder, 'sparse.dcm');
  const header = dicomBytes(
    imageElements([...stack, element(0x7fe00010, 'OW', Buffer.alloc(0), SLICES * FRAME_BYTES)]),
  );
  const file = await open(path, 'w');
  await file.write(header);
  for (const frame of [0, 30, 59]) await file.write(Buffer.from([frame, 1]), 0, 2, header.length + frame * FRAME_BYTES);
  await file.truncate(header.length + SLICES * FRAME_BYTES);
  await file.close();
  assert.ok((await stat(path)).size > 588e6);
  const { printed, peakMiB } = await peak(
    path,
    'for (const k of [30, 59, 0]) console.log((await file.frame(k)).data[0]);',
  );
  assert.equal(printed, '286 315 256');
  assert.ok(peakMiB < 150, `${peakMiB} MiB`);
});

async function hasGdcm(): Promise<boolean> {
  return promisify(execFile)('gdcmconv', ['--version']).then(
    () => true,
    () => false,
  );
}

test('a tomosynthesis of 60 frames, JPEG 2000, read through by two workers takes less than 300 MiB', {
  skip: (await hasGdcm()) ? false : 'gdcmconv is not installed (Debian package libgdcm-tools)',
  timeout: 300_000,
}, async () => {
  const random = new RandomStream(1, 'dicom-memory');
  const noise = Uint16Array.from({ length: 65_521 }, () => random.integer(0, 63));
  const pixels = Uint16Array.from({ length: ROWS * COLUMNS }, (_, at) => {
    const column = at % COLUMNS;
    return column < 1400 ? 1000 - Math.floor(column / 2) + (noise[(at * 7) % noise.length] as number) : 0;
  });
  const slice = join(folder, 'slice.dcm');
  const compressed = join(folder, 'compressed.dcm');
  const uids = [0x0020000d, 0x0020000e].map((tag) => element(tag, 'UI', `2.25.${tag}`));
  const bytes = Buffer.from(pixels.buffer);
  const single = [...uids, element(0x00080018, 'UI', '2.25.1'), element(0x00080060, 'CS', 'MG'), ...stack.slice(1)];
  await writeFile(slice, dicomBytes(imageElements([...single, element(0x7fe00010, 'OW', bytes)])));
  await promisify(execFile)('gdcmconv', ['--j2k', slice, compressed]);
  const file = await readFile(compressed);
  const codestream = file.subarray(file.indexOf('ff4fff51', 0, 'hex'), file.lastIndexOf('ffd9', undefined, 'hex') + 2);
  const even = Buffer.concat([codestream, Buffer.alloc(codestream.length % 2)]);
  const path = join(folder, 'stack.dcm');
  const frames = fragments(new Array<Buffer>(SLICES).fill(even));
  await writeFile(path, dicomBytes(imageElements([...stack, frames]), { syntax: '1.2.840.10008.1.2.4.90' }));

  const body = `const seen = new Set();
    let count = 0;
    for await (const { data } of file.frames({ release: true })) {
      seen.add(createHash('sha256').update(data).digest('hex'));
      count++;
    }
    console.log(count, ...seen);`;
  const { printed, peakMiB } = await peak(path, body);
  assert.equal(printed, `${SLICES} ${createHash('sha256').update(bytes).digest('hex')}`);
  assert.ok(peakMiB < 300, `${peakMiB} MiB`);
});
