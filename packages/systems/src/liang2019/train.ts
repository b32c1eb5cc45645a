import type { Split } from '@mammoscope/imaging';
import { writeSafetensors } from '@mammoscope/runtime';
import { hashWeights } from '../classifier/starting-weights.ts';
import { splitRows } from '../data/training-images.ts';
import { SystemError } from '../errors.ts';
import { newRecord } from '../run/new-record.ts';
import { holdsFile, type RunRecord, runFiles } from '../run/run-record.ts';
import type { TrainRequest } from '../system.ts';
import { runToResume, stopWhenAborted, trainRun } from '../training/train-run.ts';
import { backboneFile } from './backbone-file.ts';
import { featureFolder } from './feature-cache.ts';
import { FeatureSource } from './features.ts';
import { backboneGraph, type HeadSpec } from './head-graphs.ts';
import { SIDES } from './pair-images.ts';
import { type PairRow, pairImages } from './pairs.ts';
import { CLASSIFIERS, type Classifier, type Recipe, SYSTEM } from './recipe.ts';
import { recipeOf } from './settings.ts';
import { headStepOf, trainHead } from './train-head.ts';

/** How a run of the system is made. */
export interface TrainOptions extends TrainRequest {
  readonly preset: string;
  readonly recipe: Recipe;
  /** Where features are kept; the user's cache folder unless given. */
  readonly cacheFolder?: string;
}

/** A classifier of a recipe. */
export function headSpec(recipe: Recipe, classifier: Classifier, outputs: number): HeadSpec {
  const { dropout, gridPx } = recipe;
  return { classifier, outputs, map: backboneGraph(recipe, 1).map, dropout, gridPx };
}

/**
 * Computes the features of every pair once, trains the three classifiers on them and writes the run folder. A run that was stopped goes on
 * with `resume`. What can be wrong with images, weights and settings is found before the first classifier is trained.
 */
export async function trainLiang2019(options: TrainOptions): Promise<RunRecord> {
  const {
    engine,
    manifest,
    out,
    recipe,
    seed,
    resume,
    weights,
    signal,
    events,
    cacheFolder = featureFolder(),
  } = options;
  const { onNote, onTiming } = events ?? {};
  const runOptions = { engine, out, resume, signal, onNote, onTiming };
  const begun = await runToResume(runOptions, recipeOf);
  const { classes } = manifest;
  if (recipe.batch % (recipe.accumulate * classes.length) !== 0)
    throw new SystemError(
      'option-invalid',
      `a batch of ${recipe.batch} pairs in ${recipe.accumulate} parts cannot have equally many of ${classes.length} classes: let batch be a multiple of ${recipe.accumulate * classes.length}`,
    );
  const { pairs, exclusions } = pairImages(manifest);
  if (pairs.length === 0)
    throw new SystemError(
      'data-unusable',
      `${manifest.path} has no pair of a DM and a DBT: ${exclusions[0]?.path ?? 'it'} is left out because: ${exclusions[0]?.reason ?? 'it is empty'}`,
    );
  if (exclusions.length > 0) onNote?.(`${exclusions.length} images are in no pair and are left out: run.json says why`);
  const rows = splitRows(
    { ...manifest, rows: pairs },
    { ...recipe, batch: Math.ceil(recipe.batch / recipe.variants) },
    seed,
  );
  const pairOf = new Map(pairs.map((pair) => [pair.absolutePath, pair]));
  const of = (split: Split) =>
    rows.filter((row) => row.split === split).map((row) => pairOf.get(row.absolutePath) as PairRow);
  const [train, val, test] = [of('train'), of('val'), of('test')];
  const file = weights.get(recipe.backbone);
  const record = newRecord({
    ...options,
    system: SYSTEM.name,
    rows,
    weights: await hashWeights(weights, [recipe.backbone]),
    members: CLASSIFIERS,
  });
  if (file === undefined)
    onNote?.(
      `the backbone ${recipe.backbone} has random weights, and so are its features: give it weights with --weights ${recipe.backbone}=file`,
    );
  const features = await FeatureSource.open({ engine, recipe, seed, weights: file, cacheFolder, onNote });
  try {
    return await trainRun(runOptions, begun, {
      record: { ...record, exclusions: [...exclusions] },
      members: CLASSIFIERS,
      check: async () => {
        const maps = SIDES.length * (train.length * recipe.variants + val.length + test.length);
        const gib = (maps * 4 * features.map.reduce((a, b) => a * b, 1)) / 2 ** 30;
        if (gib > recipe.cacheGiB)
          onNote?.(
            `the features need ${gib.toPrecision(2)} GiB and ${recipe.cacheGiB} are kept, so that some are computed in every epoch: raise it with --set cacheGiB=${(1.1 * gib).toPrecision(2)}`,
          );
        for (const pair of [...train, ...val, ...test])
          for (const side of SIDES) {
            stopWhenAborted(signal, 'before training began');
            await features.prepare(pair, side, train.includes(pair) ? recipe.variants : 1);
          }
        onNote?.(
          `features of ${pairs.length} pairs: ${features.computed} maps computed, the others were kept from earlier`,
        );
      },
      step: (classifier) => headStepOf(headSpec(recipe, classifier, classes.length), recipe, engine.device),
      train: async (classifier, step, lowerings) => {
        const backbone = backboneFile(out);
        if (!(await holdsFile(backbone))) await writeSafetensors(backbone, features.backbone);
        const { batch, epochs, variants } = recipe;
        const largest = Math.max(...classes.map((name) => train.filter(({ label }) => label === name).length));
        const batches = Math.floor((largest * variants * classes.length) / batch);
        const counts = { train: train.length, val: val.length, test: test.length };
        events?.onMember?.(classifier, { ...counts, batch, batches, epochs });
        await trainHead(
          { spec: headSpec(recipe, classifier, classes.length), step, features, train, val, classes, variants },
          {
            ...{ engine, recipe, seed, files: runFiles(out).member(classifier), lowerings, resume, signal, onNote },
            events: events?.fit,
          },
        );
      },
    });
  } finally {
    await features.release();
  }
}
