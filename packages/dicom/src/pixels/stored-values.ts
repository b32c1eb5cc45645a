/** From the bytes of a frame to its stored values: byte order, planes, bits (PS3.5 8.1). */
import type { ImagePixel } from './image-pixel.ts';

/** Stored values; of three samples a pixel they follow each other. */
export type StoredValues =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>;

/** Swaps the two bytes of each 16-bit word, in place. */
export function swapWords(bytes: Uint8Array): void {
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const first = bytes[at] as number;
    bytes[at] = bytes[at + 1] as number;
    bytes[at + 1] = first;
  }
}

/** Three planes as interleaved samples. */
export function interleave(planes: Uint8Array<ArrayBuffer>, sampleBytes: number): Uint8Array<ArrayBuffer> {
  const pixels = planes.length / 3 / sampleBytes;
  const result = new Uint8Array(planes.length);
  for (let plane = 0; plane < 3; plane++)
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let byte = 0; byte < sampleBytes; byte++)
        result[(pixel * 3 + plane) * sampleBytes + byte] = planes[
          (plane * pixels + pixel) * sampleBytes + byte
        ] as number;
  return result;
}

/** The samples of a frame as they are, over their bytes. */
export function samplesOf(
  bytes: Uint8Array<ArrayBuffer>,
  { bitsAllocated, pixelRepresentation }: ImagePixel,
): StoredValues {
  if (bitsAllocated === 8) return pixelRepresentation === 1 ? new Int8Array(bytes.buffer) : bytes;
  return pixelRepresentation === 1 ? new Int16Array(bytes.buffer) : new Uint16Array(bytes.buffer);
}

/** A piece a call: a function that is called often is compiled once, where a loop over millions of words is replaced while it runs. */
const PIECE = 4096;

function bitsOf(words: Int32Array, from: number, to: number): number {
  let bits = 0;
  for (let at = from; at < to; at++) bits |= words[at] as number;
  return bits;
}

/** Whether no bit above those that are stored is set, as in nearly every file: looked at four bytes at a time, nothing need be written. */
function isBelow(bytes: Uint8Array<ArrayBuffer>, bitsAllocated: 8 | 16, bitsStored: number): boolean {
  const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
  let bits = 0;
  for (let at = 0; at < words.length; at += PIECE) bits |= bitsOf(words, at, Math.min(words.length, at + PIECE));
  for (let at = 4 * words.length; at < bytes.length; at++) bits |= (bytes[at] as number) << (8 * (at % 4));
  const above = bitsAllocated === 8 ? 0xff & (-1 << bitsStored) : 0xffff & (-1 << bitsStored);
  return (bits & (bitsAllocated === 8 ? above * 0x01010101 : above * 0x00010001)) === 0;
}

/**
 * The stored values in little-endian bytes: the bits from `highBit` down, with their sign. What other bits hold (overlays
 * of old files, fill) is no pixel. `highBit` is an argument because codecs give values that start at bit 0.
 */
export function storedValues(bytes: Uint8Array<ArrayBuffer>, image: ImagePixel, highBit = image.highBit): StoredValues {
  const { bitsAllocated, bitsStored, pixelRepresentation } = image;
  const values = samplesOf(bytes, image);
  if (bitsStored === bitsAllocated) return values;
  if (pixelRepresentation === 0 && highBit === bitsStored - 1 && isBelow(bytes, bitsAllocated, bitsStored))
    return values;
  const left = 31 - highBit;
  const right = 32 - bitsStored;
  for (let at = 0; at < values.length; at++) {
    const raised = (values[at] as number) << left;
    values[at] = pixelRepresentation === 1 ? raised >> right : raised >>> right;
  }
  return values;
}

/**
 * Values that a lossy codec gave with `precision` bits, brought into the range of BitsStored: near white a codestream of more
 * bits overshoots, and taking the lower bits would make that black.
 */
export function clampedValues(bytes: Uint8Array<ArrayBuffer>, image: ImagePixel, precision: number): StoredValues {
  const { bitsStored, pixelRepresentation } = image;
  const values = storedValues(bytes, { ...image, bitsStored: precision }, precision - 1);
  if (precision <= bitsStored) return values;
  const most = 2 ** (bitsStored - pixelRepresentation) - 1;
  const least = pixelRepresentation === 1 ? -most - 1 : 0;
  for (let at = 0; at < values.length; at++) values[at] = Math.min(most, Math.max(least, values[at] as number));
  return values;
}
