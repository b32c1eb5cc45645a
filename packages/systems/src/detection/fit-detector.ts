/** Training of a detector on tiles that are read one at a time. */
import type { BoxPx, Plane } from '@mammoscope/imaging';
import {
  type Choices,
  DETECTION_PORTS,
  type DetectorSpec,
  KEPT_PREFIX,
  LOSS_OUTPUT,
  lowerPhases,
  type Optimiser,
  sizeOf,
  type TensorData,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { type Engine, type FitOptions, type FitState, fit, residentShapes, type Session } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';
import type { PhasedStep } from '../training/step.ts';
import type { AnchorOptions } from './anchors.ts';
import { packBoxes } from './boxes.ts';
import { type DetectorGeometry, type DetectorSessions, geometryOf, trainDetector } from './detector.ts';
import { LOSS_PORTS } from './graphs.ts';
import { packImages } from './image-batch.ts';
import { type ProposalOptions, TRAINING_PROPOSALS } from './proposals.ts';
import { type ImageTruth, rpnTargets, type TargetOptions } from './targets.ts';
import type { Tile } from './tiling.ts';

/** One tile with its lesions, in its pixels. */
export interface TrainingTile {
  /** Grey values in [0, 1], at most as large as the detector's images. */
  readonly plane: Plane;
  readonly truth: ImageTruth;
}

/** Least share of a lesion's area that must lie in a tile for it to count there. */
const LEAST_INSIDE = 0.5;

/** The lesions of a film that lie in a tile, cut to it, in its pixels. */
export function truthInTile(
  lesions: readonly { readonly box: BoxPx; readonly class: number }[],
  { box: [left, top, right, bottom] }: Tile,
): ImageTruth {
  const inside = lesions.flatMap(({ box: [x1, y1, x2, y2], class: label }) => {
    const cut: BoxPx = [Math.max(x1, left), Math.max(y1, top), Math.min(x2, right), Math.min(y2, bottom)];
    const [width, height] = [cut[2] - cut[0], cut[3] - cut[1]];
    if (width <= 0 || height <= 0 || width * height < LEAST_INSIDE * (x2 - x1) * (y2 - y1)) return [];
    return [{ box: [cut[0] - left, cut[1] - top, cut[2] - left, cut[3] - top] as const, label }];
  });
  const boxes = packBoxes(
    inside.map(({ box }) => box),
    'a tile',
  );
  return { boxes, classes: inside.map(({ label }) => label) };
}

/** How anchors and regions are chosen in training; as published unless given. */
export interface ChoiceOfExamples {
  readonly proposals?: ProposalOptions;
  readonly anchorTargets?: TargetOptions;
  readonly regionTargets?: TargetOptions;
}

/** How a detector is trained: its graphs and images here, the rest as any network's. */
export interface FitDetectorOptions
  extends ChoiceOfExamples,
    Pick<FitOptions, 'schedule' | 'scheduleFigure' | 'seed' | 'epochs' | 'patience' | 'batches' | 'validate'>,
    Pick<FitOptions, 'lastPath' | 'bestPath' | 'resume' | 'signal' | 'events'> {
  readonly engine: Engine;
  readonly spec: DetectorSpec;
  readonly anchors: AnchorOptions;
  readonly step: PhasedStep;
  readonly optimiser: Optimiser;
  readonly lowerings: Choices;
  /** First values of every parameter and buffer, as detectorWeights gives them; their memory goes to the engine, and they are empty afterwards. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** The tiles of a batch; must depend on the arguments alone. */
  readonly tiles: (epoch: number, batch: number) => Promise<readonly TrainingTile[]>;
}

/** What the host needs between the phases, handed on beside the inputs of the graphs. */
const HOST = {
  /** Width and height of each image. */
  sizes: 'host/sizes',
  /** Boxes and classes of an image, with its number at the end. */
  boxes: 'host/boxes/',
  classes: 'host/classes/',
  /** Epoch and batch, by which examples are drawn. */
  draw: 'host/draw',
} as const;

/**
 * Trains as runtime's fit does: checkpoints, best weights, resumption, interruption. The anchors' targets of the next batch are made
 * while a step runs. The weights stay in the engine under their names. The same seed gives the same draws.
 * SystemError 'data-unusable' where there is no batch, TrainingError as fit.
 */
export async function fitDetector(options: FitDetectorOptions): Promise<FitState> {
  const { engine, spec, anchors, step, optimiser, lowerings, weights, batches, seed } = options;
  if (batches < 1)
    throw new SystemError(
      'data-unusable',
      `a batch of ${spec.images} tiles cannot be filled by the tiles at hand: give more films, or use a smaller batch`,
    );
  const { early, late } = lowerPhases(step.phases, engine.target, lowerings);
  const parameters = [...early.parameters, ...late.parameters].filter(({ name }) => !name.startsWith(KEPT_PREFIX));
  const { hostStep } = step;
  const kept = { step: { ...late, parameters }, optimiser, ...(hostStep ? { hostStep } : {}) };
  for (const [name, shape] of residentShapes(kept)) {
    const data = weights.get(name) ?? new Float32Array(sizeOf(shape));
    await engine.give(new Map([[name, { dtype: 'float32' as const, shape, data }]]));
  }
  const geometry = geometryOf(spec, anchors);
  const { schedule, scheduleFigure, epochs, patience, validate, lastPath, bestPath, resume, signal, events } = options;
  return fit({
    ...kept,
    open: async () =>
      stepSession({ early: await engine.load(early), late: await engine.load(late, hostStep) }, geometry, options),
    batchInputs: async (epoch, batch) =>
      batchInputs(await options.tiles(epoch, batch), geometry, [epoch, batch], options),
    networkValues: [...weights.keys()],
    ...{ engine, schedule, scheduleFigure, seed, epochs, patience, batches, validate, lastPath, bestPath, resume },
    ...(signal ? { signal } : {}),
    ...(events ? { events } : {}),
  });
}

/** The stream of an image of a batch. */
const streamOf = (seed: number, purpose: 'anchors' | 'regions', [epoch, batch]: readonly number[], image: number) =>
  new RandomStream(seed, 'detector', purpose, epoch as number, batch as number, image);

/** What of a step does not wait for proposals. */
function batchInputs(
  tiles: readonly TrainingTile[],
  { spec, levels, anchors }: DetectorGeometry,
  draw: readonly [epoch: number, batch: number],
  { seed, anchorTargets }: Pick<FitDetectorOptions, 'seed' | 'anchorTargets'>,
): ReadonlyMap<string, TensorData> {
  const truth = tiles.map((tile) => tile.truth);
  const streams = tiles.map((_, image) => streamOf(seed, 'anchors', draw, image));
  return new Map<string, TensorData>([
    [
      DETECTION_PORTS.image,
      packImages(
        tiles.map(({ plane }) => plane),
        spec,
      ),
    ],
    ...rpnTargets(levels, anchors, truth, streams, anchorTargets),
    [HOST.sizes, Int32Array.from(tiles.flatMap(({ plane: { width, height } }) => [width, height]))],
    [HOST.draw, Int32Array.from(draw)],
    ...truth.flatMap(({ boxes, classes }, image): [string, TensorData][] => [
      [`${HOST.boxes}${image}`, boxes],
      [`${HOST.classes}${image}`, Int32Array.from(classes)],
    ]),
  ]);
}

/** Both phases as the one session that runtime's fit runs; its loss is the sum of the four. */
function stepSession(
  sessions: DetectorSessions,
  geometry: DetectorGeometry,
  { seed, proposals = TRAINING_PROPOSALS, regionTargets }: Pick<FitDetectorOptions, 'seed'> & ChoiceOfExamples,
): Session {
  return {
    run: async (inputs) => {
      const given = (name: string) => inputs.get(name) as TensorData;
      const sizes = Array.from(given(HOST.sizes), Number);
      const draw = Array.from(given(HOST.draw), Number);
      const outputs = await trainDetector(
        sessions,
        geometry,
        {
          images: given(DETECTION_PORTS.image) as Float32Array,
          sizes: Array.from({ length: sizes.length / 2 }, (_, n) => ({
            widthPx: sizes[2 * n] as number,
            heightPx: sizes[2 * n + 1] as number,
          })),
          truth: Array.from({ length: sizes.length / 2 }, (_, n) => ({
            boxes: given(`${HOST.boxes}${n}`) as Float64Array,
            classes: Array.from(given(`${HOST.classes}${n}`), Number),
          })),
          // The optimiser's scalars, and the anchors' targets.
          inputs: new Map([...inputs].filter(([name]) => name !== DETECTION_PORTS.image && !name.startsWith('host/'))),
        },
        {
          proposals,
          ...(regionTargets ? { regionTargets } : {}),
          stream: (image) => streamOf(seed, 'regions', draw, image),
        },
      );
      const losses = Object.values(LOSS_PORTS).map((port) => Number(outputs.get(`out:${port}`)?.[0]));
      return new Map([...outputs, [`out:${LOSS_OUTPUT}`, Float32Array.of(losses.reduce((a, b) => a + b, 0))]]);
    },
    release: async () => {
      await sessions.early.release();
      await sessions.late.release();
    },
  };
}
