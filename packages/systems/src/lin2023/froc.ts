/** Free-response figures of the detector: how many lesions are found at how many false positives a film. */
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
}

/** Both curves, each where there is such a lesion, over all films; intervals by a bootstrap of patients. */
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
    const findings = {
      files: { predictions: 'boxes', lesions: 'lesions', volumes: 'films' },
      ...{ detections, lesions, by: [] },
      volumes: films.map(({ film }) => ({ id: film.path, slices: 1 })),
      clusters: { column: 'patient_id', of: new Map(films.map(({ film }) => [film.path, film.patientId])) },
    };
    const { all } = freeResponse(findings, {
      hit: { rule: 'iou', iou: FROC_OVERLAP },
      rates: FROC_RATES,
      confidence: 0.95,
      seed,
      replicates: REPLICATES,
      bootstrap: 'percentile',
    });
    return [{ ...all, lesionsOf }];
  });
}
