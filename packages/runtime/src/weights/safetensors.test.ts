import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { WeightsError, type WeightsErrorCode } from './errors.ts';
import { decodeSafetensors, encodeSafetensors, readSafetensors } from './safetensors.ts';
import { float32Tensor, type StateTensor } from './state-dict.ts';

/** A file written by hand: header text, then data bytes. */
function file(
  header: string,
  data: readonly number[] = [],
  length = new TextEncoder().encode(header).length,
): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const tensors = new Map<string, StateTensor>([
  ['b.bias', float32Tensor([2], Float32Array.of(1.5, -2))],
  ['a.weight', float32Tensor([2, 1, 2], Float32Array.of(0.1, 0.2, 0.3, 0.4))],
  ['half', { dtype: 'F16', shape: [3], data: Float32Array.of(1, 0.5, -2) }],
  ['brain', { dtype: 'BF16', shape: [1], data: Float32Array.of(3) }],
  ['double', { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) }],
  ['steps', { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 62n)) }],
  ['nothing', float32Tensor([0, 3], new Float32Array())],
  ['7', float32Tensor([1], Float32Array.of(7))],
  ['größe"\n', float32Tensor([1], Float32Array.of(8))],
]);
const metadata = new Map([
  ['z', 'ü "quoted"'],
  ['__proto__', '{"epoch":3}'],
]);

test('a file written by hand from the specification is read', async () => {
  const header = '{"__metadata__":{"k":"v"},"t":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}   ';
  const read = await decodeSafetensors(file(header, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]), 'hand');
  assert.deepEqual([...read.tensors], [['t', float32Tensor([1, 2], Float32Array.of(1, -2))]]);
  assert.deepEqual([...read.metadata], [['k', 'v']]);
  assert.equal((await decodeSafetensors(file('{}'), 'empty')).tensors.size, 0);
});

test('what is written is read back, and the order of the map does not show', async () => {
  const bytes = encodeSafetensors(tensors, metadata);
  const read = await decodeSafetensors(bytes, 'written');
  for (const [name, tensor] of tensors) assert.deepEqual(read.tensors.get(name), tensor, name);
  assert.equal(read.tensors.size, tensors.size);
  assert.deepEqual(new Map([...read.metadata].sort()), new Map([...metadata].sort()));
  const turned = encodeSafetensors(new Map([...tensors].reverse()), new Map([...metadata].reverse()));
  assert.deepEqual(turned, bytes);
  for (const name of ['x', 'xx', 'xxx']) {
    const aligned = encodeSafetensors(new Map([[name, float32Tensor([0], new Float32Array())]]));
    assert.equal(aligned.length % 8, 0, 'the data are aligned');
    assert.ok((await decodeSafetensors(aligned, 'padded')).tensors.has(name));
  }
});

