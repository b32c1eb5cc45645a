import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeInput, probeParameter, unit } from './probe-tensors.ts';

const close = (got: Iterable<number>, reference: readonly number[]) => {
  for (const [i, value] of [...got].entries())
    assert.ok(Math.abs(value - (reference[i] as number)) < 1e-7, `${i}: ${value}, not ${reference[i]}`);
};

test('unit gives the numbers of references/scripts/probe.py', () => {
  // python: import probe; probe.unit('input:1', 4).tolist(), probe.unit('größe', 2).tolist()
  assert.deepEqual(
    [...unit('input:1', 4)],
    [0.8938751756213605, -0.5287895770743489, -0.07966011110693216, 0.014539079274982214],
  );
  assert.deepEqual([...unit('größe', 2)], [0.9472401943057775, 0.37227309169247746]);
});

test('a parameter is scaled by its shape and the end of its name', () => {
  const u = unit('saltlayer.weight', 12);
  close(probeParameter('layer.weight', [2, 3, 2], 'salt'), [...u]); // sqrt(6 / 6) = 1
  close(probeParameter('fc.weight', [2, 6], ''), [...unit('fc.weight', 12)]);
  close(
    probeParameter('fc.weight', [4, 3], ''),
    [...unit('fc.weight', 12)].map((value) => value * Math.SQRT2),
  );
  close(
    probeParameter('bn.weight', [5], ''),
    [...unit('bn.weight', 5)].map((value) => 1 + 0.1 * value),
  );
  close(
    probeParameter('bn.bias', [5], ''),
    [...unit('bn.bias', 5)].map((value) => 0.1 * value),
  );
  close(
    probeParameter('bn.running_mean', [5], ''),
    [...unit('bn.running_mean', 5)].map((value) => 0.1 * value),
  );
  close(
    probeParameter('bn.running_var', [5], ''),
    [...unit('bn.running_var', 5)].map((value) => 1.25 + 0.25 * value),
  );
  close(probeInput([1, 1, 2, 2], 1), [...unit('input:1', 4)]);
});
