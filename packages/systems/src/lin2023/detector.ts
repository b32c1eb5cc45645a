/** The detector of Lin 2023 on whole films: cut into tiles, and found boxes back on the film. */
import type { Choices, DetectorSpec } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import type { AnchorOptions } from '../detection/anchors.ts';
import { type Detected, type DetectionOptions, PUBLISHED_DETECTION } from '../detection/detections.ts';
import { detect, geometryOf, loadPhases } from '../detection/detector.ts';
import { inferencePhases } from '../detection/graphs.ts';
import { packImages } from '../detection/image-batch.ts';
import { type ProposalOptions, TEST_PROPOSALS } from '../detection/proposals.ts';
import { mergeTiles, tilesOf } from '../detection/tiling.ts';
import type { SeenFilm } from './films.ts';
import { CLASSES, type Recipe } from './recipe.ts';
import { tilePlane } from './tiles.ts';

/** The graph's numbers: tiles of one size, with regions for training or for use. */
export function detectorSpec(recipe: Recipe, use: 'training' | 'inference'): DetectorSpec {
  const images = use === 'training' ? recipe.batch : 1;
  return {
    classes: CLASSES.length + 1,
    images,
    heightPx: recipe.tileHeightPx,
    widthPx: recipe.tileWidthPx,
    rois: use === 'training' ? images * recipe.regions : recipe.proposals,
    anchorsPerPixel: recipe.anchorRatios.length,
    width: recipe.width,
  };
}

/** The anchors of a recipe. */
export const anchorsOfRecipe = ({ anchorSizesPx: sizesPx, anchorRatios: ratios }: Recipe): AnchorOptions => ({
  sizesPx,
  ratios,
});

/** The recipe's two thresholds. */
export const detectionOptions = ({ scoreThreshold, nmsThreshold }: Recipe): DetectionOptions => ({
  ...PUBLISHED_DETECTION,
  score: scoreThreshold,
  overlap: nmsThreshold,
});

/**
 * Candidates are kept from this probability on: FROC, average precision and ROC curves need more than what the recipe's threshold
 * leaves. As suppression goes from the highest box down, those above the threshold are the same as if the others were never there.
 */
export const candidateOptions = (recipe: Recipe): DetectionOptions => ({
  ...detectionOptions(recipe),
  score: Math.min(recipe.scoreThreshold, PUBLISHED_DETECTION.score),
});

/** Of candidates those that the recipe takes as found. */
export const aboveThreshold = (candidates: readonly Detected[], { scoreThreshold }: Recipe): Detected[] =>
  candidates.filter(({ score }) => score > scoreThreshold);

/** Proposals in training, twice as many as in use (torchvision: 2000 and 1000), or in use. */
export function proposalOptions({ proposals }: Recipe, use: 'training' | 'inference'): ProposalOptions {
  const count = use === 'training' ? 2 * proposals : proposals;
  return { ...TEST_PROPOSALS, before: count, after: count };
}

/** A detector that reads films with the weights that the engine holds. */
export interface FilmDetector {
  /** Candidates of a film in pixels of its plane, best first. */
  readonly detect: (film: SeenFilm) => Promise<Detected[]>;
  readonly release: () => Promise<void>;
}

/** Loads the graphs of a recipe's detector, for use. */
export async function openFilmDetector(engine: Engine, recipe: Recipe, lowerings: Choices): Promise<FilmDetector> {
  const spec = detectorSpec(recipe, 'inference');
  const sessions = await loadPhases(engine, inferencePhases(spec), lowerings);
  const geometry = geometryOf(spec, anchorsOfRecipe(recipe));
  const options = { proposals: proposalOptions(recipe, 'inference'), detections: candidateOptions(recipe) };
  return {
    detect: async (film) => {
      const tiles = tilesOf(film.plane, recipe);
      const findings: Detected[][] = [];
      for (const tile of tiles) {
        const part = tilePlane(film, tile);
        const size = { widthPx: part.width, heightPx: part.height };
        const [boxes] = await detect(sessions, geometry, packImages([part], spec), [size], options);
        findings.push(boxes ?? []);
      }
      return mergeTiles(tiles, findings, recipe.nmsThreshold);
    },
    release: async () => {
      await sessions.early.release();
      await sessions.late.release();
    },
  };
}
