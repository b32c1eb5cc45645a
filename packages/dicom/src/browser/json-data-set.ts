/** DICOM JSON (PS3.18 annex F) as the data sets that a file would give. */
import { DicomError } from '../errors.ts';
import type { Attribute, AttributesByTag, DataSet, Identity } from '../header/attributes.ts';

interface JsonElement {
  readonly vr?: string;
  readonly Value?: readonly unknown[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
}

/** The attributes of a table that an object has with a value. DicomError 'malformed', 'image-unsupported' where a value is elsewhere. */
export function jsonDataSet(object: object, attributes: AttributesByTag, name: string): DataSet & Identity {
  const found = [...attributes.values()].flatMap((attribute) => {
    const element = (object as Readonly<Record<string, JsonElement>>)[keyOf(attribute)];
    const value = element && readValue(element, attribute, attributes, name);
    return value === undefined ? [] : [[attribute.name, value] as const];
  });
  return Object.fromEntries(found);
}

const keyOf = ({ tag }: Attribute): string => tag.toString(16).padStart(8, '0').toUpperCase();

function readValue(element: JsonElement, attribute: Attribute, attributes: AttributesByTag, name: string): unknown {
  if (element.BulkDataURI !== undefined)
    throw new DicomError('image-unsupported', `${name}: ${attribute.name} is kept apart by the server (BulkDataURI)`);
  const values = element.InlineBinary === undefined ? (element.Value ?? []) : wordsOf(element.InlineBinary);
  if (attribute.vr === 'SQ') return values.map((item) => jsonDataSet(item as object, attributes, name));
  // null is an empty value among others (PS3.18 F.2.5)
  const isNumber = NUMERIC.has(attribute.vr);
  const present = values.flatMap((value) => (value !== null ? [value] : isNumber || values.length === 1 ? [] : ['']));
  const plain = present.map((value) => plainOf(value, attribute, name));
  return attribute.many ? (plain.length > 0 ? plain : undefined) : plain[0];
}

const NUMERIC: ReadonlySet<string> = new Set(['US', 'SS', 'UL', 'US or SS', 'OW', 'IS', 'DS']);

function plainOf(value: unknown, { vr, name: keyword }: Attribute, name: string): number | string {
  if (NUMERIC.has(vr)) {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
    throw new DicomError('malformed', `${name}: ${keyword} is no number in what the server says`);
  }
  if (vr === 'PN') return String((value as { readonly Alphabetic?: string }).Alphabetic ?? '');
  return String(value);
}

/** Words of 16 bits, little-endian (PS3.18 F.2.7). */
function wordsOf(base64: string): readonly number[] {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return [...new Uint16Array(bytes.buffer, 0, bytes.length >> 1)];
}
