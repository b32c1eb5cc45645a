import { crc32, deflateSync } from 'node:zlib';

/*
 * For tests: PNG files written from the specification (sections 5 and 11) without sharp, so that reading is checked
 * against something that is not the reader.
 */

/** A chunk with its length and checksum. */
export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** Colour types of IHDR and their samples a pixel. */
const CHANNELS = { grey: [0, 1], rgb: [2, 3], greyAlpha: [4, 2], rgba: [6, 4] } as const;

/**
 * A PNG of samples given pixel by pixel, filter 0 on every row.
 * @param extra chunks to put between IHDR and IDAT
 */
export function pngFile(
  width: number,
  bitDepth: 8 | 16,
  colour: keyof typeof CHANNELS,
  samples: readonly number[],
  extra: readonly Buffer[] = [],
): Buffer {
  const [type, channels] = CHANNELS[colour];
  const height = samples.length / (width * channels);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, type, 0, 0, 0], 8);
  const bytes = samples.flatMap((value) => (bitDepth === 16 ? [value >> 8, value & 255] : [value]));
  const stride = (width * channels * bitDepth) / 8;
  const rows = Array.from({ length: height }, (_, y) => [0, ...bytes.slice(y * stride, (y + 1) * stride)]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    ...extra,
    pngChunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** An eXIf or APP1 payload that says nothing but its orientation, big-endian TIFF. */
export function exifPayload(orientation: number): Buffer {
  return Buffer.from([
    0x4d,
    0x4d,
    0,
    42,
    0,
    0,
    0,
    8,
    0,
    1,
    0x01,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
}
