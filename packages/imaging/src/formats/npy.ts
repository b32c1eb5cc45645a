import { ImagingError } from '../errors.ts';
import { type ImageStack, SAMPLE_KINDS, sampleStack } from './image-stack.ts';

/** True for what numpy.save writes. */
export function isNpy(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 6) === '\x93NUMPY';
}

/**
 * A NumPy array of shape (rows, columns) or (slices, rows, columns), in C order (NEP 1). Its header is a Python dictionary, of which
 * only the three entries that numpy writes are read; objects, which would be pickles, are refused.
 * Throws image-truncated, image-corrupt, format-unsupported, image-too-large; reading a slice with NaN value-not-finite.
 */
export function decodeNpy(bytes: Buffer, name: string, maxPixels: number): ImageStack {
  const major = bytes[6] ?? 0;
  const start = major === 1 ? 10 : 12;
  const length = bytes.length < start ? 0 : major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (bytes.length < start || start + length > bytes.length) {
    throw new ImagingError(
      'image-truncated',
      `${name} ends inside the header of a NumPy file: copy or export it again`,
    );
  }
  const header = bytes.toString('latin1', start, start + length);
  const [descr, order, shape] = [
    /'descr':\s*'([^']*)'/,
    /'fortran_order':\s*(True|False)/,
    /'shape':\s*\(([\d,\s]*)\)/,
  ].map((part) => part.exec(header)?.[1]);
  if (major < 1 || major > 3 || descr === undefined || order === undefined || shape === undefined) {
    throw new ImagingError(
      'image-corrupt',
      `${name} is no valid NumPy file: its header must name descr, fortran_order and shape; save it again`,
    );
  }
  const extents = shape
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  const kind = SAMPLE_KINDS[descr.slice(1)];
  if (!kind || !'<>|='.includes(descr[0] ?? '') || order === 'True' || extents.length < 2 || extents.length > 3) {
    throw new ImagingError(
      'format-unsupported',
      `${name} is a NumPy array of ${descr}, shape (${shape})${order === 'True' ? ', in Fortran order' : ''}: save (rows, columns) or (slices, rows, columns) of integers of 8 or 16 bits or floats in C order`,
    );
  }
  const [width = 0, height = 0, depth = 1] = extents.toReversed();
  const layout = {
    name,
    format: 'NumPy',
    width,
    height,
    depth,
    kind,
    little: descr[0] !== '>',
    offset: start + length,
    facts: {},
  };
  return sampleStack(bytes, layout, maxPixels);
}
