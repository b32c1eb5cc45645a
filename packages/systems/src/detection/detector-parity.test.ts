/** Faster R-CNN against torchvision's (references/fasterrcnn.json; its fields are in references/README.md). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  DETECTION_PORTS,
  type DetectorSpec,
  differentiate,
  functions as f,
  Graph,
  pyramidLevels,
  sizeOf,
  type Tensor,
  type TensorData,
  transposedShapes,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { detectBlockSize, evaluateGraph, probeInput, probeParameter, unit } from '@mammoscope/runtime';
import { anchorsOf, PUBLISHED_ANCHORS } from './anchors.ts';
import { geometryOf, roiValues } from './detector.ts';
import { detectorLoss, inferencePhases, LOSS_PORTS } from './graphs.ts';
import { proposalsOf, TRAINING_PROPOSALS } from './proposals.ts';
import { planRois } from './roi-plan.ts';
import { transposePlan } from './roi-transpose.ts';
import { suppress } from './suppression.ts';
import { regionTargets, rpnTargets } from './targets.ts';

const reference = JSON.parse(readFileSync(new URL('../../../../references/fasterrcnn.json', import.meta.url), 'utf8'));
const TOLERANCE = 1e-3;

interface Summary {
  readonly norm: number;
  readonly mean: number;
  readonly first: readonly number[];
}

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

/** Norm and first values, relative to the norm and to the largest magnitude expected of an element. */
function holdSummary(what: string, got: Float32Array, expected: Summary): void {
  const length = norm(got);
  assert.ok(Math.abs(length - expected.norm) <= TOLERANCE * expected.norm, `${what}: norm ${length}, ${expected.norm}`);
  const scale = Math.max(...expected.first.map(Math.abs), expected.norm / Math.sqrt(got.length));
  for (const [i, value] of expected.first.entries())
    assert.ok(Math.abs((got[i] as number) - value) <= TOLERANCE * scale, `${what}[${i}]: ${got[i]}, ${value}`);
}

const scaleOf = (name: string) =>
  name.endsWith('bn3.weight')
    ? 0.2
    : /(cls_logits|rpn.head.bbox_pred|cls_score|box_predictor.bbox_pred).weight$/.test(name)
      ? 0.05
      : 1;

/** The probe weights of a graph's parameters, and the image. */
function probeValues(graph: Graph, { heightPx, widthPx }: DetectorSpec): Map<string, TensorData> {
  const values = new Map<string, TensorData>();
  for (const [name, { shape }] of graph.parameters) {
    const scale = scaleOf(name);
    values.set(
      name,
      probeParameter(name, shape, reference.salt).map((x) => x * scale),
    );
  }
  const image = probeInput([1, 3, heightPx, widthPx], reference.inputSeed).map((x) => (x + 1) / 2);
  return values.set(DETECTION_PORTS.image, image);
}

const spec = (rois: number): DetectorSpec => ({
  classes: 3,
  images: 1,
  heightPx: reference.H,
  widthPx: reference.W,
  rois,
  anchorsPerPixel: 3,
});
const levels = pyramidLevels(reference.H, reference.W);
const anchors = anchorsOf(levels, PUBLISHED_ANCHORS);
const size = { widthPx: reference.W, heightPx: reference.H };

/** Parameters of the joint graph that proposals need do not include the box head. */
async function anchorOutputs(blockSize: number) {
  const { early } = inferencePhases(spec(1));
  return evaluateGraph(early, probeValues(early, spec(1)), { device: 'cpu', blockSize });
}

const namesOfLevels = ['0', '1', '2', '3', 'pool'];

test("objectness and deltas are torchvision's, plain and blocked", async () => {
  for (const blockSize of new Set([0, await detectBlockSize()])) {
    const results = await anchorOutputs(blockSize);
    for (const [i, { name }] of levels.entries()) {
      const level = namesOfLevels[i] as string;
      holdSummary(
        `objectness ${name}`,
        results.get(`out:objectness/${name}`) as Float32Array,
        reference.objectness[level],
      );
      holdSummary(`deltas ${name}`, results.get(`out:deltas/${name}`) as Float32Array, reference.boxDeltas[level]);
    }
  }
});

