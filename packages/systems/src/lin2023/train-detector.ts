/** Training of the detector of a run. */
import { adam } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import type { Engine } from '@mammoscope/runtime';
import { auc } from '@mammoscope/stats';
import { writeValidationScores } from '../classifier/validation.ts';
import { fitDetector, type TrainingTile } from '../detection/fit-detector.ts';
import { trainingPhases } from '../detection/graphs.ts';
import { ANCHOR_SAMPLING, REGION_SAMPLING } from '../detection/sampling.ts';
import { makeFolder } from '../run/make-folder.ts';
import { holdsFile } from '../run/run-record.ts';
import { fitMember } from '../training/fit-member.ts';
import type { PhasedStep } from '../training/step.ts';
import type { TrainingPlace } from '../training/train-network.ts';
import { anchorsOfRecipe, detectorSpec, proposalOptions } from './detector.ts';
import { loadDetector, startingDetector } from './detector-weights.ts';
import { cocoPrecision } from './evaluation.ts';
import type { FilmCache } from './film-cache.ts';
import type { Film } from './films.ts';
import type { Recipe } from './recipe.ts';
import { type ScoredFilm, scoreFilms } from './score-films.ts';
import { epochTiles, type FilmTile, mirrored, tilePlane, tilesAnEpoch } from './tiles.ts';

/** The exponent that its authors found best (Lin et al., ICCV 2017, section 4.1). */
const FOCAL_GAMMA = 2;

/** "The parameters were optimized using ADAM." */
const OPTIMISER = adam();

/** The training step of a recipe's detector. Without weights to start from the scales and shifts of normalisation are trained too. */
export function detectorStep(recipe: Recipe, isPretrained: boolean, device: Engine['device']): PhasedStep {
  return trainingPhases(detectorSpec(recipe, 'training'), OPTIMISER, recipe.weightDecay, {
    device,
    recompute: recipe.recompute,
    clipNorm: recipe.clipNorm,
    gamma: recipe.sampling === 'focal' ? FOCAL_GAMMA : 0,
    ...(isPretrained ? {} : { frozen: () => false }),
  });
}

/** What the detector learns from. */
export interface DetectorTraining {
  readonly step: PhasedStep;
  /** Of the training films. */
  readonly tiles: readonly FilmTile[];
  readonly val: readonly Film[];
  readonly cache: FilmCache;
  /** The file that training starts from; random weights without. */
  readonly weights: string | undefined;
}

/** Batches of an epoch. */
export const detectorBatches = (tiles: readonly FilmTile[], recipe: Recipe): number =>
  Math.floor(tilesAnEpoch(tiles, recipe) / recipe.batch);

/**
 * Trains the detector and writes its folder: checkpoints, history and scores of the validation films. The epoch that is kept has
 * the largest AUC of validation films by the image rule; what the history calls their loss is 1 less the mean average precision
 * at an overlap of 0.5.
 */
export async function trainDetectorMember(
  { step, tiles, val, cache, weights }: DetectorTraining,
  place: TrainingPlace & { readonly recipe: Recipe },
): Promise<void> {
  const { engine, recipe, seed, files, lowerings, resume, onNote } = place;
  await makeFolder(files.folder);
  const isFocal = recipe.sampling === 'focal';
  const isBegun = resume && (await holdsFile(files.last));
  const spec = detectorSpec(recipe, 'training');
  const first = await startingDetector({ engine, spec, seed, file: weights, lowerings }, async () =>
    isBegun ? [] : (await firstTiles(tiles, cache, seed)).map(({ plane }) => plane),
  );
  if (first.note) onNote?.(first.note);
  const score = () => scoreFilms(val, { engine, recipe, lowerings, read: (film) => cache.get(film) });
  await fitMember(recipe, place, (options) =>
    fitDetector({
      ...{ ...options, spec, step, lowerings },
      anchors: anchorsOfRecipe(recipe),
      optimiser: OPTIMISER,
      weights: first.values,
      batches: detectorBatches(tiles, recipe),
      tiles: async (epoch, batch) => {
        const own = epochTiles(tiles, recipe, seed, epoch).slice(batch * recipe.batch, (batch + 1) * recipe.batch);
        return Promise.all(own.map((tile, i) => trainingTile(tile, cache, recipe, [seed, epoch, batch, i])));
      },
      validate: async () => figuresOf(await score()),
      anchorTargets: { sampling: isFocal ? null : ANCHOR_SAMPLING },
      proposals: proposalOptions(recipe, 'training'),
      regionTargets: { sampling: { ...REGION_SAMPLING, count: recipe.regions } },
    }),
  );
  await loadDetector(engine, files.best, spec);
  await writeValidationScores(
    files.validation,
    (await score()).map(({ film, decision }) => ({
      path: film.path,
      positive: film.malignant,
      score: decision.probabilityMalignant,
    })),
  );
}

/** The first tiles of a training, by which normalisation is measured. */
async function firstTiles(tiles: readonly FilmTile[], cache: FilmCache, seed: number): Promise<TrainingTile[]> {
  const chosen = new RandomStream(seed, 'normalisation').shuffle(tiles).slice(0, MEASURED_TILES);
  const read: TrainingTile[] = [];
  for (const { film, tile, truth } of chosen) read.push({ plane: tilePlane(await cache.get(film), tile), truth });
  return read;
}

/** Enough that the running statistics, of which each adds a tenth, forget where they began. */
const MEASURED_TILES = 40;

async function trainingTile(
  { film, tile, truth }: FilmTile,
  cache: FilmCache,
  { flip }: Recipe,
  key: readonly [seed: number, ...number[]],
): Promise<TrainingTile> {
  const plane = tilePlane(await cache.get(film), tile);
  if (!flip) return { plane, truth };
  const [seed, ...draw] = key;
  const stream = new RandomStream(seed, 'flip', ...draw);
  return mirrored({ plane, truth }, { leftRight: stream.chance(0.5), topBottom: stream.chance(0.5) });
}

function figuresOf(scored: readonly ScoredFilm[]): { readonly loss: number; readonly auc: number } {
  const precision = cocoPrecision(scored.map(({ lesions, candidates }) => ({ truth: lesions, boxes: candidates })));
  const all = precision.filter(({ size }) => size === 'all');
  return {
    loss: 1 - all.reduce((sum, { ap50 }) => sum + ap50 / all.length, 0),
    auc: auc(
      scored.map(({ decision }) => decision.probabilityMalignant),
      scored.map(({ film }) => film.malignant),
    ),
  };
}
