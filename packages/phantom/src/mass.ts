/** Masses, described as by the BI-RADS Atlas (5th edition, mammography, section A). */
import type { RandomStream } from '@mammoscope/random';
import type { Point } from './breast-shape.ts';
import type { Trait } from './lesion.ts';

/** A straight strand that leaves the core and thins out. */
export interface Spicule {
  readonly direction: Point;
  readonly fromMm: number;
  readonly toMm: number;
  readonly radiusMm: number;
}

export interface Mass {
  readonly kind: 'mass';
  readonly shape: 'round' | 'oval' | 'irregular';
  readonly margin: 'circumscribed' | 'indistinct' | 'spiculated';
  /** Mean radius of the core. */
  readonly coreMm: number;
  /** Radii along X, Y and Z relative to coreMm. */
  readonly axes: Point;
  /** The core's surface is coreMm (1 + sum of amplitude cos(frequency . direction + phase)) away from the centre. */
  readonly waves: readonly { readonly frequency: Point; readonly phase: number; readonly amplitude: number }[];
  /** Over how many mm the margin fades. */
  readonly fadeMm: number;
  /** Share of fibroglandular tissue that the core attenuates like; above 1 is denser. */
  readonly density: number;
  readonly spicules: readonly Spicule[];
}

/**
 * Draws a mass. The radius that it takes up, spicules included, is drawn without regard to traits; traits decide how
 * much of it is core, how irregular and how blurred its margin is, and how many spicules there are.
 */
export function drawMass(random: RandomStream, trait: Trait): Mass {
  const [spiculation, irregularity, blur, contrast] = [trait(), trait(), trait(), trait()];
  const radiusMm = Math.exp(random.uniform(Math.log(5), Math.log(11)));
  const coreMm = radiusMm * (1 - 0.42 * spiculation);
  const spiculeCount = spiculation < 0.3 ? 0 : Math.round(30 * spiculation);
  const oval = random.uniform(0.7, 1);
  const axes = random.shuffle([1 / oval ** 0.5, oval ** 0.5, 1]) as [number, number, number];
  const frequencies = [2.5, 3.5, 5, 7];
  return {
    kind: 'mass',
    shape: irregularity > 0.5 ? 'irregular' : oval > 0.85 ? 'round' : 'oval',
    margin: spiculation > 0.5 ? 'spiculated' : blur > 0.5 ? 'indistinct' : 'circumscribed',
    coreMm,
    axes,
    waves: frequencies.map((frequency) => ({
      frequency: scaled(randomDirection(random), frequency),
      phase: random.uniform(0, 2 * Math.PI),
      amplitude: (0.01 + 0.13 * irregularity) * random.uniform(0.7, 1.3),
    })),
    fadeMm: 0.4 + 1.4 * blur,
    density: random.uniform(0.85, 1) + 0.1 * contrast,
    spicules: Array.from({ length: spiculeCount }, () => ({
      direction: randomDirection(random),
      fromMm: 0.7 * coreMm,
      toMm: radiusMm * random.uniform(0.95, 1.5),
      radiusMm: random.uniform(0.5, 0.9),
    })),
  };
}

/** How far inside the core a point lies, in mm; negative outside. The point is relative to the mass's centre. */
export function depthInCore(mass: Mass, x: number, y: number, z: number): number {
  const [ax, ay, az] = mass.axes;
  const [px, py, pz] = [x / ax, y / ay, z / az];
  const distance = Math.sqrt(px * px + py * py + pz * pz);
  const scale = 1 / Math.max(distance, 1e-6);
  const [dx, dy, dz] = [x * scale, y * scale, z * scale];
  let surface = 1;
  for (const { frequency, phase, amplitude } of mass.waves) {
    surface += amplitude * Math.cos(frequency[0] * dx + frequency[1] * dy + frequency[2] * dz + phase);
  }
  return mass.coreMm * surface - distance;
}

/** How far from the centre the core reaches at most. */
export function coreReachMm({ coreMm, waves, axes, fadeMm }: Mass): number {
  return coreMm * waves.reduce((sum, { amplitude }) => sum + amplitude, 1) * Math.max(...axes) + fadeMm;
}

function randomDirection(random: RandomStream): Point {
  const z = random.uniform(-1, 1);
  const angle = random.uniform(0, 2 * Math.PI);
  const radius = Math.sqrt(1 - z * z);
  return [radius * Math.cos(angle), radius * Math.sin(angle), z];
}

const scaled = ([x, y, z]: Point, by: number): Point => [x * by, y * by, z * by];
