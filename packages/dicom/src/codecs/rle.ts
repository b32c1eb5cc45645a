/** RLE Compression (PS3.5 annex G): byte planes, most significant first, each packed as PackBits packs. */
import { CodestreamError } from './codestream-error.ts';

const HEADER_BYTES = 64;
const SEGMENTS_MAX = 15;

/** Interleaved little-endian samples of a frame. CodestreamError when the segments are not those of the frame. */
export function decodeRle(
  bytes: Uint8Array,
  pixels: number,
  samplesPerPixel: number,
  sampleBytes: number,
): Uint8Array<ArrayBuffer> {
  if (bytes.length < HEADER_BYTES)
    throw new CodestreamError(`the RLE header takes 64 bytes, and there are ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0, true);
  const required = samplesPerPixel * sampleBytes;
  if (count !== required || count > SEGMENTS_MAX)
    throw new CodestreamError(`the RLE header says ${count} segments where the image takes ${required}`);
  const offsets = Array.from({ length: count }, (_, segment) => view.getUint32(4 + 4 * segment, true));
  const result = new Uint8Array(pixels * required);
  for (const [segment, start] of offsets.entries()) {
    const end = offsets[segment + 1] ?? bytes.length;
    if (start < HEADER_BYTES || end < start || end > bytes.length)
      throw new CodestreamError(`RLE segment ${segment} lies at ${start} to ${end} of ${bytes.length} bytes`);
    const sample = Math.floor(segment / sampleBytes);
    const byte = sampleBytes - 1 - (segment % sampleBytes);
    const filled = unpack(bytes.subarray(start, end), result, sample * sampleBytes + byte, required);
    if (!filled) throw new CodestreamError(`RLE segment ${segment} ends before its plane of ${pixels} bytes is full`);
  }
  return result;
}

/** Writes every `step`-th byte from `first` on; false when the packed bytes end too early. */
function unpack(packed: Uint8Array, result: Uint8Array, first: number, step: number): boolean {
  let to = first;
  for (let at = 0; to < result.length; ) {
    if (at >= packed.length) return false;
    const control = packed[at++] as number;
    if (control < 128) {
      if (at + control >= packed.length) return false;
      for (let left = control + 1; left > 0; left--, to += step) {
        const value = packed[at++] as number;
        if (to < result.length) result[to] = value;
      }
    } else if (control > 128) {
      if (at >= packed.length) return false;
      const value = packed[at++] as number;
      const end = Math.min(to + (257 - control) * step, result.length + step);
      for (; to < end; to += step) if (to < result.length) result[to] = value;
    }
  }
  return true;
}
