import { writeAside } from '@mammoscope/files';
import sharp from 'sharp';
import { ImagingError } from '../errors.ts';

/**
 * Writes a plane as an 8-bit grey PNG, written aside and renamed. Values are rounded and clipped to 0..255.
 * @param plane [height * width], row-major. Throws option-invalid (size, not finite); FileError where the file cannot be written.
 */
export async function writePng8(path: string, plane: Float32Array, width: number, height: number): Promise<void> {
  const samples = quantise(path, plane, width, height, 255, new Uint8Array(plane.length));
  const bytes = await sharp(samples, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  await writeAside(path, bytes);
}

/** As writePng8 with 16 bits a sample: values are rounded and clipped to 0..65535. */
export async function writePng16(path: string, plane: Float32Array, width: number, height: number): Promise<void> {
  const samples = quantise(path, plane, width, height, 65535, new Uint16Array(plane.length));
  const bytes = await sharp(samples, { raw: { width, height, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  await writeAside(path, bytes);
}

/** Fills `samples` with the plane's values, rounded and clipped to 0..maximum. */
function quantise<T extends Uint8Array | Uint16Array>(
  path: string,
  plane: Float32Array,
  width: number,
  height: number,
  maximum: number,
  samples: T,
): T {
  if (plane.length !== width * height || plane.length === 0) {
    throw new ImagingError(
      'option-invalid',
      `${path} was to be ${width} x ${height} pixels and the plane holds ${plane.length}: pass matching sizes`,
    );
  }
  for (let i = 0; i < plane.length; i++) {
    const value = plane[i] as number;
    if (!Number.isFinite(value)) {
      throw new ImagingError('option-invalid', `${path} was to hold finite values, got ${value} at pixel ${i}`);
    }
    samples[i] = Math.min(maximum, Math.max(0, Math.round(value)));
  }
  return samples;
}
