/** Data sets to be written: attributes by keyword, with values checked by PS3.5 section 6.2 and encoded. */
import { DicomError } from '../errors.ts';
import { ATTRIBUTES, IDENTITY_ATTRIBUTES, tagText } from '../header/attributes.ts';
import { WRITTEN_ATTRIBUTES } from './written-attributes.ts';

/** Every attribute that can be written: those that are read, and those that are only written. */
const TABLE = { ...ATTRIBUTES, ...IDENTITY_ATTRIBUTES, ...WRITTEN_ATTRIBUTES } as const;

type Row = readonly [tag: number, vr: string, count: 'one' | 'many'];
export type WrittenName = keyof typeof TABLE;

type NumericVr = 'US' | 'SS' | 'UL' | 'SL' | 'FL' | 'FD' | 'AT' | 'IS' | 'DS' | 'US or SS';
type Value<R extends Row> = R[1] extends 'SQ'
  ? readonly WrittenDataSet[]
  : R[1] extends 'OB' | 'OW'
    ? Uint8Array
    : R[1] extends NumericVr
      ? R[2] extends 'one'
        ? number
        : readonly number[]
      : R[2] extends 'one'
        ? string
        : readonly string[];

/** Attributes by keyword, in any order. `''` and `[]` write an attribute without a value, as type 2 allows. */
export type WrittenDataSet = { readonly [Name in WrittenName]?: Value<(typeof TABLE)[Name]> | '' | readonly [] };

/** Longest value in characters (PS3.5 table 6.2-1), for texts and for numbers written as text. */
const LONGEST: Readonly<Record<string, number>> = {
  AE: 16,
  AS: 4,
  CS: 16,
  DA: 8,
  DS: 16,
  DT: 26,
  IS: 12,
  LO: 64,
  LT: 10240,
  PN: 194,
  SH: 16,
  ST: 1024,
  TM: 14,
  UI: 64,
  UT: 2 ** 32 - 2,
};
const PATTERNS: Readonly<Record<string, RegExp>> = {
  AS: /^\d{3}[DWMY]$/,
  CS: /^[A-Z0-9_ ]*$/,
  DA: /^\d{8}$/,
  DT: /^\d{4,14}(\.\d{1,6})?([+-]\d{4})?$/,
  TM: /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/,
  UI: /^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/,
};
/** These hold one text in which a backslash is a character. */
const UNDIVIDED: ReadonlySet<string> = new Set(['LT', 'ST', 'UT']);
const BINARY: Readonly<
  Record<string, { readonly bytes: number; readonly least: number; readonly most: number; readonly put: Put }>
> = {
  US: { bytes: 2, least: 0, most: 2 ** 16 - 1, put: (view, at, value) => view.setUint16(at, value, true) },
  SS: { bytes: 2, least: -(2 ** 15), most: 2 ** 15 - 1, put: (view, at, value) => view.setInt16(at, value, true) },
  UL: { bytes: 4, least: 0, most: 2 ** 32 - 1, put: (view, at, value) => view.setUint32(at, value, true) },
  SL: { bytes: 4, least: -(2 ** 31), most: 2 ** 31 - 1, put: (view, at, value) => view.setInt32(at, value, true) },
  FL: { bytes: 4, least: -3.4e38, most: 3.4e38, put: (view, at, value) => view.setFloat32(at, value, true) },
  FD: { bytes: 8, least: -Infinity, most: Infinity, put: (view, at, value) => view.setFloat64(at, value, true) },
  AT: { bytes: 4, least: 0, most: 2 ** 32 - 1, put: putTag },
};
type Put = (view: DataView, at: number, value: number) => void;

function putTag(view: DataView, at: number, value: number): void {
  view.setUint16(at, value >>> 16, true);
  view.setUint16(at + 2, value & 0xffff, true);
}

/** These have a reserved field and a length of 32 bits (PS3.5 7.1.2). */
const LONG_FORM: ReadonlySet<string> = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'UC', 'UN', 'UR', 'UT']);
const ITEM = 0xfffee000;

/** The tag of a keyword, group * 65536 + element, as DimensionIndexPointer wants it. */
export function tagOf(name: WrittenName): number {
  return TABLE[name][0];
}

/**
 * Explicit VR little endian (PS3.5 A.2): elements in the order of their tags, sequences and items with their lengths.
 * Throws DicomError 'value-invalid' for a value that PS3.5 does not allow.
 */
