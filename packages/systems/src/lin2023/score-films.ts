/** What the detector of a run says of films. */
import type { BoxPx, Placement } from '@mammoscope/imaging';
import type { Choices } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import type { Detected } from '../detection/detections.ts';
import { type Decision, imageDecision } from './decisions.ts';
import { aboveThreshold, openFilmDetector } from './detector.ts';
import { boxOnFile, type Film, labelOf, type SeenFilm } from './films.ts';
import type { TrueLesion } from './lesions.ts';
import type { Recipe } from './recipe.ts';

/** A film with what was found on it; boxes in pixels of the stored image. */
export interface ScoredFilm {
  readonly film: Film;
  /** Of the stored image. */
  readonly width: number;
  readonly height: number;
  /** Where what the networks see lies on it. */
  readonly cropPx: BoxPx;
  readonly placement?: Placement;
  readonly lesions: readonly TrueLesion[];
  /** Best first, also those below the recipe's threshold. */
  readonly candidates: readonly Detected[];
  /** Those above it. */
  readonly boxes: readonly Detected[];
  /** By the image rule. */
  readonly decision: Decision;
}

/** Where films come from, and by what they are read. */
export interface FilmScoring {
  readonly engine: Engine;
  readonly recipe: Recipe;
  readonly lowerings: Choices;
  readonly read: (film: Film) => Promise<SeenFilm>;
  /** Called with each film and its result, for what needs the pixels. */
  readonly onFilm?: (scored: ScoredFilm, seen: SeenFilm) => Promise<void>;
}

/** Runs the detector, whose weights the engine holds, over films. ImagingError, SystemError as readFilm. */
export async function scoreFilms(
  films: readonly Film[],
  { engine, recipe, lowerings, read, onFilm }: FilmScoring,
): Promise<ScoredFilm[]> {
  const detector = await openFilmDetector(engine, recipe, lowerings);
  const scored: ScoredFilm[] = [];
  try {
    for (const film of films) {
      const seen = await read(film);
      const { cropPx, placement, stored } = seen;
      const onStored = <B extends { readonly box: BoxPx }>(list: readonly B[]): B[] =>
        list.map((each) => ({ ...each, box: boxOnFile(each.box, seen) }));
      const candidates = onStored(await detector.detect(seen));
      const boxes = aboveThreshold(candidates, recipe);
      const result: ScoredFilm = {
        ...{ film, ...stored, cropPx, candidates, boxes },
        ...(placement ? { placement } : {}),
        lesions: film.lesions.map((row) => ({ box: row.box as BoxPx, label: labelOf(row) })),
        decision: imageDecision(boxes, candidates),
      };
      scored.push(result);
      await onFilm?.(result, seen);
    }
  } finally {
    await detector.release();
  }
  return scored;
}
