/** 3D-GMIC against PyTorch's (references/gmic3d.json; its fields are in references/README.md). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import {
  ACCUMULATOR_PREFIX,
  adam,
  differentiate,
  LOSS_OUTPUT,
  lower,
  type Tensor,
  type TensorData,
} from '@mammoscope/nn';
import { Engine, evaluateGraph, probeInput, probeParameter, unit } from '@mammoscope/runtime';
import { loadGmic, predictVolume } from './gmic.ts';
import { GMIC_PORTS, gmicDeclarations, gmicStep, localLoss, saliencyGraph } from './graphs.ts';
import { readPatches } from './patches.ts';
import { type GmicSpec, mapStart, type SaliencyVolume } from './spec.ts';
import { accumulateStreamed } from './train-volumes.ts';
import type { GmicVolume } from './volume.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../../references/${name}`, import.meta.url), 'utf8'));

interface Reference {
  readonly D: number;
  readonly H: number;
  readonly W: number;
  readonly K: number;
  readonly percentT: number;
  readonly crop: number;
  readonly inputSeed: number;
  readonly salt: string;
  readonly omegaScale: number;
  readonly classifierScale: number;
  readonly parameters: number;
  readonly saliencyShape: readonly number[];
  readonly saliencyMean: readonly number[];
  readonly saliencyMax: readonly number[];
  readonly saliencySlice0Row0: readonly (readonly number[])[];
  readonly slices: readonly number[];
  readonly patchTopLeft: readonly (readonly number[])[];
  readonly attention: readonly (readonly number[])[];
  readonly yGlobal: readonly (readonly number[])[];
  readonly yLocal: readonly (readonly number[])[];
  readonly final: readonly (readonly number[])[];
  readonly loss: number;
  readonly beta: number;
  readonly label: readonly (readonly number[])[];
  readonly gradTotalNorm: number;
  readonly grads: Readonly<Record<string, { readonly norm: number; readonly first: readonly number[] }>>;
}

interface Gradients {
  readonly loss: number;
  readonly gradTotalNorm: number;
  readonly grads: Readonly<
    Record<string, { readonly norm: number; readonly first: readonly number[]; readonly float32Deviation: number }>
  >;
}

const references = read('gmic3d.json') as readonly Reference[];
const inFloat64 = read('gmic3d.float64.json') as readonly Gradients[];

const specOf = ({ H, W, K, crop, percentT }: Reference, slicesPerRun: number): GmicSpec => ({
  heightPx: H,
  widthPx: W,
  slicesPerRun,
  cropPx: crop,
  patches: K,
  pooledShare: percentT,
  zeta: 10,
  nonlinearity: 'reluTanh',
  omega: 0.01,
});

/** The volume of references/README.md, "gmic3d.json". */
function referenceVolume({ D, H, W, inputSeed }: Reference): GmicVolume {
  const voxels = probeInput([D, H, W], inputSeed);
  for (const i of [0, 1, 2]) {
    const place = unit(`blob:${inputSeed}:${i}`, 3).map((u) => (u + 1) / 2);
    const [z0, y0, x0] = [D, H, W].map((extent, axis) => (place[axis] as number) * extent) as [number, number, number];
    for (let at = 0; at < voxels.length; at++) {
      const [x, y, z] = [at % W, Math.floor(at / W) % H, Math.floor(at / (W * H))];
      const exponent = (z - z0) ** 2 / 8 + (y - y0) ** 2 / 200 + (x - x0) ** 2 / 200;
      voxels[at] = (voxels[at] as number) + 4 * Math.exp(-exponent);
    }
  }
  return {
    name: `reference ${inputSeed}`,
    slices: D,
    read: async (slice) => voxels.slice(slice * H * W, (slice + 1) * H * W),
  };
}

/** The probe weights of both modules, two of them scaled. */
function referenceWeights(reference: Reference): Map<string, { shape: readonly number[]; data: Float32Array }> {
  const { salt, omegaScale, classifierScale } = reference;
  const scales: Record<string, number> = { 'saliency.weight': omegaScale, 'classifier.weight': classifierScale };
  return new Map(
    [...gmicDeclarations(specOf(reference, 1))].map(([name, { tensor }]) => {
      const data = probeParameter(name, tensor.shape, salt).map((x) => x * (scales[name] ?? 1));
      return [name, { shape: tensor.shape, data }];
    }),
  );
}

async function engineWith(reference: Reference): Promise<Engine> {
  const engine = await Engine.create({ threads: 2 });
  after(() => engine.close());
  await engine.put(
    new Map([...referenceWeights(reference)].map(([name, value]) => [name, { dtype: 'float32' as const, ...value }])),
  );
  return engine;
}

function close(what: string, got: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(got.length, expected.length, what);
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs((got[i] as number) - value) <= tolerance, `${what}[${i}]: ${got[i]}, ${value}`);
}

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

const ofClass = (saliency: SaliencyVolume, index: number): number[] =>
  Array.from({ length: saliency.slices }, (_, slice) => {
    const start = mapStart(saliency, slice, index);
    return [...saliency.values.subarray(start, start + saliency.rows * saliency.columns)];
  }).flat();

