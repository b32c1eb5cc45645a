/** A detector in an engine: two sessions, and what the host does between them. */
import {
  type Choices,
  DETECTION_PORTS,
  type DetectorSpec,
  type GraphPhases,
  type HostStep,
  lowerPhases,
  type PyramidLevel,
  pyramidLevels,
  roiTransposedShapes,
  type TensorData,
} from '@mammoscope/nn';
import type { RandomStream } from '@mammoscope/random';
import type { Engine, Session } from '@mammoscope/runtime';
import { type AnchorOptions, anchorsOf } from './anchors.ts';
import type { Boxes } from './boxes.ts';
import { type Detected, type DetectionOptions, detectionsOf } from './detections.ts';
import { type ProposalOptions, proposalsOf } from './proposals.ts';
import { planRois } from './roi-plan.ts';
import { transposePlan } from './roi-transpose.ts';
import { type ImageTruth, regionTargets, type TargetOptions } from './targets.ts';

/** The size of an image within its padding. */
export interface ImageSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** The two sessions of a detector. */
export interface DetectorSessions {
  readonly early: Session;
  readonly late: Session;
}

/** Lowers both phases with the ways chosen for them, and loads them. Parameters must be put into the engine by the caller. */
export async function loadPhases(
  engine: Engine,
  phases: GraphPhases,
  choices: Choices,
  hostStep?: HostStep,
): Promise<DetectorSessions> {
  const { early, late } = lowerPhases(phases, engine.target, choices);
  return { early: await engine.load(early), late: await engine.load(late, hostStep) };
}

/** What a detector looks for, and where it starts. */
export interface DetectorGeometry {
  readonly spec: DetectorSpec;
  readonly levels: readonly PyramidLevel[];
  readonly anchors: readonly Boxes[];
}

/** The levels and anchors of a detector's images. */
export function geometryOf(spec: DetectorSpec, anchors: AnchorOptions): DetectorGeometry {
  const levels = pyramidLevels(spec.heightPx, spec.widthPx);
  return { spec, levels, anchors: anchorsOf(levels, anchors) };
}

type Values = ReadonlyMap<string, TensorData>;

/** The proposals of each image of a batch from the outputs of the early phase. */
export function batchProposals(
  { spec, levels, anchors }: DetectorGeometry,
  outputs: Values,
  sizes: readonly ImageSize[],
  options: ProposalOptions,
): Boxes[] {
  const part = (port: string, n: number) => {
    const data = outputs.get(`out:${port}`) as Float32Array;
    return data.subarray((n * data.length) / spec.images, ((n + 1) * data.length) / spec.images);
  };
  return sizes.map((size, n) => {
    const output = levels.map(({ name, rows, columns }, i) => ({
      anchors: anchors[i] as Boxes,
      objectness: part(`${DETECTION_PORTS.objectness}${name}`, n),
      deltas: part(`${DETECTION_PORTS.deltas}${name}`, n),
      pixels: rows * columns,
    }));
    return proposalsOf(output, size, options).boxes;
  });
}

/** The inputs that say where regions lie, for training with what the gradient needs of them. */
export function roiValues(
  { spec, levels }: DetectorGeometry,
  regions: readonly Boxes[],
  use: 'inference' | 'training',
): Map<string, TensorData> {
  const plan = planRois(regions, { levels: levels.slice(0, -1), capacity: spec.rois });
  const values = new Map<string, TensorData>([
    [DETECTION_PORTS.roiIndices, plan.indices],
    [DETECTION_PORTS.roiWeights, plan.weights],
  ]);
  if (use === 'training')
    for (const [i, data] of transposePlan(plan, roiTransposedShapes(spec)).entries())
      values.set(`${DETECTION_PORTS.roiTransposed}${Math.floor(i / 2)}/${i % 2 === 0 ? 'indices' : 'weights'}`, data);
  return values;
}

/** The boxes of each image of a batch; `images` as packImages makes them. */
export async function detect(
  { early, late }: DetectorSessions,
  geometry: DetectorGeometry,
  images: Float32Array,
  sizes: readonly ImageSize[],
  options: { readonly proposals: ProposalOptions; readonly detections: DetectionOptions },
): Promise<Detected[][]> {
  const { classes } = geometry.spec;
  const proposed = await early.run(new Map([[DETECTION_PORTS.image, images]]));
  const regions = batchProposals(geometry, proposed, sizes, options.proposals);
  const results = await late.run(roiValues(geometry, regions, 'inference'));
  const scores = results.get(`out:${DETECTION_PORTS.scores}`) as Float32Array;
  const deltas = results.get(`out:${DETECTION_PORTS.boxDeltas}`) as Float32Array;
  let row = 0;
  return regions.map((own, n) => {
    const next = row + own.length / 4;
    const output = {
      regions: own,
      scores: scores.subarray(row * classes, next * classes),
      deltas: deltas.subarray(4 * row * classes, 4 * next * classes),
      classes,
    };
    row = next;
    return detectionsOf(output, sizes[n] as ImageSize, options.detections);
  });
}

/** A batch to train on. */
export interface TrainingBatch {
  readonly images: Float32Array;
  readonly sizes: readonly ImageSize[];
  readonly truth: readonly ImageTruth[];
  /** What the optimiser needs of the step, learning rate and the like, and the anchors' targets (rpnTargets). */
  readonly inputs: Values;
}

/** How regions are chosen. */
export interface DetectorTrainingOptions {
  readonly proposals: ProposalOptions;
  readonly regionTargets?: TargetOptions;
  /** One stream an image, so that a step is repeatable. */
  readonly stream: (image: number) => RandomStream;
}

/** One step of training: proposals, choice of regions, losses and update. Returns the outputs of the late phase. */
export async function trainDetector(
  { early, late }: DetectorSessions,
  geometry: DetectorGeometry,
  { images, sizes, truth, inputs }: TrainingBatch,
  options: DetectorTrainingOptions,
): Promise<Values> {
  const { classes, rois: capacity } = geometry.spec;
  const image = [DETECTION_PORTS.image, images] as const;
  const outputs = await early.run(new Map([image]));
  const streams = truth.map((_, n) => options.stream(n));
  const proposals = batchProposals(geometry, outputs, sizes, options.proposals);
  const regions = regionTargets(proposals, truth, streams, { classes, capacity }, options.regionTargets);
  return late.run(
    new Map<string, TensorData>([
      image,
      ...inputs,
      ...regions.inputs,
      ...roiValues(geometry, regions.boxes, 'training'),
    ]),
  );
}
