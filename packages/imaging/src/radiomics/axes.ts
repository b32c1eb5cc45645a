import type { RadiomicsRegion } from './region.ts';

/** Where a region lies and how its voxels spread. */
export interface RegionAxes {
  /** Variances of the voxel centres (divided by n - 1; 0 for one voxel) along the principal axes, largest first, square millimetres. */
  readonly variances: readonly [number, number, number];
  /** From the mean of the voxel centres to the same weighted by grey level, millimetres; 0 where the grey levels sum to 0. */
  readonly centreOfMassShift: number;
}

/** Principal axes of the voxel centres of a region and the shift of its centre of mass (IBSI 1, section 3.1). */
export function regionAxes({ width, height, depth, data, mask, spacingMm }: RadiomicsRegion): RegionAxes {
  const [sx, sy, sz] = spacingMm;
  // Moments about the middle of the grid, in voxels, row by row: whole or half numbers, so sums are exact.
  const [cx, cy, cz] = [(width - 1) / 2, (height - 1) / 2, (depth - 1) / 2];
  let [n, mx, my, mz, xx, xy, xz, yy, yz, zz] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  let [grey, gx, gy, gz] = [0, 0, 0, 0];
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = (z * height + y) * width;
      let [count, x1, x2, value, valueX] = [0, 0, 0, 0, 0];
      for (let x = 0; x < width; x++) {
        if (!mask[row + x]) continue;
        const dx = x - cx;
        const level = data[row + x] as number;
        count++;
        x1 += dx;
        x2 += dx * dx;
        value += level;
        valueX += level * dx;
      }
      const [dy, dz] = [y - cy, z - cz];
      n += count;
      mx += x1;
      my += count * dy;
      mz += count * dz;
      xx += x2;
      xy += x1 * dy;
      xz += x1 * dz;
      yy += count * dy * dy;
      yz += count * dy * dz;
      zz += count * dz * dz;
      grey += value;
      gx += valueX;
      gy += value * dy;
      gz += value * dz;
    }
  }
  const covariance = (product: number, a: number, b: number, area: number) =>
    ((product - (a * b) / n) / Math.max(1, n - 1)) * area;
  const variances = symmetricEigenvalues([
    covariance(xx, mx, mx, sx * sx),
    covariance(yy, my, my, sy * sy),
    covariance(zz, mz, mz, sz * sz),
    covariance(xy, mx, my, sx * sy),
    covariance(xz, mx, mz, sx * sz),
    covariance(yz, my, mz, sy * sz),
  ]);
  const centreOfMassShift =
    grey === 0 ? 0 : Math.hypot((mx / n - gx / grey) * sx, (my / n - gy / grey) * sy, (mz / n - gz / grey) * sz);
  return { variances, centreOfMassShift };
}

/**
 * Eigenvalues of a positive semi-definite [[a, d, e], [d, b, f], [e, f, c]], largest first.
 * Source: Smith, "Eigenvalues of a symmetric 3 x 3 matrix", Communications of the ACM 4 (1961), 168.
 */
function symmetricEigenvalues([a, b, c, d, e, f]: readonly [number, number, number, number, number, number]): [
  number,
  number,
  number,
] {
  const off = d * d + e * e + f * f;
  const sorted = (values: [number, number, number]): [number, number, number] =>
    values.map((value) => Math.max(0, value)).sort((p, q) => q - p) as [number, number, number];
  if (off === 0) return sorted([a, b, c]);
  const mean = (a + b + c) / 3;
  const spread = Math.sqrt(((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2 + 2 * off) / 6);
  const [p, q, r, s, t, u] = [
    (a - mean) / spread,
    (b - mean) / spread,
    (c - mean) / spread,
    d / spread,
    e / spread,
    f / spread,
  ];
  const determinant = p * (q * r - u * u) - s * (s * r - u * t) + t * (s * u - q * t);
  const angle = Math.acos(Math.min(1, Math.max(-1, determinant / 2))) / 3;
  const largest = mean + 2 * spread * Math.cos(angle);
  const least = mean + 2 * spread * Math.cos(angle + (2 * Math.PI) / 3);
  return sorted([largest, 3 * mean - largest - least, least]);
}

/** The square root of a ratio of variances; 1 where both are 0: a point is as long as it is wide. */
export const axisRatio = (shorter: number, longer: number): number => (longer > 0 ? Math.sqrt(shorter / longer) : 1);
