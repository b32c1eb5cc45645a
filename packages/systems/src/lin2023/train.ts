import { splitByPatient } from '@mammoscope/imaging';
import { hashWeights } from '../classifier/starting-weights.ts';
import { checkImages, type SplitRow } from '../data/training-images.ts';
import { SystemError } from '../errors.ts';
import { newRecord } from '../run/new-record.ts';
import { type RunRecord, runFiles } from '../run/run-record.ts';
import type { TrainRequest } from '../system.ts';
import type { TrainingRecipe } from '../training/recipe.ts';
import type { PhasedStep, TrainingStep } from '../training/step.ts';
import { batchesOf } from '../training/train-network.ts';
import { runToResume, stopWhenAborted, trainRun } from '../training/train-run.ts';
import { detectorSpec } from './detector.ts';
import { BACKBONE, startingDetector } from './detector-weights.ts';
import { FilmCache } from './film-cache.ts';
import { filmRows, splitFilms } from './film-rows.ts';
import { type Film, filmsOf, readFilm } from './films.ts';
import { type MemberName, sppnetOf } from './members.ts';
import { type Recipe, SYSTEM } from './recipe.ts';
import { recipeOf } from './settings.ts';
import { sppnetStep, trainSppnet } from './sppnet.ts';
import { obstacleTo } from './sppnet-members.ts';
import { type FilmTile, tilesOfFilms } from './tiles.ts';
import { detectorBatches, detectorStep, trainDetectorMember } from './train-detector.ts';

/** How a run of the system is made. */
export interface TrainOptions extends TrainRequest {
  readonly preset: string;
  readonly recipe: Recipe;
}

/** Of megabytes. */
export const MIB = 2 ** 20;

/**
 * Trains the networks of the recipe on the films of a manifest and writes the run folder. A run that was stopped goes on with
 * `resume`. What can be wrong with images, boxes, weights and settings is found before the first network is trained.
 */
export async function trainLin2023(options: TrainOptions): Promise<RunRecord> {
  const { engine, out, recipe, seed, resume, weights, signal, events } = options;
  const { onNote, onTiming } = events ?? {};
  const runOptions = { engine, out, resume, only: options.only, signal, onNote, onTiming };
  const begun = await runToResume(runOptions, recipeOf);
  const { manifest, exclusions } = filmRows(options.manifest, recipe);
  if (exclusions.length > 0) onNote?.(`${exclusions.length} images are left out: run.json says why`);
  const { valFraction, testFraction } = recipe;
  const fractions = { train: 1 - valFraction - testFraction, val: valFraction, test: testFraction };
  const rows = splitByPatient(manifest.rows, { seed, fractions });
  const { train, val, test } = splitFilms(manifest.path, rows, filmsOf);
  const record = newRecord({
    ...options,
    system: SYSTEM.name,
    rows,
    weights: await hashWeights(weights, [BACKBONE, recipe.classifier]),
    members: recipe.members,
  });
  const read = (film: Film) => readFilm(film, recipe);
  const cache = new FilmCache(recipe.cacheMiB * MIB, read);
  const [file, sppnetFile] = [weights.get(BACKBONE), weights.get(recipe.classifier)];
  let tiles: readonly FilmTile[] = [];
  return trainRun<MemberName, PhasedStep | TrainingStep>(runOptions, begun, {
    record: { ...record, exclusions: [...exclusions] },
    members: recipe.members,
    check: async () => {
      const onImage = () => stopWhenAborted(signal, 'before training began');
      for (const name of recipe.members) requireTrainable(name, rows, recipe);
      await checkImages(manifest, rows, { onImage, onNote });
      await tilesOfFilms(test, new FilmCache(0, read), recipe, onImage); // none is black
      await tilesOfFilms(val, cache, recipe, onImage);
      tiles = await tilesOfFilms(train, cache, recipe, onImage);
      if (file === undefined)
        onNote?.(
          `the detector starts from random weights: give it those of a ResNet-50, or of a torchvision detector, with --weights ${BACKBONE}=file`,
        );
      else
        await startingDetector(
          { engine, spec: detectorSpec(recipe, 'training'), seed, file, lowerings: new Map() },
          async () => [],
        );
    },
    step: (name) => {
      const member = sppnetOf(name);
      return member
        ? sppnetStep(recipe[member.subject], engine.device, sppnetFile !== undefined)
        : detectorStep(recipe, file !== undefined, engine.device);
    },
    train: async (name, step, lowerings) => {
      const place = {
        ...{ engine, seed, files: runFiles(out).member(name), lowerings, resume, signal, onNote },
        events: events?.fit,
      };
      const member = sppnetOf(name);
      const told = (counts: Record<SplitRow['split'], number>, own: TrainingRecipe, batches: number) =>
        events?.onMember?.(name, { ...counts, batch: own.batch, batches, epochs: own.epochs });
      if ('phases' in step) {
        told({ train: train.length, val: val.length, test: test.length }, recipe, detectorBatches(tiles, recipe));
        await trainDetectorMember({ step, tiles, val, cache, weights: file }, { ...place, recipe });
      } else if (member) {
        const own = recipe[member.subject];
        const count = (split: SplitRow['split']) => member.rowsOf(rows.filter((row) => row.split === split)).length;
        const counts = { train: count('train'), val: count('val'), test: count('test') };
        told(counts, own, batchesOf(counts.train, own));
        await trainSppnet({ member, recipe: own, rows, step, weights: sppnetFile }, place);
      }
    },
  });
}

/** SystemError 'data-unusable' for an SPPNet that lacks a class or enough rows. */
function requireTrainable(name: MemberName, rows: readonly SplitRow[], recipe: Recipe): void {
  const member = sppnetOf(name);
  const obstacle = member && obstacleTo(member, member.rowsOf(rows), recipe[member.subject]);
  if (obstacle !== undefined)
    throw new SystemError(
      'data-unusable',
      `${name} cannot be trained: ${obstacle}: leave it out with --set members=${recipe.members.filter((other) => other !== name).join(',')}`,
    );
}
