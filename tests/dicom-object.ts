/** DICOM files byte by byte, explicit VR little endian, for what no tool would write: damaged, contradictory or huge ones. */

const LONG_VRS = new Set(['OB', 'OW', 'OV', 'SQ', 'UN']);

/** An element; the length is that of the value unless another is claimed. */
export function element(
  tag: number,
  vr: string,
  value: Uint8Array | string | readonly number[],
  claimed?: number,
): Buffer {
  const bytes = valueBytes(vr, value);
  const head = Buffer.alloc(LONG_VRS.has(vr) ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (head.length === 12) head.writeUInt32LE(claimed ?? bytes.length, 8);
  else head.writeUInt16LE(claimed ?? bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

function valueBytes(vr: string, value: Uint8Array | string | readonly number[]): Buffer {
  if (typeof value === 'string')
    return Buffer.from(value.length % 2 ? `${value}${vr === 'UI' ? '\0' : ' '}` : value, 'latin1');
  if (value instanceof Uint8Array) return Buffer.from(value);
  return Buffer.from(Uint16Array.from(value).buffer);
}

/** An item or delimiter of a sequence or of fragments. */
export function item(bytes: Uint8Array = Buffer.alloc(0), tag = 0xfffee000, claimed = bytes.length): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.writeUInt32LE(claimed >>> 0, 4);
  return Buffer.concat([head, bytes]);
}

export const SEQUENCE_END = 0xfffee0dd;
export const UNDEFINED = 0xffffffff;

/** Pixel data of fragments, with or without their end marker. */
export function fragments(
  pieces: readonly Uint8Array[],
  { table = [], end = true }: { table?: readonly number[]; end?: boolean } = {},
): Buffer {
  const offsets = Buffer.from(Uint32Array.from(table).buffer);
  const body = [
    item(offsets),
    ...pieces.map((piece) => item(piece)),
    ...(end ? [item(Buffer.alloc(0), SEQUENCE_END)] : []),
  ];
  return Buffer.concat([element(0x7fe00010, 'OB', Buffer.alloc(0), UNDEFINED), ...body]);
}

/** Takes the place of an element that is to be left out. */
export function absent(tag: number): Buffer {
  return item(Buffer.alloc(0), tag).subarray(0, 4);
}

const tagOf = (bytes: Buffer): number => bytes.readUInt16LE(0) * 65536 + bytes.readUInt16LE(2);

/** The elements of an image of 4 x 6 pixels of 12 bits, in order; those given are added or take the place of theirs. */
export function imageElements(changes: readonly Buffer[] = []): Buffer {
  const elements = [
    element(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.7'),
    element(0x00280002, 'US', [1]),
    element(0x00280004, 'CS', 'MONOCHROME2'),
    element(0x00280010, 'US', [4]),
    element(0x00280011, 'US', [6]),
    element(0x00280100, 'US', [16]),
    element(0x00280101, 'US', [12]),
    element(0x00280102, 'US', [11]),
    element(0x00280103, 'US', [0]),
    element(
      0x7fe00010,
      'OW',
      Array.from({ length: 24 }, (_, index) => index * 100),
    ),
    ...changes,
  ];
  const byTag = new Map(elements.map((bytes) => [tagOf(bytes), bytes]));
  const tags = [...byTag.keys()].sort((a, b) => a - b);
  return Buffer.concat(tags.map((tag) => byTag.get(tag) as Buffer).filter(({ length }) => length > 4));
}

/** A file: preamble, prefix, file meta information of this syntax, data set. */
export function dicomBytes(dataSet: Uint8Array, { syntax = '1.2.840.10008.1.2.1', preamble = '' } = {}): Buffer {
  const start = Buffer.alloc(132);
  start.write(preamble, 'latin1');
  start.write('DICM', 128, 'latin1');
  return Buffer.concat([start, element(0x00020010, 'UI', syntax), dataSet]);
}
