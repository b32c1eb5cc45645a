/** Reads the elements of a data set up to its pixel data: PS3.5 section 7, with a limit for whatever a file can claim. */
import { DicomError } from '../errors.ts';
import {
  ATTRIBUTES,
  type Attribute,
  type AttributeName,
  type AttributesByTag,
  type DataSet,
  type Identity,
  READ_ATTRIBUTES,
  READ_IDENTITY,
  tagText,
} from './attributes.ts';
import type { ByteCursor } from './byte-cursor.ts';
import { type AttributeValue, charsetOf, decodeValue, isReadCharset } from './values.ts';

/** Where a value stands in the file; a length of null is undefined (ended by a delimiter). */
export interface ValueLocation {
  readonly vr: string;
  readonly offset: number;
  readonly length: number | null;
}

/** A data set up to PixelData. */
export interface HeaderDataSet {
  readonly dataSet: DataSet;
  readonly pixelData: ValueLocation | null;
  readonly extendedOffsets: ValueLocation | null;
  readonly extendedLengths: ValueLocation | null;
}

const PIXEL_DATA = 0x7fe00010;
const FLOAT_PIXEL_DATA: ReadonlySet<number> = new Set([0x7fe00008, 0x7fe00009]);
const EXTENDED_OFFSETS = 0x7fe00001;
const EXTENDED_LENGTHS = 0x7fe00002;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED = 0xffffffff;

const DEPTH_LIMIT = 16;
const ELEMENT_LIMIT = 1_000_000;
/** The largest value that is kept is a lookup table of 65,536 entries of 16 bits. */
const VALUE_LIMIT = 2 ** 18;

const LONG_VRS: ReadonlySet<string> = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const VRS: ReadonlySet<string> = new Set([
  ...LONG_VRS,
  ...'AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '),
]);

interface Element {
  readonly tag: number;
  readonly vr: string;
  readonly length: number | null;
}

/** How the elements at hand are written. */
interface Encoding {
  readonly explicit: boolean;
  readonly charset: string;
}

/** Reads group 0002 (explicit VR little endian whatever follows); the cursor ends before the data set. */
export async function readFileMeta(cursor: ByteCursor): Promise<DataSet> {
  const reader = new DataSetReader(cursor, READ_ATTRIBUTES);
  return reader.fileMeta();
}

/** Reads a data set to its pixel data or its end. */
export async function readDataSet(cursor: ByteCursor, explicit: boolean): Promise<HeaderDataSet> {
  const reader = new DataSetReader(cursor, READ_ATTRIBUTES);
  const dataSet = await reader.elements({ explicit, charset: 'iso-8859-1' }, cursor.source.size, 0);
  const { pixelData, extendedOffsets, extendedLengths } = reader;
  return { dataSet: withSigns(dataSet), pixelData, extendedOffsets, extendedLengths };
}

/**
 * Reads who the patient is and which study it is. Throws DicomError 'value-invalid' where a text has characters of a set that is not read, because a name that
 * is copied wrongly is another person.
 */
export async function readIdentity(cursor: ByteCursor, explicit: boolean): Promise<Identity> {
  const reader = new DataSetReader(cursor, READ_IDENTITY);
  const identity: Identity = await reader.elements({ explicit, charset: 'iso-8859-1' }, cursor.source.size, 0);
  const isPlain = (text: string) => /^[ -~]*$/.test(text);
  const odd = Object.entries(identity).find(([, value]) => ![value].flat().every(isPlain));
  if (odd && !isReadCharset(identity.SpecificCharacterSet)) {
    const sentence = `${odd[0]} has characters of a SpecificCharacterSet (0008,0005) that is not read, and would be copied wrongly`;
    throw new DicomError(
      'value-invalid',
      `${cursor.source.path}: ${sentence}: convert the image to UTF-8 (ISO_IR 192)`,
    );
  }
  return identity;
}

class DataSetReader {
  pixelData: ValueLocation | null = null;
  extendedOffsets: ValueLocation | null = null;
  extendedLengths: ValueLocation | null = null;
  readonly #cursor: ByteCursor;
  readonly #attributes: AttributesByTag;
  #count = 0;

  constructor(cursor: ByteCursor, attributes: AttributesByTag) {
    this.#cursor = cursor;
    this.#attributes = attributes;
  }

