import type { Manifest, Split } from '@mammoscope/imaging';
import { writeSafetensors } from '@mammoscope/runtime';
import { hashWeights } from '../classifier/starting-weights.ts';
import { checkImages, type SplitRow, splitRows } from '../data/training-images.ts';
import { SystemError } from '../errors.ts';
import { newRecord } from '../run/new-record.ts';
import { holdsFile, type RunRecord, runFiles } from '../run/run-record.ts';
import type { TrainRequest } from '../system.ts';
import { runToResume, stopWhenAborted, trainRun } from '../training/train-run.ts';
import { featureFolder } from './feature-cache.ts';
import { backboneFile, backboneNetworks } from './frozen-backbone.ts';
import { headSpec, sidesOf } from './head-graphs.ts';
import { requirePairs } from './pair-check.ts';
import { type PairRow, pairImages } from './pairs.ts';
import { type Member, membersOf, type Recipe, recipeOfMember, SYSTEM } from './recipe.ts';
import { openRunFeatures, type RunFeatures } from './run-features.ts';
import { recipeOf } from './settings.ts';
import { headStepOf, trainHead } from './train-head.ts';

/** How a run of the system is made. */
export interface TrainOptions extends TrainRequest {
  readonly preset: string;
  readonly recipe: Recipe;
  /** Where features are kept; the user's cache folder unless given. */
  readonly cacheFolder?: string;
}

/**
 * Computes the features of every pair once, trains the classifiers and baselines on them and writes the run folder. A run that was stopped
 * goes on with `resume`. What can be wrong with images, weights and settings is found before the first member is trained.
 */
export async function trainLiang2019(options: TrainOptions): Promise<RunRecord> {
  const { engine, manifest, out, recipe, seed, resume, only, weights, signal, events } = options;
  const { cacheFolder = featureFolder() } = options;
  const { onNote, onTiming } = events ?? {};
  const runOptions = { engine, out, resume, only, signal, onNote, onTiming };
  const begun = await runToResume(runOptions, recipeOf);
  const { classes } = manifest;
  const members = membersOf(recipe);
  requireBatches(recipe, classes.length);
  const { pairs, exclusions } = requirePairing(manifest);
  if (exclusions.length > 0) onNote?.(`${exclusions.length} images are in no pair and are left out: run.json says why`);
  const { rows, of } = splitPairs(manifest, pairs, recipe, seed);
  const networks = backboneNetworks(recipe);
  const record = newRecord({
    ...{ ...options, system: SYSTEM.name, rows, members },
    weights: await hashWeights(weights, networks),
  });
  const random = networks.filter((network) => !weights.has(network));
  if (random.length > 0)
    onNote?.(
      `${random.join(' and ')} ${random.length > 1 ? 'have' : 'has'} random weights, and so what is trained on ${random.length > 1 ? 'their' : 'its'} features means nothing: ${random.map((network) => `--weights ${network}=file`).join(' ')}`,
    );
  const goesOn = begun !== null && only !== undefined && only.length > 0;
  const wanted = goesOn ? members.filter((member) => only.includes(member)) : members;
  const features = await openRunFeatures({
    ...{ engine, recipe, members: wanted, seed, cacheFolder, onNote },
    weightsOf: (network) => weights.get(network),
  });
  const stop = () => stopWhenAborted(signal, 'before training began');
  try {
    return await trainRun(runOptions, begun, {
      record: { ...record, exclusions: [...exclusions] },
      members,
      check: async () => {
        if (!goesOn) {
          await checkImages(manifest, rowsOf(manifest, rows, pairs), { onImage: stop, onNote });
          await requirePairs(manifest, pairs, stop);
        }
        await prepareFeatures(features, wanted, { recipe, of, stop, onNote });
      },
      step: (member) => headStepOf(headSpec(recipe, member, classes.length), recipe, engine.device),
      train: async (member, step, lowerings) => {
        for (const { backbone, weights: values } of features.sources) {
          const file = backboneFile(out, backbone.network);
          if (!(await holdsFile(file))) await writeSafetensors(file, values);
        }
        const [train, val] = [of('train'), of('val')];
        const { batch, epochs, variants } = recipeOfMember(recipe, member);
        const largest = Math.max(...classes.map((name) => train.filter(({ label }) => label === name).length));
        const batches = Math.floor((largest * variants * classes.length) / batch);
        const counts = { train: train.length, val: val.length, test: of('test').length };
        events?.onMember?.(member, { ...counts, batch, batches, epochs });
        const spec = headSpec(recipe, member, classes.length);
        await trainHead(
          { spec, step, features: features.of(member), train, val, classes },
          {
            ...{ engine, recipe, seed, files: runFiles(out).member(member), lowerings, resume, signal, onNote },
            events: events?.fit,
          },
        );
      },
    });
  } finally {
    await features.release();
  }
}

