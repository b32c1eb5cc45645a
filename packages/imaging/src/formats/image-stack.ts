import type { RowRange } from '@mammoscope/dicom';
import type { DicomFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';
import type { Plane } from '../plane.ts';

/** An image of one or more slices, read slice by slice. */
export interface ImageStack {
  /** PNG, DICOM, NIfTI and so on, as people call it. */
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** Slices, at least 1. */
  readonly depth: number;
  /** What the file says of a slice, counted from 0, in DICOM's words. */
  readonly facts: (slice: number) => DicomFacts;
  /** Stored values of a slice. Throws ImagingError where it cannot be read, option-invalid where there is none. */
  readonly slice: (slice: number) => Promise<Plane>;
  /** Of DICOM: some rows of a slice as the whole numbers that are stored. Throws as `slice`. */
  readonly rows?: (slice: number, rows: RowRange) => Promise<StoredRows>;
  /** Whether rows are read from where they lie in a file, in milliseconds; else a slice is decoded first. */
  readonly isReadByRow?: boolean;
  readonly close: () => Promise<void>;
}

/** Rows of a slice as they are stored, all columns of them. */
export interface StoredRows {
  readonly width: number;
  readonly height: number;
  /** [height * width]; their bits where they are signed, two's complement. */
  readonly data: Uint8Array | Uint16Array;
}

/** Throws option-invalid for a slice that the stack does not have. */
export function requireSlice(slice: number, depth: number, name: string): void {
  if (Number.isInteger(slice) && slice >= 0 && slice < depth) return;
  throw new ImagingError('option-invalid', `${name} has slices 0 to ${depth - 1}, got ${slice}: choose one of them`);
}

/** Samples of an array file and how to read one of them. */
export interface SampleKind {
  readonly bytes: number;
  readonly isFloat: boolean;
  readonly isSigned: boolean;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

/** Element types of NIfTI and NumPy, by NumPy's letters. */
export const SAMPLE_KINDS: Readonly<Record<string, SampleKind>> = {
  u1: { bytes: 1, isFloat: false, isSigned: false, read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, isFloat: false, isSigned: true, read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, isFloat: false, isSigned: false, read: (view, at, little) => view.getUint16(at, little) },
  i2: { bytes: 2, isFloat: false, isSigned: true, read: (view, at, little) => view.getInt16(at, little) },
  f4: { bytes: 4, isFloat: true, isSigned: true, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, isFloat: true, isSigned: true, read: (view, at, little) => view.getFloat64(at, little) },
};

/** Where the samples of a stack lie in its bytes, x running fastest, then y, then slices. */
export interface SampleLayout {
  readonly name: string;
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly kind: SampleKind;
  readonly little: boolean;
  readonly offset: number;
  readonly facts: DicomFacts;
}

/**
 * A stack of samples in memory. Throws image-truncated, image-corrupt where bytes follow the last sample, and when a slice is
 * read value-not-finite for NaN or infinity.
 */
export function sampleStack(bytes: Buffer, layout: SampleLayout, maxPixels: number): ImageStack {
  const { name, format, width, height, depth, kind, little, offset, facts } = layout;
  if (![width, height, depth].every((side) => Number.isSafeInteger(side) && side >= 1)) {
    throw new ImagingError(
      'image-corrupt',
      `${name} is damaged: its size is ${width} x ${height} x ${depth}; export it again`,
    );
  }
  if (width * height > maxPixels) {
    throw new ImagingError(
      'image-too-large',
      `${name} has ${width} x ${height} pixels and the limit is ${maxPixels}: shrink it or raise the limit`,
    );
  }
  const need = width * height * depth * kind.bytes;
  if (offset + need > bytes.length) {
    throw new ImagingError(
      'image-truncated',
      `${name} ends before its ${width} x ${height} x ${depth} samples: copy or export it again`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bits = kind.isFloat
    ? {}
    : { BitsAllocated: 8 * kind.bytes, BitsStored: 8 * kind.bytes, PixelRepresentation: kind.isSigned ? 1 : 0 };
  return {
    format,
    width,
    height,
    depth,
    facts: () => ({ ...bits, ...facts }),
    slice: async (slice) => {
      requireSlice(slice, depth, name);
      const data = new Float32Array(width * height);
      const start = offset + slice * width * height * kind.bytes;
      for (let i = 0; i < data.length; i++) {
        const value = kind.read(view, start + i * kind.bytes, little);
        if (!Number.isFinite(value)) {
          throw new ImagingError(
            'value-not-finite',
            `${name} has ${value} at column ${i % width}, row ${Math.floor(i / width)} of slice ${slice}: every pixel must be a number, export it again`,
          );
        }
        data[i] = value;
      }
      return { width, height, data };
    },
    close: async () => undefined,
  };
}
