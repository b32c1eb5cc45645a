/**
 * The headers of JPEG, JPEG-LS and JPEG 2000 codestreams. They are read before a decoder is, so that a decoder is never asked
 * for an image of another size than the data set's, and never given a codestream that was cut.
 */
import { CodestreamError } from './codestream-error.ts';

/** What a codestream says of its image. */
export interface CodestreamHeader {
  /** SOF number of ITU-T T.81 table B.1, 55 for JPEG-LS; null for JPEG 2000. */
  readonly process: number | null;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: readonly {
    readonly id: number;
    readonly h: number;
    readonly v: number;
    readonly table: number;
  }[];
  /** The colour transform of Adobe's APP14 segment, where there is one (T.872 6.5.3). */
  readonly adobeTransform: number | null;
}

/** A marker segment: what stands between its length and the next marker. */
export interface MarkerSegment {
  readonly marker: number;
  readonly payload: Uint8Array;
  /** Of the byte after the segment. */
  readonly end: number;
}

const SOI = 0xffd8;
const EOI = 0xffd9;
const SOC = 0xff4f;
const SIZ = 0xff51;
const SOT = 0xff90;
const APP14 = 0xffee;

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
const long = (bytes: Uint8Array, at: number): number => word(bytes, at) * 65536 + word(bytes, at + 2);

/** The marker segment at `at`; fill bytes before it are skipped (T.81 B.1.1.2). */
export function markerSegment(bytes: Uint8Array, at: number): MarkerSegment {
  while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
  if (at + 4 > bytes.length) throw new CodestreamError('the codestream ends inside its header');
  const marker = word(bytes, at);
  if (marker < 0xff01 || marker === 0xff00) throw new CodestreamError(`byte ${at} of the codestream is no marker`);
  if (marker === EOI) throw new CodestreamError('the codestream ends before its image');
  const length = word(bytes, at + 2);
  if (length < 2 || at + 2 + length > bytes.length)
    throw new CodestreamError(`a marker segment at byte ${at} is longer than the codestream`);
  return { marker, payload: bytes.subarray(at + 4, at + 2 + length), end: at + 2 + length };
}

const isFrame = (marker: number): boolean =>
  marker === 0xfff7 || (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker));

/** The frame header of a JPEG or JPEG-LS codestream. */
export function readJpegHeader(bytes: Uint8Array): CodestreamHeader {
  if (word(bytes, 0) !== SOI) throw new CodestreamError('the codestream does not begin as JPEG does (ff d8)');
  let adobeTransform: number | null = null;
  for (let at = 2; ; ) {
    const { marker, payload, end } = markerSegment(bytes, at);
    at = end;
    if (marker === APP14 && payload.length >= 12 && payload[0] === 0x41) adobeTransform = payload[11] as number;
    if (!isFrame(marker)) continue;
    const count = payload[5] ?? 0;
    if (payload.length < 6 + 3 * count) throw new CodestreamError('the frame header of the codestream is cut');
    const components = Array.from({ length: count }, (_, index) => {
      const [id = 0, factors = 0, table = 0] = payload.subarray(6 + 3 * index);
      return { id, h: factors >> 4, v: factors & 15, table };
    });
    const process = marker === 0xfff7 ? 55 : marker - 0xffc0;
    const [precision = 0] = payload;
    return { process, precision, rows: word(payload, 1), columns: word(payload, 3), components, adobeTransform };
  }
}

/**
 * The size of a JPEG 2000 codestream (ITU-T T.800 A.5.1), after a walk over its tile-parts: all tiles are there and the
 * end of the codestream follows the last, so what OpenJPEG would fill in silently is refused.
 */
export function readJpeg2000Header(bytes: Uint8Array): CodestreamHeader {
  if (word(bytes, 0) !== SOC || word(bytes, 2) !== SIZ)
    throw new CodestreamError('the codestream does not begin as JPEG 2000 does (ff 4f ff 51)');
  const { payload, end } = markerSegment(bytes, 2);
  const count = payload.length >= 36 ? word(payload, 34) : 0;
  if (count === 0 || payload.length < 36 + 3 * count) throw new CodestreamError('the SIZ segment is cut');
  const [right, bottom, left, top, tileWidth, tileHeight, tileLeft, tileTop] = Array.from({ length: 8 }, (_, index) =>
    long(payload, 2 + 4 * index),
  ) as [number, number, number, number, number, number, number, number];
  const components = Array.from({ length: count }, (_, index) => {
    const [depth = 0, h = 0, v = 0] = payload.subarray(36 + 3 * index);
    return { id: index, h, v, table: depth };
  });
  if (tileWidth === 0 || tileHeight === 0 || tileLeft > left || tileTop > top || left >= right || top >= bottom)
    throw new CodestreamError('the SIZ segment describes no image');
  const tiles = Math.ceil((right - tileLeft) / tileWidth) * Math.ceil((bottom - tileTop) / tileHeight);
  checkTileParts(bytes, end, tiles);
  const precision = Math.max(...components.map(({ table }) => (table & 0x7f) + 1));
  return { process: null, precision, rows: bottom - top, columns: right - left, components, adobeTransform: null };
}

function checkTileParts(bytes: Uint8Array, start: number, tiles: number): void {
  if (tiles > 65535) throw new CodestreamError(`the codestream has ${tiles} tiles; 65535 are allowed`);
  let at = start;
  while (at + 2 <= bytes.length && word(bytes, at) !== SOT) at = markerSegment(bytes, at).end;
  const seen = new Set<number>();
  for (;;) {
    if (at + 2 > bytes.length) throw new CodestreamError('the codestream has no end marker (ff d9)');
    const marker = word(bytes, at);
    if (marker === EOI) break;
    if (marker !== SOT || at + 12 > bytes.length)
      throw new CodestreamError(`no tile-part begins at byte ${at} of the codestream`);
    const tile = word(bytes, at + 4);
    const length = long(bytes, at + 6);
    if (tile >= tiles) throw new CodestreamError(`the codestream has a tile ${tile} where it says ${tiles}`);
    seen.add(tile);
    if (length !== 0 && length < 14) throw new CodestreamError(`tile-part at byte ${at} has ${length} bytes`);
    at = length === 0 ? endOf(bytes) : at + length;
  }
  if (seen.size !== tiles) throw new CodestreamError(`the codestream has ${seen.size} of its ${tiles} tiles`);
}

/** Where the end marker is, behind which there is at most a byte to make the length even. */
function endOf(bytes: Uint8Array): number {
  for (let at = bytes.length - 2; at >= Math.max(0, bytes.length - 4); at--) if (word(bytes, at) === EOI) return at;
  return bytes.length;
}
