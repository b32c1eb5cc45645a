import type { LutItem } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';

/** A checked table: values below `first` take the first entry, values past the end the last. */
export interface LookupTable {
  readonly first: number;
  readonly bits: number;
  readonly entries: ArrayLike<number>;
}

/**
 * Checks an item of ModalityLUTSequence or VOILUTSequence (PS3.3, C.11.1.1.1 and C.11.2.1.1): 0 entries means 65536, entries
 * have 8 to 16 bits. A first value of 32768 and more is taken as negative where pixels are signed, as its VR allows.
 * Throws tag-invalid.
 */
export function lookupTable(item: LutItem, keyword: string, signed: boolean): LookupTable {
  const { LUTDescriptor: descriptor = [], LUTData: data = [] } = item;
  const [count, firstStored, bits] = descriptor;
  const invalid = (what: string) =>
    new ImagingError(
      'tag-invalid',
      `${keyword} has a table that cannot be used: ${what}; leave the table out or mend the file`,
    );
  if (count === undefined || firstStored === undefined || bits === undefined) {
    throw invalid(`LUTDescriptor must have 3 values, got ${descriptor.length}`);
  }
  if (bits < 8 || bits > 16) throw invalid(`its entries must have 8 to 16 bits, got ${bits}`);
  const entries = count === 0 ? 65536 : count;
  if (data.length !== entries) {
    throw invalid(`LUTDescriptor says ${entries} entries and LUTData has ${data.length}`);
  }
  const most = 2 ** bits - 1;
  for (let i = 0; i < entries; i++) {
    const entry = data[i] as number;
    if (!(entry >= 0 && entry <= most)) throw invalid(`entry ${i} is ${entry} and ${bits} bits end at ${most}`);
  }
  const first = signed && firstStored > 32767 ? firstStored - 65536 : firstStored;
  return { first, bits, entries: data };
}

/** Entries of a table for every value; a value between two integers takes the nearer one's. */
export function lookUp(data: Float32Array, { first, entries }: LookupTable): Float32Array {
  const last = entries.length - 1;
  return data.map((value) => entries[Math.min(last, Math.max(0, Math.round(value) - first))] as number);
}
