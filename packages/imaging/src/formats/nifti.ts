import { gunzipSync } from 'node:zlib';
import { ImagingError } from '../errors.ts';
import { type ImageStack, SAMPLE_KINDS, sampleStack } from './image-stack.ts';

/** NIfTI's numbers of element types (nifti1.h), as NumPy's letters. */
const DATATYPES: Readonly<Record<number, string>> = { 2: 'u1', 256: 'i1', 512: 'u2', 4: 'i2', 16: 'f4', 64: 'f8' };

/** More than this is not unpacked. */
const MAX_BYTES = 2 ** 30;

/** The bytes of a .nii.gz, unpacked; others as they are. Throws image-corrupt and image-too-large. */
export function gunzipped(bytes: Buffer, name: string): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    const isLarge = error instanceof RangeError;
    throw new ImagingError(
      isLarge ? 'image-too-large' : 'image-corrupt',
      isLarge
        ? `${name} unpacks to more than ${MAX_BYTES} bytes: shrink it`
        : `${name} could not be unpacked: copy or export it again`,
      { cause: error },
    );
  }
}

/** 1 or 2 for the single-file formats NIfTI-1 and NIfTI-2, else undefined. */
export function niftiVersion(bytes: Buffer): 1 | 2 | undefined {
  if (bytes.toString('latin1', 344, 348) === 'n+1\0') return 1;
  return bytes.toString('latin1', 4, 8) === 'n+2\0' ? 2 : undefined;
}

/** Where the two versions keep the same fields, and how wide they are. */
const HEADERS = {
  1: { size: 348, dim: 40, datatype: 70, pixdim: 76, offset: 108, slope: 112, intercept: 116, units: 123 },
  2: { size: 540, dim: 16, datatype: 12, pixdim: 104, offset: 168, slope: 176, intercept: 184, units: 500 },
} as const;

/**
 * A NIfTI-1 or NIfTI-2 image of two or three dimensions, as stored: i to the right, j downwards, k the slice. Its scaling
 * becomes RescaleSlope and RescaleIntercept, its pixdim PixelSpacing where the unit is mm. The transforms (qform, sform)
 * are not applied: what converters write there for mammograms is no patient's frame, and a breast is turned by other evidence.
 * Throws image-truncated, image-corrupt, format-unsupported, image-too-large; reading a slice with NaN value-not-finite.
 */
export function decodeNifti(bytes: Buffer, name: string, maxPixels: number): ImageStack {
  const version = niftiVersion(bytes);
  const header = HEADERS[version ?? 1];
  if (!version || bytes.length < header.size + 4) {
    throw new ImagingError(
      'image-truncated',
      `${name} ends before the header of a NIfTI does: copy or export it again`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = view.getInt32(0, true) === header.size;
  if (!little && view.getInt32(0, false) !== header.size) {
    throw new ImagingError(
      'image-corrupt',
      `${name} is damaged: sizeof_hdr must be ${header.size}, got ${view.getInt32(0, true)}; export it again`,
    );
  }
  const whole = (at: number) => (version === 1 ? view.getInt16(at, little) : Number(view.getBigInt64(at, little)));
  const real = (at: number) => (version === 1 ? view.getFloat32(at, little) : view.getFloat64(at, little));
  const [step, wide] = version === 1 ? [2, 4] : [8, 8];
  const dims = Array.from({ length: 8 }, (_, i) => whole(header.dim + i * step));
  const [count = 0, width = 0, height = 0, depth = 1, ...more] = dims;
  if (count < 2 || count > 7 || more.slice(0, count - 3).some((extent) => extent > 1)) {
    throw new ImagingError(
      'format-unsupported',
      `${name} is a NIfTI of dimensions ${dims.slice(1, count + 1).join(' x ')}: give two or three`,
    );
  }
  const letters = DATATYPES[view.getInt16(header.datatype, little)];
  const kind = letters && SAMPLE_KINDS[letters];
  if (!kind) {
    throw new ImagingError(
      'format-unsupported',
      `${name} is a NIfTI of datatype ${view.getInt16(header.datatype, little)}: give integers of 8 or 16 bits or floats`,
    );
  }
  const offset = version === 1 ? real(header.offset) : whole(header.offset);
  if (!Number.isSafeInteger(offset) || offset < header.size) {
    throw new ImagingError(
      'image-corrupt',
      `${name} is damaged: vox_offset must be at least ${header.size}, got ${offset}; export it again`,
    );
  }
  const [columnMm, rowMm, sliceMm] = [1, 2, 3].map((i) => Math.abs(real(header.pixdim + i * wide))) as [
    number,
    number,
    number,
  ];
  const isMm = ((version === 1 ? view.getUint8(header.units) : view.getInt32(header.units, little)) & 7) === 2;
  const slope = real(header.slope);
  const facts = {
    ...(isMm && rowMm > 0 && columnMm > 0 ? { PixelSpacing: [rowMm, columnMm], SpacingBetweenSlices: sliceMm } : {}),
    ...(Number.isFinite(slope) && slope !== 0 ? { RescaleSlope: slope, RescaleIntercept: real(header.intercept) } : {}),
  };
  return sampleStack(
    bytes,
    { name, format: `NIfTI-${version}`, width, height, depth: count < 3 ? 1 : depth, kind, little, offset, facts },
    maxPixels,
  );
}