test('weights have the names and shapes of the reference', () => {
  const [reference] = references as [Reference];
  const declarations = gmicDeclarations(specOf(reference, 1));
  const expected = (read('gmic3d.parameters.json') as [string, number[]][]).filter(
    ([name]) => !name.endsWith('num_batches_tracked'),
  );
  const sorted = (entries: [string, readonly number[]][]) => entries.sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(sorted([...declarations].map(([name, { tensor }]) => [name, tensor.shape])), sorted(expected));
  const trained = [...declarations.values()].filter(({ kind }) => kind === 'weight');
  const size = trained.reduce((sum, { tensor }) => sum + tensor.shape.reduce((a, b) => a * b, 1), 0);
  assert.equal(size, reference.parameters);
});

for (const [i, reference] of references.entries())
  for (const slicesPerRun of [1, 4])
    test(`volume ${i + 1}, ${slicesPerRun} slices a run: saliency, patches, attention and predictions are PyTorch's`, async () => {
      const engine = await engineWith(reference);
      const spec = specOf(reference, slicesPerRun);
      const prediction = await predictVolume(await loadGmic(engine, spec), spec, referenceVolume(reference));
      const { saliency, patches } = prediction;
      assert.deepEqual([saliency.slices, 2, saliency.rows, saliency.columns], reference.saliencyShape);
      for (const index of [0, 1]) {
        const values = ofClass(saliency, index);
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        close('mean', [mean], [reference.saliencyMean[index] as number], 1e-4);
        close('largest', [Math.max(...values)], [reference.saliencyMax[index] as number], 1e-4);
        const row = reference.saliencySlice0Row0[index] as readonly number[];
        close('first row', values.slice(0, row.length), row, 1e-4);
      }
      assert.deepEqual(
        patches.map(({ slice, topPx, leftPx }) => [slice, topPx, leftPx]),
        reference.patchTopLeft.map((place, k) => [reference.slices[k], ...place]),
      );
      const attention = patches.map((patch) => patch.attention);
      close('attention', attention, reference.attention[0] as readonly number[], 1e-4);
      close('p_global', prediction.global, reference.yGlobal[0] as readonly number[], 1e-4);
      close('p_local', prediction.local, reference.yLocal[0] as readonly number[], 1e-4);
      close('p_final', prediction.final, reference.final[0] as readonly number[], 1e-4);
    });

for (const [i, reference] of references.entries())
  test(`volume ${i + 1}: loss and gradients are PyTorch's`, async () => {
    const engine = await engineWith(reference);
    const { beta, label } = reference;
    const labels = label[0] as readonly number[];
    const spec = specOf(reference, 2);
    const volume = referenceVolume(reference);

    // The global module slice by slice, as it is trained.
    const step = gmicStep(spec, { optimiser: adam(), weightDecay: 0, device: 'cpu', volumes: 1, beta });
    const streamed = lower(step.streamed, engine.target);
    for (const { name, shape } of streamed.parameters)
      if (name.startsWith(ACCUMULATOR_PREFIX)) {
        const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
        await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data }]]));
      }
    const sessions = {
      saliency: await engine.load(lower(saliencyGraph(spec), engine.target)),
      streamed: await engine.load(streamed),
    };
    const pass = await accumulateStreamed(sessions, spec, { volume, labels }, beta);
    const gradients = new Map<string, Float32Array>();
    const names = streamed.parameters.map(({ name }) => name).filter((name) => name.startsWith(ACCUMULATOR_PREFIX));
    for (const [name, { data }] of await engine.get(names))
      gradients.set(name.slice(ACCUMULATOR_PREFIX.length), data as Float32Array);

    // The local module by its running statistics, as the reference has it.
    const { graph, scope, loss: ownLoss } = localLoss(spec, 1, false);
    graph.output(LOSS_OUTPUT, ownLoss);
    const weights = [...scope.declarations].filter(([, { kind }]) => kind === 'weight');
    const derivatives = differentiate(
      ownLoss,
      weights.map(([, { tensor }]) => tensor),
    );
    for (const [k, [name]] of weights.entries()) graph.output(`gradient/${name}`, derivatives[k] as Tensor);
    const patches = reference.patchTopLeft.map(([topPx, leftPx], k) => ({
      slice: reference.slices[k] as number,
      topPx: topPx as number,
      leftPx: leftPx as number,
    }));
    const values = new Map<string, TensorData>(
      [...referenceWeights(reference)].map(([name, { data }]) => [name, data] as const),
    );
    values.set(GMIC_PORTS.patches, await readPatches(spec, volume, patches));
    values.set(GMIC_PORTS.labels, Float32Array.from(labels));
    const results = await evaluateGraph(graph, values, engine.target);
    for (const [name] of weights) gradients.set(name, results.get(`out:gradient/${name}`) as Float32Array);

    const local = (results.get(`out:${LOSS_OUTPUT}`) as Float32Array)[0] as number;
    for (const { loss, gradTotalNorm, grads } of [reference, inFloat64[i] as Gradients]) {
      close('loss', [pass.loss + local], [loss], 1e-3 * loss);
      const total = norm([...gradients.values()].map(norm));
      close('norm of all gradients', [total], [gradTotalNorm], 1e-3 * gradTotalNorm);
      for (const [name, { norm: length }] of Object.entries(grads))
        close(`norm of ${name}`, [norm(gradients.get(name) as Float32Array)], [length], 1e-3 * length);
    }
    for (const [name, { norm: length, first, float32Deviation }] of Object.entries((inFloat64[i] as Gradients).grads)) {
      const got = gradients.get(name) as Float32Array;
      const scale = Math.max(...first.map(Math.abs), length / Math.sqrt(got.length));
      close(name, [...got.subarray(0, 4)], first, Math.max(1e-3, 10 * float32Deviation) * scale);
    }
  });
