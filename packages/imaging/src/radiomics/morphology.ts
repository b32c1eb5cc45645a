import { axisRatio, regionAxes } from './axes.ts';
import { maximumDiameter } from './diameter.ts';
import type { RadiomicsRegion } from './region.ts';
import { surfaceMesh } from './surface-mesh.ts';

/** What {@link morphologyFeatures} gives. */
export type MorphologyFeatures = ReturnType<typeof morphologyFeatures>;

/** The shape of a volume (IBSI 1, section 3.1), lengths in millimetres. Volume and area are those of the mesh of its surface. */
export function morphologyFeatures(region: RadiomicsRegion) {
  const { areaMm2: area, volumeMm3: volume } = surfaceMesh(region);
  const [sx, sy, sz] = region.spacingMm;
  const { variances, centreOfMassShift } = regionAxes(region);
  const [major, minor, least] = variances;
  const sphericity = (36 * Math.PI * volume ** 2) ** (1 / 3) / area;
  return {
    volume,
    voxelVolume: region.mask.reduce((sum, inside) => sum + inside, 0) * sx * sy * sz,
    surfaceArea: area,
    surfaceToVolumeRatio: area / volume,
    sphericity,
    compactness1: volume / (Math.sqrt(Math.PI) * area ** 1.5),
    compactness2: sphericity ** 3,
    sphericalDisproportion: 1 / sphericity,
    asphericity: 1 / sphericity - 1,
    centreOfMassShift,
    maximum3dDiameter: maximumDiameter(region),
    majorAxisLength: 4 * Math.sqrt(major),
    minorAxisLength: 4 * Math.sqrt(minor),
    leastAxisLength: 4 * Math.sqrt(least),
    elongation: axisRatio(minor, major),
    flatness: axisRatio(least, major),
  };
}
