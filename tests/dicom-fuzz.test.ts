/**
 * Damaged DICOM files: the small files of every transfer syntax, 20,000 times mutated, are read or refused by this package's own
 * error; no decoder hangs, and memory stays within a bound. Most kinds of edit are of tests/weights-fuzz.test.ts; one more sets the
 * value of an element of the image, so that what is damaged is not only what is refused first.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DecoderPool, DicomError, openDicom } from '@mammoscope/dicom';
import { RandomStream } from '@mammoscope/random';

const FOLDER = new URL('../references/dicom/', import.meta.url);
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.dcm'))
  .sort();
const MUTATIONS = 20_000;
const PEAK_KB = 1_000_000;

const folder = await mkdtemp(join(tmpdir(), 'dicom-fuzz-'));
const pool = new DecoderPool({ workers: 2, timeoutMs: 20_000 });
after(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

/** Numbers that a length or an offset must survive. */
const EXTREMES = [0, 1, 2, 2 ** 16 - 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** Offsets of the elements of group 0028, of item tags, and of where codestreams begin. */
function landmarks(bytes: Buffer): number[] {
  const found: number[] = [];
  for (const mark of ['2800', '0028', 'feff00e0', '10000002', 'e07f1000', 'ffd8', 'ff4f', 'ffc4', 'ff52', 'ff90'])
    for (let at = bytes.indexOf(mark, 0, 'hex'); at >= 0 && found.length < 400; at = bytes.indexOf(mark, at + 1, 'hex'))
      found.push(at);
  return found;
}

function mutate(valid: Buffer, marks: readonly number[], random: RandomStream): Buffer {
  let bytes = Buffer.from(valid);
  for (let edit = random.integer(1, 3); edit > 0 && bytes.length > 200; edit--) {
    const mark = marks[random.integer(0, marks.length - 1)] ?? 0;
    const near = Math.min(bytes.length - 1, mark + random.integer(0, 16));
    const at = random.chance(0.6) ? near : random.integer(0, bytes.length - 1);
    const length = random.integer(1, Math.min(64, bytes.length - at));
    const kind = random.integer(0, 6);
    if (kind <= 1) bytes[at] = random.integer(0, 255);
    else if (kind === 2) bytes[at] = (bytes[at] as number) ^ (1 << random.integer(0, 7));
    else if (kind === 3 && at + 4 <= bytes.length) {
      const value = EXTREMES[random.integer(0, EXTREMES.length - 1)] as number;
      if (random.chance(0.5)) bytes.writeUInt32LE(value, at);
      else bytes.writeUInt16LE(value & 0xffff, at);
    } else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 5) bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    else if (random.chance(0.2)) bytes = bytes.subarray(0, at);
    else bytes.copyWithin(random.integer(0, bytes.length - 1), at, at + length);
  }
  return bytes;
}

/** Opens a file and reads its frames, at most eight. The number of values, or the error. */
async function readWhole(path: string): Promise<number | Error> {
  try {
    await using file = await openDicom(path, { pool });
    const { rows, columns, samplesPerPixel } = file.image;
    let values = 0;
    for (let frame = 0; frame < Math.min(8, file.frameCount); frame++) {
      const { data } = await file.frame(frame);
      assert.equal(data.length, rows * columns * samplesPerPixel);
      file.frameMeta(frame);
      values += data.length;
    }
    return values;
  } catch (error) {
    return error as Error;
  }
}

const totals = { read: 0, refused: 0, codes: new Set<string>() };

async function mutations(name: string, index: number, rounds: number): Promise<void> {
  const valid = readFileSync(new URL(name, FOLDER));
  const marks = landmarks(valid);
  const random = new RandomStream(index, 'dicom-fuzz');
  const path = join(folder, `${index}.dcm`);
  for (let round = 0; round < rounds; round++) {
    const bytes = mutate(valid, marks, random);
    await writeFile(path, bytes);
    const outcome = await readWhole(path);
    if (outcome instanceof Error) {
      assert.ok(outcome instanceof DicomError, `${name}, round ${round}: ${outcome.stack}`);
      assert.ok(outcome.message.length < 600 && outcome.message.includes(path), outcome.message);
      assert.notEqual(outcome.code, 'frame-timeout', `${name}, round ${round}: ${outcome.message}`);
      totals.codes.add(outcome.code);
      totals.refused++;
    } else totals.read++;
  }
}

test(`${MUTATIONS} mutations of ${NAMES.length} files are read or refused`, { timeout: 400_000 }, async () => {
  const rounds = Math.ceil(MUTATIONS / NAMES.length);
  const waiting = [...NAMES.entries()];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await mutations(next[1], next[0], rounds);
  };
  await Promise.all([lane(), lane(), lane()]);
  assert.ok(totals.read > MUTATIONS / 50 && totals.refused > MUTATIONS / 5, JSON.stringify(totals));
  assert.ok(totals.codes.size >= 9, [...totals.codes].join());
});

test('what this process and its decoders hold at their peak is bounded', () => {
  const { maxRSS } = process.resourceUsage(); // kB
  assert.ok(maxRSS < PEAK_KB, `${maxRSS} kB`);
});
