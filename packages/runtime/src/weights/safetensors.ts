/**
 * The safetensors format, version 0.4 (https://github.com/huggingface/safetensors, README, "Format"): eight bytes of
 * header length, little-endian; a JSON header that gives each tensor's dtype, shape and data_offsets; then the elements.
 * The reader is strict: offsets tile the rest of the file without overlap and without holes.
 */

import { writeAside } from '@mammoscope/files';
import { type ByteSource, bytesSource, openBytes, readBytes } from './byte-source.ts';
import { WeightsError } from './errors.ts';
import { uniqueKeys } from './json-keys.ts';
import {
  ELEMENT_BYTES,
  elementsIn,
  encodeElements,
  isStateDType,
  type StateDict,
  type StateDType,
  type StateTensor,
} from './state-dict.ts';
import { LISTING_LIMIT, type WeightsFile } from './weights-file.ts';

/** What a safetensors file holds: tensors in the order of their bytes, and free texts. */
export interface Safetensors {
  readonly tensors: StateDict;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Bytes that say how long the header is. */
const LENGTH_BYTES = 8;

/** Reads a safetensors file. WeightsError when it cannot be read or is malformed. */
export async function readSafetensors(path: string): Promise<Safetensors> {
  await using source = await openBytes(path);
  return await decodeSource(source); // the file is open until it is read
}

/** Decodes the bytes of a safetensors file; `file` is its name in messages. */
export function decodeSafetensors(bytes: Uint8Array, file: string): Promise<Safetensors> {
  return decodeSource(bytesSource(bytes, file));
}

async function decodeSource(source: ByteSource): Promise<Safetensors> {
  const { entries, metadata, read } = await openSafetensors(source);
  const tensors = new Map<string, StateTensor>();
  for (const name of entries.keys()) tensors.set(name, await read(name));
  return { tensors, metadata };
}

/** Opens a safetensors file: its header is read and checked, in the order of its bytes. */
export async function openSafetensors(source: ByteSource): Promise<WeightsFile & Pick<Safetensors, 'metadata'>> {
  const { name: file, size } = source;
  const malformed = (what: string) =>
    new WeightsError('safetensors-malformed', `${file} is no safetensors file: ${what.slice(0, 300)}`);
  if (size < LENGTH_BYTES) throw malformed(`it needs 8 bytes of header length, got ${size} bytes in all`);
  const headerBytes = new DataView((await readBytes(source, 0, LENGTH_BYTES)).buffer).getBigUint64(0, true);
  if (headerBytes > LISTING_LIMIT || headerBytes > size - LENGTH_BYTES)
    throw malformed(
      `its header should have ${headerBytes} bytes, ${size - LENGTH_BYTES} are there and at most ${LISTING_LIMIT} are read`,
    );
  const header = await readBytes(source, LENGTH_BYTES, Number(headerBytes));
  const start = LENGTH_BYTES + header.length;
  const { tensors, metadata } = parseHeader(header, file, malformed);
  const entries = new Map<string, HeaderEntry>();
  let expected = 0;
  for (const entry of tensors.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const { name, begin, end } = entry;
    if (begin !== expected)
      throw malformed(`tensor "${name}" should begin at byte ${expected} of the data, got ${begin}`);
    if (end > size - start) throw malformed(`tensor "${name}" ends at byte ${end} of ${size - start} bytes of data`);
    entries.set(name, entry);
    expected = end;
  }
  if (expected !== size - start)
    throw malformed(`${size - start - expected} bytes after its last tensor belong to none`);
  return {
    entries,
    metadata,
    async read(name) {
      const { dtype, shape, begin, end } = entries.get(name) as HeaderEntry;
      return { dtype, shape, data: elementsIn(dtype, (await readBytes(source, start + begin, end - begin)).buffer) };
    },
  };
}

interface HeaderEntry {
  readonly name: string;
  readonly dtype: StateDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

type Malformed = (what: string) => WeightsError;

function parseHeader(bytes: Uint8Array, file: string, malformed: Malformed) {
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith('{')) throw new SyntaxError('it should begin with {');
    header = JSON.parse(text);
    uniqueKeys(text);
  } catch (error) {
    throw malformed(`its header cannot be read (${(error as Error).message})`);
  }
  const metadata = new Map<string, string>();
  const tensors: HeaderEntry[] = [];
  for (const [name, value] of Object.entries(header as object)) {
    if (name !== '__metadata__') {
      tensors.push(parseEntry(name, value, file, malformed));
      continue;
    }
    if (!isRecord(value)) throw malformed('its __metadata__ should be an object');
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== 'string') throw malformed(`its __metadata__ "${key}" should be a text`);
      metadata.set(key, text);
    }
  }
  return { tensors, metadata };
}

