/** The elements of a DICOM file that was written, read by a few lines that share nothing with reader or writer: explicit VR little endian, all lengths known. */

/** Values by keyword-less tags, "0040a730"; sequences as arrays of data sets. */
export type Elements = ReadonlyMap<string, Value>;
export type Value = string | readonly number[] | readonly Elements[] | Uint8Array;

const LONG = new Set(['OB', 'OW', 'SQ', 'UT']);
const NUMBERS: Readonly<Record<string, readonly [bytes: number, read: (view: DataView, at: number) => number]>> = {
  US: [2, (view, at) => view.getUint16(at, true)],
  UL: [4, (view, at) => view.getUint32(at, true)],
  FL: [4, (view, at) => view.getFloat32(at, true)],
  FD: [8, (view, at) => view.getFloat64(at, true)],
  AT: [4, (view, at) => view.getUint16(at, true) * 65536 + view.getUint16(at + 2, true)],
};

/** The data set of a file, group 0002 among it. */
export function elementsOfFile(file: Uint8Array): Elements {
  return elements(file.subarray(132));
}

function elements(bytes: Uint8Array): Elements {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<string, Value>();
  for (let at = 0; at < bytes.length; ) {
    const tag = hex(view.getUint16(at, true)) + hex(view.getUint16(at + 2, true));
    const vr = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5));
    const length = LONG.has(vr) ? view.getUint32(at + 8, true) : view.getUint16(at + 6, true);
    at += LONG.has(vr) ? 12 : 8;
    found.set(tag, decoded(vr, bytes.subarray(at, at + length)));
    at += length;
  }
  return found;
}

function decoded(vr: string, bytes: Uint8Array): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (vr === 'SQ') return items(bytes, view);
  if (vr === 'OB' || vr === 'OW') return bytes;
  const number = NUMBERS[vr];
  if (!number) return new TextDecoder().decode(bytes).replace(/[\0 ]$/, '');
  const [size, read] = number;
  return Array.from({ length: bytes.length / size }, (_, i) => read(view, i * size));
}

function items(bytes: Uint8Array, view: DataView): readonly Elements[] {
  const found: Elements[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    found.push(elements(bytes.subarray(at + 8, at + 8 + length)));
    at += 8 + length;
  }
  return found;
}

const hex = (value: number) => value.toString(16).padStart(4, '0');

/** The text of an element; '' where it is absent. */
export function textOf(dataSet: Elements | undefined, tag: string): string {
  const value = dataSet?.get(tag);
  return typeof value === 'string' ? value : '';
}

/** The numbers of an element; none where it is absent. */
export function numbersOf(dataSet: Elements | undefined, tag: string): readonly number[] {
  const value = dataSet?.get(tag);
  return Array.isArray(value) && typeof value[0] === 'number' ? (value as readonly number[]) : [];
}

/** The items of a sequence; none where it is absent. */
export function itemsOf(dataSet: Elements | undefined, tag: string): readonly Elements[] {
  const value = dataSet?.get(tag);
  return Array.isArray(value) && typeof value[0] === 'object' ? (value as readonly Elements[]) : [];
}
