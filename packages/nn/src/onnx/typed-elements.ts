/** Elements of TensorProto's typed fields (onnx.proto), from their protobuf encoding: packed, or one at a time. */

/** Fields that hold elements of the types that are read. */
export type TypedField = 'floatData' | 'int32Data' | 'int64Data' | 'doubleData';

/** Elements that are counted, and read when they are wanted. int32Data are cut to 16 bits, as float16 has them. */
export interface TypedElements {
  readonly count: number;
  readonly read: () => Float32Array | Float64Array | BigInt64Array | Uint16Array<ArrayBuffer>;
}

/** The elements of a field, whose bytes come in pieces. The count is no whole number when a piece ends inside one. */
export function typedElements(field: TypedField, pieces: readonly Uint8Array[]): TypedElements {
  switch (field) {
    case 'floatData':
      return { count: bytesOf(pieces) / 4, read: () => new Float32Array(joined(pieces).buffer) };
    case 'doubleData':
      return { count: bytesOf(pieces) / 8, read: () => new Float64Array(joined(pieces).buffer) };
    case 'int32Data':
      return { count: varints(pieces), read: () => Uint16Array.from(decoded(pieces), Number) };
    case 'int64Data':
      return { count: varints(pieces), read: () => decoded(pieces) };
  }
}

const bytesOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(bytesOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A varint ends with the byte whose upper bit is 0; half of one more where a piece ends inside it. */
function varints(pieces: readonly Uint8Array[]): number {
  let count = 0;
  for (const piece of pieces) {
    for (const byte of piece) if (byte < 0x80) count++;
    if (piece.length > 0 && (piece[piece.length - 1] as number) >= 0x80) count += 0.5;
  }
  return count;
}

/** Varints of 64 bits, two's complement; bits above are lost, as protobuf has it. */
function decoded(pieces: readonly Uint8Array[]): BigInt64Array {
  const values = new BigInt64Array(Math.ceil(varints(pieces)));
  let i = 0;
  for (const piece of pieces) {
    let [low, high, shift] = [0, 0, 0]; // 28 bits, the rest, and how far the varint has come
    for (const byte of piece) {
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift < 70) high += bits * 2 ** (shift - 28);
      shift += 7;
      if (byte < 0x80) {
        values[i++] = BigInt.asIntN(64, (BigInt(high) << 28n) | BigInt(low));
        [low, high, shift] = [0, 0, 0];
      }
    }
  }
  return values;
}
