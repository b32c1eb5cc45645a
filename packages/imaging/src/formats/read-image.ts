import { readFile, stat } from 'node:fs/promises';
import sharp from 'sharp';
import { ImagingError } from '../errors.ts';
import { type ImageStructure, isJpeg, isPng, jpegStructure, pngStructure } from './image-structure.ts';
import { decodePgm, isPgm } from './pgm.ts';
import { isTiff, tiffStructure } from './tiff.ts';

/** A grey image as stored: row-major values, unscaled (0..255 or 0..65535), larger is not necessarily brighter. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  /** [height * width], row by row from the top left. */
  readonly data: Float32Array;
  /** Bits of the stored samples; a 12-bit range inside 16 bits counts as 16. */
  readonly bitDepth: 8 | 16;
}

/** Limits of readImage. */
export interface ReadImageOptions {
  /** Refuse more pixels than this; 100 million unless told. */
  readonly maxPixels?: number;
}

/** The default pixel limit of readImage: four times the largest mammography detector. */
export const DEFAULT_MAX_PIXELS = 100_000_000;

const MAX_BYTES = 2 ** 30;

/** In a JPEG, a grey stored as YCbCr may come back with channels this far apart (rounding of T.871's equations). */
const JPEG_CHANNEL_TOLERANCE = 2;

/**
 * Reads a PNG, JPEG, TIFF or PGM file as one grey plane, exactly: no gamma, no colour profile, no scaling, no rotation.
 * - PNG of 8 or 16 bits; 1, 2 and 4 bits are expanded to 0..255 by replication (PNG specification, section 13.12).
 * - RGB or a palette is accepted where its channels are equal, and refused (image-colour) where they differ, because a
 *   colour image is a screenshot or carries drawn marks; a JPEG's channels may differ by 2, its luma is returned.
 * - An alpha channel must be opaque everywhere. A file whose Exif orientation is not upright is refused: laterality
 *   and boxes refer to stored pixels.
 * - Every PNG chunk checksum and the end marker of a PNG or JPEG are checked before decoding.
 * Throws ImagingError with one of the file-, format- and image- codes.
 */
export async function readImage(path: string, options: ReadImageOptions = {}): Promise<GreyImage> {
  return decodeImage(await readBytes(path), path, options.maxPixels);
}

/** As readImage, of bytes; `path` is what errors call them. */
export async function decodeImage(bytes: Buffer, path: string, maxPixels = DEFAULT_MAX_PIXELS): Promise<GreyImage> {
  if (isPgm(bytes)) return decodePgm(bytes, path, maxPixels);
  if (isPng(bytes)) return decodeWithSharp(bytes, path, pngStructure(bytes, path), maxPixels, 0);
  if (isJpeg(bytes)) {
    return decodeWithSharp(bytes, path, jpegStructure(bytes, path), maxPixels, JPEG_CHANNEL_TOLERANCE);
  }
  if (isTiff(bytes)) return decodeWithSharp(bytes, path, tiffStructure(bytes, path), maxPixels, 0);
  throw new ImagingError('format-unsupported', `${path} is ${describe(bytes)}: give a PNG, JPEG, TIFF or PGM file`);
}

/** The bytes of a file of at most a gigabyte. Throws ImagingError with one of the file- codes, and image-too-large. */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    const entry = await stat(path);
    if (!entry.isFile()) throw new ImagingError('file-missing', `${path} is not a file: give the path of an image`);
    if (entry.size === 0) {
      throw new ImagingError('file-empty', `${path} has zero bytes: the copy or export failed, make it again`);
    }
    if (entry.size > MAX_BYTES) {
      throw new ImagingError(
        'image-too-large',
        `${path} has ${entry.size} bytes and the limit is ${MAX_BYTES}: shrink it`,
      );
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof ImagingError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (reason === 'ENOENT' || reason === 'ENOTDIR') {
      throw new ImagingError('file-missing', `${path} does not exist: correct the path`, { cause: error });
    }
    throw new ImagingError('file-unreadable', `${path} could not be read (${reason}): check its permissions`, {
      cause: error,
    });
  }
}

