import type { Plane } from '../plane.ts';
import type { AirLevel } from './air-level.ts';

/*
 * Air is rarely even: film is fogged towards an edge, scatter brightens it near the breast. Whatever stands in the air only
 * adds light, so a smooth surface is fitted from below: pixels that lie well above the last fit are left out of the next.
 */

/** The highest value of air at every pixel. */
export interface AirSurface {
  /** [height * width]. */
  readonly threshold: Float32Array;
  /** Root mean square of the residuals below the surface, one standard deviation of the air about it. */
  readonly noise: number;
}

const TERMS = 6;
const ITERATIONS = 6;

/** Fewer air pixels than this share of the image do not carry a surface. */
const LEAST_SHARE = 0.02;

/** Where the fit is cut off above, and where air ends, in standard deviations. */
const CUT_WIDTHS = 1.5;
const END_WIDTHS = 4;

/**
 * Fits a + b x + c y + d x^2 + e x y + f y^2 to the pixels that may be air, trimmed from above, and returns the surface
 * END_WIDTHS standard deviations above it, kept between the darkest air and the global threshold's double distance.
 * Undefined where too few pixels are air: then the global threshold is all there is.
 * @param ignore 1 at pixels that are no image
 */
export function airSurface(plane: Plane, air: AirLevel, ignore?: Uint8Array): AirSurface | undefined {
  const { width, height, data } = plane;
  const low = data.reduce((least, value, i) => (ignore?.[i] || value >= least ? least : value), Infinity);
  const isAir = data.map((value, i) => (!ignore?.[i] && value <= air.threshold && value > low ? 1 : 0));
  let cut: Float32Array | undefined;
  let result: AirSurface | undefined;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const used = data.map((value, i) => (isAir[i] && (!cut || value <= (cut[i] as number)) ? 1 : 0));
    if (used.reduce((sum, value) => sum + value, 0) < LEAST_SHARE * data.length) break;
    const surface = fitSurface(plane, used);
    let [squares, count] = [0, 0];
    for (let i = 0; i < data.length; i++) {
      const residual = (data[i] as number) - (surface[i] as number);
      if (!used[i] || residual > 0) continue;
      squares += residual ** 2;
      count++;
    }
    const noise = Math.sqrt(squares / Math.max(1, count));
    cut = surface.map((value) => value + CUT_WIDTHS * noise);
    const most = air.threshold + (air.threshold - low);
    result = { noise, threshold: surface.map((value) => Math.min(most, Math.max(low, value) + END_WIDTHS * noise)) };
  }
  return width * height > 0 ? result : undefined;
}

/** Least squares of the quadratic surface through the used pixels, evaluated everywhere. */
function fitSurface({ width, height, data }: Plane, used: Float32Array): Float32Array {
  const normal = Array.from({ length: TERMS }, () => new Float64Array(TERMS + 1));
  const terms = new Float64Array(TERMS);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (!used[at]) continue;
      fillTerms(terms, x / width - 0.5, y / height - 0.5);
      for (const [i, row] of normal.entries()) {
        for (let j = 0; j < TERMS; j++) row[j] = (row[j] as number) + (terms[i] as number) * (terms[j] as number);
        row[TERMS] = (row[TERMS] as number) + (terms[i] as number) * (data[at] as number);
      }
    }
  }
  const coefficients = solve(normal);
  const surface = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      fillTerms(terms, x / width - 0.5, y / height - 0.5);
      let sum = 0;
      for (let i = 0; i < TERMS; i++) sum += (coefficients[i] as number) * (terms[i] as number);
      surface[y * width + x] = sum;
    }
  }
  return surface;
}

function fillTerms(terms: Float64Array, x: number, y: number): void {
  terms[0] = 1;
  terms[1] = x;
  terms[2] = y;
  terms[3] = x * x;
  terms[4] = x * y;
  terms[5] = y * y;
}

/** Gauss-Jordan with pivots down the diagonal of a ridge-stabilised positive definite system [A | b]. */
function solve(rows: readonly Float64Array[]): Float64Array {
  const ridge = 1e-6 * (rows[0]?.[0] ?? 0);
  for (const [i, row] of rows.entries()) row[i] = (row[i] as number) + ridge;
  for (const [i, pivot] of rows.entries()) {
    for (const [j, row] of rows.entries()) {
      if (i === j) continue;
      const factor = (row[i] as number) / (pivot[i] as number);
      for (let k = i; k <= TERMS; k++) row[k] = (row[k] as number) - factor * (pivot[k] as number);
    }
  }
  return Float64Array.from(rows, (row, i) => (row[TERMS] as number) / (row[i] as number));
}
