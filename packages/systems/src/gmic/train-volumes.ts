/** A training step of 3D-GMIC over volumes of any number of slices, in the memory of one run of slices (ADR 0011). */
import { type Choices, type Graph, type HostStep, LOSS_OUTPUT, lower, type TensorData } from '@mammoscope/nn';
import type { RandomStream } from '@mammoscope/random';
import { type Engine, residentShapes, type Session } from '@mammoscope/runtime';
import { saliencyOf, saliencyVolume } from './gmic.ts';
import { GMIC_PORTS, type GmicStep, type GmicStepOptions, saliencyGraph } from './graphs.ts';
import { patchOf, readPatches, roiOptions } from './patches.ts';
import { retrieveRois, sampleSlices } from './retrieve-roi.ts';
import type { GmicSpec, SaliencyVolume } from './spec.ts';
import { globalLoss, poolTop, saliencyGradient } from './top-pooling.ts';
import { type GmicVolume, readRun, sliceRuns } from './volume.ts';

/** The sessions of a step. */
export interface GmicTrainingSessions {
  readonly saliency: Session;
  readonly streamed: Session;
  readonly whole: Session;
  readonly apply: Session;
  readonly local: Session;
}

/** The graphs of a step, for choosing ways. */
export const stepGraphs = (spec: GmicSpec, { streamed, whole, apply, local }: GmicStep): Graph[] => [
  saliencyGraph(spec),
  streamed,
  whole,
  apply,
  local.graph,
];

/** Loads a step. What residentValues names must be put into the engine by the caller. */
export async function loadStep(
  engine: Engine,
  spec: GmicSpec,
  step: GmicStep,
  choices?: Choices,
): Promise<GmicTrainingSessions> {
  const lowered = (graph: Graph) => lower(graph, engine.target, choices);
  return {
    saliency: await engine.load(lowered(saliencyGraph(spec))),
    streamed: await engine.load(lowered(step.streamed)),
    whole: await engine.load(lowered(step.whole)),
    apply: await engine.load(lowered(step.apply), step.applyOnHost),
    local: await engine.load(lowered(step.local.graph), step.local.hostStep),
  };
}

/** Shapes of what a step keeps in the engine: weights, running statistics, sums of gradients, optimiser state; all but weights start at 0. */
export function stepShapes(
  { streamed, apply, applyOnHost, local }: GmicStep,
  { target }: Engine,
  optimiser: GmicStepOptions['optimiser'],
): Map<string, readonly number[]> {
  const shapesOf = (graph: Graph, hostStep: HostStep | undefined, then?: Graph) =>
    residentShapes({
      step: lower(graph, target),
      optimiser,
      ...(then ? { apply: lower(then, target) } : {}),
      ...(hostStep ? { hostStep } : {}),
    });
  return new Map([...shapesOf(streamed, applyOnHost, apply), ...shapesOf(local.graph, local.hostStep)]);
}

/** A volume to train on. */
export interface LabelledVolume {
  readonly volume: GmicVolume;
  /** Benign and malignant, 0 or 1. */
  readonly labels: readonly number[];
  /** Draws the slices of its patches. */
  readonly stream: RandomStream;
}

/** What a step came to. */
export interface GmicStepResult {
  /** Equation 7, the mean over volumes. */
  readonly loss: number;
  /** p_global and p_local of each volume, by the weights before the step. */
  readonly global: readonly (readonly number[])[];
  readonly local: readonly (readonly number[])[];
  /** Slices that were differentiated, and all of them. */
  readonly differentiated: number;
  readonly slices: number;
}

