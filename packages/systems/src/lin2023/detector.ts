/** The detector of Lin 2023 on whole films: cut into tiles, trained, and found boxes back on the film. */
import { cropPlane, type Laterality, minMaxNormalise, type Plane } from '@mammoscope/imaging';
import type { DetectorSpec } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import type { Detected, DetectionOptions } from '../detection/detections.ts';
import { type DetectorGeometry, type DetectorSessions, detect } from '../detection/detector.ts';
import { type DetectorLosses, fitDetector, type TrainingTile, truthInTile } from '../detection/fit-detector.ts';
import { packImages } from '../detection/image-batch.ts';
import { TEST_PROPOSALS } from '../detection/proposals.ts';
import { ANCHOR_SAMPLING, REGION_SAMPLING } from '../detection/sampling.ts';
import { mergeTiles, type Tile, tilesOf } from '../detection/tiling.ts';
import { type Film, readFilm, type SeenFilm } from './films.ts';
import { CLASSES, type Recipe } from './recipe.ts';
import { boxOnFilm, standardiseFilm } from './standardisation.ts';

/** The exponent that its authors found best (Lin et al., ICCV 2017, section 4.1). */
const FOCAL_GAMMA = 2;

/** Boxes of an image that are kept at most, as torchvision has it. */
const MOST_BOXES = 100;

/** The graph's numbers: tiles of one size, with regions for training or for use. */
export function detectorSpec(recipe: Recipe, use: 'training' | 'inference'): DetectorSpec {
  const images = use === 'training' ? recipe.batch : 1;
  return {
    classes: CLASSES.length + 1,
    images,
    heightPx: recipe.tileHeightPx,
    widthPx: recipe.tileWidthPx,
    rois: use === 'training' ? images * REGION_SAMPLING.count : TEST_PROPOSALS.after,
    anchorsPerPixel: recipe.anchors.ratios.length,
  };
}

/** Of a proposal's figures the recipe's two thresholds. */
export const detectionOptions = ({ scoreThreshold, nmsThreshold }: Recipe): DetectionOptions => ({
  score: scoreThreshold,
  overlap: nmsThreshold,
  most: MOST_BOXES,
});

const tilePlane = (plane: Plane, { box }: Tile): Plane =>
  box[0] === 0 && box[1] === 0 && box[2] === plane.width && box[3] === plane.height ? plane : cropPlane(plane, box);

/** Trains on films; a film is read once an epoch for each of its tiles that is drawn. The weights stay in the engine. */
export async function trainDetectorOn(
  films: readonly Film[],
  {
    engine,
    recipe,
    weights,
    seed,
    onEpoch,
  }: {
    readonly engine: Engine;
    readonly recipe: Recipe;
    readonly weights: ReadonlyMap<string, Float32Array>;
    readonly seed: number;
    readonly onEpoch?: (epoch: number, losses: DetectorLosses) => void;
  },
): Promise<DetectorLosses[]> {
  let last: { readonly film: Film; readonly seen: SeenFilm } | undefined;
  const read = async (film: Film): Promise<SeenFilm> => {
    if (last?.film !== film) last = { film, seen: await readFilm(film) };
    return last.seen;
  };
  const tiles: { readonly film: Film; readonly tile: Tile }[] = [];
  for (const film of films) for (const tile of tilesOf((await read(film)).plane, recipe)) tiles.push({ film, tile });
  const tileAt = async (index: number): Promise<TrainingTile> => {
    const { film, tile } = tiles[index] as (typeof tiles)[number];
    const { plane, lesions } = await read(film);
    return { plane: tilePlane(plane, tile), truth: truthInTile(lesions, tile) };
  };
  const isFocal = recipe.sampling === 'focal';
  return fitDetector({
    engine,
    spec: detectorSpec(recipe, 'training'),
    anchors: recipe.anchors,
    weights,
    tiles: tiles.length,
    tile: tileAt,
    epochs: recipe.epochs,
    learningRate: recipe.learningRate,
    weightDecay: recipe.weightDecay,
    seed,
    step: { recompute: recipe.recompute, clipNorm: recipe.clipNorm, gamma: isFocal ? FOCAL_GAMMA : 0 },
    anchorTargets: { sampling: isFocal ? null : ANCHOR_SAMPLING },
    regionTargets: { sampling: REGION_SAMPLING },
    ...(onEpoch ? { onEpoch } : {}),
  });
}

/** The boxes of a film in its own pixels, best first, above the recipe's threshold. SystemError for a black film. */
export async function detectOnFilm(
  film: Plane,
  laterality: Laterality | undefined,
  sessions: DetectorSessions,
  geometry: DetectorGeometry,
  recipe: Recipe,
): Promise<Detected[]> {
  const { plane, cropPx } = standardiseFilm(film, laterality);
  const scaled = { ...plane, data: minMaxNormalise(plane.data) };
  const tiles = tilesOf(scaled, recipe);
  const options = { proposals: TEST_PROPOSALS, detections: detectionOptions(recipe) };
  const findings: Detected[][] = [];
  for (const tile of tiles) {
    const part = tilePlane(scaled, tile);
    const size = { widthPx: part.width, heightPx: part.height };
    const [boxes] = await detect(sessions, geometry, packImages([part], geometry.spec), [size], options);
    findings.push(boxes ?? []);
  }
  return mergeTiles(tiles, findings, recipe.nmsThreshold).map((finding) => ({
    ...finding,
    box: boxOnFilm(finding.box, cropPx),
  }));
}
