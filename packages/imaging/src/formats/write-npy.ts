import { writeAside } from '@mammoscope/files';

/** A NumPy file of version 1 (NEP 1) begins with so many bytes before its header, which ends on a multiple of 64. */
const PREFIX_BYTES = 10;
const ALIGNMENT = 64;

/**
 * Writes a stack as a NumPy array of shape (slices, rows, columns) of unsigned 16-bit integers, which decodeNpy and numpy.load
 * read. Values must be whole numbers of 0 to 65535: others throw RangeError.
 */
export async function writeNpy16(
  path: string,
  data: Float32Array,
  [slices, rows, columns]: readonly [number, number, number],
): Promise<void> {
  if (data.length !== slices * rows * columns)
    throw new RangeError(`a stack of ${slices} x ${rows} x ${columns} requires as many values, got ${data.length}`);
  const dictionary = `{'descr': '<u2', 'fortran_order': False, 'shape': (${slices}, ${rows}, ${columns}), }`;
  const header = dictionary.padEnd(
    Math.ceil((PREFIX_BYTES + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT - PREFIX_BYTES - 1,
  );
  const bytes = Buffer.alloc(PREFIX_BYTES + header.length + 1 + 2 * data.length);
  bytes.write('\x93NUMPY\x01\x00', 'latin1');
  bytes.writeUInt16LE(header.length + 1, 8);
  bytes.write(`${header}\n`, PREFIX_BYTES, 'latin1');
  const start = PREFIX_BYTES + header.length + 1;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!Number.isInteger(value) || value < 0 || value > 65535)
      throw new RangeError(`a value of 16 bits is a whole number of 0 to 65535, got ${value}`);
    bytes.writeUInt16LE(value, start + 2 * i);
  }
  await writeAside(path, bytes);
}
