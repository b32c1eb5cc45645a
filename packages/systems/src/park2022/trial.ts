/** Training of one trial: 3D-GMIC, or GMIC of mammograms, with the values that were drawn for it. */
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { adam, type Choices, encodeModel, type Graph, LOSS_OUTPUT, lower, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { bestOf, type Engine, type EpochRecord, fit, readCheckpoint, type Session } from '@mammoscope/runtime';
import { auc } from '@mammoscope/stats';
import { loadBest } from '../classifier/scores.ts';
import { writeValidationScores } from '../classifier/validation.ts';
import { type GmicPrediction, type GmicSessions, loadGmic, predictVolume } from '../gmic/gmic.ts';
import { type GmicStep, gmicDeclarations, gmicStep, localGraph, saliencyGraph } from '../gmic/graphs.ts';
import type { GmicSpec } from '../gmic/spec.ts';
import { type LabelledVolume, loadStep, stepGraphs, stepShapes, trainVolumes } from '../gmic/train-volumes.ts';
import { makeFolder } from '../run/make-folder.ts';
import { formatJson, type MemberFiles } from '../run/run-record.ts';
import { type FitPlace, fitMember } from '../training/fit-member.ts';
import { batchesOf } from '../training/train-network.ts';
import { type ParkImage, targetsOf } from './cohort.ts';
import type { ImageWindows } from './image-window.ts';
import type { Recipe } from './recipe.ts';
import type { ArchitectureScores, PerFinding } from './scored-cases.ts';
import { trainingOf } from './settings.ts';
import { type Trial, type TrialOutcome, trialSpec } from './trials.ts';
import { drawWindow } from './window-draw.ts';

/** The optimiser of all networks. */
export const OPTIMISER = adam();

/** Where a member of a run is trained, and on what. */
export interface MemberPlace extends FitPlace {
  readonly recipe: Recipe;
  readonly lowerings: Choices;
  readonly windows: ImageWindows;
  readonly train: readonly ParkImage[];
  readonly val: readonly ParkImage[];
}

/** The graphs of a trial's training step. */
export function trialStep(recipe: Recipe, trial: Trial, device: Engine['device']): GmicStep {
  const { batch, recompute, weightDecay } = recipe;
  const options = { volumes: batch, beta: trial.beta, recompute, optimiser: OPTIMISER, weightDecay, device };
  return gmicStep(trialSpec(recipe, trial), options);
}

/** All graphs that a trial runs, for choosing ways. */
export function trialGraphs(recipe: Recipe, trial: Trial, device: Engine['device']): Graph[] {
  const spec = trialSpec(recipe, trial);
  return [...stepGraphs(spec, trialStep(recipe, trial, device)), localGraph(spec)];
}

/**
 * Trains a trial from these first values, or goes on with it, and writes its folder: checkpoints, history, validation scores and the
 * global module as model.onnx. Throws as runtime's fit, and SystemError 'data-unusable' where saliency is no number any more.
 */
export async function trainTrial(
  trial: Trial,
  values: ReadonlyMap<string, Float32Array>,
  place: MemberPlace,
): Promise<TrialOutcome> {
  const { engine, recipe, seed, files, lowerings, windows, train, val } = place;
  const spec = trialSpec(recipe, trial);
  const step = trialStep(recipe, trial, engine.device);
  await makeFolder(files.folder);
  await putValues(engine, stepShapes(step, engine, OPTIMISER), values);
  const declarations = gmicDeclarations(spec);
  const training = trainingOf(recipe, trial.learningRate);
  const { batch } = training;
  const streamed = lower(step.streamed, engine.target, lowerings);
  const local = lower(step.local.graph, engine.target, lowerings);
  const apply = lower(step.apply, engine.target, lowerings);
  const groups = [...(step.applyOnHost?.groups ?? []), ...(step.local.hostStep?.groups ?? [])];
  const seen = await loadGmic(engine, spec, lowerings);
  try {
    const state = await fitMember(training, place, (options) =>
      fit({
        ...options,
        // What both modules keep; the sessions themselves are opened below.
        step: { ...streamed, parameters: [...streamed.parameters, ...apply.parameters, ...local.parameters] },
        ...(groups.length > 0 ? { hostStep: { optimiser: OPTIMISER.description, groups } } : {}),
        open: async () => {
          const sessions = await loadStep(engine, spec, step, lowerings);
          return {
            run: async (inputs) => {
              const volumes = await volumesOf(trial, inputs, place);
              const scalars = new Map([...inputs].filter(([name]) => !name.startsWith(HOST)));
              const { loss } = await trainVolumes(sessions, spec, volumes, { beta: trial.beta, scalars });
              return new Map<string, TensorData>([[`out:${LOSS_OUTPUT}`, Float32Array.of(loss)]]);
            },
            release: async () => {
              for (const session of new Set<Session>(Object.values(sessions))) await session.release();
            },
          };
        },
        optimiser: OPTIMISER,
        patienceFigure: 'valAuc',
        batches: batchesOf(examplesOf(train, recipe, [seed, trial.name, 0]).length, training),
        batchInputs: async (epoch, index) => {
          const order = examplesOf(train, recipe, [seed, trial.name, epoch]);
          const part = order.slice(index * batch, (index + 1) * batch);
          return new Map<string, TensorData>([
            [IMAGES, Int32Array.from(part)],
            [EPOCH, Int32Array.of(epoch)],
          ]);
        },
        validate: async () => {
          const predictions = await predictAll(seen, spec, windows, val);
          return {
            loss: mean(predictions.map((each, i) => crossEntropies(each, targetsOf(val[i] as ParkImage)))),
            auc: malignantAuc(val, predictions),
          };
        },
        networkValues: [...declarations.keys()],
      }),
    );
    await loadBest(engine, files.best, declarations);
    const predictions = await predictAll(seen, spec, windows, val);
    await writeValidationScores(
      files.validation,
      val.map(({ row, labels }, i) => ({
        path: row.path,
        positive: labels.malignant,
        score: predictions[i]?.final[1] as number,
      })),
    );
    await writeAside(
      validationPath(files),
      formatJson(val.map((image, i) => validated(image, predictions[i] as GmicPrediction))),
    );
    await writeAside(files.model, await exportedSaliency(spec, files.best));
    const { epoch, valAuc, valLoss } = bestOf(state.history) as EpochRecord;
    return { state: 'done', valAuc, valLoss, bestEpoch: epoch, epochs: state.history.length };
  } finally {
    await seen.saliency.release();
    await seen.local.release();
  }
}

/** What the host of a step is told beside the optimiser's scalars: images of the batch, by their index, and the epoch. */
const HOST = 'host/';
const IMAGES = `${HOST}images`;
const EPOCH = `${HOST}epoch`;

/** The images of an epoch in their order, by index: every one with a finding, and so many without for each of them. */
export function examplesOf(
  images: readonly ParkImage[],
  { negatives }: Pick<Recipe, 'negatives'>,
  [seed, member, epoch]: readonly [seed: number, member: string, epoch: number],
): number[] {
  const indices = [...images.keys()];
  const hasFinding = (i: number) => targetsOf(images[i] as ParkImage).includes(1);
  const positive = indices.filter(hasFinding);
  const others = new RandomStream(seed, 'negatives', member, epoch).shuffle(indices.filter((i) => !hasFinding(i)));
  const wanted = negatives === 0 ? others.length : Math.max(1, Math.round(negatives * positive.length));
  return new RandomStream(seed, 'order', member, epoch).shuffle([...positive, ...others.slice(0, wanted)]);
}

/** The volumes of a batch, varied as the epoch has it. */
async function volumesOf(
  { name }: Trial,
  inputs: ReadonlyMap<string, TensorData>,
  { recipe, seed, windows, train }: MemberPlace,
): Promise<LabelledVolume[]> {
  const epoch = Number(inputs.get(EPOCH)?.[0]);
  const volumes: LabelledVolume[] = [];
  for (const index of Array.from(inputs.get(IMAGES) ?? [], Number)) {
    const image = train[index] as ParkImage;
    const draw = drawWindow(recipe, new RandomStream(seed, 'augment', name, epoch, index));
    volumes.push({
      volume: await windows.volume(image.row, draw),
      labels: targetsOf(image),
      stream: new RandomStream(seed, 'patch slices', name, epoch, index),
    });
  }
  return volumes;
}

/** A validation image with a trial's scores of it as it is. */
export interface ValidatedImage extends Omit<ParkImage, 'row' | 'lesions' | 'birads'> {
  readonly path: string;
  readonly scores: ArchitectureScores;
}

/** validation.json of a trial: what cut-offs are chosen by, whatever is evaluated later. */
export const validationPath = ({ folder }: Pick<MemberFiles, 'folder'>): string => join(folder, 'validation.json');

function validated({ row, lesions: _, birads: __, ...image }: ParkImage, prediction: GmicPrediction): ValidatedImage {
  return { path: row.path, ...image, scores: architectureScores(prediction) };
}

const perFinding = ([benign, malignant]: readonly number[]): PerFinding<number> => ({
  benign: benign as number,
  malignant: malignant as number,
});

/** A prediction's probabilities by module and label. */
export const architectureScores = ({ final, global, local }: GmicPrediction): ArchitectureScores => ({
  full: perFinding(final),
  global: perFinding(global),
  local: perFinding(local),
});

/** What a member makes of images as they are. */
async function predictAll(
  sessions: GmicSessions,
  spec: GmicSpec,
  windows: ImageWindows,
  images: readonly ParkImage[],
): Promise<GmicPrediction[]> {
  const predictions: GmicPrediction[] = [];
  for (const { row } of images) predictions.push(await predictVolume(sessions, spec, await windows.volume(row)));
  return predictions;
}

/** "AUC scores in identifying images with malignant findings"; one value for all images is chance. */
const malignantAuc = (images: readonly ParkImage[], predictions: readonly GmicPrediction[]): number =>
  auc(
    predictions.map(({ final }) => final[1] as number),
    images.map(({ labels }) => labels.malignant),
  );

/** The cross-entropies of equation 7, both modules and labels, bounded as PyTorch's. */
function crossEntropies({ global, local }: GmicPrediction, targets: readonly number[]): number {
  const bounded = (x: number) => Math.max(Math.log(x), -100);
  return [global, local].reduce(
    (sum, module) => sum - module.reduce((own, p, i) => own + (targets[i] === 1 ? bounded(p) : bounded(1 - p)), 0),
    0,
  );
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Puts the first values of everything that a step keeps into the engine: weights as given, zeros for the rest. */
export async function putValues(
  engine: Engine,
  shapes: ReadonlyMap<string, readonly number[]>,
  values: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  for (const [name, shape] of shapes) {
    const data = values.get(name) ?? new Float32Array(shape.reduce((a, b) => a * b, 1));
    await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data }]]));
  }
}

/** The global module of one slice as an ONNX file of standard ops: slices [1, 1, H, W], normalised, to saliency [1, 2, h, w]. */
async function exportedSaliency(spec: GmicSpec, best: string): Promise<Uint8Array> {
  const { tensors } = await readCheckpoint(best);
  const { model, parameters } = lower(saliencyGraph({ ...spec, slicesPerRun: 1 }), { device: 'cpu', blockSize: 0 });
  const initializers = parameters.map(({ name, dtype, shape }) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new RangeError(`export requires the weight "${name}"`);
    return { name, dtype, shape, data: tensor.data as Float32Array };
  });
  return encodeModel({ ...model, initializers: [...model.initializers, ...initializers] });
}