export function encodeDataSet(dataSet: WrittenDataSet): Buffer {
  const signed = dataSet.PixelRepresentation === 1;
  return encodeItem(dataSet, signed);
}

function encodeItem(dataSet: WrittenDataSet, signed: boolean): Buffer {
  const names = (Object.keys(dataSet) as WrittenName[]).filter((name) => dataSet[name] !== undefined);
  names.sort((a, b) => tagOf(a) - tagOf(b));
  return Buffer.concat(names.map((name) => encodeElement(name, dataSet[name], signed)));
}

function encodeElement(name: WrittenName, value: unknown, signed: boolean): Buffer {
  const [tag, declared, count]: Row = TABLE[name];
  const vr = declared === 'US or SS' ? (signed ? 'SS' : 'US') : declared;
  const values: readonly unknown[] = value === '' ? [] : Array.isArray(value) ? value : [value];
  if (count === 'one' && vr !== 'SQ' && values.length > 1) throw invalid(name, `takes one value, got ${values.length}`);
  const bytes =
    vr === 'SQ'
      ? Buffer.concat((values as WrittenDataSet[]).map((item) => withItemHeader(encodeItem(item, signed))))
      : encodeValues(name, vr, values);
  return Buffer.concat([elementHeader(tag, vr, bytes.length, name), bytes]);
}

/** Tag, value representation and length of an element in explicit VR little endian. */
export function elementHeader(tag: number, vr: string, length: number, name?: WrittenName): Buffer {
  const isLong = LONG_FORM.has(vr);
  if (length > (isLong ? 2 ** 32 - 2 : 2 ** 16 - 2))
    throw new DicomError(
      'value-invalid',
      `${tagText(tag)} ${name ?? ''} has ${length} bytes, more than ${vr} can have: write less, or split it`,
    );
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (isLong) head.writeUInt32LE(length, 8);
  else head.writeUInt16LE(length, 6);
  return head;
}

function withItemHeader(bytes: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(ITEM >>> 16, 0);
  head.writeUInt16LE(ITEM & 0xffff, 2);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

function encodeValues(name: WrittenName, vr: string, values: readonly unknown[]): Buffer {
  const [first] = values;
  if (first instanceof Uint8Array) return evened(Buffer.from(first), 0);
  const binary = BINARY[vr];
  if (!binary)
    return evened(Buffer.from(values.map((value) => text(name, vr, value)).join('\\')), vr === 'UI' ? 0 : 32);
  const bytes = Buffer.alloc(values.length * binary.bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const [i, value] of values.entries()) {
    const isWhole = Number.isInteger(value) || vr === 'FL' || vr === 'FD';
    if (typeof value !== 'number' || Number.isNaN(value) || !isWhole || value < binary.least || value > binary.most)
      throw invalid(name, `takes numbers of ${vr}, got ${String(value)}`);
    binary.put(view, i * binary.bytes, value);
  }
  return bytes;
}

function text(name: WrittenName, vr: string, value: unknown): string {
  const written = vr === 'DS' ? decimalString(value) : vr === 'IS' && Number.isInteger(value) ? `${value}` : value;
  if (typeof written !== 'string') throw invalid(name, `takes ${vr}, got ${typeof value}`);
  const longest = LONGEST[vr];
  if (longest === undefined) throw invalid(name, `has the value representation ${vr}, which is not written`);
  const isLong = [...written].length > longest;
  const isBroken = !UNDIVIDED.has(vr) && written.includes('\\');
  if (isLong || isBroken || !(PATTERNS[vr] ?? /^/).test(written))
    throw invalid(name, `takes a value of ${vr} (PS3.5 6.2), at most ${longest} characters long, got another`);
  return written;
}

/** A number in at most 16 characters, as exact as these allow. */
function decimalString(value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  for (let digits = 17; digits > 0; digits--) {
    const written = `${Number(value.toPrecision(digits))}`;
    if (written.length <= 16) return written;
  }
  return undefined;
}

/** Values have an even length (PS3.5 7.1.1). */
function evened(bytes: Buffer, fill: number): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([fill])]);
}

/** The value itself is not quoted where it could be a person's. */
function invalid(name: WrittenName, sentence: string): DicomError {
  return new DicomError('value-invalid', `${tagText(tagOf(name))} ${name} ${sentence}: correct it before writing`);
}
