/** Detection figures over images: COCO's average precision by class and by size of the lesion. */
import { type ClassBoxes, cocoAveragePrecision } from '../detection/coco-precision.ts';
import type { Detected } from '../detection/detections.ts';
import type { TrueLesion } from './lesions.ts';
import { CLASSES, classIndex, type LesionClass } from './recipe.ts';

/** One image's truth and what was found in it. */
export interface EvaluatedImage {
  readonly truth: readonly TrueLesion[];
  readonly boxes: readonly Detected[];
}

/** Average precision of one class and one range of sizes. */
export interface ClassPrecision {
  readonly class: LesionClass;
  /** 'all', or COCO's 'small', 'medium', 'large'. */
  readonly size: string;
  readonly lesions: number;
  /** Mean over overlaps of 0.5, 0.55, ..., 0.95, and the value at 0.5. */
  readonly ap: number;
  readonly ap50: number;
}

/** COCO's figures of each class and size that has a lesion; the mean over classes of 'all' is its headline figure. */
export function cocoPrecision(images: readonly EvaluatedImage[]): ClassPrecision[] {
  return CLASSES.flatMap((name) => {
    const own: ClassBoxes[] = images.map(({ truth, boxes }) => ({
      truth: truth.filter(({ label }) => label === name).map(({ box }) => box),
      found: boxes.filter((box) => box.class === classIndex(name)),
    }));
    return cocoAveragePrecision(own).map(({ size, lesions, values }) => ({
      class: name,
      size,
      lesions,
      ap: values.reduce((sum, value) => sum + value, 0) / values.length,
      ap50: values[0] as number,
    }));
  });
}
