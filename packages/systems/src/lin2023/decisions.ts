/** From boxes to images and from images to breasts: Lin 2023, sections 2.5 and 2.7. Each result names the rule that fired. */
import type { Laterality } from '@mammoscope/imaging';
import type { Detected } from '../detection/detections.ts';
import { SystemError } from '../errors.ts';
import { classIndex, type LesionClass } from './recipe.ts';

/** The sentences of the rules. */
export const RULES = {
  'malignant box':
    'If the detection model detected a malignant box in an image, the image was contemplated as malignant.',
  'no malignant box': 'Otherwise, the lesions were considered benign.',
  'views agree':
    'If the predicted status of the two positions was consistent, the status of the breast was directly determined by the status of the mammograph images, and a higher prediction probability of the two position images was considered as the confidence of the breast.',
  'malignant view above one half':
    'Otherwise, we focused on the predicted probability of the malignant image. If the probability of malignancy was greater than 0.5, we resolute the breast as malignant',
  'malignant view not above one half': 'otherwise, it was considered benign.',
  'one view':
    'At the mammograph image level, we input the image directly into the trained model to obtain the prediction results for a single image.',
} as const;
export type RuleName = keyof typeof RULES;

/** What is said of an image or a breast. */
export interface Decision {
  readonly status: LesionClass;
  /** Of the status: the probability of the box that it rests on, 0 where there is none. */
  readonly confidence: number;
  /** By which images and breasts are ranked, in [0, 1]. */
  readonly probabilityMalignant: number;
  readonly rule: RuleName;
}

const highest = (scores: readonly number[]) => Math.max(0, ...scores);

const scoresOf = (boxes: readonly Detected[], name: LesionClass) =>
  boxes.filter((box) => box.class === classIndex(name)).map(({ score }) => score);

/** The image rule, of the boxes above the score threshold; `candidates`, also those below it, give the probability by which images are ranked. */
export function imageDecision(boxes: readonly Detected[], candidates = boxes): Decision {
  const probabilityMalignant = highest(scoresOf(candidates, 'malignant'));
  return scoresOf(boxes, 'malignant').length > 0
    ? { status: 'malignant', confidence: probabilityMalignant, probabilityMalignant, rule: 'malignant box' }
    : {
        status: 'benign',
        confidence: highest(scoresOf(boxes, 'benign')),
        probabilityMalignant,
        rule: 'no malignant box',
      };
}

/** Above it a class is the more probable of two. */
export const ONE_HALF = 0.5;

/** What SPPNet says of a film: the more probable class. */
export const filmDecision = (probabilityMalignant: number): Decision =>
  probabilityMalignant > ONE_HALF
    ? { status: 'malignant', confidence: probabilityMalignant, probabilityMalignant, rule: 'one view' }
    : { status: 'benign', confidence: 1 - probabilityMalignant, probabilityMalignant, rule: 'one view' };

/** One view's decision, and whose breast it shows. */
export interface ViewDecision extends Decision {
  readonly patient: string;
  readonly laterality: Laterality;
}

/**
 * The breast rule over the views of one breast, in any order. Where views disagree the highest malignant one is looked at, and
 * a benign breast takes the confidence of its most confident benign view. SystemError for views of different breasts, or none.
 */
export function breastDecision(views: readonly ViewDecision[], malignantProbability = 0.5): Decision {
  const breasts = new Set(views.map(({ patient, laterality }) => `${patient} ${laterality}`));
  if (breasts.size !== 1)
    throw new SystemError(
      'data-unusable',
      breasts.size === 0
        ? 'a breast needs a view to be judged by, got none: leave the breast out'
        : `the views of a breast must show one breast, got ${[...breasts].join(' and ')}: give each its own decision`,
    );
  const [first] = views as [ViewDecision];
  if (views.length === 1) {
    const { status, confidence, probabilityMalignant } = first;
    return { status, confidence, probabilityMalignant, rule: 'one view' };
  }
  const confidenceOf = (status: LesionClass) =>
    highest(views.filter((view) => view.status === status).map(({ confidence }) => confidence));
  const probabilities = views.map((view) => view.probabilityMalignant);
  if (views.every(({ status }) => status === first.status)) {
    // Of benign views the surer one is the one of less malignant probability.
    const probabilityMalignant = first.status === 'malignant' ? highest(probabilities) : Math.min(...probabilities);
    return { status: first.status, confidence: confidenceOf(first.status), probabilityMalignant, rule: 'views agree' };
  }
  const probabilityMalignant = highest(probabilities);
  return probabilityMalignant > malignantProbability
    ? {
        status: 'malignant',
        confidence: confidenceOf('malignant'),
        probabilityMalignant,
        rule: 'malignant view above one half',
      }
    : {
        status: 'benign',
        confidence: confidenceOf('benign'),
        probabilityMalignant,
        rule: 'malignant view not above one half',
      };
}