test("with every anchor and proposal used, losses and gradients are torchvision's", async () => {
  const target = { device: 'cpu', blockSize: await detectBlockSize() } as const;
  const outputs = await anchorOutputs(target.blockSize);
  const proposals = proposalsOf(
    levels.map(({ name, rows, columns }, i) => ({
      anchors: anchors[i] as Float64Array,
      objectness: outputs.get(`out:objectness/${name}`) as Float32Array,
      deltas: outputs.get(`out:deltas/${name}`) as Float32Array,
      pixels: rows * columns,
    })),
    size,
    TRAINING_PROPOSALS,
  );
  const truth = { boxes: Float64Array.from(reference.boxes.flat() as number[]), classes: reference.labels as number[] };
  const capacity = proposals.boxes.length / 4 + truth.classes.length;
  const everything = { sampling: null, average: 'all' } as const;
  const streams = [new RandomStream(1)];
  const regions = regionTargets([proposals.boxes], [truth], streams, { classes: 3, capacity }, everything);

  const { graph, loss, scope } = detectorLoss(spec(capacity));
  graph.output('loss', loss);
  const weights = [...scope.declarations].filter(([, { kind }]) => kind === 'weight');
  assert.equal(
    weights.reduce((sum, [, { tensor }]) => sum + sizeOf(tensor.shape), 0),
    reference.parameters,
  );
  const gradients = differentiate(
    loss,
    weights.map(([, { tensor }]) => tensor),
  );
  let squares: Tensor | undefined;
  for (const [i, [name]] of weights.entries()) {
    const gradient = gradients[i] as Tensor;
    const own = f.reduceSumSquare(gradient);
    squares = squares ? f.add(squares, own) : own;
    if (name in reference.grads) graph.output(`gradient/${name}`, gradient);
  }
  graph.output('squares', squares as Tensor);
  const values = probeValues(graph, spec(capacity));
  for (const [name, data] of [...regions.inputs, ...rpnTargets(levels, anchors, [truth], streams, everything)])
    values.set(name, data);
  const geometry = geometryOf(spec(capacity), PUBLISHED_ANCHORS);
  for (const [name, data] of roiValues(geometry, regions.boxes, 'training')) values.set(name, data);
  const results = await evaluateGraph(graph, values, target);
  const scalar = (name: string) => (results.get(`out:${name}`) as Float32Array)[0] as number;
  const close = (what: string, got: number, expected: number) =>
    assert.ok(Math.abs(got - expected) <= TOLERANCE * Math.abs(expected), `${what}: ${got}, torchvision ${expected}`);
  close('classifier', scalar(LOSS_PORTS.classes), reference.losses.loss_classifier);
  close('boxes', scalar(LOSS_PORTS.boxes), reference.losses.loss_box_reg);
  close('objectness', scalar(LOSS_PORTS.objectness), reference.losses.loss_objectness);
  close('rpn boxes', scalar(LOSS_PORTS.rpnBoxes), reference.losses.loss_rpn_box_reg);
  close('loss', scalar('loss'), reference.loss);
  close('norm of all gradients', Math.sqrt(scalar('squares')), reference.gradTotalNorm);
  for (const [name, expected] of Object.entries(reference.grads as Record<string, Summary>))
    holdSummary(name, results.get(`out:gradient/${name}`) as Float32Array, expected);
});

test("RoI align and its gradient are torchvision's, at regions that leave the map too", async () => {
  const { input, rois, spatialScale, output, outputAll, weightName, inputGrad } = reference.roiAlign;
  const [, channels, rows, columns] = input.shape as [number, number, number, number];
  const level = { name: 'p2', stride: 1 / spatialScale, rows, columns };
  const boxes = Float64Array.from((rois as number[][]).flatMap(([, ...box]) => box));
  const plan = planRois([boxes], { levels: [level], capacity: rois.length });
  const graph = new Graph();
  const map = graph.input('map', input.shape);
  const table = f.reshape(f.transpose(f.reshape(map, [1, channels, rows * columns]), [0, 2, 1]), [
    rows * columns,
    channels,
  ]);
  const entries = [rois.length * 49, 16];
  const shapes = transposedShapes(rows * columns, entries[0] as number, 16);
  const transposed = shapes.flatMap((shape, i) => [
    graph.input(`t${2 * i}`, shape, 'int64'),
    graph.input(`t${2 * i + 1}`, shape),
  ]);
  const sums = f.gatherSum(
    table,
    graph.input('indices', entries, 'int64'),
    graph.input('weights', entries),
    transposed,
  );
  const bins = f.transpose(f.reshape(sums, [rois.length, 49, channels]), [0, 2, 1]);
  graph.output('bins', bins);
  const [gradient] = differentiate(f.reduceSum(f.mul(bins, graph.input('seed', bins.shape))), [map]);
  graph.output('gradient', gradient as Tensor);
  const seed = Float32Array.from(unit(weightName, rois.length * channels * 49));
  const values = new Map<string, TensorData>([
    ['map', probeInput(input.shape, input.seed)],
    ['indices', plan.indices],
    ['weights', plan.weights],
    ['seed', seed],
    ...transposePlan(plan, shapes).map((data, i) => [`t${i}`, data] as const),
  ]);
  const results = await evaluateGraph(graph, values, { device: 'cpu', blockSize: 0 });
  const got = results.get('out:bins') as Float32Array;
  holdSummary('bins', got, output);
  for (const [i, value] of (outputAll as number[]).entries())
    assert.ok(Math.abs((got[i] as number) - value) < 1e-5, `bin ${i}: ${got[i]}, ${value}`);
  holdSummary('gradient of the map', results.get('out:gradient') as Float32Array, inputGrad);
});

test("non-maximum suppression keeps exactly torchvision's boxes, in its order", () => {
  const { boxName, scoreName, iou, keep } = reference.nms;
  const u = unit(boxName, 400).map((x) => (x + 1) / 2);
  const boxes = Float64Array.from({ length: 400 }, (_, i) => {
    const [a, b, c, d] = u.subarray(i - (i % 4)) as unknown as [number, number, number, number];
    return [80 * a, 80 * b, 80 * a + 5 + 30 * c, 80 * b + 5 + 30 * d][i % 4] as number;
  });
  assert.deepEqual(suppress(boxes, unit(scoreName, 100), iou), keep);
});
