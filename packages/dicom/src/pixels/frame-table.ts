/** Where the bytes of each frame are: native pixel data, or fragments with or without offset tables (PS3.5 A.4). */
import { DicomError } from '../errors.ts';
import { ByteCursor } from '../header/byte-cursor.ts';
import type { ByteSource } from '../header/byte-source.ts';
import type { HeaderDataSet, ValueLocation } from '../header/data-set-reader.ts';
import type { TransferSyntax } from '../transfer-syntax.ts';
import type { ImagePixel } from './image-pixel.ts';

/** A run of bytes of the file. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** The bytes of a frame, in pieces that follow each other. */
export type FrameExtents = (frame: number) => readonly Extent[];

const ITEM = 0xfffee000;
const SEQUENCE_END = 0xfffee0dd;
const ITEM_HEADER = 8;
const FRAGMENT_LIMIT = 2 ** 18;

/** Where the pixel data is. DicomError 'pixel-data-missing': a report, a presentation state, a file that was cut. */
export function requirePixelData({ pixelData }: HeaderDataSet, path: string): ValueLocation {
  if (pixelData) return pixelData;
  throw new DicomError('pixel-data-missing', `${path} has no (7fe0,0010) PixelData: it is no image, or it is cut`);
}

/** Finds the frames. DicomError 'pixel-data-missing', 'frames-missing', 'truncated', 'malformed'. */
export async function locateFrames(
  source: ByteSource,
  header: HeaderDataSet,
  syntax: TransferSyntax,
  image: ImagePixel,
): Promise<FrameExtents> {
  const { path } = source;
  const pixelData = requirePixelData(header, path);
  if (syntax.compression === 'none') return nativeFrames(path, pixelData, image);
  if (pixelData.length !== null) {
    const sentence = `(7fe0,0010) PixelData has a length of its own where ${syntax.name} requires fragments`;
    throw new DicomError('malformed', `${path}: ${sentence}`);
  }
  const fragments = await readFragments(source, pixelData.offset);
  const starts = await frameStarts(source, header, fragments, image);
  return (frame) => fragments.extents.slice(starts[frame], starts[frame + 1]);
}

function nativeFrames(path: string, { length, offset }: ValueLocation, image: ImagePixel): FrameExtents {
  if (length === null)
    throw new DicomError('malformed', `${path}: (7fe0,0010) PixelData has fragments, and its syntax has none`);
  if (image.photometricInterpretation === 'YBR_FULL_422') {
    const sentence = '(0028,0004) PhotometricInterpretation is YBR_FULL_422 without compression, which is not read';
    throw new DicomError('image-unsupported', `${path}: ${sentence}`);
  }
  const required = image.frameBytes * image.frameCount;
  if (length < required) {
    const sentence = `${required} bytes in (7fe0,0010) PixelData, and there are ${length}`;
    throw new DicomError('frames-missing', `${path}: ${image.frameCount} frame(s) of its size take ${sentence}`);
  }
  return (frame) => [{ offset: offset + frame * image.frameBytes, length: image.frameBytes }];
}

interface Fragments {
  readonly extents: readonly Extent[];
  /** The basic offset table as it is in the file; empty when there is none. */
  readonly offsets: readonly number[];
  /** What offsets count from: the first byte of the item after the basic offset table. */
  readonly origin: number;
}

async function readFragments(source: ByteSource, start: number): Promise<Fragments> {
  const table = new ByteCursor(source, start, 2 ** 12);
  const { length } = await item(table, 'its basic offset table');
  if (length % 4 !== 0 || length > 4 * FRAGMENT_LIMIT)
    throw new DicomError('malformed', `${source.path}: the basic offset table of (7fe0,0010) has ${length} bytes`);
  await table.fill(length);
  const offsets = Array.from({ length: length / 4 }, () => table.uint32());
  const origin = table.offset;
  const extents: Extent[] = [];
  // most of what a chunk brings is skipped, so chunks are small; what may be read is bounded by the count
  const cursor = new ByteCursor(source, origin, 512, Number.POSITIVE_INFINITY);
  for (;;) {
    const fragment = await item(cursor, `fragment ${extents.length}`);
    if (fragment.end) return { extents, offsets, origin };
    if (extents.length === FRAGMENT_LIMIT)
      throw new DicomError('header-too-large', `${source.path}: (7fe0,0010) has more than ${FRAGMENT_LIMIT} fragments`);
    extents.push({ offset: cursor.offset, length: fragment.length });
    cursor.offset += fragment.length;
  }
}

