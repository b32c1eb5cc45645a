import { basename, dirname, relative } from 'node:path';
import type { Manifest, ManifestRow, Split } from '@mammoscope/imaging';
import { adam, constantSchedule, lower, type NetworkName, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import {
  chooseWays,
  type Engine,
  type FitEvents,
  fit,
  readCheckpoint,
  residentShapes,
  TrainingError,
  writeAside,
} from '@mammoscope/runtime';
import { auc } from '@mammoscope/stats';
import { exportClassifier } from '../classifier/export.ts';
import { type ClassifierSpec, declarationsOf, PORTS, trainingStep } from '../classifier/graphs.ts';
import { loadBest, loadScorer, meanCrossEntropy, positiveScore } from '../classifier/scores.ts';
import { ImageSource } from '../data/image-source.ts';
import { SystemError } from '../errors.ts';
import { damagedRun } from '../run/damaged-run.ts';
import { makeFolder } from '../run/make-folder.ts';
import { holdsFile, holdsRun, type RunRecord, readRunRecord, runFiles, writeRunRecord } from '../run/run-record.ts';
import { requireSameRun } from '../run/same-run.ts';
import { versions } from '../run/versions.ts';
import { writeHistory } from './history.ts';
import { augmentationOf, type Recipe, SYSTEM } from './recipe.ts';
import { hashWeights, residentValues, startingWeights, type WeightsFiles } from './starting-weights.ts';
import { checkImages, type SplitRow, splitRows } from './training-images.ts';
import { cutoffOf, writeValidationScores } from './validation.ts';

/** How a run of the system is made. */
export interface TrainOptions {
  readonly engine: Engine;
  readonly manifest: Manifest;
  readonly out: string;
  readonly preset: string;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly command: string;
  readonly resume: boolean;
  readonly weights: WeightsFiles;
  readonly signal?: AbortSignal;
  readonly events?: TrainEvents;
}

/** What happens in a run, for a progress display. */
export interface TrainEvents {
  readonly onMember?: (
    network: NetworkName,
    info: {
      readonly train: number;
      readonly val: number;
      readonly test: number;
      readonly batch: number;
      readonly batches: number;
      readonly epochs: number;
    },
  ) => void;
  readonly onTiming?: (done: number, total: number) => void;
  readonly onNote?: (note: string) => void;
  readonly fit?: FitEvents;
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
    sizePx: recipe.sizePx,
    channels: pretrained ? 3 : 1,
  };
}

/** Images scored at once; any number gives the same scores, since evaluation treats images one by one. */
export const SCORING_BATCH = 16;

/**
 * Fine-tunes each network of the recipe and writes the run folder: run.json, and a folder a network with its history,
 * checkpoints and ONNX model. A run that was stopped goes on with `resume`. What can be wrong with images, weights and
 * settings is found before the first network is trained.
 */
