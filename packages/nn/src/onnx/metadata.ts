/** The metadata_props of an ONNX file (onnx.proto, ModelProto field 14), without its graph. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { InitialiserError } from './initialisers.ts';

const METADATA_PROPS = 14;

/** Names and values as whoever exported the model wrote them. InitialiserError 'onnx-malformed' where the bytes are no model. */
export function onnxMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  try {
    const reader = new BinaryReader(bytes);
    const found: [string, string][] = [];
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (field === METADATA_PROPS && wire === WireType.LengthDelimited) found.push(entryOf(reader.bytes()));
      else reader.skip(wire, field);
    }
    return Object.fromEntries(found);
  } catch (error) {
    throw new InitialiserError('onnx-malformed', `this is no ONNX file: ${(error as Error).message}`, { cause: error });
  }
}

/** StringStringEntryProto: a key and its value. */
function entryOf(bytes: Uint8Array): [string, string] {
  const reader = new BinaryReader(bytes);
  const texts = new Map<number, string>();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) texts.set(field, reader.string());
    else reader.skip(wire, field);
  }
  return [texts.get(1) ?? '', texts.get(2) ?? ''];
}
