import { ImagingError } from '../errors.ts';
import { axisRatio, regionAxes } from './axes.ts';
import { maximumDiameter } from './diameter.ts';
import type { RadiomicsRegion } from './region.ts';

/** What {@link morphology2dFeatures} gives. */
export type Morphology2dFeatures = ReturnType<typeof morphology2dFeatures>;

/**
 * The shape of a region of one slice, lengths in millimetres. IBSI 1 defines shape in 3D only; these are its definitions with one axis
 * less: the outline is that of marching squares at 0.5, as the surface is of marching cubes, with pixels that touch by a corner kept
 * apart. Throws option-invalid for more slices than one.
 */
export function morphology2dFeatures(region: RadiomicsRegion) {
  if (region.depth !== 1) {
    throw new ImagingError(
      'option-invalid',
      `shape in 2D is of one slice, got ${region.depth}: take morphologyFeatures`,
    );
  }
  const { area, perimeter } = outline(region);
  const [sx, sy] = region.spacingMm;
  const { variances, centreOfMassShift } = regionAxes(region);
  const [major, minor] = variances;
  const circularity = (2 * Math.sqrt(Math.PI * area)) / perimeter;
  return {
    area,
    pixelArea: region.mask.reduce((sum, inside) => sum + inside, 0) * sx * sy,
    perimeter,
    perimeterToAreaRatio: perimeter / area,
    circularity,
    circularDisproportion: 1 / circularity,
    centreOfMassShift,
    maximum2dDiameter: maximumDiameter(region, true),
    majorAxisLength: 4 * Math.sqrt(major),
    minorAxisLength: 4 * Math.sqrt(minor),
    elongation: axisRatio(minor, major),
  };
}

/** Area and perimeter by marching squares: what a square between four pixel centres has of them follows from which are inside. */
function outline({ width, height, mask, spacingMm: [sx, sy] }: RadiomicsRegion) {
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : (mask[y * width + x] as number);
  const diagonal = Math.hypot(sx, sy);
  let [squares, perimeter] = [0, 0];
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const [a, b, c, d] = [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)];
      const inside = a + b + c + d;
      if (inside === 1 || inside === 3) {
        squares += inside === 1 ? 1 / 8 : 7 / 8;
        perimeter += diagonal / 2;
      } else if (inside === 2) {
        const apart = a === d;
        squares += apart ? 1 / 4 : 1 / 2;
        perimeter += apart ? diagonal : a === b ? sx : sy;
      } else if (inside === 4) squares++;
    }
  }
  return { area: squares * sx * sy, perimeter };
}
