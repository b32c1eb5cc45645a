/**
 * Reads the initialisers (weights) of an ONNX file: onnx.proto, messages ModelProto, GraphProto and TensorProto. Elements
 * come from raw_data (little-endian), from the typed field of their data type, as onnx.proto says at each field, or from
 * another file. Only these messages are decoded: a file's nodes are skipped, however many they are.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type Shape, showShape, sizeOf } from '../graph/tensor.ts';
import { TensorProto_DataType } from './generated/onnx_pb.js';
import { type TypedField, typedElements } from './typed-elements.ts';

/** Element types that are read, in ONNX's words. FLOAT16 is held as float32. */
export type OnnxTensorType = 'FLOAT' | 'FLOAT16' | 'DOUBLE' | 'INT64';

/** One initialiser of an ONNX file, row-major. */
export interface OnnxTensor {
  readonly type: OnnxTensorType;
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array | BigInt64Array;
}

/** Where the elements of an initialiser are, when they are in another file. */
export interface ExternalData {
  /** Path relative to the model's folder, as the file has it: not checked. */
  readonly location: string;
  readonly offset: number;
  /** Bytes: what the shape needs. */
  readonly length: number;
}

/** An initialiser before its elements are read. */
export interface OnnxInitialiser {
  readonly type: OnnxTensorType;
  readonly shape: Shape;
  readonly external?: ExternalData;
  /** The elements, in memory of their own; those of an external one from the bytes of its place. */
  readonly elements: (externalBytes?: Uint8Array) => OnnxTensor['data'];
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
/** Initialisers of a model, and dimensions of one: far above any network's, so that many small ones cost little. */
const COUNT_LIMIT = 2 ** 16;
const RANK_LIMIT = 64;

/**
 * The initialisers of an ONNX file by name, in the file's order, with their elements. InitialiserError as
 * listInitialisers has it, and when one is external.
 */
export function readInitialisers(bytes: Uint8Array, limitBytes = ONNX_FILE_LIMIT): ReadonlyMap<string, OnnxTensor> {
  return new Map(
    [...listInitialisers(bytes, limitBytes)].map(([name, { type, shape, external, elements }]) => {
      if (external)
        throw unsupported(name, 'inside the file', 'in another one (external data); save the model as one file');
      return [name, { type, shape, data: elements() }];
    }),
  );
}

/**
 * What initialisers an ONNX file has, by name, in the file's order. InitialiserError when the bytes are no ONNX model, are
 * more than `limitBytes`, or hold an initialiser that is sparse, of another element type, or that does not fill its shape.
 */
export function listInitialisers(
  bytes: Uint8Array,
  limitBytes = ONNX_FILE_LIMIT,
): ReadonlyMap<string, OnnxInitialiser> {
  if (bytes.length > limitBytes)
    throw new InitialiserError('file-too-large', `the model has ${bytes.length} bytes, at most ${limitBytes} are read`);
  const initialisers = new Map<string, OnnxInitialiser>();
  let graphs = 0;
  walk(bytes, {
    [MODEL.graph]: (graph) => {
      graphs++;
      walk(graph, {
        [GRAPH.initializer]: (tensor) => {
          const fields = tensorFields(tensor);
          const { name } = fields;
          if (initialisers.has(name)) throw malformed(name, 'a name of its own', 'the name of an earlier one');
          if (initialisers.size === COUNT_LIMIT) throw malformed(name, `at most ${COUNT_LIMIT} before it`, 'as many');
          initialisers.set(name, initialiser(fields));
        },
        [GRAPH.sparseInitializer]: (sparse) => {
          let name = '';
          walk(sparse, {
            [SPARSE.values]: (values) => {
              ({ name } = tensorFields(values));
            },
          });
          throw unsupported(name, 'dense', 'sparse');
        },
      });
    },
  });
  if (graphs === 0) throw new InitialiserError('onnx-malformed', 'the bytes are no ONNX model: they hold no graph');
  return initialisers;
}

/** Numbers of the fields that are read, from onnx.proto. */
const MODEL = { graph: 7 } as const;
const GRAPH = { initializer: 5, sparseInitializer: 15 } as const;
const SPARSE = { values: 1 } as const;
const ENTRY = { key: 1, value: 2 } as const;
const TENSOR = {
  dims: 1,
  dataType: 2,
  segment: 3,
  floatData: 4,
  int32Data: 5,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  externalData: 13,
  dataLocation: 14,
} as const;

type FieldReader = (bytes: Uint8Array) => void;

/** Hands the length-delimited fields of a message to their readers, and its varints as bytes; skips all others. */
function walk(bytes: Uint8Array, readers: Readonly<Partial<Record<number, FieldReader>>>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const field = decoding(() => {
      const [number, wireType] = reader.tag();
      const read = readers[number];
      const start = reader.pos;
      if (read && wireType === WireType.LengthDelimited) return { read, value: reader.bytes() };
      reader.skip(wireType, number);
      return read && wireType !== WireType.StartGroup ? { read, value: bytes.subarray(start, reader.pos) } : undefined;
    });
    field?.read(field.value);
  }
}

