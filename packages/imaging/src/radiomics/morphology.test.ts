import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { maximumDiameter } from './diameter.ts';
import { morphologyFeatures } from './morphology.ts';
import { morphology2dFeatures } from './morphology-2d.ts';
import { radiomicsRegion } from './region.ts';
import { cubePolygons } from './surface-mesh.ts';

type Size = readonly [width: number, height: number, depth: number];
type Spacing = readonly [number, number, number];

function regionWhere(
  [width, height, depth]: Size,
  spacingMm: Spacing,
  inside: (x: number, y: number, z: number) => boolean,
) {
  const slices = Array.from({ length: depth }, () => ({
    width,
    height,
    data: new Float32Array(width * height).fill(1),
  }));
  const mask = Uint8Array.from({ length: width * height * depth }, (_, i) =>
    inside(i % width, Math.floor(i / width) % height, Math.floor(i / (width * height))) ? 1 : 0,
  );
  return radiomicsRegion(slices, { mask, spacingMm });
}

const close = (got: number, expected: number, relative: number, what: string) =>
  assert.ok(Math.abs(got - expected) <= relative * Math.abs(expected), `${what}: ${got}, expected ${expected}`);

test('polygons of every cube cut each edge between inside and outside once, on the side of the outside', () => {
  for (let inside = 0; inside < 256; inside++) {
    const isIn = (corner: number) => (inside >> corner) & 1;
    const cut = [1, 2, 4].flatMap((bit) =>
      [...Array(8).keys()].filter((corner) => !(corner & bit) && isIn(corner) !== isIn(corner | bit)),
    ).length;
    const polygons = cubePolygons(inside);
    const vertices = polygons.flat().map(String);
    assert.equal(vertices.length, cut);
    assert.equal(new Set(vertices).size, cut);
    assert.ok(polygons.every((polygon) => polygon.length >= 3));
  }
});

test('a single voxel is an octahedron between its neighbours, of defined shape', () => {
  const shape = morphologyFeatures(regionWhere([3, 3, 3], [2, 2, 2], (x, y, z) => x === 1 && y === 1 && z === 1));
  close(shape.volume, 8 / 6, 1e-12, 'volume'); // (4/3) a^3 with a = 1 mm
  close(shape.surfaceArea, 8 * (Math.sqrt(3) / 4) * 2, 1e-12, 'area');
  assert.equal(shape.maximum3dDiameter, 2);
  assert.deepEqual([shape.majorAxisLength, shape.elongation, shape.flatness], [0, 1, 1]);
  assert.ok(Object.values(shape).every(Number.isFinite));
});

test('a ball has the volume, axes and sphericity of a ball, also in voxels that are no cubes', () => {
  for (const spacing of [
    [1, 1, 1],
    [0.5, 1, 2],
  ] as const) {
    const radius = 14;
    const [sx, sy, sz] = spacing;
    const size = [Math.ceil(30 / sx), Math.ceil(30 / sy), Math.ceil(30 / sz)] as const;
    const region = regionWhere(
      size,
      spacing,
      (x, y, z) => Math.hypot(x * sx - 14.7, y * sy - 14.7, z * sz - 14.7) <= radius,
    );
    const shape = morphologyFeatures(region);
    close(shape.volume, (4 / 3) * Math.PI * radius ** 3, 0.02, 'volume');
    close(shape.volume, shape.voxelVolume, 0.02, 'both volumes');
    for (const axis of ['majorAxisLength', 'minorAxisLength', 'leastAxisLength'] as const)
      close(shape[axis], 4 * Math.sqrt(radius ** 2 / 5), 0.02, axis); // the variance of a ball along an axis is r^2 / 5
    const longest = Math.max(...spacing); // half a voxel at both ends
    assert.ok(Math.abs(shape.maximum3dDiameter - 2 * radius) <= longest, `diameter ${shape.maximum3dDiameter}`);
    assert.ok(shape.sphericity > 0.8 && shape.sphericity < 1); // stairs have more area than a ball
  }
});