async function item(cursor: ByteCursor, what: string): Promise<{ readonly end: boolean; readonly length: number }> {
  const { path } = cursor.source;
  if (cursor.left < ITEM_HEADER) {
    const sentence = `(7fe0,0010) PixelData has no end marker (fffe,e0dd) where ${what} would begin`;
    throw new DicomError('truncated', `${path} is cut or damaged: ${sentence}`);
  }
  await cursor.fill(ITEM_HEADER);
  const tag = cursor.uint16() * 65536 + cursor.uint16();
  const length = cursor.uint32();
  if (tag === SEQUENCE_END && what !== 'its basic offset table') return { end: true, length: 0 };
  if (tag !== ITEM)
    throw new DicomError('malformed', `${path}: (7fe0,0010) PixelData has no item tag where ${what} begins`);
  if (length > cursor.left) {
    const sentence = `${what} of (7fe0,0010) says that it has ${length} bytes where ${cursor.left} are left`;
    throw new DicomError('truncated', `${path} is cut or damaged: ${sentence}`);
  }
  return { end: false, length };
}

/** The index of the first fragment of each frame, and the number of fragments at the end. */
async function frameStarts(
  source: ByteSource,
  header: HeaderDataSet,
  fragments: Fragments,
  { frameCount }: ImagePixel,
): Promise<readonly number[]> {
  const { extents, origin } = fragments;
  const { path } = source;
  if (extents.length < frameCount) {
    const sentence = `${frameCount} frame(s) by (0028,0008) NumberOfFrames, and ${extents.length} fragment(s)`;
    throw new DicomError('frames-missing', `${path}: (7fe0,0010) PixelData should hold ${sentence}`);
  }
  const offsets = (await extendedOffsets(source, header, frameCount)) ?? fragments.offsets;
  if (offsets.length === 0) return startsWithoutTable(source, extents, frameCount);
  if (offsets.length !== frameCount) {
    const sentence = `the offset table of (7fe0,0010) has ${offsets.length} entries for ${frameCount} frame(s)`;
    throw new DicomError(offsets.length < frameCount ? 'frames-missing' : 'malformed', `${path}: ${sentence}`);
  }
  const indices = new Map(extents.map(({ offset }, index) => [offset - ITEM_HEADER - origin, index]));
  const starts = offsets.map((offset, frame) => {
    const index = indices.get(offset);
    if (index !== undefined && (frame === 0 ? index === 0 : offset > (offsets[frame - 1] as number))) return index;
    const sentence = `the offset of frame ${frame} in the offset table of (7fe0,0010) is ${offset}`;
    throw new DicomError('malformed', `${path}: ${sentence}, where no fragment of a next frame begins`);
  });
  return [...starts, extents.length];
}

/** The extended offset table (PS3.3 C.7.6.3.1.8): 64-bit offsets; its lengths repeat what fragments say. */
async function extendedOffsets(
  source: ByteSource,
  { extendedOffsets: table }: HeaderDataSet,
  frameCount: number,
): Promise<readonly number[] | null> {
  if (!table) return null;
  if (table.length !== frameCount * 8) {
    const sentence = `(7fe0,0001) ExtendedOffsetTable has ${table.length ?? 'no'} bytes for ${frameCount} frame(s)`;
    throw new DicomError('malformed', `${source.path}: ${sentence} of 8 bytes each`);
  }
  const bytes = await source.read(table.offset, table.length);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: frameCount }, (_, frame) => Number(view.getBigUint64(frame * 8, true)));
}

/** Without a table: a frame a fragment, or one frame, or frames that begin where a codestream begins. */
async function startsWithoutTable(
  source: ByteSource,
  extents: readonly Extent[],
  frameCount: number,
): Promise<readonly number[]> {
  if (frameCount === 1) return [0, extents.length];
  if (frameCount === extents.length) return Array.from({ length: frameCount + 1 }, (_, frame) => frame);
  const starts: number[] = [];
  for (const [index, { offset, length }] of extents.entries()) {
    const [first, second, third] = await source.read(offset, Math.min(length, 3));
    const jpeg = first === 0xff && second === 0xd8 && third === 0xff; // SOI and the next marker
    const jpeg2000 = first === 0xff && second === 0x4f && third === 0xff; // SOC and SIZ
    if (jpeg || jpeg2000) starts.push(index);
  }
  if (starts.length === frameCount && starts[0] === 0) return [...starts, extents.length];
  const sentence = `${extents.length} fragments and no offset table, and ${starts.length} of them begin an image`;
  throw new DicomError(
    'frames-missing',
    `${source.path}: (7fe0,0010) has ${sentence}; ${frameCount} frames were announced`,
  );
}
