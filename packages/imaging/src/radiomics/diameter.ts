import type { RadiomicsRegion } from './region.ts';

/**
 * The largest distance between two vertices of the surface of a region, millimetres: its vertices lie halfway between a voxel inside and
 * one outside. Only the corners of the convex hull in each plane across z can be that far apart. `flat` leaves out vertices between slices.
 */
export function maximumDiameter(region: RadiomicsRegion, flat = false): number {
  const [sx, sy, sz] = region.spacingMm;
  const corners = [...hullRows(region, flat)].flatMap(([z2, { low, high }]) =>
    [...chain(low, -1), ...chain(high, 1)].map(([x2, y2]) => [(x2 * sx) / 2, (y2 * sy) / 2, (z2 * sz) / 2] as const),
  );
  const points = Float64Array.from(corners.flat());
  let largest = 0;
  for (let i = 0; i < points.length; i += 3) {
    for (let j = i + 3; j < points.length; j += 3) {
      const dx = (points[i] as number) - (points[j] as number);
      const dy = (points[i + 1] as number) - (points[j + 1] as number);
      const dz = (points[i + 2] as number) - (points[j + 2] as number);
      largest = Math.max(largest, dx * dx + dy * dy + dz * dz);
    }
  }
  return Math.sqrt(largest);
}

/** Least and greatest y of the vertices of a plane at each x, both in half voxels; by x. */
interface Extremes {
  readonly low: Map<number, number>;
  readonly high: Map<number, number>;
}

function hullRows({ width, height, depth, mask }: RadiomicsRegion, flat: boolean): Map<number, Extremes> {
  const planes = new Map<number, Extremes>();
  const add = (x2: number, low: number, high: number, z2: number) => {
    const plane = planes.get(z2) ?? { low: new Map<number, number>(), high: new Map<number, number>() };
    planes.set(z2, plane);
    plane.low.set(x2, Math.min(low, plane.low.get(x2) ?? low));
    plane.high.set(x2, Math.max(high, plane.high.get(x2) ?? high));
  };
  for (let z = 0; z < depth; z++) {
    for (let x = 0; x < width; x++) {
      const inside = (y: number) => mask[(z * height + y) * width + x] === 1;
      let [first, last] = [0, height - 1];
      while (first < height && !inside(first)) first++;
      if (first === height) continue;
      while (!inside(last)) last--;
      // The centres of the faces of all voxels between the first and the last lie within these of the two.
      add(2 * x, 2 * first - 1, 2 * last + 1, 2 * z);
      for (const side of [-1, 1]) {
        add(2 * x + side, 2 * first, 2 * last, 2 * z);
        if (!flat) add(2 * x, 2 * first, 2 * last, 2 * z + side);
      }
    }
  }
  return planes;
}

/** The lower (-1) or upper (1) part of a convex hull by Andrew's monotone chain. */
function chain(extremes: ReadonlyMap<number, number>, sign: 1 | -1): (readonly [number, number])[] {
  const hull: (readonly [number, number])[] = [];
  for (const point of [...extremes].sort(([a], [b]) => a - b)) {
    for (;;) {
      const [before, last] = [hull.at(-2), hull.at(-1)];
      if (!before || !last) break;
      const turn = (last[0] - before[0]) * (point[1] - before[1]) - (last[1] - before[1]) * (point[0] - before[0]);
      if (sign * turn < 0) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}