  async fileMeta(): Promise<DataSet> {
    const cursor = this.#cursor;
    const found = new Map<Attribute['name'], AttributeValue>();
    const encoding = { explicit: true, charset: 'iso-8859-1' };
    while (cursor.left >= 8) {
      await cursor.fill(8);
      const group = cursor.uint16();
      cursor.offset -= 2;
      if (group !== 2) break;
      const element = await this.#element(encoding, cursor.source.size);
      await this.#value(element, found, encoding, 0);
    }
    return Object.fromEntries(found) as DataSet;
  }

  /** The elements up to `end`, or up to the delimiter of an item of undefined length (`end` null). */
  async elements(outer: Encoding, end: number | null, depth: number): Promise<DataSet> {
    const cursor = this.#cursor;
    const found = new Map<Attribute['name'], AttributeValue | readonly DataSet[]>();
    let encoding = outer;
    const stop = end ?? cursor.source.size;
    while (cursor.offset < stop) {
      const element = await this.#element(encoding, stop);
      if (element.tag === ITEM_END && end === null) return Object.fromEntries(found) as DataSet;
      if (element.tag >>> 16 === 0xfffe) throw this.#malformed(`${tagText(element.tag)} stands outside a sequence`);
      if (depth === 0 && this.#isPixels(element)) break;
      await this.#value(element, found, encoding, depth);
      if (element.tag === ATTRIBUTES.SpecificCharacterSet[0])
        encoding = { ...encoding, charset: charsetOf(found.get('SpecificCharacterSet') as readonly string[]) };
    }
    if (end === null) throw this.#truncated('an item of undefined length has no end marker (fffe,e00d)');
    return Object.fromEntries(found) as DataSet;
  }

  /** Ends the header at the pixel data, and remembers where its offset tables are. */
  #isPixels({ tag, vr, length }: Element): boolean {
    const location = { vr, offset: this.#cursor.offset, length };
    if (FLOAT_PIXEL_DATA.has(tag)) {
      const sentence = `${tagText(tag)} holds pixels as floating-point numbers; only integers are read`;
      throw new DicomError('image-unsupported', `${this.#cursor.source.path}: ${sentence}`);
    }
    if (tag === EXTENDED_OFFSETS) this.extendedOffsets = location;
    if (tag === EXTENDED_LENGTHS) this.extendedLengths = location;
    if (tag === PIXEL_DATA) this.pixelData = location;
    return tag === PIXEL_DATA;
  }

  async #element(encoding: Encoding, stop: number): Promise<Element> {
    const cursor = this.#cursor;
    if (++this.#count > ELEMENT_LIMIT) throw this.#tooLarge(`more than ${ELEMENT_LIMIT} elements`);
    if (cursor.offset + 8 > stop) throw this.#truncated('the last element has no room for its tag and length');
    await cursor.fill(Math.min(12, stop - cursor.offset));
    const group = cursor.uint16();
    const tag = group * 65536 + cursor.uint16();
    const explicit = encoding.explicit && group !== 0xfffe;
    const vr = explicit ? this.#vr(tag) : (this.#attributes.get(tag)?.vr ?? (tag === PIXEL_DATA ? 'OW' : 'UN'));
    let length: number;
    if (!explicit) length = cursor.uint32();
    else if (!LONG_VRS.has(vr)) length = cursor.uint16();
    else {
      if (cursor.offset + 6 > stop) throw this.#truncated(`${tagText(tag)} has no room for its length`);
      cursor.offset += 2; // reserved
      length = cursor.uint32();
    }
    if (length === UNDEFINED) return { tag, vr, length: null };
    if (cursor.offset + length > stop) {
      const room = stop - cursor.offset;
      throw this.#truncated(`${tagText(tag)} says that it has ${length} bytes where ${room} are left`);
    }
    return { tag, vr, length };
  }

  #vr(tag: number): string {
    const vr = String.fromCharCode(...this.#cursor.take(2));
    if (VRS.has(vr)) return vr;
    throw this.#malformed(`${tagText(tag)} has no value representation of PS3.5`);
  }

  async #value(
    element: Element,
    found: Map<Attribute['name'], AttributeValue | readonly DataSet[]>,
    encoding: Encoding,
    depth: number,
  ): Promise<void> {
    const { tag, length } = element;
    const attribute = this.#attributes.get(tag);
    // a converter that did not know an attribute wrote it as UN: its value is as in implicit VR little endian
    const unknown = element.vr === 'UN' && encoding.explicit;
    const vr = unknown ? (attribute?.vr ?? 'UN') : element.vr;
    if (attribute?.vr === 'SQ' && vr !== 'SQ')
      throw this.#malformed(`${tagText(tag)} ${attribute.name} is a sequence in PS3.6 and has ${vr} here`);
    // two values of one attribute would be two images to two readers
    if (attribute && found.has(attribute.name)) throw this.#malformed(`${tagText(tag)} ${attribute.name} stands twice`);
    if (tag === PIXEL_DATA && length === null) await this.#skipFragments();
    else if (vr === 'SQ' ? attribute || length === null : length === null) {
      if (vr !== 'SQ' && vr !== 'UN')
        throw this.#malformed(`${tagText(tag)} has an undefined length and is no sequence`);
      const items = await this.#sequence(element, unknown ? { ...encoding, explicit: false } : encoding, depth);
      if (attribute?.vr === 'SQ') found.set(attribute.name, items);
    } else if (attribute && vr !== 'SQ') await this.#plain(attribute, vr, length ?? 0, found, encoding);
    else this.#cursor.offset += length ?? 0;
  }

