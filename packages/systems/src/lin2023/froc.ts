/** Free-response figures of the detector: how many lesions are found at how many false positives a film. */
import { findHits, overlapHit } from '@mammoscope/stats';
import { areaOf, COCO_SIZES, holdsArea } from '../detection/coco-precision.ts';
import { type FrocFigures, freeResponse } from '../reader-study/free-response.ts';
import { classIndex } from './recipe.ts';
import type { ScoredFilm } from './score-films.ts';

/** False positives a film at which sensitivity is read. */
export const FROC_RATES = [0.125, 0.25, 0.5, 1, 2, 4] as const;

/** Least overlap over union of a box that finds a lesion: the recipe's for two boxes of one lesion. */
export const FROC_OVERLAP = 0.3;

const REPLICATES = 1000;

/** Lesions of one kind, and the boxes that count for them. */
export interface FrocOfLesions extends FrocFigures {
  /** 'malignant': malignant lesions by boxes called malignant; 'any': all lesions by boxes of either class. */
  readonly lesionsOf: 'malignant' | 'any';
  /** 'all', or COCO's 'small', 'medium', 'large'. */
  readonly size: string;
}

/**
 * The curves of both kinds, each for all sizes and each range of COCO's that has a lesion, over all films; intervals by a bootstrap of
 * patients. A box that finds a lesion of another size does not count; one that finds none is a false positive of every size.
 */
export function frocOf(films: readonly ScoredFilm[], seed: number): FrocOfLesions[] {
  return (['malignant', 'any'] as const).flatMap((lesionsOf) => {
    const isMalignant = classIndex('malignant');
    const lesions = films.flatMap(({ film, lesions: truth }) =>
      truth
        .filter(({ label }) => lesionsOf === 'any' || label === 'malignant')
        .map(({ box }) => ({ volume: film.path, box, slices: [0, 0] as const })),
    );
    if (lesions.length === 0) return [];
    const detections = films.flatMap(({ film, candidates }) =>
      candidates
        .filter((box) => lesionsOf === 'any' || box.class === isMalignant)
        .map(({ box, score }) => ({ volume: film.path, box, score, slice: 0 })),
    );
    const volumes = films.map(({ film }) => ({ id: film.path, slices: 1 }));
    const { lesionOf } = findHits(detections, lesions, volumes, overlapHit(FROC_OVERLAP));
    const clusters = { column: 'patient_id', of: new Map(films.map(({ film }) => [film.path, film.patientId])) };
    const figuresOf = (own: readonly boolean[]): FrocFigures => {
      const findings = {
        files: { predictions: 'boxes', lesions: 'lesions', volumes: 'films' },
        detections: detections.filter((_, i) => own[lesionOf[i] as number] ?? true),
        lesions: lesions.filter((_, i) => own[i]),
        ...{ volumes, clusters, by: [] },
      };
      return freeResponse(findings, {
        hit: { rule: 'iou', iou: FROC_OVERLAP },
        rates: FROC_RATES,
        confidence: 0.95,
        seed,
        replicates: REPLICATES,
        bootstrap: 'percentile',
      }).all;
    };
    const all = figuresOf(lesions.map(() => true));
    return COCO_SIZES.flatMap((range) => {
      const own = lesions.map(({ box }) => holdsArea(range, areaOf(box)));
      if (!own.includes(true)) return [];
      return [{ ...(own.includes(false) ? figuresOf(own) : all), lesionsOf, size: range.name }];
    });
  });
}
