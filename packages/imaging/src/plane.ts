import { ImagingError } from './errors.ts';

/** A grey plane in any units; a GreyImage is one. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  /** [height * width], row by row from the top left. */
  readonly data: Float32Array;
}

/** Throws option-invalid where the sides are no whole numbers above 0 or do not fit the values. */
export function requirePlane({ width, height, data }: Plane, what: string): void {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || data.length !== width * height) {
    throw new ImagingError(
      'option-invalid',
      `${what} requires width x height values, got ${width} x ${height} and ${data.length}: pass matching sizes`,
    );
  }
}
