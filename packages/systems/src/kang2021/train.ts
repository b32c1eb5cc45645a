import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import { type Manifest, type ManifestRow, type Split, splitByPatient } from '@mammoscope/imaging';
import {
  adam,
  constantSchedule,
  type Declaration,
  lower,
  type NetworkName,
  sizeOf,
  type TensorData,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import {
  chooseWays,
  type Engine,
  type EpochRecord,
  type FitEvents,
  fit,
  initialise,
  loadWeights,
  readCheckpoint,
  readWeights,
  residentShapes,
  writeAside,
} from '@mammoscope/runtime';
import { auc } from '@mammoscope/stats';
import { exportClassifier } from '../classifier/export.ts';
import { type ClassifierSpec, declarationsOf, PORTS, trainingStep } from '../classifier/graphs.ts';
import { loadBest, loadScorer, meanCrossEntropy, positiveScore, type Scorer } from '../classifier/scores.ts';
import { ImageSource } from '../data/image-source.ts';
import { SystemError } from '../errors.ts';
import { holdsRun, type RunRecord, readRunRecord, runFiles, writeRunRecord } from '../run/run-record.ts';
import { versions } from '../run/versions.ts';
import { augmentationOf, type Recipe, SYSTEM } from './recipe.ts';
import { writeValidationScores } from './validation.ts';

/** A row with the split that it was given. */
export type SplitRow = ManifestRow & { readonly split: Split };

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
  /** Weights files by network. */
  readonly weights: ReadonlyMap<NetworkName, string>;
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

/** The network of a recipe as the graphs take it. */
export function specOf(recipe: Recipe, network: NetworkName, outputs: number, pretrained: boolean): ClassifierSpec {
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
 * checkpoints and ONNX model. A run that was stopped goes on with `resume`.
 */
export async function trainKang2021(options: TrainOptions): Promise<RunRecord> {
  const { manifest, out, recipe, resume } = options;
  const known = await holdsRun(out);
  if (known && !resume)
    throw new SystemError(
      'run-exists',
      `${out} holds a run already: choose another folder with --out, or go on with that run by --resume`,
    );
  const rows = splitByPatient(manifest.rows, { seed: options.seed, fractions: fractionsOf(recipe) });
  const earlier = known ? await readRunRecord(out) : null;
  if (earlier) requireSameRun(earlier, options);
  const weights = await hashWeights(options.weights);
  const record: RunRecord = {
    format: 'mammoscope-run-1',
    system: SYSTEM.name,
    preset: options.preset,
    command: options.command,
    classes: [...manifest.classes],
    seed: options.seed,
    recipe: { ...recipe },
    device: options.engine.device,
    threads: options.engine.threads,
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
  const fixed = new Map(Object.entries(earlier?.lowerings ?? {}));
  const graphs = recipe.networks.map(
    (network) =>
      trainingStep(
        specOf(recipe, network, manifest.classes.length, options.weights.has(network)),
        recipe.batch,
        adam(),
        recipe.weightDecay,
        options.engine,
      ).graph,
  );
  const choices = await chooseWays(options.engine, graphs, {
    fixed,
    ...(options.events?.onTiming ? { onTiming: options.events.onTiming } : {}),
  });
  const complete = { ...record, lowerings: Object.fromEntries([...choices].sort(([a], [b]) => (a < b ? -1 : 1))) };
  await writeRunRecord(out, complete);
  for (const network of recipe.networks) await trainMember(options, rows, network, choices);
  return complete;
}

const fractionsOf = ({ valFraction, testFraction }: Recipe) => ({
  train: 1 - valFraction - testFraction,
  val: valFraction,
  test: testFraction,
});

/** A resumed run must be the run that was begun. */
function requireSameRun(earlier: RunRecord, { manifest, seed, recipe, engine }: TrainOptions): void {
  const differences = [
    earlier.manifest.sha256 === manifest.sha256 ? null : 'another manifest',
    earlier.seed === seed ? null : `seed ${earlier.seed}`,
    JSON.stringify(earlier.recipe) === JSON.stringify(recipe) ? null : 'another recipe',
    earlier.device === engine.device ? null : `device ${earlier.device}`,
    earlier.threads === engine.threads ? null : `${earlier.threads} threads`,
  ].filter((difference) => difference !== null);
  if (differences.length > 0)
    throw new SystemError(
      'run-mismatch',
      `the run to resume was begun with ${differences.join(', ')}: repeat its command line, which run.json has as "${earlier.command}"`,
    );
}

async function hashWeights(weights: ReadonlyMap<NetworkName, string>): Promise<RunRecord['weights']> {
  const entries = await Promise.all(
    [...weights].map(
      async ([network, path]) =>
        [
          network,
          {
            name: basename(path),
            sha256: createHash('sha256')
              .update(await readFile(path))
              .digest('hex'),
          },
        ] as const,
    ),
  );
  return Object.fromEntries(entries);
}

async function trainMember(
  options: TrainOptions,
  rows: readonly SplitRow[],
  network: NetworkName,
  choices: ReadonlyMap<string, string>,
): Promise<void> {
  const { engine, manifest, recipe, seed, events } = options;
  const files = runFiles(options.out).member(network);
  await mkdir(files.folder, { recursive: true });
  const pretrained = options.weights.get(network);
  const spec = specOf(recipe, network, manifest.classes.length, pretrained !== undefined);
  const source = new ImageSource(spec.channels === 3 ? { ...recipe, channels: 3 } : { ...recipe, channels: 1 });
  const of = (split: Split) => rows.filter((row) => row.split === split);
  const [train, val] = [of('train'), of('val')];
  const batches = Math.floor(train.length / recipe.batch);
  if (batches === 0)
    throw new SystemError(
      'data-unusable',
      `${train.length} training images do not fill one batch of ${recipe.batch}: add images, or use a smaller one with --set batch=${Math.max(1, train.length)}`,
    );
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
  const step = lower(graph, engine.target, choices);
  const resident = residentShapes({ step, optimiser, ...(hostStep ? { hostStep } : {}) });
  const declarations = declarationsOf(spec);
  await engine.put(await firstValues(options, network, spec, resident));
  const scorer = await loadScorer(engine, spec, source, SCORING_BATCH, choices);
  const indexOf = new Map<ManifestRow, number>(train.map((row, i) => [row, i]));
  const classOf = (row: ManifestRow) => manifest.classes.indexOf(row.label);
  const history: EpochRecord[] = [];
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
        return {
          loss: meanCrossEntropy(logits, val.map(classOf)),
          auc: auc(
            probabilities.map(positiveScore),
            val.map((row) => classOf(row) > 0),
          ),
        };
      },
      lastPath: files.last,
      bestPath: files.best,
      networkValues: [...declarations.keys()],
      resume: options.resume && (await exists(files.last)),
      ...(options.signal ? { signal: options.signal } : {}),
      events: events?.fit ?? {},
    });
    history.push(...state.history);
    await writeAside(files.history, formatHistory(history));
    const { probabilities } = await scoreWithBest(engine, scorer, files.best, declarations, val);
    await writeValidationScores(
      files.validation,
      val.map((row, i) => ({
        path: row.path,
        positive: classOf(row) > 0,
        score: positiveScore(probabilities[i] as Float64Array),
      })),
    );
  } finally {
    await scorer.release();
  }
  const best = await readCheckpoint(files.best);
  await writeAside(
    files.model,
    exportClassifier(spec, best.tensors, { classes: manifest.classes, normalisation: recipe.normalisation }),
  );
}

