import type { Split } from '@mammoscope/imaging';
import type { NetworkName } from '@mammoscope/nn';
import type { ClassifierSpec } from '../classifier/graphs.ts';
import { hashWeights, startingWeights } from '../classifier/starting-weights.ts';
import { recipeStep, type TrainingInputs, trainClassifier } from '../classifier/train-classifier.ts';
import { ImageSource } from '../data/image-source.ts';
import { isLesion, requireBoxes } from '../data/lesion-roi.ts';
import { checkImages, type SplitRow, splitRows } from '../data/training-images.ts';
import { newRecord } from '../run/new-record.ts';
import { type RunRecord, runFiles } from '../run/run-record.ts';
import type { TrainRequest } from '../system.ts';
import { batchesOf } from '../training/train-network.ts';
import { runToResume, stopWhenAborted, trainRun } from '../training/train-run.ts';
import { augmentationOf, batchOf, inputSizeOf, type Recipe, SYSTEM } from './recipe.ts';
import { recipeOf } from './settings.ts';

/** How a run of the system is made. */
export interface TrainOptions extends TrainRequest {
  readonly preset: string;
  readonly recipe: Recipe;
}

/** A network of a recipe; `pretrained` weights were trained on colour images. */
export function classifierSpec(
  recipe: Recipe,
  network: NetworkName,
  outputs: number,
  pretrained: boolean,
): ClassifierSpec {
  return {
    network,
    outputs,
    stem: recipe.stem,
    dropout: recipe.dropout,
    sizePx: inputSizeOf(recipe, network),
    channels: pretrained ? 3 : 1,
  };
}

/**
 * Fine-tunes each network of the recipe and writes the run folder: run.json, and a folder a network with its history,
 * checkpoints and ONNX model. A run that was stopped goes on with `resume`. What can be wrong with images, weights and
 * settings is found before the first network is trained.
 */
export async function trainKang2021(options: TrainOptions): Promise<RunRecord> {
  const { engine, manifest, out, seed, resume, weights, signal, events } = options;
  const { onNote, onTiming } = events ?? {};
  const runOptions = { engine, out, resume, only: options.only, signal, onNote, onTiming };
  const begun = await runToResume(runOptions, recipeOf);
  const largest = Math.max(...options.recipe.networks.map((network) => batchOf(options.recipe, network)));
  const rows = splitRows(manifest, { ...options.recipe, batch: largest }, seed);
  const recipe = recipeFor(options.recipe, rows);
  if (recipe.roiPx > 0) requireBoxes(manifest.path, rows);
  const ownRecipe = (network: NetworkName): Recipe => ({ ...recipe, batch: batchOf(recipe, network) });
  const count = (split: Split) => rows.filter((row) => row.split === split).length;
  const specOf = (network: NetworkName) =>
    classifierSpec(recipe, network, manifest.classes.length, weights.has(network));
  const record = newRecord({
    ...options,
    system: SYSTEM.name,
    recipe,
    rows,
    weights: await hashWeights(weights, recipe.networks),
    members: recipe.networks,
  });
  return trainRun(runOptions, begun, {
    record,
    members: recipe.networks,
    check: async () => {
      await checkImages(manifest, rows, { onImage: () => stopWhenAborted(signal, 'before training began'), onNote });
      for (const [network, file] of weights) await startingWeights(specOf(network), seed, file);
      const larger = rows.filter((row) => isLarger(row, recipe.roiPx)).length;
      if (larger > 0)
        onNote?.(
          `lesions larger than the ROI of ${recipe.roiPx} px, whose middle is seen: ${larger} (see --set roiPx)`,
        );
    },
    step: (network) => recipeStep(specOf(network), ownRecipe(network), engine.device),
    train: async (network, step, lowerings) => {
      const [train, val, test] = [count('train'), count('val'), count('test')];
      const own = ownRecipe(network);
      const { batch, epochs, copies } = own;
      const batches = batchesOf(train * copies, own);
      events?.onMember?.(network, { train, val, test, batch, batches, epochs });
      const spec = specOf(network);
      const { values, note } = await startingWeights(spec, seed, weights.get(network));
      if (note) onNote?.(note);
      const { classes } = manifest;
      const source = new ImageSource({ ...recipe, sizePx: spec.sizePx, channels: spec.channels });
      const inputs: TrainingInputs = {
        batch: (part, batch) => source.batch(part, batch),
        augmented: (examples, epoch) =>
          source.augmented(examples, { seed, epoch, options: augmentationOf(recipe, network) }),
      };
      await trainClassifier(
        {
          ...{ name: network, spec, step, values, rows, classes, inputs, normalisation: recipe.normalisation },
          copies: classes.map(() => copies),
        },
        {
          ...{ engine, recipe: own, seed, files: runFiles(out).member(network), lowerings, resume, signal, onNote },
          events: events?.fit,
        },
      );
    },
  });
}

/** The recipe with what the rows decide: roiPx is above 0 in run.json where lesions of whole mammograms are cut out, and only there. */
const recipeFor = (recipe: Recipe, rows: readonly SplitRow[]): Recipe =>
  rows.some(isLesion) ? recipe : { ...recipe, roiPx: 0 };

/** Whether the box of a lesion that is cut out is not within its ROI. */
function isLarger(row: SplitRow, roiPx: number): boolean {
  if (roiPx === 0 || !isLesion(row)) return false;
  const [x1, y1, x2, y2] = row.box;
  return Math.max(x2 - x1, y2 - y1) > roiPx;
}
