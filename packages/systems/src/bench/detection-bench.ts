/** Training step and inference of the detector on one film, timed against the MatMul ceiling of the same process. */
import { adam, type GraphPhases, lowerPhases, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { chooseWays, Engine, probeInput, probeParameter, residentShapes } from '@mammoscope/runtime';
import { PUBLISHED_ANCHORS } from '../detection/anchors.ts';
import { PUBLISHED_DETECTION } from '../detection/detections.ts';
import { detect, geometryOf, loadPhases, trainDetector } from '../detection/detector.ts';
import { inferencePhases, trainingPhases } from '../detection/graphs.ts';
import { STRIDE_PX } from '../detection/image-batch.ts';
import { TEST_PROPOSALS, TRAINING_PROPOSALS } from '../detection/proposals.ts';
import { rpnTargets } from '../detection/targets.ts';
import { SystemError } from '../errors.ts';
import { caseNamed, gflopOfGraph, type Speed, timed } from './speed.ts';

/** What is timed: a training step keeps the network's values, or computes blocks of the backbone again. */
export const DETECTION_CASES = ['training', 'inference', 'training-recomputed'] as const;
export type DetectionCase = (typeof DETECTION_CASES)[number];

/** SystemError 'option-invalid' for another name. */
export const detectionCase = (name: string): DetectionCase => caseNamed(DETECTION_CASES, 'the detector', name);

/** What a case came to. */
export interface DetectionResult extends Speed {
  readonly case: DetectionCase;
  readonly title: string;
}

/** How a case is run. */
export interface DetectionBenchOptions {
  /** Of the film, a multiple of 32; its width is 13/16 of it, as 832 px are of 1024, up to the next multiple. */
  readonly heightPx: number;
  readonly runs: number;
  readonly threads?: number;
}

const TITLES = {
  training: 'training step',
  inference: 'inference',
  'training-recomputed': 'training step with recomputation',
} as const satisfies Record<DetectionCase, string>;

const LEARNING_RATE = 1e-6;

/** Runs a case in a fresh engine. Memory is meaningful only when nothing else ran in the process. */
export async function runDetectionCase(
  name: DetectionCase,
  { heightPx, runs, threads }: DetectionBenchOptions,
): Promise<DetectionResult> {
  if (heightPx % STRIDE_PX !== 0)
    throw new SystemError(
      'option-invalid',
      `--size ${heightPx}: the height of a film must be a multiple of ${STRIDE_PX} px`,
    );
  const widthPx = Math.ceil((13 * heightPx) / 16 / STRIDE_PX) * STRIDE_PX;
  const engine = await Engine.create(threads ? { threads } : {});
  try {
    const training = name !== 'inference';
    const spec = { classes: 3, images: 1, heightPx, widthPx, rois: training ? 512 : 1000, anchorsPerPixel: 3 };
    const { phases, hostStep } = training
      ? trainingPhases(spec, adam(), 0, { device: engine.device, recompute: name === 'training-recomputed' })
      : { phases: inferencePhases(spec), hostStep: undefined };
    const choices = await chooseWays(engine, [phases.early, phases.late]);
    await putProbeValues(engine, phases, hostStep);
    const sessions = await loadPhases(engine, phases, choices, hostStep);
    const geometry = geometryOf(spec, PUBLISHED_ANCHORS);
    const images = probeInput([1, 3, heightPx, widthPx], 1);
    const sizes = [{ heightPx, widthPx }];
    const truth = [{ boxes: Float64Array.of(100, 120, 180, 190, 300, 400, 340, 450), classes: [1, 2] }];
    const scalars = new Map<string, TensorData>(
      Object.entries(adam().scalars(1, [LEARNING_RATE])).map(([scalar, value]) => [scalar, Float32Array.of(value)]),
    );
    const anchorInputs = (run: number) =>
      rpnTargets(geometry.levels, geometry.anchors, truth, [new RandomStream(1, 'bench', 'anchors', run)]);
    const film = (run: number) =>
      training
        ? trainDetector(
            sessions,
            geometry,
            { images, sizes, truth, inputs: new Map([...anchorInputs(run), ...scalars]) },
            { proposals: TRAINING_PROPOSALS, stream: (image) => new RandomStream(1, 'bench', 'regions', run, image) },
          )
        : detect(sessions, geometry, images, sizes, { proposals: TEST_PROPOSALS, detections: PUBLISHED_DETECTION });
    let done = 0;
    const gflop = gflopOfGraph(phases.early) + gflopOfGraph(phases.late);
    return {
      case: name,
      title: `${TITLES[name]}, 1 x ${heightPx} x ${widthPx}, ${spec.rois} regions`,
      ...(await timed(engine, { gflop, runs, run: () => film(done++) })),
    };
  } finally {
    await engine.close();
  }
}

/** Weights that are functions of their names, with small residuals so that nothing overflows; zeros for the optimiser. */
async function putProbeValues(
  engine: Engine,
  phases: GraphPhases,
  hostStep: ReturnType<typeof trainingPhases>['hostStep'],
): Promise<void> {
  const { early, late } = lowerPhases(phases, engine.target);
  const step = { ...late, parameters: [...early.parameters, ...late.parameters] };
  const shapes = residentShapes({ step, optimiser: adam(), ...(hostStep ? { hostStep } : {}) });
  for (const [name, shape] of shapes) {
    if (name.startsWith('kept/')) continue;
    const scale = name.endsWith('bn3.weight') || /rpn|predictor/.test(name) ? 0.05 : 1;
    const data = name.startsWith('adam.')
      ? new Float32Array(shape.reduce((a, b) => a * b, 1))
      : probeParameter(name, shape, '').map((x) => x * scale);
    await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data }]]));
  }
}