const malformed: Readonly<Record<string, [Uint8Array, RegExp, WeightsErrorCode?]>> = {
  'too short': [new Uint8Array(7), /8 bytes of header length, got 7/],
  'a header longer than the file': [file('{}', [], 3), /header should have 3 bytes, 2 are there/],
  'a header of astronomic length': [
    file('{}', [], Number.MAX_SAFE_INTEGER),
    /header should have 9007199254740991 bytes/,
  ],
  'a header that begins with a blank': [file(' {}'), /begin with \{/],
  'a header that is no JSON': [file('{"a":}'), /header cannot be read/],
  'a header that is no UTF-8': [file('{"__metadata__":{"k":"?"}}').with(30, 0xff), /header cannot be read/],
  'a key named twice': [
    file(
      '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\\u0061" : {"dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
    ),
    /it names "a" twice/,
  ],
  'metadata that are no texts': [file('{"__metadata__":{"epoch":3}}'), /"epoch" should be a text/],
  'metadata that are a list': [file('{"__metadata__":[]}'), /__metadata__ should be an object/],
  'a tensor that is no object': [file('{"a":null}'), /tensor "a" should be an object/],
  'an unknown dtype': [
    file('{"a":{"dtype":"F8_E4M3","shape":[0],"data_offsets":[0,0]}}'),
    /F16, BF16.*"F8_E4M3"/,
    'tensor-dtype',
  ],
  'an unknown field': [file('{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}}'), /unknown field "x"/],
  'a negative extent': [file('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}'), /whole numbers, got \[-1\]/],
  'a fractional extent': [file('{"a":{"dtype":"F32","shape":[0.5],"data_offsets":[0,2]}}', [0, 0]), /whole numbers/],
  'falling offsets': [file('{"a":{"dtype":"F32","shape":[0],"data_offsets":[4,0]}}'), /two rising data_offsets/],
  'offsets of another size than the shape': [
    file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
    /needs 8 bytes, its offsets give 4/,
  ],
  'a shape whose size overflows': [
    file(
      '{"a":{"dtype":"F32","shape":[9007199254740991,9007199254740991,9007199254740991],"data_offsets":[0,4]}}',
      [0, 0, 0, 0],
    ),
    /its offsets give 4/,
  ],
  'offsets outside the file': [
    file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', [0, 0, 0, 0]),
    /ends at byte 8 of 4/,
  ],
  'overlapping tensors': [
    file(
      '{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}',
      [0, 0, 0, 0],
    ),
    /tensor "b" should begin at byte 4 of the data, got 2/,
  ],
  'a hole between tensors': [
    file('{"a":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}', [0, 0, 0, 0]),
    /tensor "a" should begin at byte 0 of the data, got 2/,
  ],
  'bytes after the last tensor': [file('{}', [1, 2, 3]), /3 bytes after its last tensor belong to none/],
};

for (const [what, [bytes, message, code = 'safetensors-malformed']] of Object.entries(malformed)) {
  test(`${what} is refused`, async () => {
    await assert.rejects(
      decodeSafetensors(bytes, 'model.safetensors'),
      (error) =>
        error instanceof WeightsError &&
        error.code === code &&
        error.message.startsWith('model.safetensors') &&
        message.test(error.message),
    );
  });
}

test('tensors that cannot be written are refused', () => {
  const write = (name: string, tensor: StateTensor) => () => encodeSafetensors(new Map([[name, tensor]]));
  assert.throws(write('a', float32Tensor([3], new Float32Array(2))), {
    code: 'tensor-mismatch',
    message: /\[3\] needs 3/,
  });
  assert.throws(write('__metadata__', float32Tensor([1], new Float32Array(1))), { code: 'tensor-mismatch' });
});

test('five thousand mutations of a file are read or refused, and nothing read is larger than the file allows', async () => {
  const valid = encodeSafetensors(tensors, metadata);
  const random = new RandomStream(5, 'safetensors');
  const headerEnd = 8 + new DataView(valid.buffer).getUint32(0, true);
  const digits = '0123456789,:[]{}"'.split('').map((character) => character.charCodeAt(0));
  let refused = 0;
  for (let round = 0; round < 5000; round++) {
    let bytes = valid.slice();
    for (let edit = random.integer(1, 3); edit > 0; edit--) {
      const position = random.integer(0, headerEnd - 1);
      const kind = random.integer(0, 3);
      if (kind === 0) bytes[position] = random.integer(0, 255);
      else if (kind === 1) bytes[position] = digits[random.integer(0, digits.length - 1)] as number;
      else if (kind === 2) bytes = bytes.slice(0, random.integer(0, bytes.length));
      else
        bytes = Uint8Array.from([...bytes.subarray(0, position), ...bytes.subarray(position + random.integer(1, 8))]);
    }
    try {
      let held = 0;
      for (const { data } of (await decodeSafetensors(bytes, 'mutant')).tensors.values()) held += data.byteLength;
      assert.ok(held <= 2 * bytes.length, `${held} bytes from ${bytes.length}`); // F16 doubles
    } catch (error) {
      assert.ok(error instanceof WeightsError, `round ${round}: ${error}`);
      assert.ok(error.message.length < 500);
      refused++;
    }
  }
  assert.ok(refused > 2500 && refused < 5000, `${refused} of 5000 were refused`);
});

test('a missing file, a folder and a file over the limit are refused before they are read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
  try {
    const huge = join(folder, 'huge.safetensors');
    await writeFile(huge, '');
    await truncate(huge, 2 ** 33 + 1); // sparse
    await assert.rejects(readSafetensors(join(folder, 'none')), {
      code: 'file-unreadable',
      message: /none cannot be read: ENOENT/,
    });
    await assert.rejects(readSafetensors(folder), { code: 'file-unreadable', message: /should be a file/ });
    await assert.rejects(readSafetensors(huge), {
      code: 'file-too-large',
      message: /8589934593 bytes, at most 8589934592/,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
