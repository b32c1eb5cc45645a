import { crc32 } from 'node:zlib';
import { ImagingError } from '../errors.ts';

/** What the headers of a PNG or JPEG say, before any pixel is decoded. */
export interface ImageStructure {
  readonly width: number;
  readonly height: number;
  /** Bits a sample as stored: 1, 2, 4, 8 or 16. */
  readonly sampleBits: number;
  /** Exif orientation, 1 (upright) to 8; 1 where the file has none. */
  readonly orientation: number;
}

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** True for the eight bytes every PNG begins with (PNG specification, section 5.2). */
export function isPng(bytes: Buffer): boolean {
  return PNG_SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** True for SOI followed by another marker (ITU-T T.81, annex B). */
export function isJpeg(bytes: Buffer): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

const truncated = (name: string, where: string) =>
  new ImagingError('image-truncated', `${name} ends ${where}: the file was cut short, copy or export it again`);

const corrupt = (name: string, what: string) =>
  new ImagingError('image-corrupt', `${name} is damaged: ${what}; copy or export it again`);

/**
 * Walks the chunks of a PNG from IHDR to IEND and checks every length and CRC (PNG specification, section 5), because a
 * decoder may return rows of zeros for a file that lost its tail. Throws image-truncated or image-corrupt.
 */
export function pngStructure(bytes: Buffer, name: string): ImageStructure {
  let header: { width: number; height: number; sampleBits: number } | undefined;
  let orientation = 1;
  let hasData = false;
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length) throw truncated(name, 'before the IEND chunk of a PNG');
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (!/^[A-Za-z]{4}$/.test(type)) throw corrupt(name, `byte ${at + 4} should begin the name of a PNG chunk`);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw truncated(name, `inside the PNG chunk ${type}`);
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) {
      throw corrupt(name, `the checksum of the PNG chunk ${type} at byte ${at} does not match`);
    }
    if ((type === 'IHDR') !== (at === 8)) throw corrupt(name, `the first PNG chunk must be IHDR, got ${type}`);
    if (type === 'IHDR') {
      if (length !== 13) throw corrupt(name, `IHDR must have 13 bytes, got ${length}`);
      const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
      if (width === 0 || height === 0) throw corrupt(name, `its size is ${width} x ${height} pixels`);
      header = { width, height, sampleBits: bytes[24] as number };
    }
    if (type === 'IDAT') hasData = true;
    if (type === 'eXIf') orientation = exifOrientation(bytes.subarray(at + 8, end));
    if (type === 'IEND') break;
    at = end + 4;
  }
  if (!header || !hasData) throw corrupt(name, 'the PNG has no IDAT chunk');
  return { ...header, orientation };
}

/**
 * Walks the markers of a JPEG from SOI to EOI (ITU-T T.81, annex B), because decoders invent a missing EOI. Reads the
 * frame header (SOF) and the Exif orientation. Throws image-truncated, image-corrupt or format-unsupported.
 */
export function jpegStructure(bytes: Buffer, name: string): ImageStructure {
  let frame: { width: number; height: number; sampleBits: number } | undefined;
  let orientation = 1;
  let at = 2;
  for (;;) {
    if (at + 2 > bytes.length) throw truncated(name, 'before the EOI marker of a JPEG');
    if (bytes[at] !== 0xff) throw corrupt(name, `byte ${at} should begin a JPEG marker`);
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) {
      at += 1; // fill byte before a marker (B.1.1.2)
      continue;
    }
    if (marker === 0xd9) break;
    if (at + 4 > bytes.length) throw truncated(name, 'inside a JPEG marker segment');
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) throw truncated(name, 'inside a JPEG marker segment');
    const segment = bytes.subarray(at + 4, end);
    if (isFrameHeader(marker)) frame = jpegFrame(segment, marker, name);
    if (marker === 0xe1 && segment.toString('latin1', 0, 6) === 'Exif\0\0') {
      orientation = exifOrientation(segment.subarray(6));
    }
    at = marker === 0xda ? entropyCodedEnd(bytes, end) : end;
  }
  if (!frame) throw corrupt(name, 'the JPEG has no frame header');
  return { ...frame, orientation };
}

/** SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC). */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function jpegFrame(segment: Buffer, marker: number, name: string) {
  if (segment.length < 6) throw truncated(name, 'inside the frame header of a JPEG');
  const sampleBits = segment[0] as number;
  if (sampleBits !== 8 || (marker & 0x03) === 3) {
    const kind = (marker & 0x03) === 3 ? 'lossless' : `${sampleBits}-bit`;
    throw new ImagingError(
      'format-unsupported',
      `${name} is a ${kind} JPEG and only 8-bit ones are read: export a PNG`,
    );
  }
  const components = segment[5] as number;
  if (components !== 1 && components !== 3) {
    throw new ImagingError(
      'format-unsupported',
      `${name} is a JPEG of ${components} components and only 1 (grey) or 3 are read: export a PNG`,
    );
  }
  const [height, width] = [segment.readUInt16BE(1), segment.readUInt16BE(3)];
  if (width === 0 || height === 0) throw corrupt(name, `its size is ${width} x ${height} pixels`);
  return { width, height, sampleBits };
}

/** First marker after entropy-coded data: skips stuffed zeros (FF00) and restart markers (FFD0 to FFD7). */
function entropyCodedEnd(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next === undefined) break;
    if (next !== 0x00 && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}

/** Tag 0x0112 of the first directory of a TIFF structure (Exif 2.32, section 4.6.4); 1 where absent or malformed. */
function exifOrientation(tiff: Buffer): number {
  if (tiff.length < 14) return 1;
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const short = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return 1;
  const entries = short(directory);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > tiff.length) return 1;
    if (short(at) === 0x0112) {
      const value = short(at + 8);
      return value >= 1 && value <= 8 ? value : 1;
    }
  }
  return 1;
}
