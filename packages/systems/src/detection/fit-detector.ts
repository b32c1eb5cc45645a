/** Training of a detector on tiles that are held in memory or read one at a time. */
import type { BoxPx, Plane } from '@mammoscope/imaging';
import { adam, type DetectorSpec, lowerPhases, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { chooseWays, type Engine, residentShapes } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';
import type { AnchorOptions } from './anchors.ts';
import { packBoxes } from './boxes.ts';
import { geometryOf, loadPhases, trainDetector } from './detector.ts';
import { type DetectorStepOptions, LOSS_PORTS, trainingPhases } from './graphs.ts';
import { packImages } from './image-batch.ts';
import { type ProposalOptions, TRAINING_PROPOSALS } from './proposals.ts';
import type { ImageTruth, TargetOptions } from './targets.ts';
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

/** How a detector is trained. */
export interface FitDetectorOptions {
  readonly engine: Engine;
  readonly spec: DetectorSpec;
  readonly anchors: AnchorOptions;
  /** First values of every parameter and buffer, as detectorWeights gives them. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly tiles: number;
  /** Reads a tile; called in the order of the epoch. */
  readonly tile: (index: number, epoch: number) => Promise<TrainingTile>;
  readonly epochs: number;
  readonly learningRate: number;
  readonly weightDecay?: number;
  readonly seed: number;
  readonly step?: Omit<DetectorStepOptions, 'device'>;
  readonly proposals?: ProposalOptions;
  readonly anchorTargets?: TargetOptions;
  readonly regionTargets?: TargetOptions;
  readonly onEpoch?: (epoch: number, losses: DetectorLosses) => void;
}

/** Means over the steps of an epoch. */
export type DetectorLosses = Readonly<Record<keyof typeof LOSS_PORTS | 'total', number>>;

/**
 * Trains by Adam, each tile once an epoch in a seeded order; what does not fill a batch is left to another epoch. The weights
 * stay in the engine under their names, from which `engine.get` copies them; returns the losses of each epoch. The same seed gives the
 * same draws. SystemError 'data-unusable' for fewer tiles than a batch, or when the loss is not finite.
 */
export async function fitDetector(options: FitDetectorOptions): Promise<DetectorLosses[]> {
  const { engine, spec, tiles, epochs, learningRate, seed, onEpoch } = options;
  if (tiles < spec.images)
    throw new SystemError(
      'data-unusable',
      `a batch of ${spec.images} tiles cannot be filled by ${tiles}: give more films`,
    );
  const optimiser = adam();
  const stepOptions = { ...options.step, device: engine.device };
  const { phases, hostStep } = trainingPhases(spec, optimiser, options.weightDecay ?? 0, stepOptions);
  const choices = await chooseWays(engine, [phases.early, phases.late]);
  const { early, late } = lowerPhases(phases, engine.target, choices);
  const step = { ...late, parameters: [...early.parameters, ...late.parameters] };
  for (const [name, shape] of residentShapes({ step, optimiser, ...(hostStep ? { hostStep } : {}) })) {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = options.weights.get(name)?.slice() ?? new Float32Array(size);
    if (!name.startsWith('kept/')) await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data }]]));
  }
  const sessions = await loadPhases(engine, phases, choices, hostStep);
  const geometry = geometryOf(spec, options.anchors);
  const history: DetectorLosses[] = [];
  let steps = 0;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = new RandomStream(seed, 'order', 'detector', epoch).shuffle([...Array(tiles).keys()]);
      const sums: Record<string, number> = {};
      const batches = Math.floor(tiles / spec.images);
      for (let batch = 0; batch < batches; batch++) {
        const chosen = order.slice(batch * spec.images, (batch + 1) * spec.images);
        const read: TrainingTile[] = [];
        for (const index of chosen) read.push(await options.tile(index, epoch));
        const planes = read.map(({ plane }) => plane);
        const outputs = await trainDetector(
          sessions,
          geometry,
          {
            images: packImages(planes, spec),
            sizes: planes.map(({ width, height }) => ({ widthPx: width, heightPx: height })),
            truth: read.map(({ truth }) => truth),
            scalars: scalarsOf(optimiser.scalars(++steps, [learningRate])),
          },
          {
            proposals: options.proposals ?? TRAINING_PROPOSALS,
            ...(options.anchorTargets ? { anchorTargets: options.anchorTargets } : {}),
            ...(options.regionTargets ? { regionTargets: options.regionTargets } : {}),
            stream: (n, purpose) => new RandomStream(seed, 'detector', purpose, epoch, chosen[n] as number),
          },
        );
        for (const [name, port] of Object.entries(LOSS_PORTS))
          sums[name] = (sums[name] ?? 0) + Number(outputs.get(`out:${port}`)?.[0]) / batches;
      }
      const total = Object.values(sums).reduce((a, b) => a + b, 0);
      if (!Number.isFinite(total))
        throw new SystemError('data-unusable', `the loss of epoch ${epoch + 1} is ${total}: lower the learning rate`);
      const losses = { ...sums, total } as DetectorLosses;
      history.push(losses);
      onEpoch?.(epoch, losses);
    }
  } finally {
    await sessions.early.release();
    await sessions.late.release();
  }
  return history;
}

const scalarsOf = (scalars: Readonly<Record<string, number>>): Map<string, TensorData> =>
  new Map(Object.entries(scalars).map(([name, value]) => [name, Float32Array.of(value)]));
