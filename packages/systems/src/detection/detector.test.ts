/** The two phases in an engine against the whole graph. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  adam,
  DETECTION_PORTS,
  type DetectorSpec,
  differentiate,
  lowerPhases,
  type Tensor,
  type TensorData,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine, evaluateGraph, probeInput, probeParameter, residentShapes } from '@mammoscope/runtime';
import { batchProposals, detect, geometryOf, loadPhases, roiValues, trainDetector } from './detector.ts';
import { detectorLoss, inferencePhases, isNormalisation, LOSS_PORTS, trainingPhases } from './graphs.ts';
import { regionTargets, rpnTargets } from './targets.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.create({ threads: 2 });
});
after(() => engine.close());

const spec: DetectorSpec = { classes: 3, images: 2, heightPx: 64, widthPx: 96, rois: 16, anchorsPerPixel: 2 };
const geometry = geometryOf(spec, { sizesPx: [8, 16, 24, 32, 48], ratios: [0.5, 2] });
const sizes = [
  { widthPx: 96, heightPx: 64 },
  { widthPx: 70, heightPx: 40 },
];
const images = probeInput([2, 3, 64, 96], 5);
const truth = [
  { boxes: Float64Array.of(10, 12, 30, 28, 60, 20, 80, 60), classes: [1, 2] },
  { boxes: new Float64Array(), classes: [] },
];
const proposals = { before: 50, after: 20, overlap: 0.7 };
const sampling = { count: 8, positiveFraction: 0.25 };
const stream = (image: number, purpose: string) => new RandomStream(1, purpose, image);

const probeOf = (name: string, shape: readonly number[]): Float32Array =>
  /^adam\./.test(name)
    ? new Float32Array(shape.reduce((a, b) => a * b, 1))
    : probeParameter(name, shape, '').map((x) => x * (/bn3.weight|rpn|predictor/.test(name) ? 0.2 : 1));

for (const recompute of [false, true])
  test(`a step in two phases gives the losses and gradients of the whole graph${recompute ? ', with recomputation' : ''}`, async () => {
    const { phases, hostStep } = trainingPhases(spec, adam(), 0, { device: 'cpu', recompute });
    const { early, late } = lowerPhases(phases, engine.target);
    assert.ok(late.parameters.some(({ name }) => name.startsWith('kept/')));
    const step = { ...late, parameters: [...early.parameters, ...late.parameters] };
    const shapes = residentShapes({ step, optimiser: adam(), ...(hostStep ? { hostStep } : {}) });
    const parameters = [...shapes].filter(([name]) => !name.startsWith('kept/'));
    for (const [name, shape] of parameters)
      await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data: probeOf(name, shape) }]]));
    const sessions = await loadPhases(engine, phases, new Map(), hostStep);
    const rate = 1e-3;
    const scalars = new Map<string, TensorData>(
      Object.entries(adam().scalars(1, [rate])).map(([name, value]) => [name, Float32Array.of(value)]),
    );
    const anchorInputs = rpnTargets(
      geometry.levels,
      geometry.anchors,
      truth,
      truth.map((_, n) => stream(n, 'anchors')),
      { sampling },
    );
    const batch = { images, sizes, truth, inputs: new Map([...anchorInputs, ...scalars]) };
    const options = { proposals, regionTargets: { sampling }, stream: (image: number) => stream(image, 'regions') };
    const outputs = await trainDetector(sessions, geometry, batch, options);
    const again = await engine.get(['backbone.body.layer2.0.conv1.weight', 'rpn.head.conv.0.0.weight']);
    await sessions.early.release();
    await sessions.late.release();

    // The whole graph, with the regions that the host chooses from what it gives itself.
    const { graph, scope, loss } = detectorLoss(spec);
    const names = [...again.keys()];
    const wanted = names.map((name) => scope.declarations.get(name)?.tensor as Tensor);
    for (const [i, gradient] of differentiate(loss, wanted).entries()) graph.output(`g${i}`, gradient as Tensor);
    const values = new Map<string, TensorData>(
      [...graph.parameters].map(([name, { shape }]) => [name, probeOf(name, shape)]),
    );
    values.set(DETECTION_PORTS.image, images);
    const proposing = inferencePhases(spec).early;
    const proposed = await evaluateGraph(proposing, values, engine.target);
    const regions = regionTargets(
      batchProposals(geometry, proposed, sizes, proposals),
      truth,
      [stream(0, 'regions'), stream(1, 'regions')],
      { classes: 3, capacity: 16 },
      { sampling },
    );
    const anchors = rpnTargets(geometry.levels, geometry.anchors, truth, [stream(0, 'anchors'), stream(1, 'anchors')], {
      sampling,
    });
    for (const [name, data] of [...regions.inputs, ...anchors, ...roiValues(geometry, regions.boxes, 'training')])
      values.set(name, data);
    const whole = await evaluateGraph(graph, values, engine.target);
    for (const port of Object.values(LOSS_PORTS)) {
      const [got, expected] = [outputs, whole].map((of) => (of.get(`out:${port}`) as Float32Array)[0] as number) as [
        number,
        number,
      ];
      assert.ok(
        Number.isFinite(got) && Math.abs(got - expected) <= 1e-5 * Math.abs(expected),
        `${port}: ${got}, ${expected}`,
      );
    }
    // Adam's first step is rate * g / (|g| + eps) of each element.
    for (const [i, name] of names.entries()) {
      const gradient = whole.get(`out:g${i}`) as Float32Array;
      const weights = probeOf(name, again.get(name)?.shape as number[]);
      const moved = again.get(name)?.data as Float32Array;
      const scale = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
      let off = 0;
      for (const [k, g] of gradient.entries())
        if (Math.abs(g) > 1e-3 * scale)
          off = Math.max(off, Math.abs((weights[k] as number) - (moved[k] as number) - rate * Math.sign(g)));
      assert.ok(scale > 0 && off < 1e-5, `${name} is off by ${off}`);
    }
    assert.ok(hostStep?.groups.every(({ parameters }) => !parameters.some(isNormalisation)));
  });

test('inference in two phases: boxes of each image lie in it, and are the same again', async () => {
  const phases = inferencePhases(spec);
  for (const [name, { shape }] of [...phases.early.parameters, ...phases.late.parameters])
    if (!name.startsWith('kept/'))
      await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data: probeOf(name, shape) }]]));
  const sessions = await loadPhases(engine, phases, new Map());
  const options = {
    proposals: { before: 50, after: 8, overlap: 0.7 },
    detections: { score: 0.01, overlap: 0.3, most: 5 },
  };
  const found = await detect(sessions, geometry, images, sizes, options);
  assert.equal(found.length, 2);
  for (const [n, boxes] of found.entries()) {
    assert.ok(boxes.length > 0 && boxes.length <= 5);
    for (const { box, class: label } of boxes) {
      assert.ok(box[0] >= 0 && box[2] <= (sizes[n]?.widthPx as number) && box[3] <= (sizes[n]?.heightPx as number));
      assert.ok(label === 1 || label === 2);
    }
  }
  assert.deepEqual(await detect(sessions, geometry, images, sizes, options), found);
});
