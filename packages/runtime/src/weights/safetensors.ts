/**
 * The safetensors format, version 0.4 (https://github.com/huggingface/safetensors, README, "Format"): eight bytes of
 * header length, little-endian; a JSON header that gives each tensor's dtype, shape and data_offsets; then the elements.
 * The reader is strict: offsets tile the rest of the file without overlap and without holes.
 */

import { WeightsError } from './errors.ts';
import { uniqueKeys } from './json-keys.ts';
import { readLimited } from './read-limited.ts';
import {
  decodeElements,
  ELEMENT_BYTES,
  encodeElements,
  isStateDType,
  type StateDict,
  type StateDType,
  type StateTensor,
} from './state-dict.ts';

/** What a safetensors file holds: tensors in the order of their bytes, and free texts. */
export interface Safetensors {
  readonly tensors: StateDict;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Header bytes that the format allows. */
const HEADER_LIMIT = 100_000_000;
/** Files above this are refused before they are read. */
const FILE_LIMIT = 2 ** 31 - 1;

/** Reads a safetensors file. WeightsError when it cannot be read or is malformed. */
export async function readSafetensors(path: string): Promise<Safetensors> {
  return decodeSafetensors(await readLimited(path, FILE_LIMIT), path);
}

/** Decodes the bytes of a safetensors file; `file` is its name in messages. */
export function decodeSafetensors(bytes: Uint8Array, file: string): Safetensors {
  const malformed = (what: string) =>
    new WeightsError('safetensors-malformed', `${file} is no safetensors file: ${what.slice(0, 300)}`);
  if (bytes.length < 8) throw malformed(`it needs 8 bytes of header length, got ${bytes.length} bytes in all`);
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (headerBytes > HEADER_LIMIT || headerBytes > bytes.length - 8)
    throw malformed(`its header should have ${headerBytes} bytes, ${bytes.length - 8} are there`);
  const start = 8 + Number(headerBytes);
  const body = bytes.subarray(start);
  const { tensors: entries, metadata } = parseHeader(bytes.subarray(8, start), file, malformed);
  const tensors = new Map<string, StateTensor>();
  let expected = 0;
  for (const { name, dtype, shape, begin, end } of entries.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== expected)
      throw malformed(`tensor "${name}" should begin at byte ${expected} of the data, got ${begin}`);
    if (end > body.length) throw malformed(`tensor "${name}" ends at byte ${end} of ${body.length} bytes of data`);
    tensors.set(name, { dtype, shape, data: decodeElements(dtype, body.subarray(begin, end)) });
    expected = end;
  }
  if (expected !== body.length) throw malformed(`${body.length - expected} bytes after its last tensor belong to none`);
  return { tensors, metadata };
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
  const parts: Uint8Array[] = [];
  const fields: string[] = [];
  if (metadata.size > 0) {
    const texts = [...metadata].sort(byName).map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    fields.push(`"__metadata__":{${texts.join(',')}}`);
  }
  let offset = 0;
  const bytesOf = ([, { dtype }]: [string, StateTensor]) => ELEMENT_BYTES[dtype];
  for (const [name, tensor] of [...tensors].sort((a, b) => bytesOf(b) - bytesOf(a) || byName(a, b))) {
    const { dtype, shape, data } = tensor;
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (size !== data.length || !isCounts(shape) || name === '__metadata__') {
      throw new WeightsError(
        'tensor-mismatch',
        `${file}: tensor "${name}" of shape [${shape.join(', ')}] needs ${size} elements and another name than "__metadata__", got ${data.length} elements`,
      );
    }
    const part = encodeElements(tensor);
    const range = { dtype, shape, data_offsets: [offset, offset + part.length] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(range)}`);
    parts.push(part);
    offset += part.length;
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  const padded = Math.ceil(text.length / 8) * 8;
  const result = new Uint8Array(8 + padded + offset);
  new DataView(result.buffer).setBigUint64(0, BigInt(padded), true);
  result.set(text, 8);
  result.fill(0x20, 8 + text.length, 8 + padded);
  let position = 8 + padded;
  for (const part of parts) {
    result.set(part, position);
    position += part.length;
  }
  return result;
}

/** Order of texts by UTF-16 code units, the same on every machine. */
const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0);
