/** Named tensors as files hold them, and the conversion of their elements from and to bytes. */

/** Element types of a safetensors file that are read and written here, in its words. */
export type StateDType = 'F16' | 'BF16' | 'F32' | 'F64' | 'I64';

/** A tensor on the host, row-major. F16 and BF16 are held as float32 and rounded (ties to even) when written. */
export interface StateTensor {
  readonly dtype: StateDType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array;
}

/** Tensors by their dotted name. */
export type StateDict = ReadonlyMap<string, StateTensor>;

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<StateDType, number>> = { F16: 2, BF16: 2, F32: 4, F64: 8, I64: 8 };

/** True when a text names an element type that is read here. */
export function isStateDType(text: unknown): text is StateDType {
  return typeof text === 'string' && Object.hasOwn(ELEMENT_BYTES, text);
}

/** A float32 tensor. */
export function float32Tensor(shape: readonly number[], data: Float32Array): StateTensor {
  return { dtype: 'F32', shape, data };
}

/** Elements from little-endian bytes; the bytes are copied. Their number must be a multiple of the element's size. */
export function decodeElements(dtype: StateDType, bytes: Uint8Array): StateTensor['data'] {
  const { buffer } = new Uint8Array(bytes); // slice() of a Buffer would not copy
  switch (dtype) {
    case 'F16':
      return new Float32Array(new Float16Array(buffer));
    case 'BF16':
      return new Float32Array(new Uint32Array(new Uint16Array(buffer)).map((upper) => upper << 16).buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'F64':
      return new Float64Array(buffer);
    case 'I64':
      return new BigInt64Array(buffer);
  }
}

/** Little-endian bytes of a tensor's elements. TypeError when the array is not the one that its element type is held in. */
export function encodeElements({ dtype, data }: StateTensor): Uint8Array {
  const held = dtype === 'I64' ? BigInt64Array : dtype === 'F64' ? Float64Array : Float32Array;
  if (!(data instanceof held))
    throw new TypeError(`${dtype} is held in a ${held.name}, got a ${data.constructor.name}`);
  if (dtype === 'F16') return new Uint8Array(new Float16Array(data as Float32Array).buffer);
  if (dtype === 'BF16') return new Uint8Array(bfloat16(data as Float32Array).buffer);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
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