/** What the protobuf library says of bytes that are no message, as an InitialiserError. */
function decoding<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    const { message } = error as Error;
    throw new InitialiserError('onnx-malformed', `the bytes are no ONNX model: ${message}`, { cause: error });
  }
}

interface TensorFields {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly bigint[];
  readonly segmented: boolean;
  /** Location 1 is outside. */
  readonly location: number;
  readonly external: ReadonlyMap<string, string>;
  readonly raw: Uint8Array;
  /** Packed bytes of each typed field, in pieces. */
  readonly typed: Readonly<Record<TypedField, readonly Uint8Array[]>>;
}

function tensorFields(bytes: Uint8Array): TensorFields {
  const external = new Map<string, string>();
  const typed: Record<TypedField, Uint8Array[]> = { floatData: [], int32Data: [], int64Data: [], doubleData: [] };
  const dims: bigint[] = [];
  let [name, type, segmented, location, raw] = ['', 0, false, 0, new Uint8Array() as Uint8Array];
  const piece = (field: TypedField) => (value: Uint8Array) => {
    if (typed[field].length === COUNT_LIMIT)
      throw malformed(name, `its elements in one piece`, `${COUNT_LIMIT} pieces`);
    typed[field].push(value);
  };
  walk(bytes, {
    [TENSOR.dims]: (value) => {
      const reader = new BinaryReader(value);
      while (reader.pos < reader.len && dims.length <= RANK_LIMIT) dims.push(BigInt(decoding(() => reader.int64())));
    },
    [TENSOR.dataType]: (value) => {
      type = decoding(() => new BinaryReader(value).int32());
    },
    [TENSOR.segment]: () => {
      segmented = true;
    },
    [TENSOR.name]: (value) => {
      name = new TextDecoder().decode(value);
    },
    [TENSOR.rawData]: (value) => {
      raw = value;
    },
    [TENSOR.dataLocation]: (value) => {
      location = decoding(() => new BinaryReader(value).int32());
    },
    [TENSOR.externalData]: (value) => {
      const texts = ['', ''];
      const text = (index: number) => (encoded: Uint8Array) => {
        texts[index] = new TextDecoder().decode(encoded.subarray(0, 4096));
      };
      walk(value, { [ENTRY.key]: text(0), [ENTRY.value]: text(1) });
      if (external.size < RANK_LIMIT) external.set(texts[0] as string, texts[1] as string);
    },
    [TENSOR.floatData]: piece('floatData'),
    [TENSOR.int32Data]: piece('int32Data'),
    [TENSOR.int64Data]: piece('int64Data'),
    [TENSOR.doubleData]: piece('doubleData'),
  });
  return { name, type, dims, segmented, location, external, raw, typed };
}

