/**
 * Reading DICOM: the decode time of a JPEG 2000 film over native OpenJPEG's in one run, and a whole tomosynthesis read frame by frame,
 * with its memory. OpenJPEG's programs (Debian package libopenjp2-tools) decode the one and compress the other.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DecoderPool, encodeDataSet, openDicom, type WrittenDataSet } from '@mammoscope/dicom';
import { RandomStream } from '@mammoscope/random';
import { SystemError } from '../errors.ts';
import type { VolumeReading } from './dicom-volume.ts';

/** A film, decoded by both. */
export interface FilmDecoding {
  readonly rows: number;
  readonly columns: number;
  /** Least wall time of the rounds: from the file to stored values, in one worker. */
  readonly leastMs: number;
  /** Least processor time of the rounds, all threads of this process. */
  readonly processorMs: number;
  /** Least of the rounds, as opj_decompress prints it with one thread: its "decode time" is processor time. */
  readonly nativeMs: number;
  /** Processor times, by each other. */
  readonly ratio: number;
}

const run = promisify(execFile);

async function openJpeg(name: 'opj_compress' | 'opj_decompress', flags: readonly string[]): Promise<string> {
  try {
    return (await run(name, [...flags])).stdout;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing
      ? 'is not installed (Debian package libopenjp2-tools)'
      : `failed: ${(error as Error).message}`;
    throw new SystemError('option-invalid', `bench dicom needs ${name}, which ${reason}`);
  }
}

/** Decodes the first frame of a JPEG 2000 film by turns here and natively, so that both see the same load. SystemError. */
export async function timeFilm(path: string, rounds: number): Promise<FilmDecoding> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-bench-'));
  const pool = new DecoderPool({ workers: 1 });
  try {
    await using file = await openDicom(path, { pool });
    const codestream = await file.codestream(0);
    if (file.transferSyntax.compression !== 'jpeg-2000' || !codestream)
      throw new SystemError('option-invalid', `${path} is ${file.transferSyntax.name}: --film takes a JPEG 2000 image`);
    const input = join(folder, 'film.j2k');
    await writeFile(input, codestream);
    await file.frame(0); // loads and compiles the codec
    const wall: number[] = [];
    const processor: number[] = [];
    const native: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const [start, before] = [performance.now(), process.cpuUsage()];
      await file.frame(0);
      wall.push(performance.now() - start);
      const { user, system } = process.cpuUsage(before);
      processor.push((user + system) / 1000);
      const said = await openJpeg('opj_decompress', ['-i', input, '-o', join(folder, 'film.pgm'), '-threads', '1']);
      const ms = Number(/decode time: (\d+) ms/.exec(said)?.[1] ?? Number.NaN);
      if (!(ms > 0))
        throw new SystemError('option-invalid', 'opj_decompress prints no "decode time": 2.4 or newer does');
      native.push(ms);
    }
    const { rows, columns } = file.image;
    const [leastMs, processorMs, nativeMs] = [Math.min(...wall), Math.min(...processor), Math.min(...native)];
    return { rows, columns, leastMs, processorMs, nativeMs, ratio: processorMs / nativeMs };
  } finally {
    await pool.close();
    await rm(folder, { recursive: true });
  }
}

/** Of a tomosynthesis. */
export interface VolumeSize {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
}

/** What a full tomosynthesis has. */
export const FULL_VOLUME: VolumeSize = { rows: 2457, columns: 1996, frames: 60 };

/** Slices that differ; the others repeat them. */
const DIFFERENT_SLICES = 3;