/** SystemError 'option-invalid' unless every part of a batch can have equally many of each class. */
function requireBatches({ batch, accumulate, volumeBatch, baselines }: Recipe, classes: number): void {
  if (batch % (accumulate * classes) !== 0)
    throw new SystemError(
      'option-invalid',
      `a batch of ${batch} pairs in ${accumulate} parts cannot have equally many of ${classes} classes: let batch be a multiple of ${accumulate * classes}`,
    );
  if (baselines.includes('3d-t2-alex') && volumeBatch % classes !== 0)
    throw new SystemError(
      'option-invalid',
      `a volumeBatch of ${volumeBatch} pairs cannot have equally many of ${classes} classes: let it be a multiple of ${classes}`,
    );
}

/** The pairs of a manifest; SystemError 'data-unusable' where it has none. */
export function requirePairing(manifest: Manifest): ReturnType<typeof pairImages> {
  const pairing = pairImages(manifest);
  if (pairing.pairs.length > 0) return pairing;
  const [first] = pairing.exclusions;
  throw new SystemError(
    'data-unusable',
    `${manifest.path} has no pair of a DM and a DBT: ${first?.path ?? 'it'} is left out because: ${first?.reason ?? 'it is empty'}`,
  );
}

/** Pairs with their splits, and the pairs of a split. SystemError 'data-unusable' as splitRows, and where a batch of 3D-T2-Alex is not filled. */
function splitPairs(manifest: Manifest, pairs: readonly PairRow[], recipe: Recipe, seed: number) {
  const rows = splitRows(
    { ...manifest, rows: pairs },
    { ...recipe, batch: Math.ceil(recipe.batch / recipe.variants) },
    seed,
  );
  const pairOf = new Map(pairs.map((pair) => [pair.absolutePath, pair]));
  const of = (split: Split) =>
    rows.filter((row) => row.split === split).map((row) => pairOf.get(row.absolutePath) as PairRow);
  const { classes } = manifest;
  const largest = Math.max(...classes.map((name) => of('train').filter(({ label }) => label === name).length));
  if (recipe.baselines.includes('3d-t2-alex') && largest * classes.length < recipe.volumeBatch)
    throw new SystemError(
      'data-unusable',
      `${manifest.path}: ${largest} training pairs of a class do not fill a batch of ${recipe.volumeBatch} for 3d-t2-alex: add pairs, or use --set volumeBatch=${largest * classes.length}`,
    );
  return { rows, of };
}

/** The rows of a manifest that show an image of a pair, with the pair's split. */
function rowsOf(manifest: Manifest, split: readonly SplitRow[], pairs: readonly PairRow[]): SplitRow[] {
  const ofMammogram = new Map(split.map((row) => [row.absolutePath, row.split]));
  const splits = new Map(
    pairs.flatMap(({ absolutePath, dbt }) => {
      const own = ofMammogram.get(absolutePath) as Split;
      return [[absolutePath, own] as const, [dbt.absolutePath, own] as const];
    }),
  );
  return manifest.rows.flatMap((row) => {
    const own = splits.get(row.absolutePath);
    return own ? [{ ...row, split: own }] : [];
  });
}

/** Computes the features that members read and that the cache lacks, and says so where it cannot hold them. */
async function prepareFeatures(
  features: RunFeatures,
  members: readonly Member[],
  {
    recipe,
    of,
    stop,
    onNote,
  }: {
    readonly recipe: Recipe;
    readonly of: (split: Split) => readonly PairRow[];
    readonly stop: () => void;
    readonly onNote: ((note: string) => void) | undefined;
  },
): Promise<void> {
  const [train, others] = [of('train'), [...of('val'), ...of('test')]];
  const wanted = members.flatMap((member) =>
    sidesOf(member).map((side) => ({
      ...{ side, source: features.of(member), variants: recipeOfMember(recipe, member).variants },
      slices: side === 'slices' ? recipe.slices : 1,
    })),
  );
  const distinct = wanted.filter(
    (each, i) => wanted.findIndex(({ side, source }) => side === each.side && source === each.source) === i,
  );
  const values = distinct.reduce(
    (sum, { source, variants, slices }) =>
      sum + (train.length * variants + others.length) * slices * source.map.reduce((a, b) => a * b, 1),
    0,
  );
  const gib = (4 * values) / 2 ** 30;
  if (gib > recipe.cacheGiB)
    onNote?.(
      `the features need ${gib.toPrecision(2)} GiB and ${recipe.cacheGiB} are kept, so that some are computed in every epoch: raise it with --set cacheGiB=${(1.1 * gib).toPrecision(2)}`,
    );
  const ofTraining = new Set(train);
  for (const pair of [...train, ...others])
    for (const { source, side, variants } of distinct) {
      stop();
      await source.prepare(pair, side, ofTraining.has(pair) ? variants : 1);
    }
  const computed = features.sources.reduce((sum, source) => sum + source.computed, 0);
  onNote?.(
    `features of ${train.length + others.length} pairs: ${computed} maps computed, the others were kept from earlier`,
  );
}
