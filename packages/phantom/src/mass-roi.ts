/**
 * A mass in a spot view, coned down to it as radiologists have one taken to tell benign from malignant: the mass with the tissue around and over
 * it, as a mammogram and a tomosynthesis show it. Of a whole breast in as few pixels no margin would be left.
 */
import { RandomStream } from '@mammoscope/random';
import { type ClusterRoi, type ClusterRoiGrid, drawRegion, type RegionTissue, turnedToView } from './cluster-roi.ts';
import { drawTrait } from './lesion.ts';
import { spiculeBalls } from './lesion-view.ts';
import { coreReachMm, depthInCore, drawMass, type Mass } from './mass.ts';

/** A mass in a woman's breast; both views show it from two sides. */
export interface MassCase extends RegionTissue {
  readonly label: 'benign' | 'malignant';
  readonly mass: Mass;
}

/** Draws number `patient` of a cohort; she does not depend on how many there are. Labels take turns. RangeError for a difficulty outside 0 to 1. */
export function drawMassCase(patient: number, seed: number, difficulty: number): MassCase {
  if (!(difficulty >= 0 && difficulty <= 1)) throw new RangeError(`difficulty must be from 0 to 1, got ${difficulty}`);
  const random = new RandomStream(seed, 'phantom-mass', patient);
  const label = patient % 2 === 0 ? 'malignant' : 'benign';
  return {
    ...{ seed, patient, label },
    mass: drawMass(random, drawTrait(random, label, difficulty)),
    // Dense and uneven: what lies over a mass hides it in a mammogram, and a tomosynthesis takes it apart.
    tissue: { gland: random.uniform(0.3, 0.6), contrast: random.uniform(0.1, 0.3), beta: random.uniform(2.8, 3.2) },
  };
}

/** Images the mass of a case in one view, in the middle; grey levels 0 to 65535, brighter is denser. */
export function drawMassRoi(woman: MassCase, view: 'CC' | 'MLO', size: ClusterRoiGrid): Pick<ClusterRoi, 'dm' | 'dbt'> {
  const { mass } = woman;
  const centre = [(size.sizePx * size.spacingMm) / 2, 0, 0] as const;
  const turned = (place: Parameters<typeof turnedToView>[0]) => turnedToView(place, view, 1);
  const coverage = (x: number, u: number, w: number) => {
    const [, y, z] = turned([0, u, -w]); // turned by the same angle, with the sign of w changed, is turned back
    return Math.min(1, Math.max(0, 0.5 + depthInCore(mass, x - centre[0], y, -z) / mass.fadeMm));
  };
  return drawRegion(woman, view, size, {
    balls: spiculeBalls(mass, centre, turned),
    mass: { centre, reachMm: coreReachMm(mass), density: mass.density, coverage },
  });
}
