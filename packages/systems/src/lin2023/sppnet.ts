/** SPPNet: training on a run's films or patches, and scores. */
import type { ManifestRow } from '@mammoscope/imaging';
import type { Choices } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import { type ClassifierSpec, declarationsOf } from '../classifier/graphs.ts';
import { loadBest, loadScorer, positiveScore } from '../classifier/scores.ts';
import { startingWeights } from '../classifier/starting-weights.ts';
import { recipeStep, trainClassifier } from '../classifier/train-classifier.ts';
import type { SplitRow } from '../data/training-images.ts';
import { SystemError } from '../errors.ts';
import type { TrainingStep } from '../training/step.ts';
import type { TrainingPlace } from '../training/train-network.ts';
import { readPatch, readWholeFilm, SquareImages } from './sppnet-images.ts';
import { balancedCopies, classesOf, obstacleTo, type SppnetMember } from './sppnet-members.ts';
import type { SppnetRecipe } from './sppnet-recipe.ts';

/** The network of a recipe; `pretrained` weights were trained on colour images. */
export const sppnetSpec = ({ sizePx, stem, width, dropout }: SppnetRecipe, pretrained = false): ClassifierSpec => ({
  network: 'spp_resnet18',
  outputs: 2,
  channels: pretrained ? 3 : 1,
  sizePx,
  stem,
  width,
  dropout,
});

/** What a member sees of rows. */
export const sppnetImages = (
  { subject }: SppnetMember,
  recipe: SppnetRecipe,
  { channels, seed }: { readonly channels: 1 | 3; readonly seed: number },
): SquareImages =>
  new SquareImages(subject === 'film' ? readWholeFilm : (row) => readPatch(row, recipe.marginShare), {
    recipe,
    channels,
    seed,
  });

/** The training step of a recipe. */
export const sppnetStep = (
  recipe: SppnetRecipe,
  device: TrainingPlace['engine']['device'],
  pretrained = false,
): TrainingStep => recipeStep(sppnetSpec(recipe, pretrained), recipe, device);

/** A member to be trained. */
export interface SppnetTraining {
  readonly member: SppnetMember;
  readonly recipe: SppnetRecipe;
  /** All rows of a run with their splits: what the member sees of them is chosen here. */
  readonly rows: readonly SplitRow[];
  /** Of sppnetStep. */
  readonly step: TrainingStep;
  /** Weights of a ResNet-18 to start from. */
  readonly weights?: string | undefined;
}

/**
 * Trains a member as every classifier of a run is, its folder with it. Both classes count alike in an epoch: rows of the rarer
 * one come several times, varied anew each time. SystemError 'data-unusable' where a class is missing.
 */
export async function trainSppnet(
  { member, recipe, rows: all, step, weights }: SppnetTraining,
  place: Omit<TrainingPlace, 'recipe'>,
): Promise<void> {
  const { seed, onNote } = place;
  const rows = member.rowsOf(all);
  const obstacle = obstacleTo(member, rows, recipe);
  if (obstacle !== undefined)
    throw new SystemError(
      'data-unusable',
      `${member.name} cannot be trained: ${obstacle}: leave it out of the members`,
    );
  const spec = sppnetSpec(recipe, weights !== undefined);
  const { values, note } = await startingWeights(spec, seed, weights);
  if (note) onNote?.(note);
  const training = classesOf(
    member,
    rows.filter(({ split }) => split === 'train'),
  );
  await trainClassifier(
    {
      ...{ name: member.name, spec, step, values, rows, classes: member.classes },
      inputs: sppnetImages(member, recipe, { channels: spec.channels, seed }),
      copies: balancedCopies(training),
      normalisation: 'minMax',
    },
    { ...place, recipe },
  );
}

/** A trained member. */
export interface TrainedSppnet {
  readonly member: SppnetMember;
  readonly recipe: SppnetRecipe;
  /** Its checkpoint. */
  readonly best: string;
  readonly lowerings: Choices;
  readonly pretrained?: boolean;
}

/** Films or patches scored at once. */
const BATCH = 4;

/** Probability of the member's second class of each row, which its rowsOf gave; its weights stay in the engine. */
export async function scoreSppnet(
  engine: Engine,
  { member, recipe, best, lowerings, pretrained = false }: TrainedSppnet,
  rows: readonly ManifestRow[],
): Promise<number[]> {
  const spec = sppnetSpec(recipe, pretrained);
  const images = sppnetImages(member, recipe, { channels: spec.channels, seed: 0 });
  const scorer = await loadScorer(engine, spec, images, BATCH, lowerings);
  try {
    await loadBest(engine, best, declarationsOf(spec));
    const { probabilities } = await scorer.score(rows);
    return probabilities.map(positiveScore);
  } finally {
    await scorer.release();
  }
}
