/** From the bytes of a value to what the table of attributes says that it is (PS3.5 section 6.2). */
import { DicomError } from '../errors.ts';
import { type Attribute, tagText } from './attributes.ts';

/** What a value is decoded to. */
export type AttributeValue = number | string | readonly number[] | readonly string[];

/** How the bytes are to be understood. */
export interface ValueContext {
  readonly path: string;
  readonly littleEndian: boolean;
  readonly charset: string;
}

/** Labels of the Encoding Standard for the defined terms of SpecificCharacterSet (PS3.3 C.12.1.1.2). */
const CHARSETS: Readonly<Record<string, string>> = {
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Whether every text of an object can be read: one character set, of those above. */
export function isReadCharset(terms: readonly string[] = []): boolean {
  const [first = '', ...more] = terms;
  return more.length === 0 && (first === '' || first === 'ISO_IR 6' || first in CHARSETS);
}

/** The encoding of texts. Code extensions by escapes are not followed: such characters come out as they are. */
export function charsetOf(terms: readonly string[] | undefined): string {
  const first = (terms?.[0] ?? '').replace('ISO 2022 IR', 'ISO_IR');
  return CHARSETS[first] ?? 'iso-8859-1';
}

const WORDS: Readonly<
  Record<string, { readonly bytes: number; read(view: DataView, at: number, le: boolean): number }>
> = {
  US: { bytes: 2, read: (view, at, le) => view.getUint16(at, le) },
  SS: { bytes: 2, read: (view, at, le) => view.getInt16(at, le) },
  OW: { bytes: 2, read: (view, at, le) => view.getUint16(at, le) },
  UL: { bytes: 4, read: (view, at, le) => view.getUint32(at, le) },
  SL: { bytes: 4, read: (view, at, le) => view.getInt32(at, le) },
  FL: { bytes: 4, read: (view, at, le) => view.getFloat32(at, le) },
  FD: { bytes: 8, read: (view, at, le) => view.getFloat64(at, le) },
};
const NUMBER_TEXTS: Readonly<Record<string, RegExp>> = {
  IS: /^[+-]?\d{1,12}$/,
  DS: /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/,
};
const TEXTS: ReadonlySet<string> = new Set([
  'AE',
  'AS',
  'CS',
  'DA',
  'DT',
  'LO',
  'SH',
  'ST',
  'LT',
  'PN',
  'TM',
  'UC',
  'UI',
  'UT',
]);
/** Latin-1 whatever SpecificCharacterSet says (PS3.5 6.1.2.3). */
const PLAIN_TEXTS: ReadonlySet<string> = new Set(['AE', 'AS', 'CS', 'DA', 'DT', 'TM', 'UI']);

const isNumeric = (vr: string): boolean => vr in WORDS || vr in NUMBER_TEXTS;

/** Decodes a value; undefined when it is empty. DicomError 'malformed' when it is none of its representation. */
export function decodeValue(
  attribute: Attribute,
  fileVr: string,
  bytes: Uint8Array,
  context: ValueContext,
): AttributeValue | undefined {
  const vr = fileVr === 'US or SS' ? 'US' : fileVr;
  const wanted = attribute.vr === 'US or SS' ? 'US' : attribute.vr;
  if (isNumeric(vr) !== isNumeric(wanted) || !(isNumeric(vr) || TEXTS.has(vr)))
    throw malformed(attribute, context, `has the value representation ${vr} where PS3.6 has ${attribute.vr}`);
  const values = vr in WORDS ? words(vr, bytes, attribute, context) : texts(vr, bytes, attribute, context);
  if (values.length === 0) return undefined;
  if (attribute.many) return values;
  if (values.length > 1 && isNumeric(vr))
    throw malformed(attribute, context, `has ${values.length} values where one is allowed`);
  return typeof values[0] === 'string' && values.length > 1 ? values.join('\\') : values[0];
}

function words(vr: string, bytes: Uint8Array, attribute: Attribute, context: ValueContext): readonly number[] {
  const word = WORDS[vr];
  if (!word || bytes.length % word.bytes !== 0)
    throw malformed(attribute, context, `has ${bytes.length} bytes, which are no whole number of ${vr} values`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / word.bytes }, (_, index) =>
    word.read(view, index * word.bytes, context.littleEndian),
  );
}

function texts(
  vr: string,
  bytes: Uint8Array,
  attribute: Attribute,
  context: ValueContext,
): readonly number[] | readonly string[] {
  const plain = PLAIN_TEXTS.has(vr) || vr in NUMBER_TEXTS;
  const text = new TextDecoder(plain ? 'iso-8859-1' : context.charset).decode(bytes).replace(/[\0 ]+$/, '');
  if (text.trim() === '') return [];
  const parts = text.split('\\').map((part) => part.trim());
  const pattern = NUMBER_TEXTS[vr];
  if (!pattern) return parts;
  return parts.map((part) => {
    const value = Number(part);
    if (pattern.test(part) && Number.isFinite(value)) return value;
    throw malformed(attribute, context, `holds text where a number (${vr}) is required`);
  });
}

/** The value itself is not quoted: it may be a person's. */
function malformed({ name, tag }: Attribute, { path }: ValueContext, sentence: string): DicomError {
  return new DicomError('malformed', `${path}: ${tagText(tag)} ${name} ${sentence}`);
}
