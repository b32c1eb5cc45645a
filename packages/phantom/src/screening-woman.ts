/** Women of a screening cohort: one breast each, which has clusters of calcifications or none. */
import { RandomStream } from '@mammoscope/random';
import { BREAST_VIEWS, BreastShape, type BreastSide } from './breast-shape.ts';
import type { CalcificationCluster } from './calcification-cluster.ts';
import type { Lesion } from './lesion.ts';
import { lesionCentre } from './lesion-view.ts';
import { type CancerTraits, drawScreeningCluster } from './screening-cluster.ts';
import { type BreastLabel, bodyOf, DEFAULT_DIFFICULTY, drawWoman, type Woman } from './woman.ts';

/** A cluster and where it is in its breast. */
export type PlacedCluster = CalcificationCluster & Pick<Lesion, 'place'>;

/** One cluster of a breast. */
export interface ScreenedCluster {
  readonly lesionId: string;
  readonly label: 'benign' | 'malignant';
  readonly lesion: PlacedCluster;
  readonly cancer?: CancerTraits;
}

/** A woman whose breast of one side was imaged. The label is that of her worst cluster. */
export interface ScreenedWoman extends Omit<Woman, 'lesion'> {
  readonly side: BreastSide;
  readonly clusters: readonly ScreenedCluster[];
}

/** Labels of women in a row, shuffled within; a real screening has far fewer with a lesion. */
const LABELS: readonly BreastLabel[] = ['malignant', 'malignant', 'benign', 'benign', 'normal'];

/** Types and receptors of malignant women in a row, shuffled within and apart from each other. */
const TYPES: readonly CancerTraits['type'][] = [
  ...new Array<'invasive'>(5).fill('invasive'),
  'dcis with microinvasion',
  'dcis with microinvasion',
  ...new Array<'pure dcis'>(3).fill('pure dcis'),
];
const RECEPTORS: readonly CancerTraits['erStatus'][] = ['positive', 'positive', 'positive', 'negative', 'negative'];

/** What number `index` of a sequence is that goes through `row` again and again, in another order each time. */
function inTurn<T>(row: readonly T[], index: number, seed: number, what: string): T {
  const random = new RandomStream(seed, 'phantom-screening-order', what, Math.floor(index / row.length));
  return random.shuffle(row)[index % row.length] as T;
}

const labelOf = (patient: number, seed: number) => inTurn(LABELS, patient, seed, 'label');

/** Malignant women before this one. */
function malignantBefore(patient: number, seed: number): number {
  const first = patient - (patient % LABELS.length);
  const each = LABELS.filter((label) => label === 'malignant').length;
  const own = Array.from({ length: patient - first }, (_, i) => labelOf(first + i, seed));
  return (first / LABELS.length) * each + own.filter((label) => label === 'malignant').length;
}

/**
 * Draws woman number `patient` of a cohort; she does not depend on how many there are. Of five in a row two are malignant, two
 * benign and one normal. A breast has one to three clusters; a malignant one may have benign clusters beside. RangeError as
 * drawWoman.
 */
export function drawScreenedWoman(
  patient: number,
  { seed, difficulty = DEFAULT_DIFFICULTY }: { readonly seed: number; readonly difficulty?: number },
): ScreenedWoman {
  const { lesion: _, ...woman } = drawWoman(patient, { seed, difficulty });
  const random = new RandomStream(seed, 'phantom-screening', patient);
  const label = labelOf(patient, seed);
  const side: BreastSide = random.chance(0.5) ? 'L' : 'R';
  const clusters = label === 'normal' ? [] : drawClusters(random, { ...woman, label }, side, difficulty);
  return { ...woman, label, side, clusters };
}

/** How many clusters, the further ones smaller; the first is what the woman's label says. */
function drawClusters(
  random: RandomStream,
  woman: Woman,
  side: BreastSide,
  difficulty: number,
): readonly ScreenedCluster[] {
  const count = 1 + [0.35, 0.1].filter((share) => random.chance(share)).length;
  const rank = woman.label === 'malignant' ? malignantBefore(woman.patient, woman.seed) : undefined;
  const cancer = rank === undefined ? undefined : cancerOf(rank, woman.seed);
  const clusters: ScreenedCluster[] = [];
  for (let i = 0; i < count; i++) {
    const own = i === 0 || random.chance(0.4) ? cancer : undefined;
    const extentMm = i === 0 ? Math.exp(random.uniform(Math.log(7), Math.log(14))) : random.uniform(5, 8);
    const cluster = drawScreeningCluster(random, { difficulty, extentMm, ...(own ? { cancer: own } : {}) });
    const place = freePlace(random, { woman, side, taken: clusters.map(({ lesion }) => lesion) }, cluster);
    if (!place) continue;
    clusters.push({
      lesionId: `${woman.patientId}-${clusters.length + 1}`,
      label: own ? 'malignant' : 'benign',
      lesion: { ...cluster, place },
      ...(own ? { cancer: own } : {}),
    });
  }
  return clusters;
}

const cancerOf = (rank: number, seed: number): CancerTraits => ({
  type: inTurn(TYPES, rank, seed, 'type'),
  erStatus: inTurn(RECEPTORS, rank, seed, 'receptor'),
});

/** How far a cluster's calcifications lie from its centre at most. */
const reachMm = ({ calcifications }: CalcificationCluster): number =>
  Math.max(...calcifications.map(({ atMm }) => Math.hypot(...atMm)));

/** Places that are tried for a further cluster. */
const TRIES = 40;
/** Between what two clusters reach, in both views. */
const GAP_MM = 4;

/** A place whose cluster overlaps no other in either view; the first cluster always has one. */
function freePlace(
  random: RandomStream,
  {
    woman,
    side,
    taken,
  }: { readonly woman: Woman; readonly side: BreastSide; readonly taken: readonly PlacedCluster[] },
  cluster: CalcificationCluster,
): Lesion['place'] | undefined {
  const shapes = BREAST_VIEWS.map((view) => new BreastShape(bodyOf(woman, side), view));
  const centres = (lesion: PlacedCluster) => shapes.map((shape) => shape.toView(lesionCentre(shape, lesion)));
  for (let i = 0; i < TRIES; i++) {
    const place = {
      depth: random.uniform(0.3, 0.62),
      radius: random.uniform(0.05, 0.55),
      angleDeg: random.uniform(-180, 180),
    };
    const own = centres({ ...cluster, place });
    const isFree = taken.every((other) =>
      centres(other).every(([x, u], view) => {
        const [ownX, ownU] = own[view] as (typeof own)[number];
        return Math.hypot(x - ownX, u - ownU) > reachMm(cluster) + reachMm(other) + GAP_MM;
      }),
    );
    if (isFree) return place;
  }
  return undefined;
}
