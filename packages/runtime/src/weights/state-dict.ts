/** Named tensors as files hold them, and the conversion of their elements from and to bytes. */

/** Element types of a safetensors file that are read and written here, in its words. */
export type StateDType = 'F16' | 'BF16' | 'F32' | 'F64' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** Arrays that hold elements: reals as such, integers of 64 bits as bigint, BOOL as 0 and 1. */
export type StateElements =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

/** A tensor on the host, row-major. F16 and BF16 are held as float32 and rounded (ties to even) when written. */
export interface StateTensor {
  readonly dtype: StateDType;
  readonly shape: readonly number[];
  readonly data: StateElements;
}

/** Tensors by their dotted name. */
export type StateDict = ReadonlyMap<string, StateTensor>;

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<StateDType, number>> = {
  F16: 2,
  BF16: 2,
  F32: 4,
  F64: 8,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Bytes of one element in memory. */
export const heldBytes = (dtype: StateDType): number =>
  dtype === 'F16' || dtype === 'BF16' ? 4 : ELEMENT_BYTES[dtype];

/** True when a text names an element type that is read here. */
export function isStateDType(text: unknown): text is StateDType {
  return typeof text === 'string' && Object.hasOwn(ELEMENT_BYTES, text);
}

/** A float32 tensor. */
export function float32Tensor(shape: readonly number[], data: Float32Array): StateTensor {
  return { dtype: 'F32', shape, data };
}

/** Elements from little-endian bytes; the bytes are copied. Their number must be a multiple of the element's size. */
export function decodeElements(dtype: StateDType, bytes: Uint8Array): StateElements {
  return elementsIn(dtype, new Uint8Array(bytes).buffer); // slice() of a Buffer would not copy
}

/** Elements from little-endian bytes that nobody else holds: where they need no conversion they stay where they are. */
export function elementsIn(dtype: StateDType, buffer: ArrayBuffer): StateElements {
  switch (dtype) {
    case 'F16':
      return new Float32Array(new Float16Array(buffer));
    case 'BF16':
      return bfloat16Values(new Uint16Array(buffer));
    default:
      return new ARRAYS[dtype](buffer);
  }
}

const ARRAYS = {
  F16: Float32Array,
  BF16: Float32Array,
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const satisfies Record<StateDType, unknown>;

/** Little-endian bytes of a tensor's elements. TypeError when the array is not the one that its element type is held in. */
export function encodeElements({ dtype, data }: StateTensor): Uint8Array {
  const held = ARRAYS[dtype];
  if (!(data instanceof held))
    throw new TypeError(`${dtype} is held in a ${held.name}, got a ${data.constructor.name}`);
  if (dtype === 'F16') return new Uint8Array(new Float16Array(data as Float32Array).buffer);
  if (dtype === 'BF16') return new Uint8Array(bfloat16(data as Float32Array).buffer);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Float32 whose upper halves are given. */
function bfloat16Values(upper: Uint16Array): Float32Array {
  const bits = new Uint32Array(upper.length);
  for (let i = 0; i < upper.length; i++) bits[i] = (upper[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

/** The upper halves of float32, rounded to nearest, ties to even; a NaN stays a NaN. */
function bfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return new Uint16Array(
    bits.map((word) => {
      const unordered = (word & 0x7fffffff) > 0x7f800000;
      return unordered ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
    }),
  );
}
