/** The JPEG processes that the WebAssembly builds leave out: lossless (process 14) and extended of 12 bits (process 4). */
import { type CodestreamHeader, markerSegment } from './codestream.ts';
import { CodestreamError } from './codestream-error.ts';
import { EntropyReader, type HuffmanTable, huffmanTable } from './huffman.ts';
import { decodeLosslessScan } from './jpeg-lossless.ts';
import { decodeSequentialScan } from './jpeg-sequential.ts';

const LOSSLESS = 3;
const DHT = 0xffc4;
const DQT = 0xffdb;
const DRI = 0xffdd;
const SOS = 0xffda;

/** The tables that segments have set so far. */
interface Tables {
  /** By class (DC or lossless 0, AC 1) times 16 plus destination. */
  readonly huffman: Map<number, HuffmanTable>;
  readonly quantization: Map<number, Uint16Array>;
  restartInterval: number;
}

/** Interleaved samples of a codestream whose header is `header`. CodestreamError when it contradicts itself. */
export function decodeJpegHuffman(bytes: Uint8Array, header: CodestreamHeader): Uint16Array<ArrayBuffer> {
  const stride = header.components.length;
  if (header.components.some(({ h, v }) => h !== 1 || v !== 1) && stride > 1)
    throw new CodestreamError('components of different resolutions are not read in this JPEG process');
  if (header.process !== LOSSLESS && stride !== 1)
    throw new CodestreamError('JPEG of 12 bits is read with one component');
  const samples = new Uint16Array(header.rows * header.columns * stride);
  const tables: Tables = { huffman: new Map(), quantization: new Map(), restartInterval: 0 };
  const decoded = new Set<number>();
  for (let at = 2; decoded.size < stride; ) {
    const { marker, payload, end } = markerSegment(bytes, at);
    at = end;
    if (marker === DHT) readHuffmanTables(payload, tables);
    else if (marker === DQT) readQuantization(payload, tables);
    else if (marker === DRI) tables.restartInterval = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
    else if (marker === SOS) at = decodeScan(bytes, at, payload, header, tables, samples, decoded);
  }
  return samples;
}

function decodeScan(
  bytes: Uint8Array,
  at: number,
  payload: Uint8Array,
  { process, precision, rows, columns, components }: CodestreamHeader,
  tables: Tables,
  samples: Uint16Array,
  decoded: Set<number>,
): number {
  const count = payload[0] ?? 0;
  const [selection = 0, , approximation = 0] = payload.subarray(1 + 2 * count);
  if (count < 1 || payload.length < 4 + 2 * count) throw new CodestreamError('the header of a scan is cut');
  const scanned = Array.from({ length: count }, (_, index) => {
    const [id, destinations = 0] = payload.subarray(1 + 2 * index);
    const offset = components.findIndex((component) => component.id === id);
    if (offset < 0 || decoded.has(offset)) throw new CodestreamError('a scan has components that its frame has not');
    decoded.add(offset);
    return { offset, dc: destinations >> 4, ac: destinations & 15 };
  });
  const huffman = (key: number): HuffmanTable => {
    const table = tables.huffman.get(key);
    if (!table) throw new CodestreamError('a scan uses a Huffman table that was not given');
    return table;
  };
  const { restartInterval } = tables;
  const reader = new EntropyReader(bytes, at);
  if (process === LOSSLESS) {
    const scan = { rows, columns, precision, selection, pointTransform: approximation & 15, restartInterval };
    const parts = scanned.map(({ offset, dc }) => ({ offset, table: huffman(dc) }));
    decodeLosslessScan(reader, { ...scan, components: parts, stride: components.length }, samples);
  } else {
    const [{ dc, ac }] = scanned as [(typeof scanned)[number]];
    const quantization = tables.quantization.get(components[0]?.table ?? 0);
    if (!quantization) throw new CodestreamError('a scan uses a quantization table that was not given');
    const scan = { rows, columns, precision, restartInterval, dc: huffman(dc), ac: huffman(16 + ac), quantization };
    decodeSequentialScan(reader, scan, samples);
  }
  return reader.finish();
}

function readHuffmanTables(payload: Uint8Array, { huffman }: Tables): void {
  for (let at = 0; at < payload.length; ) {
    const key = payload[at] as number;
    const counts = payload.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const values = payload.subarray(at + 17, at + 17 + total);
    if (counts.length < 16 || values.length < total) throw new CodestreamError('a Huffman table is cut');
    huffman.set(key, huffmanTable(counts, values));
    at += 17 + total;
  }
}

function readQuantization(payload: Uint8Array, { quantization }: Tables): void {
  for (let at = 0; at < payload.length; ) {
    const key = payload[at] as number;
    const wide = key >> 4 > 0;
    const bytes = payload.subarray(at + 1, at + 1 + (wide ? 128 : 64));
    if (bytes.length < (wide ? 128 : 64)) throw new CodestreamError('a quantization table is cut');
    const steps = Uint16Array.from({ length: 64 }, (_, index) =>
      wide ? ((bytes[2 * index] as number) << 8) | (bytes[2 * index + 1] as number) : (bytes[index] as number),
    );
    quantization.set(key & 15, steps);
    at += 1 + bytes.length;
  }
}
