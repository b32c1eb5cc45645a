/** Pretraining of the global network on BI-RADS groups: on mammograms first, then on each other modality from there (section V-D, figure 5). */
import { type Graph, LOSS_OUTPUT, lower, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { type Engine, fit, residentShapes, type Session } from '@mammoscope/runtime';
import { auc } from '@mammoscope/stats';
import { type GmicVolume, sliceRuns } from '../gmic/volume.ts';
import { makeFolder } from '../run/make-folder.ts';
import { fitMember } from '../training/fit-member.ts';
import { batchesOf } from '../training/train-network.ts';
import {
  BIRADS_PORTS,
  type BiradsSpec,
  type BiradsStep,
  biradsDeclarations,
  biradsStep,
  featureCount,
  featuresGraph,
  headGraph,
  MISSING,
} from './birads-network.ts';
import { BIRADS_GROUPS, type ParkImage } from './cohort.ts';
import type { Recipe } from './recipe.ts';
import type { ParkModality } from './scored-cases.ts';
import { trainingOf } from './settings.ts';
import { type MemberPlace, OPTIMISER, putValues } from './trial.ts';
import { windowOf } from './trials.ts';
import { drawWindow } from './window-draw.ts';

/** Name of a modality's pretraining as a member of a run. */
export const pretrainingOf = (modality: ParkModality): string => `${modality.toLowerCase()}-birads`;

/** Sizes of a modality's network; `mostSlices` of its images. */
export function biradsSpec(recipe: Recipe, modality: ParkModality, mostSlices: number): BiradsSpec {
  const [heightPx, widthPx] = windowOf(recipe, modality);
  const { slicesPerRun, pretrainGates: gates, stem, globalWidth: width } = recipe;
  return {
    ...{ heightPx, widthPx, mostSlices, gates },
    slicesPerRun: modality === 'DBT' ? slicesPerRun : 1,
    global: { stem, width },
  };
}

const stepOf = (recipe: Recipe, spec: BiradsSpec, device: Engine['device']): BiradsStep => {
  const { batch, weightDecay, recompute } = recipe;
  return biradsStep(spec, { volumes: batch, optimiser: OPTIMISER, weightDecay, device, recompute });
};

/** All graphs of it, for choosing ways. */
export function biradsGraphs(recipe: Recipe, spec: BiradsSpec, device: Engine['device']): Graph[] {
  const { streamed, head, apply } = stepOf(recipe, spec, device);
  return [featuresGraph(spec), streamed, head, headGraph(spec), ...apply.map(({ graph }) => graph)];
}

/** The sessions of a step. */
interface BiradsSessions {
  readonly features: Session;
  readonly streamed: Session;
  readonly head: Session;
  readonly apply: readonly Session[];
}

/** Trains it from these first values, or goes on with it, and writes its folder. Images without a category are left out by the caller. */
export async function pretrain(
  name: string,
  spec: BiradsSpec,
  values: ReadonlyMap<string, Float32Array>,
  place: MemberPlace,
): Promise<void> {
  const { engine, recipe, seed, files, lowerings, train, val } = place;
  await makeFolder(files.folder);
  const step = stepOf(recipe, spec, engine.device);
  const lowered = (graph: Graph) => lower(graph, engine.target, lowerings);
  const declarations = biradsDeclarations(spec);
  const parameters = [step.streamed, step.head, ...step.apply.map(({ graph }) => graph)].flatMap(
    (graph) => lowered(graph).parameters,
  );
  const groups = step.apply.flatMap(({ hostStep }) => hostStep?.groups ?? []);
  const kept = {
    step: { ...lowered(step.streamed), parameters },
    optimiser: OPTIMISER,
    ...(groups.length > 0 ? { hostStep: { optimiser: OPTIMISER.description, groups } } : {}),
  };
  await putValues(engine, residentShapes(kept), values);
  const training = {
    ...trainingOf(recipe, recipe.pretrainLearningRate),
    epochs: recipe.pretrainEpochs,
    patience: recipe.pretrainPatience,
  };
  const { batch } = training;
  const features = await engine.load(lowered(featuresGraph(spec)));
  const judge = await engine.load(lowered(headGraph(spec)));
  const orderOf = (epoch: number) => new RandomStream(seed, 'order', name, epoch).shuffle([...train.keys()]);
  try {
    await fitMember(training, place, (options) =>
      fit({
        ...options,
        ...kept,
        open: async () => {
          const sessions: BiradsSessions = {
            features,
            streamed: await engine.load(lowered(step.streamed)),
            head: await engine.load(lowered(step.head)),
            apply: await Promise.all(step.apply.map(({ graph, hostStep }) => engine.load(lowered(graph), hostStep))),
          };
          return {
            run: async (inputs) => {
              const scalars = new Map([...inputs].filter(([port]) => !port.startsWith(HOST)));
              const epoch = Number(inputs.get(EPOCH)?.[0]);
              let loss = 0;
              for (const index of Array.from(inputs.get(IMAGES) ?? [], Number)) {
                const { row, birads = 0 } = train[index] as ParkImage;
                const draw = drawWindow(recipe, new RandomStream(seed, 'augment', name, epoch, index));
                loss += await accumulate(sessions, spec, await place.windows.volume(row, draw), birads);
              }
              for (const session of sessions.apply) await session.run(scalars);
              return new Map<string, TensorData>([[`out:${LOSS_OUTPUT}`, Float32Array.of(loss / batch)]]);
            },
            release: async () => {
              for (const session of [sessions.streamed, sessions.head, ...sessions.apply]) await session.release();
            },
          };
        },
        patienceFigure: 'valAuc',
        batches: batchesOf(train.length, training),
        batchInputs: async (epoch, index) =>
          new Map<string, TensorData>([
            [IMAGES, Int32Array.from(orderOf(epoch).slice(index * batch, (index + 1) * batch))],
            [EPOCH, Int32Array.of(epoch)],
          ]),
        validate: async () => {
          const probabilities: Float32Array[] = [];
          for (const { row } of val)
            probabilities.push(await groupsOf({ features, judge }, spec, await place.windows.volume(row)));
          const losses = probabilities.map((own, i) => -Math.log(Math.max(own[val[i]?.birads ?? 0] as number, 1e-30)));
          return {
            loss: losses.reduce((a, b) => a + b, 0) / losses.length,
            auc: auc(
              probabilities.map((own) => own[0] as number),
              val.map(({ birads }) => birads === 0),
            ),
          };
        },
        networkValues: [...declarations.keys()],
      }),
    );
  } finally {
    await features.release();
    await judge.release();
  }
}

const HOST = 'host/';
const IMAGES = `${HOST}images`;
const EPOCH = `${HOST}epoch`;

/** Features of all slices, [mostSlices, C], and which are missing. */
async function featuresOf(session: Session, spec: BiradsSpec, volume: GmicVolume) {
  const channels = featureCount(spec);
  const features = new Float32Array(spec.mostSlices * channels);
  for await (const { first, count, pixels } of sliceRuns(spec, volume)) {
    const outputs = await session.run(new Map([[BIRADS_PORTS.slices, pixels]]));
    const own = outputs.get(`out:${BIRADS_PORTS.features}`) as Float32Array;
    features.set(own.subarray(0, count * channels), first * channels);
  }
  const missing = new Float32Array(spec.mostSlices).fill(MISSING, volume.slices);
  return new Map<string, TensorData>([
    [BIRADS_PORTS.features, features],
    [BIRADS_PORTS.missing, missing],
  ]);
}

/** The probabilities of the groups, [3]. */
async function groupsOf(
  { features, judge }: { readonly features: Session; readonly judge: Session },
  spec: BiradsSpec,
  volume: GmicVolume,
): Promise<Float32Array> {
  const outputs = await judge.run(await featuresOf(features, spec, volume));
  return outputs.get(`out:${BIRADS_PORTS.probabilities}`) as Float32Array;
}

/** Adds up the exact gradient of a volume: slices meet only in the attention, so a second pass takes it back through each run by itself. Gives the loss. */
async function accumulate(
  { features, head, streamed }: BiradsSessions,
  spec: BiradsSpec,
  volume: GmicVolume,
  group: number,
): Promise<number> {
  const label = Float32Array.from(BIRADS_GROUPS, (_, i) => (i === group ? 1 : 0));
  const outputs = await head.run(new Map([...(await featuresOf(features, spec, volume)), [BIRADS_PORTS.label, label]]));
  const gradient = outputs.get(`out:${BIRADS_PORTS.seed}`) as Float32Array; // [mostSlices, C]
  const channels = gradient.length / spec.mostSlices;
  for await (const { first, count, pixels } of sliceRuns(spec, volume)) {
    const seed = new Float32Array(spec.slicesPerRun * channels);
    seed.set(gradient.subarray(first * channels, (first + count) * channels));
    await streamed.run(
      new Map([
        [BIRADS_PORTS.slices, pixels],
        [BIRADS_PORTS.seed, seed],
      ]),
    );
  }
  return Number(outputs.get(`out:${LOSS_OUTPUT}`)?.[0]);
}
