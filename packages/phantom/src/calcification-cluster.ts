/** Clusters of calcifications, described as by the BI-RADS Atlas (5th edition, mammography, section B). */
import type { RandomStream } from '@mammoscope/random';
import type { Point } from './breast-shape.ts';
import type { Trait } from './lesion.ts';

/** Balls are what calcifications are made of: they look the same from every side. */
export interface Ball {
  /** Position relative to the calcification, in mm, along X, Y and Z. */
  readonly offsetMm: Point;
  readonly radiusMm: number;
}

export interface Calcification {
  /** Position relative to the cluster, in mm, along X, Y and Z. */
  readonly atMm: Point;
  readonly balls: readonly Ball[];
  /** Attenuation relative to ATTENUATION_PER_MM.calcification. */
  readonly density: number;
}

export interface CalcificationCluster {
  readonly kind: 'calcifications';
  readonly morphology: 'punctate' | 'round' | 'fine pleomorphic' | 'fine linear branching';
  readonly distribution: 'diffuse' | 'regional' | 'grouped' | 'segmental';
  readonly calcifications: readonly Calcification[];
}

/** What is smaller is punctate, not round; fine pleomorphic and fine linear ones are (BI-RADS Atlas). */
const FINE_MM = 0.5;

/** Half the length of a lobe, beyond which a segment does not reach. */
const LOBE_MM = 26;

/** Half the extents that clusters have where they are scattered in a disc. */
const EXTENTS_MM = [4, 22] as const;

/**
 * Draws a cluster. Traits decide how many of its calcifications are irregular (round and punctate ones against fine
 * pleomorphic and fine linear branching ones), how unequal their sizes and densities are, and whether they lie scattered
 * in a disc or in a wedge that points to the nipple, as the duct system of a lobe does. Diameters are of 0.1 to 0.7 mm. Scattered ones are
 * grouped within 2 cm as the Atlas has it, regional above, and diffuse where they take up most of the fibroglandular tissue.
 * `extentsMm` has the half extents of discs, of which a wedge has the area.
 */
export function drawCluster(
  random: RandomStream,
  trait: Trait,
  extentsMm: readonly [least: number, largest: number] = EXTENTS_MM,
): CalcificationCluster {
  const [shape, spread, arrangement] = [trait(), trait(), trait()];
  const count = Math.round(Math.exp(random.uniform(Math.log(8), Math.log(40))));
  const [least, largest] = extentsMm;
  const extentMm = Math.exp(random.uniform(Math.log(least), Math.log(largest)));
  const diameterMm = random.uniform(0.24, 0.62);
  const place = placesInWedge(random, { extentMm, arrangement, lobeMm: LOBE_MM });
  const calcifications = Array.from({ length: count }, (): Calcification => {
    const [x, y] = place();
    const diameter = clip(diameterMm * Math.exp(random.normal(0, 0.08 + 0.35 * spread)), 0.1, 0.7);
    return {
      atMm: [x, y, random.normal(0, extentMm / 4)],
      balls: random.chance(shape)
        ? irregular(random, Math.min(FINE_MM, diameter), shape)
        : [{ offsetMm: [0, 0, 0], radiusMm: diameter / 2 }],
      density: random.uniform(0.95 - 0.55 * spread, 1.15),
    };
  });
  const scattered = extentMm > 17 ? 'diffuse' : extentMm > 10 ? 'regional' : 'grouped';
  return {
    kind: 'calcifications',
    morphology:
      shape > 0.7
        ? 'fine linear branching'
        : shape > 0.5
          ? 'fine pleomorphic'
          : diameterMm > FINE_MM
            ? 'round'
            : 'punctate',
    distribution: arrangement > 0.5 ? 'segmental' : scattered,
    calcifications,
  };
}

/** A disc of half the extent `extentMm`, at arrangement 1 a wedge of the same area that points to the nipple, no longer than half a lobe. */
export interface Wedge {
  readonly extentMm: number;
  /** From 0, scattered in the disc, to 1. */
  readonly arrangement: number;
  readonly lobeMm: number;
}

/** Draws how a wedge is tilted, and then, at each call, a place in it, mm along X and Y from its middle. */
export function placesInWedge(
  random: RandomStream,
  { extentMm, arrangement, lobeMm }: Wedge,
): () => readonly [number, number] {
  const elongation = 1 - 0.68 * arrangement;
  const tilt = random.uniform(-0.5, 0.5);
  const [lengthMm, widthMm] = [Math.min(lobeMm, extentMm / Math.sqrt(elongation)), extentMm * Math.sqrt(elongation)];
  return () => {
    const [along, across] = placeInDisc(random);
    const [s, v] = [along * lengthMm, across * widthMm * (1 - arrangement * 0.35 * (1 + along))];
    return [s * Math.cos(tilt) - v * Math.sin(tilt), s * Math.sin(tilt) + v * Math.cos(tilt)];
  };
}

/** Uniform in the unit disc. */
function placeInDisc(random: RandomStream): readonly [number, number] {
  const [radius, angle] = [Math.sqrt(random.uniform()), random.uniform(0, 2 * Math.PI)];
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** A pleomorphic or a linear calcification. */
const irregular = (random: RandomStream, diameterMm: number, shape: number): Ball[] =>
  random.chance(shape - 0.3) ? cast(random, diameterMm) : grains(random, diameterMm);

/** A pleomorphic calcification, several grains grown together, of about this diameter. */
export function grains(random: RandomStream, diameterMm: number): Ball[] {
  return Array.from({ length: random.integer(2, 4) }, () => ({
    offsetMm: [0, 1, 2].map(() => random.uniform(-0.45, 0.45) * diameterMm) as [number, number, number],
    radiusMm: random.uniform(0.24, 0.62) * diameterMm,
  }));
}

/** A linear calcification, the cast of a duct that may branch: 2 to 4.5 diameters long, in the plane of X and Y. */
export function cast(random: RandomStream, diameterMm: number): Ball[] {
  const lengthMm = random.uniform(2, 4.5) * diameterMm;
  const radiusMm = clip(0.22 * diameterMm, 0.05, 0.12);
  const [direction, bend] = [random.normal(0, 0.5), random.normal(0, 0.5 / lengthMm)];
  const stem = chain(lengthMm, radiusMm, [0, 0], direction, bend);
  const [x, y] = stem[Math.floor(stem.length / 2)]?.offsetMm ?? [0, 0];
  const side = random.chance(0.5) ? 1 : -1;
  return random.chance(0.5) ? [...stem, ...chain(lengthMm / 2, radiusMm, [x, y], direction + 0.7 * side, bend)] : stem;
}

/** Balls in touch along an arc in the plane of X and Y. */
function chain(
  lengthMm: number,
  radiusMm: number,
  start: readonly [number, number],
  direction: number,
  bend: number,
): Ball[] {
  let [x, y] = start;
  return Array.from({ length: Math.max(2, Math.round(lengthMm / (1.4 * radiusMm))) }, (_, i) => {
    const angle = direction + bend * i * radiusMm;
    if (i > 0) [x, y] = [x + 1.4 * radiusMm * Math.cos(angle), y + 1.4 * radiusMm * Math.sin(angle)];
    return { offsetMm: [x, y, 0] as const, radiusMm };
  });
}

const clip = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
