import { StatsError } from '../errors.ts';

/** [x1, y1, x2, y2] in pixels, 0 <= x1 < x2 and 0 <= y1 < y2; continuous coordinates, so that the width is x2 - x1. */
export type Box = readonly [x1: number, y1: number, x2: number, y2: number];

/** A volume that was searched, lesions or none; an image is a volume of one slice. */
export interface Volume {
  readonly id: string;
  readonly slices: number;
}

/** A lesion of the truth, from its first to its last slice, both counted from the same slice as a detection's. */
export interface Lesion {
  readonly volume: string;
  readonly box: Box;
  readonly slices: readonly [first: number, last: number];
}

/**
 * A detection; `slice` is the centre of its depth (Z + Depth / 2 in the columns of DBTex), and a higher score is more
 * suspicious.
 */
export interface Detection {
  readonly volume: string;
  readonly box: Box;
  readonly slice: number;
  readonly score: number;
}

function checkBox(box: Box, where: string): void {
  const [x1, y1, x2, y2] = box;
  if (!(x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2 && Number.isFinite(x2 + y2))) {
    throw new StatsError(
      'stats/argument',
      `the box of ${where} must be [x1, y1, x2, y2] with 0 <= x1 < x2 and 0 <= y1 < y2, got ${box.join(', ')}; give corners, not a corner and a size`,
    );
  }
}

/**
 * Checks findings and indexes their volumes. Throws stats/argument for a volume named twice or unknown, a box or slices
 * out of order, and stats/score for a score that is not finite.
 */
export function checkFindings(
  detections: readonly Detection[],
  lesions: readonly Lesion[],
  volumes: readonly Volume[],
): ReadonlyMap<string, Volume> {
  const known = new Map<string, Volume>();
  for (const volume of volumes) {
    if (known.has(volume.id) || !(volume.slices > 0 && Number.isFinite(volume.slices))) {
      throw new StatsError(
        'stats/argument',
        `volume "${volume.id}" must be listed once with its number of slices, got ${known.has(volume.id) ? 'it twice' : volume.slices}; mend the list of volumes`,
      );
    }
    known.set(volume.id, volume);
  }
  const checkVolume = (id: string, where: string) => {
    if (!known.has(id)) {
      throw new StatsError(
        'stats/argument',
        `${where} must lie in a listed volume, got "${id}"; add the volume or drop the row`,
      );
    }
  };
  lesions.forEach(({ volume, box, slices: [first, last] }, row) => {
    checkVolume(volume, `lesions[${row}]`);
    checkBox(box, `lesions[${row}]`);
    if (!(first <= last && Number.isFinite(first + last))) {
      throw new StatsError(
        'stats/argument',
        `lesions[${row}] must run from its first to its last slice, got ${first} to ${last}; exchange them`,
      );
    }
  });
  detections.forEach(({ volume, box, slice, score }, row) => {
    checkVolume(volume, `detections[${row}]`);
    checkBox(box, `detections[${row}]`);
    if (!Number.isFinite(score)) {
      throw new StatsError(
        'stats/score',
        `detections[${row}].score must be a finite number, got ${score}; drop the row or mend it`,
      );
    }
    if (!Number.isFinite(slice)) {
      throw new StatsError(
        'stats/argument',
        `detections[${row}].slice must be a finite number, got ${slice}; give 0 for an image`,
      );
    }
  });
  return known;
}

/** The centre of a box, in pixels. */
export function boxCentre([x1, y1, x2, y2]: Box): readonly [x: number, y: number] {
  return [(x1 + x2) / 2, (y1 + y2) / 2];
}

/** The overlap of two boxes over their union, in [0, 1]. */
export function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = ([x1, y1, x2, y2]: Box) => (x2 - x1) * (y2 - y1);
  return (width * height) / (area(a) + area(b) - width * height);
}
