/** Training of one classification network of a run: its images as batches, its figures, its export. */
import { writeAside } from '@mammoscope/files';
import type { ManifestRow, Split } from '@mammoscope/imaging';
import { adam, type TensorData } from '@mammoscope/nn';
import { readCheckpoint } from '@mammoscope/runtime';
import { auc } from '@mammoscope/stats';
import type { NumberedRow, Preprocessing } from '../data/image-source.ts';
import type { SplitRow } from '../data/training-images.ts';
import { makeFolder } from '../run/make-folder.ts';
import { versions } from '../run/versions.ts';
import type { TrainingRecipe } from '../training/recipe.ts';
import type { TrainingStep } from '../training/step.ts';
import { type TrainingPlace, trainNetwork } from '../training/train-network.ts';
import { exportClassifiers } from './export.ts';
import { type ClassifierSpec, declarationsOf, PORTS, trainingStep } from './graphs.ts';
import { loadBest, loadScorer, meanCrossEntropy, positiveScore, type RowInputs, SCORING_BATCH } from './scores.ts';
import { cutoffOf, writeValidationScores } from './validation.ts';

/** What is made of manifest rows: inputs as they are, for scoring, and varied, for training. */
export interface TrainingInputs extends RowInputs {
  /** Inputs of training rows, varied as the epoch has it: [rows, ...]. Must depend on its arguments alone. */
  readonly augmented: (examples: readonly TrainingExample[], epoch: number) => Promise<Float32Array>;
}

/** A training image, or one of the copies of it that an epoch has, by its number among all. */
export type TrainingExample = NumberedRow & { readonly row: SplitRow };

/** A classification network, its images and what it starts from. */
export interface ClassifierTraining {
  /** In the run, and of its folder. */
  readonly name: string;
  readonly spec: ClassifierSpec;
  readonly step: TrainingStep;
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly rows: readonly SplitRow[];
  /** Negative first. */
  readonly classes: readonly string[];
  readonly inputs: TrainingInputs;
  /** How often an epoch has an image of each class; once unless given. */
  readonly copies?: readonly number[];
  /** For whoever uses the exported network. */
  readonly normalisation: Preprocessing['normalisation'];
  readonly content?: string;
}

/** The optimiser of classification networks. */
const OPTIMISER = adam();

/** The training step of a network as a recipe has it. */
export function recipeStep(
  spec: ClassifierSpec,
  { batch, accumulate, recompute, weightDecay, clipNorm }: TrainingRecipe,
  device: TrainingPlace['engine']['device'],
): TrainingStep {
  return trainingStep(spec, batch / accumulate, OPTIMISER, weightDecay, { device, recompute, accumulate, clipNorm });
}

/** Trains a network and writes its folder: checkpoints, history, validation scores and model.onnx. */
export async function trainClassifier(
  { name, spec, step, values, rows, classes, inputs, copies, normalisation, content }: ClassifierTraining,
  place: TrainingPlace,
): Promise<void> {
  const { engine, files, lowerings, onNote } = place;
  let dead = false;
  await makeFolder(files.folder);
  const of = (split: Split) => rows.filter((row) => row.split === split);
  const val = of('val');
  const classOf = (row: ManifestRow) => classes.indexOf(row.label);
  const positive = val.map((row) => classOf(row) > 0);
  const declarations = declarationsOf(spec);
  const scorer = await loadScorer(engine, spec, inputs, SCORING_BATCH, lowerings);
  try {
    const network = {
      name,
      step,
      optimiser: OPTIMISER,
      declarations,
      values,
      examples: examplesOf(of('train'), (row) => copies?.[classOf(row)] ?? 1),
      inputs: async (part: readonly TrainingExample[], epoch: number) =>
        new Map<string, TensorData>([
          [PORTS.image, await inputs.augmented(part, epoch)],
          [
            PORTS.labels,
            oneHot(
              part.map(({ row }) => classOf(row)),
              classes.length,
            ),
          ],
        ]),
      validate: async () => {
        const { probabilities, logits } = await scorer.score(val);
        if (!dead && new Set(probabilities.map(positiveScore)).size === 1) {
          dead = true;
          onNote?.(deadNetwork(name));
        }
        const loss = meanCrossEntropy(logits, val.map(classOf));
        return { loss, auc: Number.isFinite(loss) ? auc(probabilities.map(positiveScore), positive) : Number.NaN };
      },
    };
    await trainNetwork(network, place);
    await loadBest(engine, files.best, declarations);
    const { probabilities } = await scorer.score(val);
    const scores = val.map((row, i) => ({
      path: row.path,
      positive: positive[i] as boolean,
      score: positiveScore(probabilities[i] as Float64Array),
    }));
    await writeValidationScores(files.validation, scores);
    const best = await readCheckpoint(files.best);
    const metadata = {
      ...{ classes, normalisation, cutoff: cutoffOf(scores), versions: versions() },
      ...(content === undefined ? {} : { content }),
    };
    await writeAside(files.model, exportClassifiers([{ spec, weights: best.tensors }], metadata));
  } finally {
    await scorer.release();
  }
}

/** What an epoch goes through: each row so many times. */
export function examplesOf(rows: readonly SplitRow[], copiesOf: (row: SplitRow) => number): TrainingExample[] {
  return rows.flatMap((row) => Array.from({ length: copiesOf(row) }, () => row)).map((row, index) => ({ row, index }));
}

/** Where a last rectifier gives 0 for every image, as SqueezeNet's may, no gradient passes it and nothing is learnt. */
const deadNetwork = (network: string) =>
  `${network} gives every validation image the same score and may stay so: if the next epochs change nothing, stop, and take another --seed or give it weights by --weights`;

/** Rows of one-hot classes, [N, K]. */
function oneHot(classes: readonly number[], count: number): Float32Array {
  const result = new Float32Array(classes.length * count);
  for (const [i, index] of classes.entries()) result[i * count + index] = 1;
  return result;
}