function initialiser({
  name,
  type: number,
  dims,
  segmented,
  location,
  external,
  raw,
  typed,
}: TensorFields): OnnxInitialiser {
  if (segmented) throw unsupported(name, 'in one piece', 'in segments');
  const type = TensorProto_DataType[number] ?? `number ${number}`;
  if (!isOnnxTensorType(type)) throw unsupported(name, Object.keys(ELEMENTS).join(', '), type);
  const shape = dims.map(Number);
  if (shape.length > RANK_LIMIT || !shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0))
    throw malformed(name, `at most ${RANK_LIMIT} dimensions of 0 and more`, showShape(shape));
  const { bytes, field, fromBytes } = ELEMENTS[type];
  const count = shape.includes(0) ? 0 : sizeOf(shape);
  const fill = (got: number) => {
    if (got !== count) throw malformed(name, `${count} elements for its shape ${showShape(shape)}`, `${got}`);
  };
  // A copy: raw_data is a view of the file at any alignment.
  const copied = (source: Uint8Array) => fromBytes(new Uint8Array(source).buffer);
  if (location !== 0 || external.size > 0) {
    const length = count * bytes;
    const place = externalPlace(name, external, length);
    return {
      type,
      shape,
      external: place,
      elements(read = new Uint8Array()) {
        fill(read.length / bytes);
        return copied(read);
      },
    };
  }
  const values = typedElements(field, typed[field]);
  if (raw.length > 0 && values.count > 0) throw malformed(name, 'one source of elements', 'two');
  fill(values.count > 0 ? values.count : raw.length / bytes);
  if (values.count === 0) return { type, shape, elements: () => copied(raw) };
  return {
    type,
    shape,
    elements() {
      const read = values.read();
      return read instanceof Uint16Array ? fromBytes(read.buffer) : read;
    },
  };
}

/** Keys of external_data, from onnx.proto; a length that is left out is what the shape needs. */
function externalPlace(name: string, entries: ReadonlyMap<string, string>, needed: number): ExternalData {
  const location = entries.get('location');
  if (!location) throw unsupported(name, 'inside the file', 'in another one (external data) that it does not name');
  const whole = (key: string, otherwise: number) => {
    const text = entries.get(key);
    if (text !== undefined && !/^\d{1,15}$/.test(text))
      throw malformed(name, `a whole number as its ${key}`, `"${text.slice(0, 100)}"`);
    return text === undefined ? otherwise : Number(text);
  };
  const [offset, length] = [whole('offset', 0), whole('length', needed)];
  if (length !== needed) throw malformed(name, `${needed} bytes of external data`, `${length}`);
  return { location, offset, length };
}

interface Elements {
  /** Bytes of one element in raw_data. */
  readonly bytes: number;
  /** The field that onnx.proto gives to elements of this type; in int32_data each number is the 16 bits of a half. */
  readonly field: TypedField;
  readonly fromBytes: (buffer: ArrayBuffer) => OnnxTensor['data'];
}

const ELEMENTS: Readonly<Record<OnnxTensorType, Elements>> = {
  FLOAT: { bytes: 4, field: 'floatData', fromBytes: (buffer) => new Float32Array(buffer) },
  FLOAT16: { bytes: 2, field: 'int32Data', fromBytes: (buffer) => new Float32Array(new Float16Array(buffer)) },
  DOUBLE: { bytes: 8, field: 'doubleData', fromBytes: (buffer) => new Float64Array(buffer) },
  INT64: { bytes: 8, field: 'int64Data', fromBytes: (buffer) => new BigInt64Array(buffer) },
};

function isOnnxTensorType(type: string): type is OnnxTensorType {
  return Object.hasOwn(ELEMENTS, type);
}

const malformed = (name: string, required: string, got: string) =>
  new InitialiserError('onnx-malformed', `initialiser "${name}" should have ${required}, got ${got}`);

const unsupported = (name: string, required: string, got: string) =>
  new InitialiserError('onnx-unsupported', `initialiser "${name}" should be ${required}, it is ${got}`);
