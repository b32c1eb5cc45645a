import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Declaration, Graph, networks, Scope, sizeOf } from '@mammoscope/nn';
import { WeightsError } from './errors.ts';
import { initialise } from './initialise.ts';
import { loadWeights } from './load-weights.ts';
import { float32Tensor, type StateDict, type StateTensor } from './state-dict.ts';

function declare(channels: number, outputs: number): ReadonlyMap<string, Declaration> {
  const scope = new Scope(new Graph(), true);
  networks.squeezenet1_1(scope, scope.graph.input('image', [1, channels, 64, 64]), { outputs });
  return scope.declarations;
}

/** A state dict of another seed than the tests load with. */
function dictionary(channels: number, outputs: number): Map<string, StateTensor> {
  const declared = declare(channels, outputs);
  return new Map(
    [...initialise(declared, 99)].map(([name, data]) => [
      name,
      float32Tensor(declared.get(name)?.tensor.shape ?? [], data),
    ]),
  );
}

const load = (declared: ReadonlyMap<string, Declaration>, tensors: StateDict, classifier?: string | null) =>
  loadWeights(declared, tensors, { seed: 1, file: 'w.safetensors', ...(classifier !== undefined && { classifier }) });

test('a state dict of the same network is loaded whole', () => {
  const tensors = dictionary(3, 2);
  const { values, report } = load(declare(3, 2), tensors);
  assert.deepEqual(report, {
    loaded: [...tensors.keys()],
    replaced: [],
    adapted: [],
    missing: [],
    unexpected: [],
    ignored: [],
  });
  for (const [name, { data }] of tensors) assert.deepEqual(values.get(name), data);
});

test('a classifier of other outputs is initialised fresh, a first convolution of three channels is summed', () => {
  const tensors = dictionary(3, 5);
  const declared = declare(1, 2);
  const { values, report } = load(declared, tensors);
  assert.deepEqual(report.replaced, ['classifier.1.weight', 'classifier.1.bias']);
  assert.deepEqual(report.adapted, ['features.0.weight']);
  assert.equal(report.loaded.length, declared.size - 3);
  const fresh = initialise(declared, 1);
  assert.deepEqual(values.get('classifier.1.weight'), fresh.get('classifier.1.weight'));
  const three = tensors.get('features.0.weight')?.data as Float32Array; // [64, 3, 3, 3]
  const one = values.get('features.0.weight') as Float32Array; // [64, 1, 3, 3]
  assert.equal(one.length, 64 * 9);
  for (const [o, tap] of [
    [0, 0],
    [17, 4],
    [63, 8],
  ] as const) {
    const sum = [0, 1, 2].reduce((total, c) => total + (three[(o * 3 + c) * 9 + tap] as number), 0);
    assert.ok(Math.abs((one[o * 9 + tap] as number) - sum) < 1e-7);
  }
  for (const [name, { tensor }] of declared) assert.equal(values.get(name)?.length, sizeOf(tensor.shape), name);
});

test('a first convolution of one channel answers a grey image repeated three times as it answered it once', () => {
  const tensors = dictionary(1, 2);
  const { values, report } = load(declare(3, 2), tensors);
  assert.deepEqual([report.adapted, report.replaced, report.missing], [['features.0.weight'], [], []]);
  const one = tensors.get('features.0.weight')?.data as Float32Array; // [64, 1, 3, 3]
  const three = values.get('features.0.weight') as Float32Array; // [64, 3, 3, 3]
  assert.equal(three.length, 64 * 27);
  for (let o = 0; o < 64; o++)
    for (let tap = 0; tap < 9; tap++) {
      const sum = [0, 1, 2].reduce((total, c) => total + (three[(o * 3 + c) * 9 + tap] as number), 0);
      assert.ok(Math.abs(sum - (one[o * 9 + tap] as number)) < 1e-6, `output ${o}, tap ${tap}`);
      assert.equal(three[o * 27 + tap], three[o * 27 + 18 + tap]);
    }
});

test('what is missing, unexpected and ignored is listed; what is missing is initialised fresh', () => {
  const tensors = dictionary(3, 2);
  tensors.delete('features.3.squeeze.bias');
  tensors.set('head.weight', float32Tensor([1], new Float32Array(1)));
  tensors.set('bn.num_batches_tracked', { dtype: 'I64', shape: [], data: BigInt64Array.of(1n) });
  const declared = declare(3, 2);
  const { values, report } = load(declared, tensors);
  assert.deepEqual(report.missing, ['features.3.squeeze.bias']);
  assert.deepEqual(report.unexpected, ['head.weight']);
  assert.deepEqual(report.ignored, ['bn.num_batches_tracked']);
  const name = 'features.3.squeeze.bias';
  assert.deepEqual(values.get(name), initialise(declared, 1).get(name));
});

test('every other difference of shape is an error that names the tensor', () => {
  const refused = (
    tensors: StateDict,
    declared: ReadonlyMap<string, Declaration>,
    message: RegExp,
    classifier?: null,
  ) =>
    assert.throws(
      () => load(declared, tensors, classifier),
      (error) => error instanceof WeightsError && error.code === 'tensor-mismatch' && message.test(error.message),
    );
  const changed = (name: string, shape: readonly number[]) =>
    dictionary(3, 2).set(name, float32Tensor(shape, new Float32Array(sizeOf(shape))));
  refused(
    changed('features.3.squeeze.weight', [16, 3, 1, 1]),
    declare(3, 2),
    /w\.safetensors does not fit this network: tensor "features.3.squeeze.weight" should have the shape \[16, 64, 1, 1\], got \[16, 3, 1, 1\]/,
  );
  refused(
    changed('classifier.1.bias', [5]),
    declare(3, 2),
    /"classifier.1.bias" should have the shape \[2\], got \[5\]/,
  );
  refused(dictionary(3, 5), declare(3, 2), /"classifier.1.weight"/, null);
  refused(changed('features.0.weight', [64, 2, 3, 3]), declare(3, 2), /"features.0.weight"/);
  refused(
    new Map([['conv1.weight', float32Tensor([1], new Float32Array(1))]]),
    declare(3, 2),
    /names such as "features.0.weight", got names such as "conv1.weight"/,
  );
  refused(new Map(), declare(3, 2), /got names such as null/);
});

test('doubles become floats; whole numbers are refused', () => {
  const tensors = dictionary(3, 2).set('classifier.1.bias', {
    dtype: 'F64',
    shape: [2],
    data: Float64Array.of(0.1, 1),
  });
  assert.deepEqual(load(declare(3, 2), tensors).values.get('classifier.1.bias'), Float32Array.of(0.1, 1));
  tensors.set('classifier.1.bias', { dtype: 'I64', shape: [2], data: BigInt64Array.of(0n, 1n) });
  assert.throws(() => load(declare(3, 2), tensors), {
    code: 'tensor-dtype',
    message: /should hold real numbers, got I64/,
  });
});
