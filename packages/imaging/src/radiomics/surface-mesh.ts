/**
 * The surface of a mask by marching cubes at the level 0.5: a cube between eight voxel centres is cut at the midpoints of the
 * edges whose ends differ. Source: Lorensen and Cline, "Marching cubes", Computer Graphics 21 (1987), 163-169; polygons are traced
 * over the faces of each of the 256 cubes here in place of a table.
 */
import type { RadiomicsRegion } from './region.ts';

/** Area and enclosed volume of a closed mesh. */
export interface SurfaceMesh {
  readonly areaMm2: number;
  readonly volumeMm3: number;
}

type Point = readonly [x: number, y: number, z: number];

/** A corner of the unit cube has the bits x, y and z. An edge is named by its two corners, the lower first. */
const edgeOf = (a: number, b: number) => Math.min(a, b) * 8 + Math.max(a, b);

const midpoint = (edge: number): Point => {
  const [a, b] = [edge >> 3, edge & 7];
  const at = (bit: number) => (((a >> bit) & 1) + ((b >> bit) & 1)) / 2;
  return [at(0), at(1), at(2)];
};

/** The corners of each face, in turn as seen from outside the cube. */
const FACES: readonly (readonly [number, number, number, number])[] = [
  [0, 4, 6, 2],
  [1, 3, 7, 5],
  [0, 1, 5, 4],
  [2, 6, 7, 3],
  [0, 2, 3, 1],
  [4, 5, 7, 6],
];

/**
 * Polygons that part the corners inside from those outside. Around a face each way out of the inside is joined to the next
 * way in; so on a face where inside and outside are diagonal, the two inside corners hang together, as the voxels of a zone do. An
 * edge that is a way out of one face is a way into the next, so the segments close, and meshes of neighbouring cubes meet.
 */
export function cubePolygons(inside: number): Point[][] {
  const isIn = (corner: number) => (inside >> corner) & 1;
  const next = new Map<number, number>();
  for (const face of FACES) {
    face.forEach((corner, k) => {
      const after = face[(k + 1) % 4] as number;
      if (!isIn(corner) || isIn(after)) return;
      let outside = k + 1;
      while (!isIn(face[(outside + 1) % 4] as number)) outside++;
      next.set(edgeOf(face[outside % 4] as number, face[(outside + 1) % 4] as number), edgeOf(corner, after));
    });
  }
  const polygons: Point[][] = [];
  while (next.size > 0) {
    const polygon: Point[] = [];
    let edge = next.keys().next().value as number;
    for (let following = next.get(edge); following !== undefined; following = next.get(edge)) {
      polygon.push(midpoint(edge));
      next.delete(edge);
      edge = following;
    }
    polygons.push(polygon);
  }
  return polygons;
}

/** What a cube, or a polygon in it, adds: area, the area that faces along x, and the integral of x over the latter from the cube's own origin. */
interface CubeSurface {
  readonly area: number;
  readonly facingX: number;
  readonly momentX: number;
}

function cubeSurface(inside: number, [sx, sy, sz]: Point): CubeSurface {
  return cubePolygons(inside)
    .map((polygon) => largestFan(polygon.map(([x, y, z]): Point => [x * sx, y * sy, z * sz])))
    .reduce(
      (sum, each) => ({
        area: sum.area + each.area,
        facingX: sum.facingX + each.facingX,
        momentX: sum.momentX + each.momentX,
      }),
      { area: 0, facingX: 0, momentX: 0 },
    );
}

/**
 * The triangles of a polygon from one of its corners. Polygons of more than three corners need not be flat; of the fans the one
 * that encloses most is taken, which does not depend on how the cube is turned, and gives IBSI's volume.
 */
function largestFan(polygon: readonly Point[]): CubeSurface {
  return polygon
    .map((_, k) => fan([...polygon.slice(k), ...polygon.slice(0, k)]))
    .reduce((best, each) => (each.momentX > best.momentX + 1e-9 * Math.abs(best.momentX) ? each : best));
}

function fan([a, ...rest]: readonly Point[]): CubeSurface {
  let [area, facingX, momentX] = [0, 0, 0];
  for (let k = 0; k + 1 < rest.length; k++) {
    const [b, c] = [rest[k] as Point, rest[k + 1] as Point];
    const [ax, ay, az] = a as Point;
    const [ux, uy, uz] = [b[0] - ax, b[1] - ay, b[2] - az];
    const [vx, vy, vz] = [c[0] - ax, c[1] - ay, c[2] - az];
    const nx = (uy * vz - uz * vy) / 2;
    area += Math.hypot(nx, (uz * vx - ux * vz) / 2, (ux * vy - uy * vx) / 2);
    facingX += nx;
    momentX += (nx * (ax + b[0] + c[0])) / 3;
  }
  return { area, facingX, momentX };
}

/**
 * Area and volume of the surface. The volume is the integral of x over the surface facing along x (divergence theorem), so both
 * are sums over cubes, and cubes of one kind count together. O(voxels).
 */
export function surfaceMesh({ width, height, depth, mask, spacingMm }: RadiomicsRegion): SurfaceMesh {
  const counts = new Float64Array(256);
  const columns = new Float64Array(256); // sum of the x of cubes of a kind
  const at = (x: number, y: number, z: number) =>
    x < 0 || y < 0 || z < 0 || x >= width || y >= height || z >= depth
      ? 0
      : (mask[(z * height + y) * width + x] as number);
  // Four rows of the mask with a voxel of outside at both ends, so that the inner loop asks nothing.
  const rows = Array.from({ length: 4 }, () => new Uint8Array(width + 2));
  for (let z = -1; z < depth; z++) {
    for (let y = -1; y < height; y++) {
      rows.forEach((row, k) => {
        for (let x = 0; x < width; x++) row[x + 1] = at(x, y + (k & 1), z + (k >> 1));
      });
      const [a, b, c, d] = rows as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      let kind = 0;
      for (let x = 0; x <= width + 1; x++) {
        // What was at x + 1 is now at x: odd bits move to even ones.
        const ahead =
          ((a[x] as number) << 1) | ((b[x] as number) << 3) | ((c[x] as number) << 5) | ((d[x] as number) << 7);
        kind = ((kind >> 1) & 0x55) | ahead;
        counts[kind] = (counts[kind] as number) + 1;
        columns[kind] = (columns[kind] as number) + x;
      }
    }
  }
  let [areaMm2, volumeMm3] = [0, 0];
  for (let kind = 1; kind < 255; kind++) {
    if (counts[kind] === 0) continue;
    const cube = cubeSurface(kind, spacingMm);
    areaMm2 += (counts[kind] as number) * cube.area;
    volumeMm3 += (columns[kind] as number) * spacingMm[0] * cube.facingX + (counts[kind] as number) * cube.momentX;
  }
  return { areaMm2, volumeMm3 };
}
