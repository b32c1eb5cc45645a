import { ImagingError } from '../errors.ts';
import type { GreyImage } from './read-image.ts';

/*
 * Netpbm's grey formats, as its pgm(5) page defines them. Written here because the libvips that sharp ships has no
 * "ppm" loader (sharp.format.ppm.input is false everywhere).
 */

/** True for the magic numbers P2 (plain) and P5 (raw) followed by white space or a comment. */
export function isPgm(bytes: Buffer): boolean {
  const third = bytes[2] ?? 0;
  return bytes[0] === 0x50 && (bytes[1] === 0x32 || bytes[1] === 0x35) && (isSpace(third) || third === HASH);
}

/**
 * Decodes a PGM of one image. Values stay as stored: a maximum of 4095 gives bitDepth 16 and values up to 4095.
 * @param name what errors call the file; @param maxPixels refuse more pixels than this, before allocating
 * Throws image-truncated, image-corrupt, image-too-large. A plain file cut inside its last number cannot be told from a
 * whole one.
 */
export function decodePgm(bytes: Buffer, name: string, maxPixels: number): GreyImage {
  const reader = { bytes, at: 2, name };
  const width = nextNumber(reader, 'width');
  const height = nextNumber(reader, 'height');
  const maximum = nextNumber(reader, 'maximum grey value');
  if (width < 1 || height < 1) throw corrupt(name, `its size is ${width} x ${height} pixels`);
  if (maximum < 1 || maximum > 65535) throw corrupt(name, `its maximum grey value must be 1 to 65535, got ${maximum}`);
  if (width * height > maxPixels) {
    throw new ImagingError(
      'image-too-large',
      `${name} has ${width} x ${height} pixels and the limit is ${maxPixels}: shrink it or raise the limit`,
    );
  }
  const bitDepth = maximum > 255 ? 16 : 8;
  const raw = bytes[1] === 0x35;
  const count = width * height;
  // A pixel takes at least one byte (raw) or two, a digit and its separator (plain): know before allocating.
  const least = raw ? (count * bitDepth) / 8 : 2 * count - 1;
  if (bytes.length - reader.at - (raw ? 1 : 0) < least) throw truncated(name, count);
  const data = raw ? rawSamples(reader, count, bitDepth) : plainSamples(reader, count);
  checkEnd(reader);
  for (let i = 0; i < count; i++) {
    const value = data[i] as number;
    if (value > maximum) throw corrupt(name, `pixel ${i} is ${value}, above the file's maximum of ${maximum}`);
  }
  return { width, height, data, bitDepth };
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
  readonly name: string;
}

const HASH = 0x23;
const NEWLINE = 0x0a;

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

const corrupt = (name: string, what: string) =>
  new ImagingError('image-corrupt', `${name} is not a valid PGM: ${what}; export it again`);

const truncated = (name: string, count: number) =>
  new ImagingError(
    'image-truncated',
    `${name} ends before its ${count} pixels: the file was cut short, copy or export it again`,
  );

/** The next unsigned decimal, after white space and comments. */
function nextNumber(reader: Reader, what: string): number {
  const { bytes, name } = reader;
  while (reader.at < bytes.length) {
    if (bytes[reader.at] === HASH) {
      const end = bytes.indexOf(NEWLINE, reader.at);
      reader.at = end < 0 ? bytes.length : end;
    } else if (isSpace(bytes[reader.at] as number)) reader.at++;
    else break;
  }
  if (reader.at >= bytes.length) {
    throw new ImagingError('image-truncated', `${name} ends before the ${what} of a PGM: copy or export it again`);
  }
  const start = reader.at;
  let value = 0;
  for (let digit = digitAt(bytes, reader.at); digit >= 0; digit = digitAt(bytes, ++reader.at)) {
    value = value * 10 + digit;
    if (value > 0xffffffff) break;
  }
  if (reader.at === start || value > 0xffffffff) throw corrupt(name, `byte ${start} should begin its ${what}`);
  return value;
}

/** The decimal digit at a byte, or -1. */
function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - 0x30;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

/** Exactly one white space byte, then the samples, 16-bit ones with the high byte first. */
function rawSamples(reader: Reader, count: number, bitDepth: 8 | 16): Float32Array {
  const { bytes, name } = reader;
  if (!isSpace(bytes[reader.at] as number)) throw corrupt(name, `byte ${reader.at} should be white space`);
  const start = reader.at + 1;
  const data = new Float32Array(count);
  if (bitDepth === 8) for (let i = 0; i < count; i++) data[i] = bytes[start + i] as number;
  else for (let i = 0; i < count; i++) data[i] = bytes.readUInt16BE(start + 2 * i);
  reader.at = start + (count * bitDepth) / 8;
  return data;
}

function plainSamples(reader: Reader, count: number): Float32Array {
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = nextNumber(reader, `pixel ${i}`);
  return data;
}

/** Only white space may follow the one image. */
function checkEnd(reader: Reader): void {
  for (let at = reader.at; at < reader.bytes.length; at++) {
    if (!isSpace(reader.bytes[at] as number)) {
      throw corrupt(reader.name, `byte ${at} follows the last pixel (a file of several images is not read)`);
    }
  }
}
