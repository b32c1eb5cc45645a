import { gzipSync } from 'node:zlib';
import { writeAside } from '@mammoscope/files';

/** Sizes and fields of the header of a single NIfTI-1 file (nifti1.h). */
const HEADER_BYTES = 348;
/** Header and four bytes that say that no extension follows. */
const DATA_OFFSET = 352;
const FLOAT32 = { datatype: 16, bits: 32 } as const;
/** NIFTI_UNITS_MM */
const MILLIMETRES = 2;

/** What a volume is besides its values. */
export interface NiftiVolume {
  /** Columns run fastest, then rows, then slices: i to the right, j downwards, k the slice, as decodeNifti reads them. */
  readonly data: Float32Array;
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  /** Extent of a voxel across columns, rows and slices; without it the unit stays unknown. */
  readonly spacingMm?: readonly [column: number, row: number, slice: number];
  /** At most 79 characters of ASCII. */
  readonly description?: string;
}

/**
 * Writes a volume as NIfTI-1 of float32, packed where the name ends in .gz. No transform to a patient's frame is given (qform and sform
 * 0): what is written lies as the image that it belongs to is stored. RangeError for values that are not as many as voxels.
 */
export async function writeNifti(path: string, volume: NiftiVolume): Promise<void> {
  const { data, columns, rows, slices, spacingMm, description = '' } = volume;
  if (data.length !== columns * rows * slices)
    throw new RangeError(`${path}: ${columns} x ${rows} x ${slices} voxels require as many values, got ${data.length}`);
  const bytes = Buffer.alloc(DATA_OFFSET + data.length * Float32Array.BYTES_PER_ELEMENT);
  bytes.writeInt32LE(HEADER_BYTES, 0);
  for (const [i, extent] of [3, columns, rows, slices, 1, 1, 1, 1].entries()) bytes.writeInt16LE(extent, 40 + 2 * i);
  bytes.writeInt16LE(FLOAT32.datatype, 70);
  bytes.writeInt16LE(FLOAT32.bits, 72);
  for (const [i, extent] of [1, ...(spacingMm ?? [1, 1, 1])].entries()) bytes.writeFloatLE(extent, 76 + 4 * i);
  bytes.writeFloatLE(DATA_OFFSET, 108);
  bytes.writeFloatLE(1, 112); // scl_slope
  if (spacingMm) bytes.writeUInt8(MILLIMETRES, 123);
  bytes.write(description.slice(0, 79), 148, 'ascii');
  bytes.write('n+1\0', 344, 'latin1');
  for (let i = 0; i < data.length; i++) bytes.writeFloatLE(data[i] as number, DATA_OFFSET + 4 * i);
  await writeAside(path, path.endsWith('.gz') ? gzipSync(bytes) : bytes);
}