function describe(bytes: Buffer): string {
  if (bytes.toString('latin1', 128, 132) === 'DICM') return 'a DICOM file, which this function does not read';
  const start = bytes.toString('latin1', 0, 4);
  if (/^P[1346]\s/.test(start)) return 'a Netpbm file, but not a grey one (PGM)';
  return 'not an image of a known format';
}

async function decodeWithSharp(
  bytes: Buffer,
  path: string,
  structure: ImageStructure,
  maxPixels: number,
  tolerance: number,
): Promise<GreyImage> {
  const { width, height, sampleBits, orientation } = structure;
  if (width * height > maxPixels) {
    throw new ImagingError(
      'image-too-large',
      `${path} has ${width} x ${height} pixels and the limit is ${maxPixels}: shrink it or raise the limit`,
    );
  }
  if (orientation !== 1) {
    throw new ImagingError(
      'image-orientation',
      `${path} asks to be turned or mirrored (Exif orientation ${orientation}): save it upright without that tag`,
    );
  }
  const bitDepth = sampleBits === 16 ? 16 : 8;
  const { samples, channels } = await decodeSamples(bytes, path, bitDepth, maxPixels);
  if (samples.length !== width * height * channels) {
    throw new ImagingError('image-corrupt', `${path} is damaged: its pixels do not fill ${width} x ${height}`);
  }
  return { width, height, data: greyPlane(samples, channels, bitDepth, path, tolerance), bitDepth };
}

/** Interleaved samples as stored. A colour space that equals the file's own keeps libvips from converting values. */
async function decodeSamples(bytes: Buffer, path: string, bitDepth: 8 | 16, maxPixels: number) {
  try {
    const options = { failOn: 'warning', limitInputPixels: maxPixels, ignoreIcc: true } as const;
    const image = sharp(bytes, options);
    const { channels: stored } = await image.metadata();
    // Not 'b-w' for grey with alpha: that drops the alpha before it can be looked at.
    const space = bitDepth === 16 ? (stored < 3 ? 'grey16' : 'rgb16') : stored === 1 ? 'b-w' : 'srgb';
    const { data, info } = await image
      .toColourspace(space)
      .raw({ depth: bitDepth === 16 ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const samples =
      bitDepth === 16 ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : new Uint8Array(data);
    return { samples, channels: info.channels };
  } catch (error) {
    // libvips repeats a complaint for every strip
    const lines = (error instanceof Error ? error.message : String(error)).split('\n').map((line) => line.trim());
    const reason = [...new Set(lines.filter((line) => line !== ''))].join('; ').slice(0, 200);
    const code = /premature|truncat|end of (input|file|stream)/i.test(reason) ? 'image-truncated' : 'image-corrupt';
    throw new ImagingError(code, `${path} could not be decoded (${reason}): copy or export it again`, { cause: error });
  }
}

function greyPlane(
  samples: Uint8Array | Uint16Array,
  channels: number,
  bitDepth: 8 | 16,
  path: string,
  tolerance: number,
): Float32Array {
  const count = samples.length / channels;
  const data = new Float32Array(count);
  const opaque = bitDepth === 16 ? 65535 : 255;
  const hasAlpha = channels === 2 || channels === 4;
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    const red = samples[at] as number;
    if (hasAlpha && samples[at + channels - 1] !== opaque) {
      throw new ImagingError(
        'image-transparent',
        `${path} is transparent at pixel ${i}: save it without an alpha channel, on the background that you mean`,
      );
    }
    if (channels < 3) {
      data[i] = red;
      continue;
    }
    const [green, blue] = [samples[at + 1] as number, samples[at + 2] as number];
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > tolerance) {
      throw new ImagingError(
        'image-colour',
        `${path} is in colour (pixel ${i} is ${red}, ${green}, ${blue}): export the grey image without drawn marks`,
      );
    }
    // Luma of Rec. ITU-R BT.601, which T.871 stored; equal channels give the value itself.
    data[i] = red === green && green === blue ? red : Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  }
  return data;
}
