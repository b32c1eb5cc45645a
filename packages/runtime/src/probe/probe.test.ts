import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeNetwork } from './probe.ts';

const target = { device: 'cpu', blockSize: 0 } as const;

test('a probe takes any size, seed, salt and number of outputs, and repeats itself', async () => {
  const options = { shape: [3, 1, 40, 33], seed: 5, salt: 's', outputs: 4, target, threads: 1 };
  const record = await probeNetwork('squeezenet1_1', options);
  assert.deepEqual(record.labels, [0, 1, 2]);
  assert.deepEqual(record.input, options.shape);
  assert.equal(record.evalLogits.length, 3);
  assert.ok(record.evalLogits.every((row) => row.length === 4));
  assert.equal(record.adamLosses[0], record.loss);
  assert.deepEqual(record.buffersAfterStep, {});
  assert.deepEqual(await probeNetwork('squeezenet1_1', options), record);
  const other = async (change: object) => (await probeNetwork('squeezenet1_1', { ...options, ...change })).loss;
  assert.notEqual(await other({ seed: 6 }), record.loss);
  assert.notEqual(await other({ salt: 't' }), record.loss);
});

test('a probe of one step is the same record with fewer losses', async () => {
  const options = { shape: [2, 3, 32, 32], target, threads: 1 };
  const whole = await probeNetwork('squeezenet1_1', options);
  const { adamLosses, ...one } = await probeNetwork('squeezenet1_1', { ...options, steps: 1 });
  assert.deepEqual(adamLosses, [whole.loss]);
  assert.deepEqual({ ...one, adamLosses: whole.adamLosses }, whole);
});

test('Adam lowers the loss of its batch', async () => {
  const { adamLosses } = await probeNetwork('resnet18', { shape: [2, 3, 32, 32], target, threads: 1 });
  const [first, second, third] = adamLosses as [number, number, number];
  assert.ok(first > second && second > third, `${adamLosses}`);
});