export async function trainKang2021(options: TrainOptions): Promise<RunRecord> {
  const { engine, manifest, out, recipe, seed, resume, signal, events } = options;
  const begun = (await holdsRun(out)) ? await readRunRecord(out) : null;
  if (begun && !resume)
    throw new SystemError(
      'run-exists',
      `${out} holds a run already: choose another folder with --out, or go on with that run by --resume`,
    );
  if (resume && !begun) events?.onNote?.(`${out} holds no run yet: a new one begins`);
  const rows = splitRows(manifest, recipe, seed);
  const record = recordOf(options, rows, await hashWeights(options.weights, recipe.networks));
  if (begun) requireSameRun(out, begun, record);
  await checkImages(manifest, rows, {
    onImage: () => stopWhenAborted(signal, 'before training began'),
    onNote: events?.onNote,
  });
  for (const network of options.weights.keys())
    await startingWeights(specOf(options, network), seed, options.weights.get(network));
  await makeFolder(out);
  const graphs = recipe.networks.map(
    (network) => trainingStep(specOf(options, network), recipe.batch, adam(), recipe.weightDecay, engine).graph,
  );
  const lowerings = await chooseWays(engine, graphs, {
    fixed: new Map(Object.entries(begun?.lowerings ?? {})),
    onTiming: (done, total) => {
      stopWhenAborted(signal, 'before training began');
      events?.onTiming?.(done, total);
    },
  });
  const complete = begun ?? {
    ...record,
    lowerings: Object.fromEntries([...lowerings].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  if (!begun) await writeRunRecord(out, complete);
  for (const network of recipe.networks) {
    stopWhenAborted(signal, `before ${network}`);
    await trainMember(options, rows, network, lowerings);
  }
  return complete;
}

/** run.json but for the lowerings. */
function recordOf(options: TrainOptions, rows: readonly SplitRow[], weights: RunRecord['weights']): RunRecord {
  const { engine, manifest, recipe } = options;
  return {
    format: 'mammoscope-run-1',
    system: SYSTEM.name,
    preset: options.preset,
    command: options.command,
    classes: [...manifest.classes],
    seed: options.seed,
    recipe: { ...recipe },
    device: engine.device,
    threads: engine.threads,
    versions: versions(),
    manifest: { name: basename(manifest.path), sha256: manifest.sha256 },
    weights,
    rows: rows.map((row) => ({
      path: relative(dirname(manifest.path), row.absolutePath),
      patientId: row.patientId,
      label: row.label,
      split: row.split,
      ...(row.lesionId ? { lesionId: row.lesionId } : {}),
    })),
    exclusions: [],
    lowerings: {},
    members: [...recipe.networks],
  };
}

/** The network of a run as the graphs take it: three channels where its weights were trained on colour images. */
const specOf = ({ recipe, manifest, weights }: TrainOptions, network: NetworkName) =>
  classifierSpec(recipe, network, manifest.classes.length, weights.has(network));

function stopWhenAborted(signal: AbortSignal | undefined, when: string): void {
  if (signal?.aborted)
    throw new TrainingError('interrupted', `interrupted ${when}; repeat the command with --resume to go on`);
}

async function trainMember(
  options: TrainOptions,
  rows: readonly SplitRow[],
  network: NetworkName,
  lowerings: ReadonlyMap<string, string>,
): Promise<void> {
  const { engine, manifest, recipe, seed, events } = options;
  const files = runFiles(options.out).member(network);
  await makeFolder(files.folder);
  const spec = specOf(options, network);
  const source = new ImageSource({ ...recipe, channels: spec.channels });
  const of = (split: Split) => rows.filter((row) => row.split === split);
  const [train, val] = [of('train'), of('val')];
  const batches = Math.floor(train.length / recipe.batch);
  events?.onMember?.(network, {
    train: train.length,
    val: val.length,
    test: of('test').length,
    batch: recipe.batch,
    batches,
    epochs: recipe.epochs,
  });

  const optimiser = adam();
  const { graph, hostStep } = trainingStep(spec, recipe.batch, optimiser, recipe.weightDecay, engine);
  const step = lower(graph, engine.target, lowerings);
  const resident = residentShapes({ step, optimiser, ...(hostStep ? { hostStep } : {}) });
  const declarations = declarationsOf(spec);
  const { values, note } = await startingWeights(spec, seed, options.weights.get(network));
  if (note) events?.onNote?.(note);
  await engine.put(residentValues(resident, values));
  const scorer = await loadScorer(engine, spec, source, SCORING_BATCH, lowerings);
  const indexOf = new Map<ManifestRow, number>(train.map((row, i) => [row, i]));
  const classOf = (row: ManifestRow) => manifest.classes.indexOf(row.label);
  try {
    const state = await fit({
      engine,
      step,
      optimiser,
      ...(hostStep ? { hostStep } : {}),
      schedule: constantSchedule([recipe.learningRate]),
      scheduleFigure: 'valLoss',
      seed,
      epochs: recipe.epochs,
      patience: recipe.patience,
      batches,
      batchInputs: async (epoch, batch) => {
        const order = new RandomStream(seed, 'order', network, epoch).shuffle(train);
        const part = order.slice(batch * recipe.batch, (batch + 1) * recipe.batch);
        const image = await source.batch(
          part,
          recipe.batch,
          source.augmentation(seed, epoch, indexOf, augmentationOf(recipe)),
        );
        return new Map<string, TensorData>([
          [PORTS.image, image],
          [PORTS.labels, oneHot(part.map(classOf), manifest.classes.length)],
        ]);
      },
      validate: async () => {
        const { probabilities, logits } = await scorer.score(val);
        const loss = meanCrossEntropy(logits, val.map(classOf));
        const positive = val.map((row) => classOf(row) > 0);
        return { loss, auc: Number.isFinite(loss) ? auc(probabilities.map(positiveScore), positive) : Number.NaN };
      },
      lastPath: files.last,
      bestPath: files.best,
      networkValues: [...declarations.keys()],
      resume: options.resume && (await holdsFile(files.last)),
      ...(options.signal ? { signal: options.signal } : {}),
      events: events?.fit ?? {},
    }).catch((error) => {
      throw damagedRun(files.last, error);
    });
    await writeHistory(files.history, state.history);
    await loadBest(engine, files.best, declarations);
    const { probabilities } = await scorer.score(val);
    const scores = val.map((row, i) => ({
      path: row.path,
      positive: classOf(row) > 0,
      score: positiveScore(probabilities[i] as Float64Array),
    }));
    await writeValidationScores(files.validation, scores);
    const best = await readCheckpoint(files.best);
    await writeAside(
      files.model,
      exportClassifier(spec, best.tensors, {
        classes: manifest.classes,
        normalisation: recipe.normalisation,
        cutoff: cutoffOf(scores),
        versions: versions(),
      }),
    );
  } finally {
    await scorer.release();
  }
}

/** Rows of one-hot classes, [N, K]. */
export function oneHot(classes: readonly number[], count: number): Float32Array {
  const result = new Float32Array(classes.length * count);
  for (const [i, index] of classes.entries()) result[i * count + index] = 1;
  return result;
}
