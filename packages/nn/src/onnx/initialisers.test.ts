import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { RandomStream } from '@mammoscope/random';
import { GraphProtoSchema, ModelProtoSchema, TensorProto_DataType, TensorProtoSchema } from './generated/onnx_pb.js';
import { InitialiserError, readInitialisers } from './initialisers.ts';

const { FLOAT, FLOAT16, DOUBLE, INT64, INT8 } = TensorProto_DataType;
type Tensor = Parameters<typeof create<typeof TensorProtoSchema>>[1];

/** The bytes of a model with these initialisers. */
function model(...tensors: readonly Tensor[]): Uint8Array {
  const initializer = tensors.map((tensor) => create(TensorProtoSchema, tensor));
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: create(GraphProtoSchema, { initializer }) }));
}

const raw = (data: ArrayBufferView<ArrayBuffer>) => new Uint8Array(data.buffer);

test('each element type is read from raw data and from its typed field', () => {
  const bytes = model(
    { name: 'f raw', dataType: FLOAT, dims: [2n, 1n], rawData: raw(Float32Array.of(0.1, -2)) },
    { name: 'f typed', dataType: FLOAT, dims: [2n, 1n], floatData: [0.1, -2] },
    { name: 'h raw', dataType: FLOAT16, dims: [2n], rawData: Uint8Array.of(0x00, 0x3c, 0x00, 0xc0) },
    { name: 'h typed', dataType: FLOAT16, dims: [2n], int32Data: [0x3c00, 0xc000] },
    { name: 'd raw', dataType: DOUBLE, dims: [], rawData: raw(Float64Array.of(Math.PI)) },
    { name: 'd typed', dataType: DOUBLE, dims: [], doubleData: [Math.PI] },
    { name: 'i raw', dataType: INT64, dims: [1n], rawData: raw(BigInt64Array.of(-(2n ** 60n))) },
    { name: 'i typed', dataType: INT64, dims: [1n], int64Data: [-(2n ** 60n)] },
    { name: 'none', dataType: FLOAT, dims: [0n, 4n] },
  );
  const floats = { type: 'FLOAT', shape: [2, 1], data: Float32Array.of(0.1, -2) };
  const halves = { type: 'FLOAT16', shape: [2], data: Float32Array.of(1, -2) };
  const doubles = { type: 'DOUBLE', shape: [], data: Float64Array.of(Math.PI) };
  const integers = { type: 'INT64', shape: [1], data: BigInt64Array.of(-(2n ** 60n)) };
  assert.deepEqual(Object.fromEntries(readInitialisers(bytes)), {
    'f raw': floats,
    'f typed': floats,
    'h raw': halves,
    'h typed': halves,
    'd raw': doubles,
    'd typed': doubles,
    'i raw': integers,
    'i typed': integers,
    none: { type: 'FLOAT', shape: [0, 4], data: new Float32Array() },
  });
});

const refused: Readonly<Record<string, [Tensor, InitialiserError['code'], RegExp]>> = {
  'external data': [{ dataLocation: 1 }, 'onnx-unsupported', /in another one \(external data\)/],
  'an external file': [{ externalData: [{ key: 'location', value: 'w.bin' }] }, 'onnx-unsupported', /external data/],
  segments: [{ segment: { begin: 0n, end: 1n } }, 'onnx-unsupported', /in segments/],
  'another element type': [{ dataType: INT8 }, 'onnx-unsupported', /FLOAT, FLOAT16, DOUBLE, INT64, it is INT8/],
  'an unknown element type': [{ dataType: 99 }, 'onnx-unsupported', /it is number 99/],
  'a negative extent': [{ dims: [-1n] }, 'onnx-malformed', /dimensions of 0 and more, got \[-1\]/],
  'too few elements': [{ rawData: new Uint8Array(4) }, 'onnx-malformed', /2 elements for its shape \[2\], got 1/],
  'half an element': [{ rawData: new Uint8Array(7) }, 'onnx-malformed', /got 1.75/],
  'a huge shape': [{ dims: [2n ** 52n, 2n ** 52n] }, 'onnx-malformed', /got 2/],
  'two sources': [{ floatData: [1, 2] }, 'onnx-malformed', /one source of elements, got two/],
};

for (const [what, [change, code, message]] of Object.entries(refused)) {
  test(`an initialiser with ${what} is refused`, () => {
    const bytes = model({ name: 'w', dataType: FLOAT, dims: [2n], rawData: new Uint8Array(8), ...change } as Tensor);
    assert.throws(() => readInitialisers(bytes), { name: 'InitialiserError', code, message });
    assert.throws(() => readInitialisers(bytes), /^InitialiserError: initialiser "w"/);
  });
}

test('files that are no models, hold no graph, repeat a name, are sparse or too large are refused', () => {
  const refuse = (bytes: Uint8Array, code: InitialiserError['code'], message: RegExp, limit?: number) =>
    assert.throws(() => readInitialisers(bytes, limit), { code, message });
  const w = { name: 'w', dataType: FLOAT, dims: [0n] };
  refuse(new TextEncoder().encode('<html>'), 'onnx-malformed', /no ONNX model/);
  refuse(new Uint8Array(), 'onnx-malformed', /no graph/);
  refuse(model(w, w), 'onnx-malformed', /"w" should have a name of its own/);
  refuse(model(w), 'file-too-large', /at most 3 are read/, 3);
  const sparse = create(GraphProtoSchema, { sparseInitializer: [{ values: { name: 's' } }] });
  refuse(toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: sparse })), 'onnx-unsupported', /"s".*sparse/);
});

test('two thousand mutations of a file are read or refused', () => {
  const valid = model(
    { name: 'a', dataType: FLOAT, dims: [2n], rawData: raw(Float32Array.of(1, 2)) },
    { name: 'b', dataType: INT64, dims: [3n], int64Data: [1n, 2n, 3n] },
    { name: 'c', dataType: FLOAT16, dims: [1n], int32Data: [15] },
  );
  const random = new RandomStream(3, 'onnx');
  let refusals = 0;
  for (let round = 0; round < 2000; round++) {
    const bytes = valid.slice(0, random.chance(0.2) ? random.integer(0, valid.length) : valid.length);
    for (let edit = random.integer(1, 3); edit > 0 && bytes.length > 0; edit--)
      bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
    try {
      for (const { data } of readInitialisers(bytes).values()) assert.ok(data.byteLength <= 8 * bytes.length);
    } catch (error) {
      assert.ok(error instanceof InitialiserError, `round ${round}: ${error}`);
      refusals++;
    }
  }
  assert.ok(refusals > 200 && refusals < 2000, `${refusals} of 2000 were refused`);
});
