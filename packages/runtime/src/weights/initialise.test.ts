import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Declaration, Graph, networks, Scope } from '@mammoscope/nn';
import { initialise } from './initialise.ts';

function declarations(): ReadonlyMap<string, Declaration> {
  const scope = new Scope(new Graph(), true);
  networks.resnet18(scope, scope.graph.input('image', [1, 3, 64, 64]), { outputs: 2 });
  return scope.declarations;
}

test('values depend on seed and name, not on the order of declaration', () => {
  const declared = declarations();
  const few = [...declared].slice(0, 12);
  const values = initialise(new Map(few), 7);
  assert.deepEqual(new Map([...initialise(new Map(few.toReversed()), 7)].reverse()), values);
  assert.notDeepEqual(initialise(new Map(few), 8).get('conv1.weight'), values.get('conv1.weight'));
  assert.notDeepEqual(values.get('layer1.0.conv1.weight'), values.get('layer1.0.conv2.weight'));
});

test('each kind has the moments of its distribution', () => {
  const values = initialise(new Map([...declarations()].filter(([name]) => /^(bn1|layer2.0.conv1|fc)/.test(name))), 1);
  const moments = (name: string) => {
    const data = values.get(name) ?? new Float32Array();
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
    return { n: data.length, mean, sd: Math.sqrt(variance), largest: Math.max(...data.map(Math.abs)) };
  };
  const normal = moments('layer2.0.conv1.weight'); // 64 to 128 channels, 3 x 3: He, fan out
  const sd = Math.sqrt(2 / (128 * 9));
  assert.ok(Math.abs(normal.mean) < (4 * sd) / Math.sqrt(normal.n));
  assert.ok(Math.abs(normal.sd / sd - 1) < 4 / Math.sqrt(2 * normal.n));
  assert.ok(normal.largest > 3.5 * sd);
  const uniform = moments('fc.weight');
  const bound = 1 / Math.sqrt(512);
  assert.ok(uniform.largest <= bound && uniform.largest > 0.99 * bound);
  assert.ok(Math.abs(uniform.sd / (bound / Math.sqrt(3)) - 1) < 0.1);
  assert.deepEqual([...new Set(values.get('bn1.weight'))], [1]);
  assert.deepEqual([...new Set(values.get('bn1.running_mean'))], [0]);
});
