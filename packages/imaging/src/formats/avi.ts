import { ImagingError } from '../errors.ts';
import type { Plane } from '../plane.ts';
import { type ImageStack, requireSlice } from './image-stack.ts';
import { decodeImage } from './read-image.ts';

/*
 * Tomosynthesis as a film of 8-bit frames, which is how Liang et al. (2019) got theirs ("The DBT was provided in 8-bit AVI
 * format"). Uncompressed frames and motion JPEG are read; a codec that guesses frames from others is no way to keep an image.
 */

/** True for a RIFF file of type AVI. */
export function isAvi(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'AVI ';
}

interface Chunk {
  readonly id: string;
  readonly start: number;
  readonly end: number;
}

interface Stream {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression: string;
  /** Rows from the bottom up, as an uncompressed bitmap has them unless its height is negative. */
  readonly isBottomUp: boolean;
  /** Grey of each palette entry. */
  readonly palette: readonly number[] | undefined;
}

/**
 * The frames of the first video stream of an AVI, as slices.
 * Throws image-truncated, image-corrupt, image-too-large, image-colour; format-unsupported names a foreign codec by its FourCC.
 */
export function decodeAvi(bytes: Buffer, name: string, maxPixels: number): ImageStack {
  const frames: Chunk[] = [];
  let stream: Stream | undefined;
  let streams = -1;
  let video = -1;
  let announced = 0;
  const walk = (start: number, end: number) => {
    for (const chunk of chunksOf(bytes, start, end, name)) {
      if (chunk.id === 'LIST' || chunk.id === 'RIFF') walk(chunk.start + 4, chunk.end);
      else if (chunk.id === 'avih' && chunk.end - chunk.start >= 20) announced = bytes.readUInt32LE(chunk.start + 16);
      else if (chunk.id === 'strh') {
        streams++;
        if (video < 0 && bytes.toString('latin1', chunk.start, chunk.start + 4) === 'vids') video = streams;
      } else if (chunk.id === 'strf' && streams === video && !stream) stream = streamOf(bytes, chunk, name);
      else if (video >= 0 && isFrameOf(chunk.id, video)) frames.push(chunk);
    }
  };
  walk(0, bytes.length);
  if (!stream || frames.length === 0) {
    throw new ImagingError('image-corrupt', `${name} is an AVI without video frames: export it again`);
  }
  if (frames.length < announced)
    throw new ImagingError(
      'image-truncated',
      `${name} announces ${announced} frames and holds ${frames.length}: copy or export it again`,
    );
  const { width, height } = stream;
  if (width * height > maxPixels) {
    throw new ImagingError(
      'image-too-large',
      `${name} has ${width} x ${height} pixels and the limit is ${maxPixels}: shrink it or raise the limit`,
    );
  }
  const found = stream;
  return {
    format: `AVI (${found.compression})`,
    width,
    height,
    depth: frames.length,
    facts: () => ({ BitsAllocated: 8, BitsStored: 8, PixelRepresentation: 0 }),
    slice: async (slice) => {
      requireSlice(slice, frames.length, name);
      const { start, end } = frames[slice] as Chunk;
      return decodeFrame(bytes.subarray(start, end), found, `${name}, frame ${slice},`);
    },
    close: async () => undefined,
  };
}

/** '00dc' and '00db' are frames of stream 0. */
const isFrameOf = (id: string, video: number): boolean => /^\d\dd[bc]$/.test(id) && Number(id.slice(0, 2)) === video;

/** Chunks of a RIFF list: four letters, a length, the bytes, padded to an even number. */
function chunksOf(bytes: Buffer, start: number, end: number, name: string): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = start; at + 8 <= end; ) {
    const length = bytes.readUInt32LE(at + 4);
    const chunk = { id: bytes.toString('latin1', at, at + 4), start: at + 8, end: at + 8 + length };
    if (chunk.end > end) {
      throw new ImagingError(
        'image-truncated',
        `${name} ends inside the AVI chunk ${JSON.stringify(chunk.id)} at byte ${at}: copy or export it again`,
      );
    }
    chunks.push(chunk);
    at = chunk.end + (length % 2);
  }
  return chunks;
}

/** BITMAPINFOHEADER and, for 8 bits, its palette. */
function streamOf(bytes: Buffer, { start, end }: Chunk, name: string): Stream {
  if (end - start < 40)
    throw new ImagingError(
      'image-corrupt',
      `${name} is damaged: the format of its video is too short; export it again`,
    );
  const [width, signedHeight, bits] = [
    bytes.readInt32LE(start + 4),
    bytes.readInt32LE(start + 8),
    bytes.readUInt16LE(start + 14),
  ];
  const code = bytes.readUInt32LE(start + 16);
  const compression = code === 0 ? 'uncompressed' : bytes.toString('latin1', start + 16, start + 20).toUpperCase();
  if (!['uncompressed', 'MJPG', 'Y800', 'GREY'].includes(compression) || (code === 0 && bits !== 8 && bits !== 24)) {
    const codec = code === 0 ? `${bits} bits a pixel` : `the codec ${JSON.stringify(compression)}`;
    throw new ImagingError(
      'format-unsupported',
      `${name} is an AVI of ${codec}, which is not read: write it uncompressed (8 or 24 bits) or as motion JPEG (MJPG)`,
    );
  }
  const height = Math.abs(signedHeight);
  if (width < 1 || height < 1)
    throw new ImagingError(
      'image-corrupt',
      `${name} is damaged: its size is ${width} x ${signedHeight}; export it again`,
    );
  const palette =
    code === 0 && bits === 8 && end - start > 40 ? paletteOf(bytes.subarray(start + 40, end), name) : undefined;
  return { width, height, bits, compression, isBottomUp: code === 0 && signedHeight > 0, palette };
}

function paletteOf(entries: Buffer, name: string): number[] {
  return Array.from({ length: Math.floor(entries.length / 4) }, (_, i) => {
    const [blue, green, red] = [entries[4 * i] as number, entries[4 * i + 1] as number, entries[4 * i + 2] as number];
    if (red !== green || green !== blue) throw colour(name, `palette entry ${i} is ${red}, ${green}, ${blue}`);
    return red;
  });
}

const colour = (name: string, where: string) =>
  new ImagingError('image-colour', `${name} is in colour (${where}): export the grey frames without drawn marks`);

async function decodeFrame(frame: Buffer, stream: Stream, name: string): Promise<Plane> {
  const { width, height, compression, isBottomUp, palette } = stream;
  if (compression === 'MJPG') {
    const image = await decodeImage(frame, name, width * height);
    if (image.width === width && image.height === height) return { width, height, data: image.data };
    throw new ImagingError(
      'image-corrupt',
      `${name} has ${image.width} x ${image.height} pixels in a film of ${width} x ${height}: export it again`,
    );
  }
  const pixelBytes = compression === 'uncompressed' ? stream.bits / 8 : 1;
  const stride = compression === 'uncompressed' ? Math.ceil((width * pixelBytes) / 4) * 4 : width;
  if (frame.length < stride * height)
    throw new ImagingError('image-truncated', `${name} ends before its pixels: copy or export it again`);
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = (isBottomUp ? height - 1 - y : y) * stride;
    for (let x = 0; x < width; x++) {
      const at = row + x * pixelBytes;
      const value = frame[at] as number;
      if (pixelBytes === 3 && (frame[at + 1] !== value || frame[at + 2] !== value))
        throw colour(name, `column ${x}, row ${y}`);
      data[y * width + x] = palette?.[value] ?? value;
    }
  }
  return { width, height, data };
}
