/** From line integrals of attenuation to what a detector says of them. */
import type { RandomStream } from '@mammoscope/random';
import type { GridPlane } from './tissue.ts';

/** How an image is taken. */
export interface Exposure {
  /** Photons per mm2 that reach the detector behind tissue of the line integral `reference`. */
  readonly fluencePerMm2: number;
  readonly reference: number;
  /** Scattered over primary photons. */
  readonly scatterToPrimary: number;
  /** Standard deviation of the point spread function. */
  readonly blurMm: number;
}

/**
 * Photons behind the breast for a whole mammogram: about 90 uGy at the detector of 5.8e3 photons per mm2 and uGy at 20 keV
 * (fluence per air kerma, from the energy absorption coefficient of air, 0.054 m2/kg).
 */
const MAMMOGRAM_FLUENCE = 5e5;

/** DM: with an anti-scatter grid. Blur of amorphous selenium, which is narrow. */
export const DM_EXPOSURE = { fluencePerMm2: MAMMOGRAM_FLUENCE, scatterToPrimary: 0.12, blurMm: 0.045 } as const;

/**
 * One projection of a tomosynthesis: a share of the photons, and no grid; scatter for 5 cm of breast as in Boone et al.,
 * "Scatter/primary in mammography: comprehensive results", Medical Physics 27, 2000, 2408-2416.
 */
export const projectionExposure = (projections: number) =>
  ({ fluencePerMm2: MAMMOGRAM_FLUENCE / projections, scatterToPrimary: 0.45, blurMm: 0.055 }) as const;

/** Scatter is spread over centimetres, so it is computed in cells of this size. */
const SCATTER_CELL_MM = 5;
const SCATTER_SIGMA_MM = 12;

/**
 * Replaces line integrals by minus the logarithm of the counted photons over those in air, in place: Beer's law, the point
 * spread function, scatter as a wide blur of the primary image, and quantum noise. Counts are of 1e3 and more, where
 * Poisson's distribution is normal with a variance of its mean. Scatter's mean effect on the scale is taken out. Where a
 * line meets nothing the result is 0. `noise` gives the stream of a row.
 */
export function expose(
  { grid, values, filled }: GridPlane,
  { fluencePerMm2, reference, scatterToPrimary, blurMm }: Exposure,
  noise: (row: number) => RandomStream,
): void {
  const { widthPx, heightPx, spacingMm } = grid;
  const inAir = fluencePerMm2 * spacingMm ** 2 * Math.exp(reference);
  const count = (row: number) => filled[row] as number;
  for (let row = 0; row < heightPx; row++) {
    const start = row * widthPx;
    for (let at = start; at < start + count(row); at++) values[at] = Math.exp(-(values[at] as number));
    values.fill(1, start + count(row), start + widthPx);
  }
  const scatter = scatterCells({ grid, values, filled });
  blur(values, widthPx, heightPx, Math.min(0.25, blurMm ** 2 / (2 * spacingMm ** 2)));
  const cell = SCATTER_CELL_MM / spacingMm;
  const level = Math.log(1 + scatterToPrimary);
  for (let row = 0; row < heightPx; row++) {
    const y = Math.max(0, (row + 0.5) / cell - 0.5);
    const y0 = Math.min(scatter.height - 2, Math.floor(y));
    const fy = y - y0;
    const random = noise(row);
    values.fill(0, row * widthPx + count(row), (row + 1) * widthPx);
    for (let column = 0, at = row * widthPx; column < count(row); column++, at++) {
      const primary = values[at] as number;
      if (primary >= 1) {
        values[at] = 0;
        continue;
      }
      const x = Math.max(0, (column + 0.5) / cell - 0.5);
      const x0 = Math.min(scatter.width - 2, Math.floor(x));
      const fx = x - x0;
      const corner = y0 * scatter.width + x0;
      const top = (scatter.values[corner] as number) * (1 - fx) + (scatter.values[corner + 1] as number) * fx;
      const below = corner + scatter.width;
      const bottom = (scatter.values[below] as number) * (1 - fx) + (scatter.values[below + 1] as number) * fx;
      const expected = primary + scatterToPrimary * (top * (1 - fy) + bottom * fy);
      const counted = expected + Math.sqrt(expected / inAir) * random.normal();
      values[at] = level - Math.log(Math.max(counted, 1 / inAir));
    }
  }
}

/** The primary image behind the breast, averaged over cells and blurred. At least 2 x 2 cells. */
function scatterCells({ grid, values }: GridPlane) {
  const { widthPx, heightPx, spacingMm } = grid;
  const size = SCATTER_CELL_MM / spacingMm;
  const [width, height] = [Math.max(2, Math.ceil(widthPx / size)), Math.max(2, Math.ceil(heightPx / size))];
  const cells = new Float64Array(width * height);
  const stride = Math.max(1, Math.floor(size / 8)); // scatter is smooth: 64 samples a cell are plenty
  const counts = new Float64Array(width * height);
  for (let row = 0; row < heightPx; row += stride) {
    const cellRow = Math.floor(row / size) * width;
    for (let column = 0; column < widthPx; column += stride) {
      const at = cellRow + Math.floor(column / size);
      const primary = values[row * widthPx + column] as number;
      counts[at] = (counts[at] as number) + 1;
      if (primary < 1) cells[at] = (cells[at] as number) + primary; // what meets no tissue is not scattered
    }
  }
  for (const [i, count] of counts.entries()) cells[i] = count > 0 ? (cells[i] as number) / count : 0;
  const sigma = SCATTER_SIGMA_MM / SCATTER_CELL_MM;
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
  const blurred = (source: Float64Array, step: number, count: number, position: (i: number) => number) =>
    source.map((_, i) => {
      let [sum, total] = [0, 0];
      for (let k = -reach; k <= reach; k++) {
        const at = position(i) + k;
        if (at < 0 || at >= count) continue;
        const weight = weights[k + reach] as number;
        total += weight;
        sum += weight * (source[i + k * step] as number);
      }
      return sum / total;
    });
  const across = blurred(cells, 1, width, (i) => i % width);
  return { width, height, values: blurred(across, width, height, (i) => Math.floor(i / width)) };
}

/** [k, 1 - 2k, k] along rows and columns, whose variance is 2k pixels squared; the border repeats. */
function blur(values: Float32Array, width: number, height: number, k: number): void {
  if (k < 0.005) return;
  const previous = new Float32Array(width);
  for (let row = 0; row < height; row++) {
    const start = row * width;
    let left = values[start] as number;
    for (let column = 0; column < width; column++) {
      const here = values[start + column] as number;
      const right = column + 1 < width ? (values[start + column + 1] as number) : here;
      values[start + column] = here + k * (left + right - 2 * here);
      left = here;
    }
  }
  previous.set(values.subarray(0, width));
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const next = row + 1 < height ? start + width : start;
    for (let column = 0; column < width; column++) {
      const here = values[start + column] as number;
      values[start + column] = here + k * ((previous[column] as number) + (values[next + column] as number) - 2 * here);
      previous[column] = here;
    }
  }
}
