/** Training of one classifier of Table I, or of the new layers of a baseline, on features. */
import { writeAside } from '@mammoscope/files';
import { adam, encodeModel, lower, type Optimiser, type TensorData } from '@mammoscope/nn';
import { type Engine, initialise, readCheckpoint, type Session } from '@mammoscope/runtime';
import { auc } from '@mammoscope/stats';
import { loadBest, meanCrossEntropy, positiveScore, softmax } from '../classifier/scores.ts';
import { writeValidationScores } from '../classifier/validation.ts';
import { withFreeBatch } from '../export/free-batch.ts';
import { makeFolder } from '../run/make-folder.ts';
import { versions } from '../run/versions.ts';
import type { TrainingStep } from '../training/step.ts';
import { type TrainingPlace, trainNetwork } from '../training/train-network.ts';
import { type Balanced, balancedGroups } from './balanced-batches.ts';
import type { FeatureSource } from './features.ts';
import { type HeadSpec, headDeclarations, headInference, headStep, PORTS, sidesOf } from './head-graphs.ts';
import type { PairRow } from './pairs.ts';
import { type Recipe, recipeOfMember } from './recipe.ts';

/** The optimiser of section III-B. */
const OPTIMISER: Optimiser = adam();

/** Pairs scored at once. */
const SCORING_BATCH = 8;

/** A member, its pairs and where their features are. */
export interface HeadTraining {
  readonly spec: HeadSpec;
  readonly step: TrainingStep;
  readonly features: FeatureSource;
  readonly train: readonly PairRow[];
  readonly val: readonly PairRow[];
  readonly classes: readonly string[];
}

/** The training step of a member as a recipe has it. */
export function headStepOf(spec: HeadSpec, recipe: Recipe, device: Engine['device']): TrainingStep {
  const { batch, accumulate, weightDecay, clipNorm } = recipeOfMember(recipe, spec.member);
  return headStep(spec, batch / accumulate, { optimiser: OPTIMISER, weightDecay, device, accumulate, clipNorm });
}

/** Trains a member and writes its folder: checkpoints, history, validation scores and model.onnx, which takes features. */
export async function trainHead(
  { spec, step, features, train, val, classes }: HeadTraining,
  place: Omit<TrainingPlace, 'recipe'> & { readonly recipe: Recipe },
): Promise<void> {
  const { engine, files, seed, lowerings } = place;
  const recipe = recipeOfMember(place.recipe, spec.member);
  const { variants } = recipe;
  await makeFolder(files.folder);
  const classOf = ({ label }: PairRow) => classes.indexOf(label);
  const examples = train.flatMap((pair) => Array.from({ length: variants }, (_, variant) => ({ pair, variant })));
  const exampleClasses = examples.map(({ pair }) => classOf(pair));
  const groupsOf = lastOf((epoch) => balancedGroups(exampleClasses, classes.length, seed, epoch));
  const declarations = headDeclarations(spec);
  const scorer = await loadHeadScorer(engine, spec, features, lowerings);
  const positive = val.map((pair) => classOf(pair) > 0);
  try {
    await trainNetwork(
      {
        name: spec.member,
        step,
        optimiser: OPTIMISER,
        declarations,
        values: initialise(declarations, seed),
        examples: groupsOf(0).map((_, group) => group),
        inputs: async (part: readonly number[], epoch: number) => {
          const chosen = part
            .flatMap((group) => groupsOf(epoch)[group] as Balanced)
            .map((i) => examples[i] as (typeof examples)[number]);
          return new Map<string, TensorData>([
            ...(await mapsOf(features, spec, chosen, chosen.length)),
            [
              PORTS.labels,
              oneHot(
                chosen.map(({ pair }) => classOf(pair)),
                classes.length,
              ),
            ],
          ]);
        },
        validate: async () => {
          const { logits, probabilities } = await scorer.score(val);
          const loss = meanCrossEntropy(logits, val.map(classOf));
          return { loss, auc: Number.isFinite(loss) ? auc(probabilities.map(positiveScore), positive) : Number.NaN };
        },
      },
      { ...place, recipe: { ...recipe, batch: recipe.batch / classes.length } }, // an example is a group of one of each class
    );
    await loadBest(engine, files.best, declarations);
    const { probabilities } = await scorer.score(val);
    await writeValidationScores(
      files.validation,
      val.map(({ path }, i) => ({
        path,
        positive: positive[i] as boolean,
        score: positiveScore(probabilities[i] as Float64Array),
      })),
    );
    await writeAside(files.model, await exportHead(spec, files.best, classes));
  } finally {
    await scorer.release();
  }
}

