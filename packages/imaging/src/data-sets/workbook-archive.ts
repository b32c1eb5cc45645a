import { crc32, inflateRawSync } from 'node:zlib';

/** What a workbook may hold: a table of labels is far below, and what is above would fill the memory. */
export interface WorkbookLimits {
  /** Of all files in its archive together, unpacked. */
  readonly unpackedBytes: number;
  /** Of all sheets together, empty ones inside a sheet's rectangle included. */
  readonly cells: number;
}

const END = { signature: 0x06054b50, bytes: 22, longestComment: 0xffff } as const;
const ENTRY = { signature: 0x02014b50, bytes: 46 } as const;
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const STORED = 0;
const DEFLATED = 8;

/** A row or a cell of a sheet, each attribute in quotes; the last group holds the attributes. */
const PLACE = /<(?:[\w.-]+:)?(?:row|c)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*\/?>/g;
const PLACE_BEGINS = /<(?:[\w.-]+:)?(?:row|c)[\s/>]/g;
const ADDRESS = /\sr\s*=\s*["']([^"']*)["']/;

/**
 * Holds a workbook to its limits before it is parsed, in one sentence what is wrong or undefined: each file of its archive (PKWARE
 * APPNOTE 6.3, 4.3) is unpacked no further than the limit and has the size and checksum it declares, and the rectangles of the sheets,
 * which a parser fills, have so many cells at most. Files are found as fflate finds them, which unpacks them afterwards.
 */
export function workbookFault(bytes: Buffer, limits: WorkbookLimits): string | undefined {
  try {
    let unpacked = 0;
    let cells = 0;
    for (const entry of archiveEntries(bytes)) {
      const content = unpack(bytes, entry, limits.unpackedBytes - unpacked);
      unpacked += content.length;
      cells += cellsOf(content.toString('latin1'));
      if (cells > limits.cells)
        return `its sheets span more than ${limits.cells} cells: delete what lies beside and below the table`;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      return `it unpacks to more than ${limits.unpackedBytes} bytes: save the table in a workbook of its own`;
    return `it is damaged (${'code' in error ? 'it ends too early' : error.message}): copy it again, or save it again`;
  }
}

interface Entry {
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Of its local header. */
  readonly offset: number;
}

function* archiveEntries(bytes: Buffer): Generator<Entry> {
  let end = bytes.length - END.bytes;
  const last = Math.max(0, end - END.longestComment);
  while (end >= last && bytes.readUInt32LE(end) !== END.signature) end--;
  if (end < last) throw new RangeError('its list of files is missing');
  const count = bytes.readUInt16LE(end + 8);
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (bytes.readUInt32LE(at) !== ENTRY.signature) throw new RangeError('its list of files is cut short');
    const word = (offset: number) => bytes.readUInt32LE(at + offset);
    const entry = { crc: word(16), packedSize: word(20), size: word(24), offset: word(42) };
    yield { method: bytes.readUInt16LE(at + 10), ...entry };
    at += ENTRY.bytes + [28, 30, 32].reduce((sum, offset) => sum + bytes.readUInt16LE(at + offset), 0);
  }
}

function unpack(bytes: Buffer, { method, crc, packedSize, size, offset }: Entry, limit: number): Buffer {
  if (bytes.readUInt32LE(offset) !== LOCAL.signature) throw new RangeError('a file is not where its list says');
  const start = offset + LOCAL.bytes + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
  const packed = bytes.subarray(start, start + packedSize);
  if (packed.length !== packedSize) throw new RangeError('a file lies beyond its end');
  if (method !== STORED && method !== DEFLATED)
    throw new RangeError(`method ${method} of packing is none that is read`);
  const content = method === STORED ? packed : inflated(packed, limit);
  if (content.length > limit) throw Object.assign(new RangeError(), { code: 'ERR_BUFFER_TOO_LARGE' });
  if (content.length !== size || crc32(content) !== crc) throw new RangeError('a file is not as it was packed');
  return content;
}

/** No longer than the limit, else RangeError with zlib's ERR_BUFFER_TOO_LARGE. */
function inflated(packed: Buffer, limit: number): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, limit) });
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new RangeError('a file cannot be unpacked', { cause: error });
  }
}

/** Rows by columns of the rectangle from A1 to the last cell; 0 for a file that is no sheet. */
function cellsOf(xml: string): number {
  let [rows, columns, places] = [0, 0, 0];
  for (const [, attributes = ''] of xml.matchAll(PLACE)) {
    places++;
    const address = ADDRESS.exec(attributes)?.[1];
    if (address === undefined) continue;
    const [, letters, digits] = /^([A-Z]{0,3})(\d{1,7})$/.exec(address) ?? [];
    if (letters === undefined) throw new RangeError(`${address} is no address of a cell`);
    rows = Math.max(rows, Number(digits));
    columns = Math.max(columns, columnNumber(letters));
  }
  // A tag that is written otherwise could hide its address from the pattern and not from a parser.
  if ((xml.match(PLACE_BEGINS)?.length ?? 0) !== places) throw new RangeError('a sheet has a tag that is not whole');
  return rows * columns;
}

/** A is 1, Z 26, AA 27. */
const columnNumber = (letters: string): number =>
  [...letters].reduce((number, letter) => 26 * number + letter.charCodeAt(0) - 64, 0);
