/**
 * Damaged weights files: small files of PyTorch, safetensors and ONNX, 10,000 times mutated, are read or refused by
 * the runtime's own error, and what is read is within the bound that WeightsFile states. Each kind of edit is one that has
 * broken a reader of such files somewhere: bytes, lengths of 32 and 64 bits, pieces that are cut, doubled or swapped.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { openWeights, WeightsError } from '@mammoscope/runtime';

const FOLDER = new URL('../references/weights/', import.meta.url);
const NAMES = readdirSync(FOLDER)
  .filter((name) => /\.(pth?|safetensors|onnx)$/.test(name) && !name.includes('external'))
  .sort();
const MUTATIONS = 10_000;
/** Small files have a list that is larger than they are, so the bound of tensors is what is measured. */
const BOUND = 4;

const folder = await mkdtemp(join(tmpdir(), 'weights-fuzz-'));
after(() => rm(folder, { recursive: true }));

/** Numbers that a length or an offset must survive. */
const EXTREMES = [0, 1, 2 ** 16 - 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

function mutate(valid: Uint8Array, random: RandomStream): Uint8Array {
  let bytes = Uint8Array.from(valid);
  for (let edit = random.integer(1, 4); edit > 0 && bytes.length > 8; edit--) {
    const at = random.integer(0, bytes.length - 1);
    const view = new DataView(bytes.buffer);
    const length = random.integer(1, Math.min(64, bytes.length - at));
    const kind = random.integer(0, 6);
    if (kind <= 1) bytes[at] = random.integer(0, 255);
    else if (kind === 2) bytes[at] = (bytes[at] as number) ^ (1 << random.integer(0, 7));
    else if (kind === 3 && at + 8 <= bytes.length) {
      const value = EXTREMES[random.integer(0, EXTREMES.length - 1)] as number;
      if (random.chance(0.5)) view.setUint32(at, value, true);
      else view.setBigUint64(at, BigInt(value) << BigInt(random.integer(0, 32)), true);
    } else if (kind === 4) bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
    else if (kind === 5) {
      const piece = bytes.subarray(at, at + length);
      bytes = Uint8Array.from([...bytes.subarray(0, at), ...piece, ...bytes.subarray(at)]);
    } else if (random.chance(0.2)) bytes = bytes.slice(0, at);
    else bytes.copyWithin(random.integer(0, bytes.length - 1), at, at + length);
  }
  return bytes;
}

/** Opens and reads a file whole. The bytes of its tensors, or the error. */
async function readWhole(path: string): Promise<number | Error> {
  try {
    await using file = await openWeights(path);
    let held = 0;
    for (const name of file.entries.keys()) {
      const { shape, data } = await file.read(name);
      assert.equal(
        shape.reduce((product, extent) => product * extent, 1),
        data.length,
      );
      held += data.byteLength;
    }
    return held;
  } catch (error) {
    return error as Error;
  }
}

for (const [index, name] of NAMES.entries()) {
  const rounds = Math.ceil(MUTATIONS / NAMES.length);
  test(`${rounds} mutations of ${name} are read or refused`, { timeout: 60_000 }, async () => {
    const valid = readFileSync(new URL(name, FOLDER));
    const path = join(folder, `${index}${extname(name)}`);
    const random = new RandomStream(index, 'weights-fuzz');
    const outcomes = { read: 0, refused: 0 };
    for (let round = 0; round < rounds; round++) {
      const bytes = mutate(valid, random);
      await writeFile(path, bytes);
      const outcome = await readWhole(path);
      if (outcome instanceof Error) {
        assert.ok(outcome instanceof WeightsError, `round ${round}: ${outcome.stack}`);
        assert.ok(outcome.message.length < 1000 && outcome.message.includes(path), outcome.message);
        outcomes.refused++;
      } else {
        assert.ok(outcome <= BOUND * bytes.length, `round ${round}: ${outcome} bytes from ${bytes.length}`);
        outcomes.read++;
      }
    }
    assert.ok(outcomes.refused > rounds / 5 && outcomes.read > 0, JSON.stringify(outcomes));
  });
}

test('what this process holds at its peak is small beside ten thousand files', () => {
  const { maxRSS } = process.resourceUsage(); // kB
  assert.ok(maxRSS < 400_000, `${maxRSS} kB`);
});
