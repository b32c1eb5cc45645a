/** Figure 3e of a film by the detector of a run. */
import { type BoxPx, type Plane, resampleSize } from '@mammoscope/imaging';
import type { Choices } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import type { Detected } from '../detection/detections.ts';
import { runFiles } from '../run/run-record.ts';
import { detectorSpec } from './detector.ts';
import { loadDetector } from './detector-weights.ts';
import type { Evaluation } from './evaluate.ts';
import { detectorLayers } from './feature-layers.ts';
import { featureFigurePng } from './feature-layers-figure.ts';
import { readFilm, type SeenFilm } from './films.ts';
import { boxOnPlane } from './overlay.ts';
import { className } from './recipe.ts';

/** A film, and the boxes that were found on it in pixels of the stored image. */
export interface FigureFilm {
  readonly seen: SeenFilm;
  readonly found: readonly Detected[];
}

/**
 * "From left to right successively is the doctor-annotated gold standard label, our model predicted calcification regions and the first
 * to fifth layers of our deep-learning model's feature extraction backbone", as PNG. The detector's weights are in the engine. A film whose
 * longer side is above `mostPx` is made smaller first, which the detector itself, reading it in tiles, does not do.
 */
export async function filmLayersPng(
  engine: Engine,
  { seen, found }: FigureFilm,
  { mostPx, ...options }: { readonly mostPx: number; readonly lowerings: Choices; readonly width?: number },
): Promise<Buffer> {
  const { plane, range, lesions } = seen;
  const scale = Math.min(1, mostPx / Math.max(plane.width, plane.height));
  const [low, high] = range;
  const data = plane.data.map((value) => (value - low) / (high - low || 1));
  const small: Plane =
    scale < 1
      ? resampleSize({ ...plane, data }, Math.ceil(plane.width * scale), Math.ceil(plane.height * scale))
      : { ...plane, data };
  const { film, layers } = await detectorLayers(engine, small, options);
  const drawn = (box: BoxPx, index: number) => ({
    box: box.map((side) => side * scale) as [number, number, number, number],
    label: className(index),
  });
  return featureFigurePng({
    film,
    truth: lesions.map((lesion) => drawn(lesion.box, lesion.class)),
    found: found.map((each) => drawn(boxOnPlane(each.box, seen), each.class)),
    layers,
  });
}

/** The longer side of a film that the figure shows, pixels. */
const MOST_PX = 1024;

/**
 * The figure of the film whose malignant lesion the detector was surest of, or of the first malignant film where none was found; undefined
 * without a malignant film.
 */
export async function layersOfRun(
  engine: Engine,
  run: string,
  { record, recipe, films }: Pick<Evaluation, 'record' | 'recipe' | 'films'>,
): Promise<Buffer | undefined> {
  const [shown] = films
    .filter(({ film }) => film.malignant)
    .sort((a, b) => b.decision.probabilityMalignant - a.decision.probabilityMalignant);
  if (!shown) return undefined;
  await loadDetector(engine, runFiles(run).member('detector').best, detectorSpec(recipe, 'inference'));
  return filmLayersPng(
    engine,
    { seen: await readFilm(shown.film, recipe), found: shown.boxes },
    { mostPx: MOST_PX, width: recipe.width, lowerings: new Map(Object.entries(record.lowerings)) },
  );
}
