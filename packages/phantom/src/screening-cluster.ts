/** Clusters of calcifications for films of few pixels, with traits of malignancy, pathological type and receptor status. */
import type { RandomStream } from '@mammoscope/random';
import { type CalcificationCluster, cast, grains, placesInWedge } from './calcification-cluster.ts';
import { traitTowards } from './lesion.ts';

export const CANCER_TYPES = ['invasive', 'dcis with microinvasion', 'pure dcis'] as const;
export type CancerType = (typeof CANCER_TYPES)[number];
export type ErStatus = 'positive' | 'negative';

/** What the calcifications of a malignant cluster follow besides. */
export interface CancerTraits {
  readonly type: CancerType;
  readonly erStatus: ErStatus;
}

/** The share of casts of ducts among the irregular calcifications at difficulty 0, by type. */
const CAST_SHARE: Readonly<Record<CancerType, number>> = {
  invasive: 0,
  'dcis with microinvasion': 0.6,
  'pure dcis': 1,
};

/** Casts are thinner than grains, and as dense as makes up for it. */
const CAST_DENSITY = 2.2;

/** Fewest and most calcifications. */
const COUNTS = [9, 36] as const;

/** Half the length of a lobe, beyond which a wedge does not reach. */
const LOBE_MM = 24;

/** What a cluster is drawn from. */
export interface ScreeningClusterOptions {
  /** Of a malignant cluster; a benign one has none. */
  readonly cancer?: CancerTraits;
  readonly difficulty: number;
  /** Half the extent of a cluster that is round, mm; a wedge of the same area is longer. */
  readonly extentMm: number;
}

/**
 * Draws a cluster. Benign ones are round and equal, scattered in a disc; malignant ones irregular and unequal, in a wedge that
 * points to the nipple. That a type shows in the share of casts (invasive: grains grown together; pure DCIS: fine lines; with
 * microinvasion: between) and the receptor in how many there are (negative: many) is an invention of this phantom, so that a
 * network has something to learn; it says nothing of patients. Each trait is drawn as drawLesion has it.
 */
export function drawScreeningCluster(
  random: RandomStream,
  { cancer, difficulty, extentMm }: ScreeningClusterOptions,
): CalcificationCluster {
  const malignancy = traitTowards(random, cancer ? 1 : 0, difficulty);
  const [shape, spread, arrangement] = [malignancy(), malignancy(), malignancy()];
  const casts = traitTowards(random, cancer ? CAST_SHARE[cancer.type] : 0.5, difficulty)();
  const crowdEnd = cancer ? (cancer.erStatus === 'negative' ? 1 : 0) : random.uniform();
  const crowding = traitTowards(random, crowdEnd, difficulty)();
  const [fewest, most] = COUNTS;
  const count = Math.round(fewest * (most / fewest) ** crowding);
  const diameterMm = random.uniform(0.34, 0.58);
  const place = placesInWedge(random, { extentMm, arrangement, lobeMm: LOBE_MM });
  const calcifications = Array.from({ length: count }, () => {
    const [x, y] = place();
    const diameter = Math.min(0.7, Math.max(0.2, diameterMm * Math.exp(random.normal(0, 0.06 + 0.26 * spread))));
    const irregular = random.chance(shape) ? (random.chance(casts) ? cast : grains) : undefined;
    return {
      atMm: [x, y, random.normal(0, extentMm / 4)] as const,
      balls: irregular?.(random, Math.min(0.55, diameter)) ?? [
        { offsetMm: [0, 0, 0] as const, radiusMm: diameter / 2 },
      ],
      density: random.uniform(0.95 - 0.4 * spread, 1.15) * (irregular === cast ? CAST_DENSITY : 1),
    };
  });
  return {
    kind: 'calcifications',
    morphology: shape <= 0.5 ? 'round' : casts > 0.5 ? 'fine linear branching' : 'fine pleomorphic',
    distribution: arrangement > 0.5 ? 'segmental' : extentMm > 10 ? 'regional' : 'grouped',
    calcifications,
  };
}

/** A cluster whose calcifications are larger by a factor, in the same places, and less dense by its root: pixels that are larger by the factor see them, as finer ones do, with more contrast. */
export function enlarged(cluster: CalcificationCluster, factor: number): CalcificationCluster {
  const calcifications = cluster.calcifications.map(({ atMm, balls, density }) => ({
    atMm,
    balls: balls.map(({ offsetMm: [x, y, z], radiusMm }) => ({
      offsetMm: [x * factor, y * factor, z * factor] as const,
      radiusMm: radiusMm * factor,
    })),
    density: density / Math.sqrt(factor),
  }));
  return { ...cluster, calcifications };
}
