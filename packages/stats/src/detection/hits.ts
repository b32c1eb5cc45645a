import { StatsError } from '../errors.ts';
import {
  boxCentre,
  checkFindings,
  type Detection,
  intersectionOverUnion,
  type Lesion,
  type Volume,
} from './findings.ts';

/** Whether a detection finds a lesion of the same volume; the distance decides between lesions, the nearest wins. */
export type HitRule = (detection: Detection, lesion: Lesion, volume: Volume) => { hit: boolean; distance: number };

/** In plane, a hit is never required to be nearer than this. */
const LEAST_RADIUS_PX = 100;

/**
 * The rule of the DBTex challenge: in plane the centres lie within half the diagonal of the lesion's box or 100 px,
 * whichever is more, and in depth within a quarter of the volume's slices, limits included; distance is that of the
 * centres in x, y and slice.
 * Source: Buda et al., "A data set and deep learning algorithm for the detection of masses and architectural
 * distortions in digital breast tomosynthesis images", JAMA Network Open 4 (2021), e2119100; Konz et al., JAMA Network
 * Open 6 (2023), e230524.
 */
export const dbtexHit: HitRule = (detection, lesion, volume) => {
  const [x, y] = boxCentre(detection.box);
  const [lesionX, lesionY] = boxCentre(lesion.box);
  const [x1, y1, x2, y2] = lesion.box;
  const inPlane = Math.hypot(x - lesionX, y - lesionY);
  const inDepth = Math.abs(detection.slice - (lesion.slices[0] + lesion.slices[1]) / 2);
  const radius = Math.max(Math.hypot(x2 - x1, y2 - y1) / 2, LEAST_RADIUS_PX);
  return { hit: inPlane <= radius && inDepth <= volume.slices / 4, distance: Math.hypot(inPlane, inDepth) };
};

/** Detections with what they find. */
export interface Hits {
  /** For each detection the index of the lesion that it finds, or -1: a false positive. */
  readonly lesionOf: Int32Array;
  /** For each lesion the highest score that finds it, -Infinity where none does. */
  readonly best: Float64Array;
}

/**
 * Gives each detection to the nearest lesion that it hits, the first of equals. Several detections may find one lesion;
 * the second is neither a true nor a false positive. O(detections x lesions of the volume).
 * Throws as {@link checkFindings} does.
 */
export function findHits(
  detections: readonly Detection[],
  lesions: readonly Lesion[],
  volumes: readonly Volume[],
  rule: HitRule = dbtexHit,
): Hits {
  const known = checkFindings(detections, lesions, volumes);
  const inVolume = new Map<string, number[]>();
  lesions.forEach(({ volume }, index) => {
    inVolume.set(volume, [...(inVolume.get(volume) ?? []), index]);
  });
  const lesionOf = new Int32Array(detections.length).fill(-1);
  const best = new Float64Array(lesions.length).fill(Number.NEGATIVE_INFINITY);
  detections.forEach((detection, row) => {
    const volume = known.get(detection.volume);
    let nearest = Number.POSITIVE_INFINITY;
    for (const index of inVolume.get(detection.volume) ?? []) {
      const lesion = lesions[index];
      if (volume === undefined || lesion === undefined) continue;
      const { hit, distance } = rule(detection, lesion, volume);
      if (!hit || distance >= nearest) continue;
      nearest = distance;
      lesionOf[row] = index;
    }
    const found = lesionOf[row] ?? -1;
    if (found >= 0) best[found] = Math.max(best[found] ?? 0, detection.score);
  });
  return { lesionOf, best };
}

/**
 * The rule of overlap: boxes with an intersection over union of at least `iou`, and a slice that is one of the
 * lesion's; of several the lesion of most overlap. Throws stats/argument unless 0 < iou <= 1.
 */
export function overlapHit(iou: number): HitRule {
  if (!(iou > 0 && iou <= 1)) {
    throw new StatsError('stats/argument', `iou must lie above 0 and at most at 1, got ${iou}; pass 0.5`);
  }
  return ({ box, slice }, lesion) => {
    const overlap = intersectionOverUnion(box, lesion.box);
    const [first, last] = lesion.slices;
    return { hit: overlap >= iou && first <= slice && slice <= last, distance: 1 - overlap };
  };
}
