/** Lesions drawn so that coarse pixels see them: what a screening cohort in few pixels asks of the phantom. */
import type { CalcificationCluster } from './calcification-cluster.ts';
import type { PhantomPreset } from './presets.ts';
import { enlarged } from './screening-cluster.ts';
import type { Woman } from './woman.ts';

/** Pixels up to this size see lesions as they are. */
const SEEN_MM = 0.2;

/**
 * A woman whose lesion is drawn for the slices of a preset: in pixels larger than 0.2 mm calcifications are larger by as much, and a mass is
 * denser by as much, so that a network can find at 0.8 mm what it finds at 0.1 mm in patients. Place, extent and what tells malignant
 * from benign stay.
 */
export function withSeenLesion(woman: Woman, { dbt }: PhantomPreset): Woman {
  const { lesion } = woman;
  const factor = Math.max(1, dbt.spacingMm / SEEN_MM);
  if (!lesion || factor === 1) return woman;
  const { place, side } = lesion;
  const seen =
    lesion.kind === 'calcifications'
      ? denser(enlarged(lesion, factor), Math.sqrt(factor)) // by what enlarged took away
      : { ...lesion, density: lesion.density * factor };
  return { ...woman, lesion: { ...seen, place, side } };
}

const denser = (cluster: CalcificationCluster, by: number): CalcificationCluster => ({
  ...cluster,
  calcifications: cluster.calcifications.map((each) => ({ ...each, density: each.density * by })),
});
