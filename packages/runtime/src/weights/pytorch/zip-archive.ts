/**
 * Zip archives as torch.save writes them: PKWARE's APPNOTE 6.3, sections 4.3 and 4.4, with its ZIP64 fields, and entries
 * that are stored, not compressed. Nothing is inflated, so an archive holds no more than its size.
 */
import { crc32 } from 'node:zlib';
import { type ByteSource, readBytes } from '../byte-source.ts';
import { WeightsError } from '../errors.ts';
import { LISTING_LIMIT } from '../weights-file.ts';

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
  /** Where its local header is. */
  readonly headerOffset: number;
}

const LOCAL_HEADER = { signature: 0x04034b50, bytes: 30 } as const;
const DIRECTORY_ENTRY = { signature: 0x02014b50, bytes: 46 } as const;
const END = { signature: 0x06054b50, bytes: 22, longestComment: 0xffff } as const;
const END64_LOCATOR = { signature: 0x07064b50, bytes: 20 } as const;
const END64 = { signature: 0x06064b50, bytes: 56 } as const;
const ZIP64_FIELD = 0x0001;
/** What a 32-bit field says when the ZIP64 field has the value. */
const IN_ZIP64 = 0xffffffff;

/** True when bytes begin as an archive does. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && word(view(bytes), 0) === LOCAL_HEADER.signature;

/** The entries of an archive by name. WeightsError when it is truncated, contradicts itself, or has compressed entries. */
export async function readZipDirectory(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const { offset, size, count, end } = await findDirectory(source);
  if (size > LISTING_LIMIT || offset + size > end || count * DIRECTORY_ENTRY.bytes > size)
    throw malformed(
      source,
      `its list of ${count} entries should have at most ${LISTING_LIMIT} bytes before byte ${end}, it is said to have ${size} at byte ${offset}`,
    );
  const bytes = await readBytes(source, offset, size);
  const entries = new Map<string, ZipEntry>();
  let position = 0;
  for (let i = 0; i < count; i++) {
    const { entry, next } = directoryEntry(source, bytes, position);
    if (entries.has(entry.name)) throw malformed(source, `two of its entries are called "${entry.name}"`);
    entries.set(entry.name, entry);
    position = next;
  }
  return entries;
}

/** The bytes of an entry, in memory of their own; WeightsError when they are not those that were written. */
export async function readZipEntry(source: ByteSource, entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
  const { name, size, crc, headerOffset } = entry;
  const outside = () =>
    malformed(source, `its entry "${name}" of ${size} bytes does not lie inside its ${source.size} bytes`);
  if (headerOffset + LOCAL_HEADER.bytes > source.size) throw outside();
  const header = view(await readBytes(source, headerOffset, LOCAL_HEADER.bytes));
  if (word(header, 0) !== LOCAL_HEADER.signature)
    throw malformed(source, `its entry "${name}" does not begin where its list says`);
  const start = headerOffset + LOCAL_HEADER.bytes + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + size > source.size) throw outside();
  const bytes = await readBytes(source, start, size);
  if (crc32(bytes) !== crc) throw malformed(source, `the bytes of its entry "${name}" do not have its checksum`);
  return bytes;
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
  /** Where what follows the list begins. */
  readonly end: number;
}

async function findDirectory(source: ByteSource): Promise<Directory> {
  const length = Math.min(source.size, END64_LOCATOR.bytes + END.bytes + END.longestComment);
  const tail = view(await readBytes(source, source.size - length, length));
  const start = source.size - length;
  let at = length - END.bytes;
  while (at >= 0 && !(word(tail, at) === END.signature && at + END.bytes + tail.getUint16(at + 20, true) === length))
    at--;
  if (at < 0) throw malformed(source, 'it ends before its list of entries does');
  const located = at - END64_LOCATOR.bytes;
  if (located >= 0 && word(tail, located) === END64_LOCATOR.signature)
    return directory64(source, long(tail, located + 8), start + located);
  return {
    count: tail.getUint16(at + 10, true),
    size: word(tail, at + 12),
    offset: word(tail, at + 16),
    end: start + at,
  };
}

async function directory64(source: ByteSource, at: number, before: number): Promise<Directory> {
  if (at + END64.bytes > before)
    throw malformed(
      source,
      `the end of its list of entries should lie before byte ${before}, it is said to be at ${at}`,
    );
  const record = view(await readBytes(source, at, END64.bytes));
  if (word(record, 0) !== END64.signature)
    throw malformed(source, 'the end of its list of entries is not where it says');
  return { count: long(record, 32), size: long(record, 40), offset: long(record, 48), end: at };
}

function directoryEntry(source: ByteSource, bytes: Uint8Array, position: number): { entry: ZipEntry; next: number } {
  const cut = () => malformed(source, 'its list of entries is cut short');
  if (position + DIRECTORY_ENTRY.bytes > bytes.length) throw cut();
  const fields = view(bytes.subarray(position));
  if (word(fields, 0) !== DIRECTORY_ENTRY.signature)
    throw malformed(source, `its list of entries has none at byte ${position}`);
  const [flags, method] = [fields.getUint16(8, true), fields.getUint16(10, true)];
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((at) => fields.getUint16(at, true)) as [
    number,
    number,
    number,
  ];
  const extra = position + DIRECTORY_ENTRY.bytes + nameLength;
  const next = extra + extraLength + commentLength;
  if (next > bytes.length) throw cut();
  const name = new TextDecoder().decode(bytes.subarray(extra - nameLength, extra));
  if (method !== 0 || (flags & 1) !== 0)
    throw new WeightsError(
      'pytorch-unsupported',
      `${source.name}: its entry "${name}" is ${method === 0 ? 'encrypted' : 'compressed'}, which torch.save never does: save it again with torch.save`,
    );
  const [stored, size, headerOffset] = zip64Values(view(bytes.subarray(extra, extra + extraLength)), [
    word(fields, 20),
    word(fields, 24),
    word(fields, 42),
  ]);
  if (stored === undefined || size === undefined || headerOffset === undefined || stored !== size)
    throw malformed(source, `its entry "${name}" has contradictory sizes`);
  return { entry: { name, size, headerOffset, crc: word(fields, 16) }, next };
}

/** Stored size, size and offset, each from the ZIP64 field where the 32-bit one refers to it: size first, there. */
function zip64Values(extra: DataView, [stored, size, offset]: readonly [number, number, number]) {
  const longs: number[] = [];
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const length = extra.getUint16(at + 2, true);
    const end = Math.min(at + 4 + length, extra.byteLength);
    if (extra.getUint16(at, true) === ZIP64_FIELD)
      for (let i = at + 4; i + 8 <= end; i += 8) longs.push(long(extra, i));
    at = end;
  }
  const resolved = [size, stored, offset].map((value) => (value === IN_ZIP64 ? longs.shift() : value));
  return [resolved[1], resolved[0], resolved[2]] as const;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const word = (fields: DataView, at: number): number => fields.getUint32(at, true);
/** 64 bits; what a double cannot hold exactly lies outside every file anyway. */
const long = (fields: DataView, at: number): number => Number(fields.getBigUint64(at, true));

const malformed = (source: ByteSource, what: string) =>
  new WeightsError(
    'pytorch-malformed',
    `${source.name} is no whole file of torch.save: ${what}; copy or download it again`,
  );