function parseEntry(name: string, value: unknown, file: string, malformed: Malformed): HeaderEntry {
  if (!isRecord(value)) throw malformed(`tensor "${name}" should be an object`);
  const { dtype, shape, data_offsets: offsets, ...others } = value;
  const surplus = Object.keys(others)[0];
  if (surplus !== undefined) throw malformed(`tensor "${name}" has an unknown field "${surplus}"`);
  if (!isStateDType(dtype)) {
    throw new WeightsError(
      'tensor-dtype',
      `${file}: tensor "${name}" should be of dtype ${Object.keys(ELEMENT_BYTES).join(', ')}, got ${JSON.stringify(dtype)}`,
    );
  }
  if (!isCounts(shape))
    throw malformed(`tensor "${name}" should have a shape of whole numbers, got ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2 || (offsets[0] as number) > (offsets[1] as number))
    throw malformed(`tensor "${name}" should have two rising data_offsets, got ${JSON.stringify(offsets)}`);
  const [begin, end] = offsets as [number, number];
  const size = shape.reduce((product, extent) => product * extent, ELEMENT_BYTES[dtype]);
  if (size !== end - begin)
    throw malformed(
      `tensor "${name}" of ${dtype} [${shape.join(', ')}] needs ${size} bytes, its offsets give ${end - begin}`,
    );
  return { name, dtype, shape, begin, end };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);

/**
 * The bytes of a safetensors file; the same tensors and texts give the same bytes in whatever order they come. Names are
 * sorted within each element size, the largest size first, and the header is padded to a multiple of 8 bytes: every tensor
 * is aligned. WeightsError when a tensor's elements do not fill its shape.
 */
export function encodeSafetensors(
  tensors: StateDict,
  metadata: ReadonlyMap<string, string> = new Map(),
  file = 'a safetensors file',
): Uint8Array {
  const pieces = [...inPieces(tensors, metadata, file)];
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Writes a safetensors file aside and renames it. WeightsError when a tensor does not fill its shape; FileError. */
export async function writeSafetensors(
  path: string,
  tensors: StateDict,
  metadata: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  await writeAside(path, inPieces(tensors, metadata, path));
}

/** The bytes in pieces, so that a file can be written without a second copy of all tensors; checked before the first. */
function inPieces(tensors: StateDict, metadata: ReadonlyMap<string, string>, file: string): Iterable<Uint8Array> {
  const sorted = [...tensors].sort(
    ([a, { dtype: first }], [b, { dtype: second }]) =>
      ELEMENT_BYTES[second] - ELEMENT_BYTES[first] || byName([a, null], [b, null]),
  );
  const header = encodeHeader(sorted, metadata, file);
  return (function* () {
    yield header;
    for (const [, tensor] of sorted) yield encodeElements(tensor);
  })();
}

function encodeHeader(
  sorted: readonly (readonly [string, StateTensor])[],
  metadata: ReadonlyMap<string, string>,
  file: string,
): Uint8Array {
  const fields: string[] = [];
  if (metadata.size > 0) {
    const texts = [...metadata].sort(byName).map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    fields.push(`"__metadata__":{${texts.join(',')}}`);
  }
  let offset = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (size !== data.length || !isCounts(shape) || name === '__metadata__') {
      throw new WeightsError(
        'tensor-mismatch',
        `${file}: tensor "${name}" of shape [${shape.join(', ')}] needs ${size} elements and another name than "__metadata__", got ${data.length} elements`,
      );
    }
    const end = offset + size * ELEMENT_BYTES[dtype];
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  const text = Buffer.from(`{${fields.join(',')}}`);
  const header = Buffer.alloc(LENGTH_BYTES + Math.ceil(text.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - LENGTH_BYTES));
  text.copy(header, LENGTH_BYTES);
  return header;
}

/** Order of texts by UTF-16 code units, the same on every machine. */
const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0);