test('the principal axes of a turned ellipsoid are its own', () => {
  const [a, b, c] = [15, 9, 5];
  const [s, t] = [Math.SQRT1_2, Math.SQRT1_2];
  const shape = morphologyFeatures(
    regionWhere([33, 33, 33], [1, 1, 1], (x, y, z) => {
      const [dx, dy, dz] = [x - 16, y - 16, z - 16];
      return ((s * dx + t * dy) / a) ** 2 + ((t * dx - s * dy) / b) ** 2 + (dz / c) ** 2 <= 1;
    }),
  );
  close(shape.elongation, b / a, 0.01, 'elongation');
  close(shape.flatness, c / a, 0.03, 'flatness'); // the least axis is ten voxels
});

test('the largest diameter is that of all pairs of vertices', () => {
  const random = new RandomStream(5, 'diameter');
  for (let round = 0; round < 20; round++) {
    const size = [random.integer(1, 6), random.integer(1, 6), round % 3 === 0 ? 1 : random.integer(1, 5)] as const;
    const spacing = [random.uniform(0.5, 2), random.uniform(0.5, 2), random.uniform(0.5, 3)] as const;
    const draws = Array.from({ length: 200 }, () => random.chance(0.4));
    const inside = (x: number, y: number, z: number) => draws[(z * 6 + y) * 6 + x] === true || x + y + z === 0;
    const isIn = (x: number, y: number, z: number) =>
      x >= 0 && y >= 0 && z >= 0 && x < size[0] && y < size[1] && z < size[2] && inside(x, y, z);
    for (const flat of [false, true]) {
      if (flat && size[2] > 1) continue;
      const within: Spacing[] = [
        [1, 0, 0],
        [0, 1, 0],
      ];
      const across: Spacing[] = flat ? within : [...within, [0, 0, 1]];
      const vertices: Spacing[] = [];
      for (let x = 0; x < size[0]; x++)
        for (let y = 0; y < size[1]; y++)
          for (let z = 0; z < size[2]; z++)
            for (const [dx, dy, dz] of across)
              for (const sign of [-1, 1])
                if (isIn(x, y, z) && !isIn(x + sign * dx, y + sign * dy, z + sign * dz))
                  vertices.push([
                    (x + (sign * dx) / 2) * spacing[0],
                    (y + (sign * dy) / 2) * spacing[1],
                    (z + (sign * dz) / 2) * spacing[2],
                  ]);
      const largest = Math.max(
        ...vertices.flatMap((p) => vertices.map((q) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]))),
      );
      close(maximumDiameter(regionWhere(size, spacing, inside), flat), largest, 1e-12, `round ${round}`);
    }
  }
});

test('the outline of a disc has its area, diameter and axes, and a rectangle loses half a square at each corner', () => {
  const radius = 20;
  const disc = morphology2dFeatures(
    regionWhere([50, 50, 1], [1, 1, 1], (x, y) => Math.hypot(x - 24.6, y - 24.6) <= radius),
  );
  close(disc.area, Math.PI * radius ** 2, 0.01, 'area');
  close(disc.maximum2dDiameter, 2 * radius, 0.03, 'diameter');
  close(disc.majorAxisLength, 2 * radius, 0.01, 'major axis');
  close(disc.elongation, 1, 0.01, 'elongation');
  const box = morphology2dFeatures(regionWhere([8, 6, 1], [2, 3, 1], (x, y) => x > 0 && x < 7 && y > 0 && y < 5));
  close(box.area, 6 * 4 * 6 - (4 * 6) / 8, 1e-12, 'area of a box'); // an eighth of a pixel at each corner
  close(box.perimeter, 2 * (5 * 2 + 3 * 3) + 4 * (Math.hypot(2, 3) / 2), 1e-12, 'perimeter of a box');
  const corner = morphology2dFeatures(regionWhere([2, 2, 1], [1, 1, 1], (x, y) => x === y));
  close(corner.area, 1, 1e-12, 'two pixels at a corner'); // two diamonds of half a pixel
  close(corner.perimeter, 4 * Math.SQRT2, 1e-12, 'their perimeter');
  const pixel = morphology2dFeatures(regionWhere([1, 1, 1], [1, 1, 1], () => true));
  assert.ok(Object.values(pixel).every(Number.isFinite));
  assert.equal(pixel.elongation, 1);
  assert.throws(() => morphology2dFeatures(regionWhere([2, 2, 2], [1, 1, 1], () => true)), { code: 'option-invalid' });
});
