import { StatsError } from '../errors.ts';
import { checkFindings, type Detection, intersectionOverUnion, type Lesion, type Volume } from './findings.ts';

/** 'coco-101' or 'voc-all-point'; see {@link detectionAveragePrecision}. */
export type DetectionPrecisionMethod = 'coco-101' | 'voc-all-point';

/** 0.5 and 'coco-101' where not given. */
export interface DetectionPrecisionOptions {
  /** The least overlap of a hit, in (0, 1]. */
  readonly iou?: number;
  readonly method?: DetectionPrecisionMethod;
}

/** Precision over recall of detections. */
export interface DetectionAveragePrecision {
  readonly value: number;
  readonly method: DetectionPrecisionMethod;
  readonly iou: number;
  /** After each detection in descending order of score. */
  readonly recall: Float64Array;
  readonly precision: Float64Array;
  readonly lesions: number;
}

/** COCO looks at the highest 100 detections of an image. */
const COCO_MOST_DETECTIONS = 100;

/**
 * Whether each detection, in descending order of score, is a true positive. COCO gives it the free lesion of most
 * overlap; VOC the lesion of most overlap, and counts it as false where that one is taken.
 */
function match(
  ordered: readonly Detection[],
  lesions: ReadonlyMap<string, readonly Lesion[]>,
  iou: number,
  method: DetectionPrecisionMethod,
): boolean[] {
  const taken = new Set<Lesion>();
  return ordered.map(({ volume, box }) => {
    let best: Lesion | undefined;
    let overlap = 0;
    for (const lesion of lesions.get(volume) ?? []) {
      const own = intersectionOverUnion(box, lesion.box);
      if (own <= overlap || (method === 'coco-101' && taken.has(lesion))) continue;
      [best, overlap] = [lesion, own];
    }
    if (best === undefined || overlap < iou || taken.has(best)) return false;
    taken.add(best);
    return true;
  });
}

/**
 * Average precision of boxes in plane (slices do not count: give slices as volumes of their own, or one box a volume).
 *
 * 'coco-101': the mean over recalls 0, 0.01, ..., 1 of the highest precision at that recall or above; at most 100
 * detections a volume. 'voc-all-point': the area under that envelope, as PASCAL VOC computes it since 2010. Detections
 * of equal score keep the order of their rows. Boxes have no extra pixel (VOC's own script adds one to widths). COCO's
 * headline figure is the mean of 'coco-101' over iou 0.5, 0.55, ..., 0.95. O(n log n) and detections x lesions of a
 * volume.
 * Sources: Lin et al., ECCV 2014, and its evaluation; Everingham et al., International Journal of Computer Vision 88
 * (2010), 303-338.
 * Throws stats/classes where there is no lesion, stats/argument, stats/score.
 */
export function detectionAveragePrecision(
  detections: readonly Detection[],
  lesions: readonly Lesion[],
  volumes: readonly Volume[],
  { iou = 0.5, method = 'coco-101' }: DetectionPrecisionOptions = {},
): DetectionAveragePrecision {
  checkFindings(detections, lesions, volumes);
  if (!(iou > 0 && iou <= 1)) {
    throw new StatsError('stats/argument', `iou must lie above 0 and at most at 1, got ${iou}; pass 0.5`);
  }
  if (method !== 'coco-101' && method !== 'voc-all-point') {
    throw new StatsError(
      'stats/argument',
      `the method of a detection's average precision must be coco-101 or voc-all-point, got "${method}"; choose one`,
    );
  }
  if (lesions.length === 0) {
    throw new StatsError(
      'stats/classes',
      'average precision needs at least one lesion, got none; report false positives instead',
    );
  }
  const seen = new Map<string, number>();
  const ordered = [...detections]
    .sort((a, b) => b.score - a.score)
    .filter(({ volume }) => {
      const count = (seen.get(volume) ?? 0) + 1;
      seen.set(volume, count);
      return method !== 'coco-101' || count <= COCO_MOST_DETECTIONS;
    });
  const inVolume = Map.groupBy(lesions, ({ volume }) => volume);
  const right = match(ordered, inVolume, iou, method);
  let tp = 0;
  const hits = right.map((hit) => {
    if (hit) tp++;
    return tp;
  });
  const precision = Float64Array.from(hits, (count, i) => count / (i + 1));
  const recall = Float64Array.from(hits, (count) => count / lesions.length);
  const envelope = precision.slice();
  for (let i = envelope.length - 2; i >= 0; i--) envelope[i] = Math.max(envelope[i] ?? 0, envelope[i + 1] ?? 0);
  let value = 0;
  if (method === 'coco-101') {
    let row = 0;
    for (let percent = 0; percent <= 100; percent++) {
      // recall >= percent / 100 in whole numbers, which rounding cannot move
      while (row < hits.length && 100 * (hits[row] ?? 0) < percent * lesions.length) row++;
      value += envelope[row] ?? 0;
    }
    value /= 101;
  } else {
    for (let row = 0; row < hits.length; row++) if (right[row]) value += (envelope[row] ?? 0) / lesions.length;
  }
  return { value, method, iou, recall, precision, lesions: lesions.length };
}
