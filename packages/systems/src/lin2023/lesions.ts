/** The lesion level: Lin 2023, sections 2.7 and 3.3. */
import type { BoxPx } from '@mammoscope/imaging';
import { overlapOf, packBoxes } from '../detection/boxes.ts';
import type { Detected } from '../detection/detections.ts';
import { SystemError } from '../errors.ts';
import { className, type LesionClass } from './recipe.ts';

/** A lesion of the truth in one image. */
export interface TrueLesion {
  readonly box: BoxPx;
  readonly label: LesionClass;
}

/** A lesion with the predicted region that overlaps it most. */
export interface LesionMatch {
  readonly lesion: number;
  /** Index of the prediction, and its share of overlap; undefined where none overlaps the lesion. */
  readonly prediction?: number;
  readonly overlap: number;
  /** What is predicted of the lesion. */
  readonly status?: LesionClass;
  /** For ROC curves: the probability of the class malignant, 1 - p where the region is called benign with p. */
  readonly probabilityMalignant?: number;
}

/**
 * "Since the model-predicted calcification regions may be larger and more numerous than the annotated regions, we searched for
 * regions with the highest intersection-over-union (IoU) values in the gold standard across all predicted regions." One
 * region may be the best of several lesions; of equal overlaps the higher score counts. Lesions that no region overlaps are not
 * assessed ("This yielded 1185 matching regions" of 1373), and are given without a prediction so that they can be counted.
 * SystemError for a box without an area.
 */
export function matchLesions(truth: readonly TrueLesion[], predictions: readonly Detected[]): LesionMatch[] {
  const boxesOf = (list: readonly { readonly box: BoxPx }[], of: string) =>
    packBoxes(
      list.map(({ box }) => box),
      of,
    );
  const [lesions, regions] = [boxesOf(truth, 'the truth'), boxesOf(predictions, 'the predictions')];
  return truth.map((_, lesion) => {
    let [best, overlap] = [-1, 0];
    for (const [i, { score }] of predictions.entries()) {
      const own = overlapOf(lesions, lesion, regions, i);
      if (own > overlap || (own > 0 && own === overlap && score > (predictions[best] as Detected).score))
        [best, overlap] = [i, own];
    }
    if (best < 0) return { lesion, overlap };
    const { class: index, score } = predictions[best] as Detected;
    const status = className(index);
    const probabilityMalignant = status === 'malignant' ? score : 1 - score;
    return { lesion, prediction: best, overlap, status, probabilityMalignant };
  });
}

/** A lesion as a manifest names it in one view. */
export interface NamedLesion {
  readonly patient: string;
  readonly laterality?: string;
  readonly lesionId?: string;
  readonly label: string;
  /** Where it stands, for the message: 'line 12'. */
  readonly place: string;
}

/** SystemError 'data-unusable' where one lesion has two labels in two views. Lesions without a name are not compared. */
export function requireOneLabel(lesions: readonly NamedLesion[]): void {
  const first = new Map<string, NamedLesion>();
  for (const lesion of lesions) {
    if (lesion.lesionId === undefined) continue;
    const key = JSON.stringify([lesion.patient, lesion.laterality ?? '', lesion.lesionId]);
    const known = first.get(key);
    if (known && known.label !== lesion.label)
      throw new SystemError(
        'data-unusable',
        `lesion "${lesion.lesionId}" of patient "${lesion.patient}" is ${known.label} at ${known.place} and ${lesion.label} at ${lesion.place}: a lesion has one label in all views`,
      );
    if (!known) first.set(key, lesion);
  }
}