  /** The encapsulated pixels of an icon inside a sequence. */
  async #skipFragments(): Promise<void> {
    for (;;) {
      const { tag, length } = await this.#element({ explicit: false, charset: '' }, this.#cursor.source.size);
      if (tag === SEQUENCE_END) return;
      if (tag !== ITEM || length === null) throw this.#malformed(`${tagText(PIXEL_DATA)} of an icon has no fragments`);
      this.#cursor.offset += length;
    }
  }

  async #plain(
    attribute: Attribute,
    vr: string,
    length: number,
    found: Map<Attribute['name'], AttributeValue | readonly DataSet[]>,
    { charset }: Encoding,
  ): Promise<void> {
    const cursor = this.#cursor;
    if (length > VALUE_LIMIT) throw this.#tooLarge(`${length} bytes of ${attribute.name}`);
    await cursor.fill(length);
    const context = { path: cursor.source.path, littleEndian: cursor.littleEndian, charset };
    const value = decodeValue(attribute, vr, cursor.take(length), context);
    if (value !== undefined) found.set(attribute.name, value);
  }

  async #sequence(element: Element, encoding: Encoding, depth: number): Promise<DataSet[]> {
    const cursor = this.#cursor;
    if (depth + 1 > DEPTH_LIMIT) throw this.#tooLarge(`sequences more than ${DEPTH_LIMIT} levels deep`);
    const items: DataSet[] = [];
    const stop = element.length === null ? cursor.source.size : cursor.offset + element.length;
    while (cursor.offset < stop) {
      const item = await this.#element(encoding, stop);
      if (item.tag === SEQUENCE_END && element.length === null) return items;
      if (item.tag !== ITEM)
        throw this.#malformed(`${tagText(element.tag)} has ${tagText(item.tag)} between its items`);
      items.push(await this.elements(encoding, item.length === null ? null : cursor.offset + item.length, depth + 1));
    }
    if (element.length === null) throw this.#truncated(`${tagText(element.tag)} has no end marker (fffe,e0dd)`);
    return items;
  }

  #truncated(sentence: string): DicomError {
    return new DicomError('truncated', `${this.#cursor.source.path} is cut or damaged: ${sentence}`);
  }

  #malformed(sentence: string): DicomError {
    return new DicomError('malformed', `${this.#cursor.source.path} is damaged: ${sentence}`);
  }

  #tooLarge(sentence: string): DicomError {
    return new DicomError('header-too-large', `${this.#cursor.source.path} is not read: it has ${sentence}`);
  }
}

const SIGNED_AS_PIXELS = [
  'SmallestImagePixelValue',
  'LargestImagePixelValue',
  'PixelPaddingValue',
  'PixelPaddingRangeLimit',
] as const satisfies readonly AttributeName[];

/** Values "US or SS" of pixels have the sign of the pixels, which implicit VR does not say and writers get wrong. */
export function withSigns(dataSet: DataSet): DataSet {
  const signed = dataSet.PixelRepresentation === 1;
  const changed = SIGNED_AS_PIXELS.flatMap((name) => {
    const value = dataSet[name];
    return value === undefined ? [] : [[name, signed ? (value << 16) >> 16 : value & 0xffff] as const];
  });
  return { ...dataSet, ...Object.fromEntries(changed) };
}