/** Writes a tomosynthesis, JPEG 2000 lossless, and reads it frame by frame in a process of its own. SystemError. */
export async function timeVolume({ rows, columns, frames } = FULL_VOLUME): Promise<VolumeReading> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-bench-'));
  try {
    const path = join(folder, 'volume.dcm');
    const digests = await writeVolume(folder, path, rows, columns, frames);
    const reader = fileURLToPath(new URL('./dicom-volume.ts', import.meta.url));
    const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', reader, path]);
    const reading = JSON.parse(stdout) as VolumeReading;
    if (reading.digests.some((digest, frame) => digest !== digests[frame % DIFFERENT_SLICES]))
      throw new SystemError('data-unusable', 'the volume was read with other pixels than it was written with');
    return reading;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeVolume(folder: string, path: string, rows: number, columns: number, frames: number) {
  const digests: string[] = [];
  const codestreams: Buffer[] = [];
  for (let slice = 0; slice < DIFFERENT_SLICES; slice++) {
    const pixels = breastLike(rows, columns, slice);
    digests.push(createHash('sha256').update(pixels).digest('hex'));
    const [input, output] = [join(folder, 'slice.pgm'), join(folder, 'slice.j2k')];
    const bigEndian = Buffer.from(pixels.buffer.slice(0)).swap16();
    await writeFile(input, Buffer.concat([Buffer.from(`P5\n${columns} ${rows}\n4095\n`), bigEndian]));
    await openJpeg('opj_compress', ['-i', input, '-o', output]);
    codestreams.push(await readFile(output));
  }
  const file = await open(path, 'w');
  await file.write(headerOf(rows, columns, frames));
  for (let frame = 0; frame < frames; frame++) {
    const codestream = codestreams[frame % DIFFERENT_SLICES] as Buffer;
    await file.write(item(codestream.length + (codestream.length % 2)));
    await file.write(Buffer.concat([codestream, Buffer.alloc(codestream.length % 2)]));
  }
  await file.write(Buffer.from('feffdde000000000', 'hex'));
  await file.close();
  return digests;
}

/** A breast on a dark ground with noise of some bits, as JPEG 2000 finds it: values of 12 bits, its chest wall on the left. */
export function breastLike(rows: number, columns: number, slice: number): Uint16Array<ArrayBuffer> {
  const random = new RandomStream(slice, 'bench dicom');
  const noise = Uint16Array.from({ length: 65_521 }, () => random.integer(0, 63));
  return Uint16Array.from({ length: rows * columns }, (_, at) => {
    const depth = 1 - Math.hypot((at % columns) / (0.7 * columns), (2 * at) / columns / rows - 1);
    return depth > 0 ? 300 + Math.floor(1500 * Math.min(0.4, depth)) + (noise[(at * 7) % noise.length] as number) : 0;
  });
}

const UNDEFINED_LENGTH = 0xffffffff;
const JPEG_2000_LOSSLESS = '1.2.840.10008.1.2.4.90';
const TOMOSYNTHESIS = '1.2.840.10008.5.1.4.1.1.13.1.3';

/** What must be said of frames of breastLike. */
export const attributesOf = (rows: number, columns: number, frames: number): WrittenDataSet => ({
  SOPClassUID: TOMOSYNTHESIS,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  NumberOfFrames: frames,
  Rows: rows,
  Columns: columns,
  BitsAllocated: 16,
  BitsStored: 12,
  HighBit: 11,
  PixelRepresentation: 0,
});

/** Preamble, meta information, the attributes of the pixels, and the pixel data up to its empty offset table (PS3.5 A.4). */
function headerOf(rows: number, columns: number, frames: number): Buffer {
  const preamble = Buffer.alloc(132);
  preamble.write('DICM', 128, 'latin1');
  const uid = Buffer.from(JPEG_2000_LOSSLESS.padEnd(JPEG_2000_LOSSLESS.length + (JPEG_2000_LOSSLESS.length % 2), '\0'));
  const meta = Buffer.concat([Buffer.from('020010005549', 'hex'), Buffer.from([uid.length, 0]), uid]);
  const dataSet = encodeDataSet(attributesOf(rows, columns, frames));
  const pixelData = Buffer.from('e07f10004f420000', 'hex');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(UNDEFINED_LENGTH);
  return Buffer.concat([preamble, meta, dataSet, pixelData, length, item(0)]);
}

function item(length: number): Buffer {
  const bytes = Buffer.from('feff00e000000000', 'hex');
  bytes.writeUInt32LE(length, 4);
  return bytes;
}
