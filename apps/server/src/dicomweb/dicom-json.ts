/** Attributes in the DICOM JSON model (PS3.18 annex F). */
import {
  ATTRIBUTES,
  type AttributeName,
  type DataSet,
  type DicomFile,
  IDENTITY_ATTRIBUTES,
  type Identity,
} from '@mammoscope/dicom';

/** An element; a value is text, a number, a name or an item. */
export interface JsonElement {
  readonly vr: string;
  readonly Value?: readonly unknown[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
}
/** Elements by their tags, eight hexadecimal digits. */
export type JsonDataSet = Readonly<Record<string, JsonElement>>;

/** "00100010" of a tag. */
export const jsonTag = (tag: number): string => tag.toString(16).padStart(8, '0').toUpperCase();

/** An element of a text, empty where there is none. */
export const jsonText = (vr: string, value: string | number | null): JsonElement =>
  value === null || value === '' ? { vr } : { vr, Value: [vr === 'PN' ? { Alphabetic: value } : value] };

/** What is read of an object and of its patient, and where its frames are (`framesAt`). */
export async function jsonOf(file: DicomFile, framesAt: string): Promise<JsonDataSet> {
  const identity = await file.identity().catch((): Identity => ({})); // a character set that is not read: the image goes without names
  const { TransferSyntaxUID, ...attributes } = { ...identity, ...file.meta };
  void TransferSyntaxUID;
  const signed = file.meta.PixelRepresentation === 1;
  const elements = {
    ...elementsOf(attributes, signed),
    '00020010': jsonText('UI', file.transferSyntax.uid),
    '7FE00010': { vr: file.image.bitsAllocated > 8 ? 'OW' : 'OB', BulkDataURI: framesAt },
  };
  // text leaves as UTF-8 whatever it was (PS3.18 F.2)
  return { ...elements, '00080005': jsonText('CS', 'ISO_IR 192') };
}

type AnyAttribute = AttributeName | keyof typeof IDENTITY_ATTRIBUTES;
const TABLE: Readonly<Record<AnyAttribute, readonly [tag: number, vr: string, count: 'one' | 'many']>> = {
  ...ATTRIBUTES,
  ...IDENTITY_ATTRIBUTES,
};

function elementsOf(dataSet: DataSet & Identity, signed: boolean): JsonDataSet {
  const elements = Object.entries(dataSet).flatMap(([name, value]): [string, JsonElement][] => {
    const row = Object.hasOwn(TABLE, name) ? TABLE[name as AnyAttribute] : undefined;
    if (!row || value === undefined) return [];
    const [tag, tableVr] = row;
    // descriptors of tables begin with a count of entries, which has no sign
    const vr = tableVr !== 'US or SS' ? tableVr : signed && name !== 'LUTDescriptor' ? 'SS' : 'US';
    return [[jsonTag(tag), elementOf(vr, Array.isArray(value) ? value : [value], signed)]];
  });
  return Object.fromEntries(elements);
}

function elementOf(vr: string, values: readonly (string | number | DataSet)[], signed: boolean): JsonElement {
  if (values.length === 0) return { vr };
  if (vr === 'SQ') return { vr, Value: values.map((item) => elementsOf(item as DataSet, signed)) };
  if (vr === 'OW') {
    const words = Uint16Array.from(values as readonly number[]);
    return { vr, InlineBinary: Buffer.from(words.buffer).toString('base64') };
  }
  if (vr === 'PN') return { vr, Value: values.map((Alphabetic) => ({ Alphabetic })) };
  // an empty value among others is null (PS3.18 F.2.5), and so is NaN, which JSON does not have
  return {
    vr,
    Value: values.map((value) =>
      value === '' || (typeof value === 'number' && !Number.isFinite(value)) ? null : value,
    ),
  };
}