/** Adds up the gradients of a step and applies them; `scalars` are the optimiser's. As many volumes as the step was built for. */
export async function trainVolumes(
  sessions: GmicTrainingSessions,
  spec: GmicSpec,
  batch: readonly LabelledVolume[],
  { beta, scalars }: { readonly beta: number; readonly scalars: ReadonlyMap<string, TensorData> },
): Promise<GmicStepResult> {
  const { cropPx, patches: perVolume } = spec;
  const patches = new Float32Array(batch.length * perVolume * cropPx * cropPx);
  const passes: GlobalPass[] = [];
  for (const [i, labelled] of batch.entries()) {
    const isOneRun = labelled.volume.slices === spec.slicesPerRun;
    const pass = await (isOneRun
      ? accumulateWhole(sessions, spec, labelled)
      : accumulateStreamed(sessions, spec, labelled, beta));
    passes.push(pass);
    patches.set(await trainingPatches(spec, labelled, pass.saliency), i * perVolume * cropPx * cropPx);
  }
  const outputs = await sessions.local.run(
    new Map<string, TensorData>([
      [GMIC_PORTS.patches, patches],
      [GMIC_PORTS.labels, Float32Array.from(batch.flatMap(({ labels }) => labels))],
      ...scalars,
    ]),
  );
  await sessions.apply.run(scalars);
  const output = (port: string) => Array.from(outputs.get(`out:${port}`) as Float32Array);
  const probabilities = output(GMIC_PORTS.probabilities);
  const sum = (of: (pass: GlobalPass) => number) => passes.reduce((total, pass) => total + of(pass), 0);
  return {
    loss: sum(({ loss }) => loss) / batch.length + (output(LOSS_OUTPUT)[0] as number),
    global: passes.map(({ probabilities: own }) => own),
    local: batch.map((_, i) => probabilities.slice(2 * i, 2 * i + 2)),
    differentiated: sum((pass) => pass.differentiated),
    slices: sum(({ saliency }) => saliency.slices),
  };
}

/** What the global module made of a volume whose gradient it has added up. */
export interface GlobalPass {
  readonly saliency: SaliencyVolume;
  /** p_global. */
  readonly probabilities: readonly number[];
  readonly loss: number;
  /** Slices that a gradient was taken back through. */
  readonly differentiated: number;
}

/**
 * The exact gradient of the global module's loss: slices meet only in pooling, so what the loss asks of each is known once all of them
 * have been seen, and a second pass takes it back through one run of slices at a time, leaving out those that it asks nothing of.
 */
export async function accumulateStreamed(
  sessions: Pick<GmicTrainingSessions, 'saliency' | 'streamed'>,
  spec: GmicSpec,
  { volume, labels }: Pick<LabelledVolume, 'volume' | 'labels'>,
  beta: number,
): Promise<GlobalPass> {
  const saliency = await saliencyOf(sessions.saliency, spec, volume);
  const pooled = poolTop(saliency, spec);
  const gradient = saliencyGradient(saliency, pooled, labels, { beta, nonlinearity: spec.nonlinearity });
  const size = gradient.length / volume.slices;
  const seedOf = (first: number, count: number) => gradient.subarray(first * size, (first + count) * size);
  const wanted = (first: number, count: number) => seedOf(first, count).some((value) => value !== 0);
  let differentiated = 0;
  for await (const { first, count, pixels } of sliceRuns(spec, volume, wanted)) {
    const seed = new Float32Array(spec.slicesPerRun * size);
    seed.set(seedOf(first, count));
    await sessions.streamed.run(
      new Map([
        [GMIC_PORTS.slices, pixels],
        [GMIC_PORTS.seed, seed],
      ]),
    );
    differentiated += count;
  }
  const { probabilities } = pooled;
  return { saliency, probabilities, loss: globalLoss(saliency, pooled, labels, beta), differentiated };
}

/** The same for a volume that is one run, mammograms among them: pooling and loss are in the graph, and there is no second pass. */
async function accumulateWhole(
  { whole }: Pick<GmicTrainingSessions, 'whole'>,
  spec: GmicSpec,
  { volume, labels }: LabelledVolume,
): Promise<GlobalPass> {
  const { count, pixels } = await readRun(spec, volume, 0);
  const outputs = await whole.run(
    new Map([
      [GMIC_PORTS.slices, pixels],
      [GMIC_PORTS.labels, Float32Array.from(labels)],
    ]),
  );
  const output = (port: string) => outputs.get(`out:${port}`) as Float32Array;
  return {
    saliency: saliencyVolume(output(GMIC_PORTS.saliency), spec, volume),
    probabilities: Array.from(output(GMIC_PORTS.pooled)),
    loss: output(LOSS_OUTPUT)[0] as number,
    differentiated: count,
  };
}

/** The patches of a volume, from slices drawn near those that they were chosen in. */
async function trainingPatches(
  spec: GmicSpec,
  { volume, stream }: LabelledVolume,
  saliency: SaliencyVolume,
): Promise<Float32Array> {
  const cells = retrieveRois(saliency, roiOptions(spec, saliency));
  const drawn = sampleSlices(cells, spec.zeta, volume.slices, stream);
  return readPatches(
    spec,
    volume,
    drawn.map((cell) => patchOf(cell, spec, saliency)),
  );
}
