/**
 * Damaged images of every format but DICOM (tests/dicom-fuzz.test.ts): small valid files, 6,000 times mutated, are read or refused by
 * this package's own error, in bounded time and memory. Most edits fall into the header, where sizes and offsets are.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { RandomStream } from '@mammoscope/random';
import sharp from 'sharp';
import { ImagingError } from '../errors.ts';
import { openImage } from './open-image.ts';

const MUTATIONS = 6_000;
const PEAK_KB = 1_000_000;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imaging-fuzz-'));
});
after(() => rm(folder, { recursive: true }));

const grey = { raw: { width: 12, height: 10, channels: 1 as const } };
const pixels = Uint8Array.from({ length: 120 }, (_, i) => (i * 37) % 256);
const wide = Uint16Array.from(pixels, (value) => value * 251);

function nifti(): Buffer {
  const bytes = Buffer.alloc(352 + 2 * 240);
  bytes.writeInt32LE(348, 0);
  for (const [i, dim] of [3, 12, 10, 2, 1, 1, 1, 1].entries()) bytes.writeInt16LE(dim, 40 + 2 * i);
  bytes.writeInt16LE(512, 70);
  for (let i = 0; i < 8; i++) bytes.writeFloatLE(0.1, 76 + 4 * i);
  bytes.writeFloatLE(352, 108);
  bytes.write('n+1\0', 344, 'latin1');
  return bytes;
}

function npy(): Buffer {
  const header = Buffer.from("{'descr': '<u2', 'fortran_order': False, 'shape': (2, 10, 12), }\n", 'latin1');
  const start = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([start, header, Buffer.alloc(480, 7)]);
}

function avi(fourcc: string | 0, frame: Buffer): Buffer {
  const chunk = (id: string, data: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(id, 'latin1');
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  };
  const format = Buffer.alloc(40);
  format.writeUInt32LE(40, 0);
  format.writeInt32LE(12, 4);
  format.writeInt32LE(10, 8);
  format.writeUInt16LE(8, 14);
  if (fourcc !== 0) format.write(fourcc, 16, 'latin1');
  const header = chunk('strh', Buffer.concat([Buffer.from('vids'), Buffer.alloc(52)]));
  const stream = chunk('LIST', Buffer.concat([Buffer.from('strl'), header, chunk('strf', format)]));
  const movi = chunk('LIST', Buffer.concat([Buffer.from('movi'), chunk('00db', frame), chunk('00db', frame)]));
  return chunk('RIFF', Buffer.concat([Buffer.from('AVI '), stream, movi]));
}

async function samples(): Promise<Readonly<Record<string, Buffer>>> {
  const jpeg = await sharp(pixels, grey).toColourspace('b-w').jpeg().toBuffer();
  return {
    'nifti.nii': nifti(),
    'nifti.nii.gz': gzipSync(nifti()),
    'array.npy': npy(),
    'plain.avi': avi(0, Buffer.alloc(120, 9)),
    'motion.avi': avi('MJPG', jpeg),
    'grey.jpg': jpeg,
    'grey.png': await sharp(pixels, grey).toColourspace('b-w').png().toBuffer(),
    'grey16.tif': await sharp(wide, grey).toColourspace('grey16').tiff({ compression: 'lzw' }).toBuffer(),
    'grey8.tif': await sharp(pixels, grey).toColourspace('b-w').tiff({ compression: 'none' }).toBuffer(),
    'raw.pgm': Buffer.concat([Buffer.from('P5\n# a film\n12 10\n255\n'), pixels]),
    'plain.pgm': Buffer.from(`P2 12 10 255\n${[...pixels].join(' ')}\n`),
  };
}

const EXTREMES = [0, 1, 2 ** 15, 2 ** 16 - 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

function mutate(valid: Buffer, random: RandomStream): Buffer {
  let bytes = Buffer.from(valid);
  for (let edit = random.integer(1, 3); edit > 0 && bytes.length > 8; edit--) {
    const reach = random.chance(0.7) ? Math.min(bytes.length, 360) : bytes.length;
    const at = random.integer(0, reach - 1);
    const length = random.integer(1, Math.min(32, bytes.length - at));
    const kind = random.integer(0, 5);
    if (kind <= 1) bytes[at] = random.integer(0, 255);
    else if (kind === 2) bytes[at] = (bytes[at] as number) ^ (1 << random.integer(0, 7));
    else if (kind === 3 && at + 4 <= bytes.length)
      bytes.writeUInt32LE(EXTREMES[random.integer(0, EXTREMES.length - 1)] as number, at);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (random.chance(0.3)) bytes = bytes.subarray(0, Math.max(1, at));
    else bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
  }
  return bytes;
}

/** The number of values of the first slices, or the error. */
async function readWhole(path: string): Promise<number | Error> {
  try {
    const stack = await openImage(path, { maxPixels: 1_000_000 });
    try {
      let values = 0;
      for (let slice = 0; slice < Math.min(3, stack.depth); slice++) {
        const { data } = await stack.slice(slice);
        assert.equal(data.length, stack.width * stack.height);
        assert.ok(data.every(Number.isFinite));
        stack.facts(slice);
        values += data.length;
      }
      return values;
    } finally {
      await stack.close();
    }
  } catch (error) {
    return error as Error;
  }
}

test(`${MUTATIONS} mutations of files of all formats are read or refused`, { timeout: 300_000 }, async () => {
  const files = Object.entries(await samples());
  const codes = new Set<string>();
  const counts: Record<string, [read: number, refused: number]> = {};
  for (const [index, [name, valid]] of files.entries()) {
    const random = new RandomStream(index, 'imaging-fuzz');
    const path = join(folder, name);
    await writeFile(path, valid);
    const whole = await readWhole(path);
    assert.ok(typeof whole === 'number' && whole >= 120, `${name} itself: ${whole}`);
    counts[name] = [0, 0];
    for (let round = 0; round < MUTATIONS / files.length; round++) {
      await writeFile(path, mutate(valid, random));
      const outcome = await readWhole(path);
      if (outcome instanceof Error) {
        assert.ok(outcome instanceof ImagingError, `${name}, round ${round}: ${outcome.stack}`);
        assert.ok(outcome.message.includes(path) && outcome.message.length < 700, outcome.message);
        assert.ok(!outcome.message.includes('\n'), outcome.message);
        codes.add(outcome.code);
        counts[name][1]++;
      } else counts[name][0]++;
    }
  }
  for (const [name, [, refused]] of Object.entries(counts)) assert.ok(refused > 20, `${name}: ${counts[name]}`);
  assert.ok(codes.size >= 5, [...codes].join());
});

test('what the process holds at its peak is bounded', () => {
  const { maxRSS } = process.resourceUsage(); // kB
  assert.ok(maxRSS < PEAK_KB, `${maxRSS} kB`);
});
