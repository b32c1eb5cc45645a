/**
 * Reads the initialisers (weights) of an ONNX file: onnx.proto, messages ModelProto, GraphProto and TensorProto. Elements
 * come from raw_data (little-endian) or from the typed field of their data type, as onnx.proto says at each field.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { type Shape, showShape, sizeOf } from '../graph/tensor.ts';
import { type GraphProto, ModelProtoSchema, type TensorProto, TensorProto_DataType } from './generated/onnx_pb.js';

/** Element types that are read, in ONNX's words. FLOAT16 is held as float32. */
export type OnnxTensorType = 'FLOAT' | 'FLOAT16' | 'DOUBLE' | 'INT64';

/** One initialiser of an ONNX file, row-major. */
export interface OnnxTensor {
  readonly type: OnnxTensorType;
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array | BigInt64Array;
}

/** What can be wrong with the initialisers of an ONNX file. */
export type InitialiserErrorCode =
  | 'onnx-malformed' // no ONNX model, or a tensor that contradicts its own shape
  | 'onnx-unsupported' // external or sparse data, another element type
  | 'file-too-large'; // more bytes than the limit

/** An error in reading initialisers; the message names the tensor. */
export class InitialiserError extends Error {
  readonly code: InitialiserErrorCode;
  constructor(code: InitialiserErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InitialiserError';
    this.code = code;
  }
}

/** Bytes that an ONNX file can have: protobuf's own limit, 2 GiB. */
export const ONNX_FILE_LIMIT = 2 ** 31 - 1;

/**
 * The initialisers of an ONNX file by name, in the file's order. InitialiserError when the bytes are no ONNX model, are
 * more than `limitBytes`, or hold an initialiser that is external, sparse, of another element type, or that does not fill
 * its shape.
 */
export function readInitialisers(bytes: Uint8Array, limitBytes = ONNX_FILE_LIMIT): ReadonlyMap<string, OnnxTensor> {
  if (bytes.length > limitBytes)
    throw new InitialiserError('file-too-large', `the model has ${bytes.length} bytes, at most ${limitBytes} are read`);
  const graph = parse(bytes);
  const sparse = graph.sparseInitializer[0];
  if (sparse) throw unsupported(sparse.values?.name ?? '', 'dense', 'sparse');
  const initialisers = new Map<string, OnnxTensor>();
  for (const tensor of graph.initializer) {
    if (initialisers.has(tensor.name)) throw malformed(tensor.name, 'a name of its own', 'the name of an earlier one');
    initialisers.set(tensor.name, read(tensor));
  }
  return initialisers;
}

function parse(bytes: Uint8Array): GraphProto {
  let graph: GraphProto | undefined;
  try {
    ({ graph } = fromBinary(ModelProtoSchema, bytes));
  } catch (error) {
    const { message } = error as Error;
    throw new InitialiserError('onnx-malformed', `the bytes are no ONNX model: ${message}`, { cause: error });
  }
  if (!graph) throw new InitialiserError('onnx-malformed', 'the bytes are no ONNX model: they hold no graph');
  return graph;
}

function read(tensor: TensorProto): OnnxTensor {
  const { name } = tensor;
  if (tensor.dataLocation !== 0 || tensor.externalData.length > 0)
    throw unsupported(name, 'inside the file', 'in another one (external data); save the model as one file');
  if (tensor.segment) throw unsupported(name, 'in one piece', 'in segments');
  const type = TensorProto_DataType[tensor.dataType ?? 0] ?? `number ${tensor.dataType}`;
  if (!isOnnxTensorType(type)) throw unsupported(name, Object.keys(ELEMENTS).join(', '), type);
  const shape = tensor.dims.map(Number);
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0))
    throw malformed(name, 'dimensions of 0 and more', showShape(shape));
  const { bytes, typed, fromBytes } = ELEMENTS[type];
  const count = sizeOf(shape);
  const values = typed(tensor);
  if (tensor.rawData.length > 0 && values.length > 0) throw malformed(name, 'one source of elements', 'two');
  const got = values.length > 0 ? values.length : tensor.rawData.length / bytes;
  if (got !== count) throw malformed(name, `${count} elements for its shape ${showShape(shape)}`, `${got}`);
  // A copy: raw_data is a view of the file at any alignment.
  return { type, shape, data: values.length > 0 ? values : fromBytes(new Uint8Array(tensor.rawData).buffer) };
}

interface Elements {
  /** Bytes of one element in raw_data. */
  readonly bytes: number;
  /** The elements of the field that onnx.proto gives to this type. */
  readonly typed: (tensor: TensorProto) => OnnxTensor['data'];
  readonly fromBytes: (buffer: ArrayBuffer) => OnnxTensor['data'];
}

const ELEMENTS: Readonly<Record<OnnxTensorType, Elements>> = {
  FLOAT: {
    bytes: 4,
    typed: ({ floatData }) => Float32Array.from(floatData),
    fromBytes: (buffer) => new Float32Array(buffer),
  },
  FLOAT16: {
    bytes: 2,
    // Each int32 holds the 16 bits of one element.
    typed: ({ int32Data }) => new Float32Array(new Float16Array(Uint16Array.from(int32Data).buffer)),
    fromBytes: (buffer) => new Float32Array(new Float16Array(buffer)),
  },
  DOUBLE: {
    bytes: 8,
    typed: ({ doubleData }) => Float64Array.from(doubleData),
    fromBytes: (buffer) => new Float64Array(buffer),
  },
  INT64: {
    bytes: 8,
    typed: ({ int64Data }) => BigInt64Array.from(int64Data),
    fromBytes: (buffer) => new BigInt64Array(buffer),
  },
};

function isOnnxTensorType(type: string): type is OnnxTensorType {
  return Object.hasOwn(ELEMENTS, type);
}

const malformed = (name: string, required: string, got: string) =>
  new InitialiserError('onnx-malformed', `initialiser "${name}" should have ${required}, got ${got}`);

const unsupported = (name: string, required: string, got: string) =>
  new InitialiserError('onnx-unsupported', `initialiser "${name}" should be ${required}, it is ${got}`);