/** A function of a number that remembers what it gave last. */
function lastOf<T>(make: (epoch: number) => T): (epoch: number) => T {
  let last: { readonly epoch: number; readonly value: T } | undefined;
  return (epoch) => {
    if (last?.epoch !== epoch) last = { epoch, value: make(epoch) };
    return last.value;
  };
}

/** The maps of pairs by side, [batch, ...map] each; with fewer pairs than `batch` the rest is zero. */
async function mapsOf(
  features: FeatureSource,
  { member, map }: HeadSpec,
  chosen: readonly { readonly pair: PairRow; readonly variant: number }[],
  batch: number,
): Promise<[string, Float32Array][]> {
  const size = map.reduce((a, b) => a * b, 1);
  const maps: [string, Float32Array][] = [];
  for (const side of sidesOf(member)) {
    const stacked = new Float32Array(batch * size);
    for (const [i, { pair, variant }] of chosen.entries())
      stacked.set(await features.of(pair, side, variant), i * size);
    maps.push([side, stacked]);
  }
  return maps;
}

/** A member ready to score with the weights that the engine holds. */
export interface HeadScorer {
  readonly score: (
    pairs: readonly PairRow[],
    /** Called after each batch with how many pairs it had. */
    onPairs?: (pairs: number) => void,
  ) => Promise<{ readonly logits: Float64Array[]; readonly probabilities: Float64Array[] }>;
  readonly release: () => Promise<void>;
}

/** Loads the inference graph of a member. */
export async function loadHeadScorer(
  engine: Engine,
  spec: HeadSpec,
  features: FeatureSource,
  lowerings: TrainingPlace['lowerings'],
): Promise<HeadScorer> {
  const session: Session = await engine.load(lower(headInference(spec, SCORING_BATCH), engine.target, lowerings));
  return {
    score: async (pairs, onPairs) => {
      const logits: Float64Array[] = [];
      for (let start = 0; start < pairs.length; start += SCORING_BATCH) {
        const part = pairs.slice(start, start + SCORING_BATCH).map((pair) => ({ pair, variant: 0 }));
        const outputs = await session.run(
          new Map<string, TensorData>(await mapsOf(features, spec, part, SCORING_BATCH)),
        );
        const values = outputs.get(`out:${PORTS.logits}`) as Float32Array;
        for (let i = 0; i < part.length; i++)
          logits.push(Float64Array.from(values.subarray(i * spec.outputs, (i + 1) * spec.outputs)));
        onPairs?.(part.length);
      }
      return { logits, probabilities: logits.map(softmax) };
    },
    release: () => session.release(),
  };
}

/** The member as one ONNX file of standard ops with its best weights, for any number of feature maps. */
async function exportHead(spec: HeadSpec, best: string, classes: readonly string[]): Promise<Uint8Array> {
  const { tensors } = await readCheckpoint(best);
  const model = withFreeBatch((batch) => headInference(spec, batch));
  const parameters = model.parameters.map(({ name, dtype, shape }) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new RangeError(`export requires the weight "${name}"`);
    return { name, dtype, shape, data: tensor.data as Float32Array };
  });
  return encodeModel({
    ...model,
    initializers: [...model.initializers, ...parameters],
    metadata: {
      classes: JSON.stringify(classes),
      input: JSON.stringify({
        shape: ['N', ...spec.map],
        values: 'feature maps of the frozen backbone that run.json names',
      }),
      versions: JSON.stringify(versions()),
      notice: 'Not a medical device. For research only.',
    },
  });
}

/** Rows of one-hot classes, [N, K]. */
function oneHot(classes: readonly number[], count: number): Float32Array {
  const result = new Float32Array(classes.length * count);
  for (const [i, index] of classes.entries()) result[i * count + index] = 1;
  return result;
}