/** Puts the best weights into the engine and scores rows with them. */
async function scoreWithBest(
  engine: Engine,
  scorer: Scorer,
  best: string,
  declarations: ReadonlyMap<string, Declaration>,
  rows: readonly ManifestRow[],
) {
  await loadBest(engine, best, declarations);
  return scorer.score(rows);
}

/** The values that training starts from: given or random weights, and optimiser state of zeros. */
async function firstValues(
  options: TrainOptions,
  network: NetworkName,
  spec: ClassifierSpec,
  resident: ReadonlyMap<string, readonly number[]>,
) {
  const declarations = declarationsOf(spec);
  const file = options.weights.get(network);
  const values = file
    ? await pretrainedValues(file, network, declarations, options)
    : initialise(declarations, options.seed);
  return new Map(
    [...resident].map(([name, shape]) => [
      name,
      { dtype: 'float32' as const, shape, data: values.get(name) ?? new Float32Array(sizeOf(shape)) },
    ]),
  );
}

async function pretrainedValues(
  file: string,
  network: NetworkName,
  declarations: ReadonlyMap<string, Declaration>,
  { seed, events }: TrainOptions,
) {
  const { values, report } = loadWeights(declarations, await readWeights(file, network), { seed, file });
  const counts = Object.entries(report).flatMap(([what, names]) =>
    names.length > 0 ? [`${names.length} ${what}`] : [],
  );
  events?.onNote?.(`weights of ${network} from ${basename(file)}: ${counts.join(', ')}`);
  return values;
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}

/** Rows of one-hot classes, [N, K]. */
export function oneHot(classes: readonly number[], count: number): Float32Array {
  const result = new Float32Array(classes.length * count);
  for (const [i, index] of classes.entries()) result[i * count + index] = 1;
  return result;
}

function formatHistory(history: readonly EpochRecord[]): string {
  const lines = history.map(({ epoch, trainLoss, valLoss, valAuc, learningRate }) =>
    [epoch, trainLoss, valLoss, valAuc, learningRate].join(','),
  );
  return `${['epoch,train_loss,val_loss,val_auc,learning_rate', ...lines].join('\n')}\n`;
}
