/** The joint convolution of Liang 2019, written as one of 1 x 1 on the channels of both maps, against a loop over figure 3's axes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph, liangJointHead, Scope } from '@mammoscope/nn';
import { unit } from '@mammoscope/runtime';
import { compile, PLAIN } from './onnx-session.ts';

const [N, C, H, W] = [2, 16, 3, 5] as const;
const valuesOf = (name: string, shape: readonly number[], offset = 0) => ({
  shape,
  data: Float64Array.from(
    unit(
      name,
      shape.reduce((a, b) => a * b, 1),
    ),
    (value) => value + offset,
  ),
});

for (const blockSize of [0, 16])
  test(`weights [C, C, 1, 1, 2] mix channels and modalities as 1 x 1 x 2 does, blocks of ${blockSize}`, async () => {
    const graph = new Graph();
    const scope = new Scope(graph, false);
    const [dm, dbt] = [graph.input('dm', [N, C, H, W]), graph.input('dbt', [N, C, H, W])];
    const { convolved } = liangJointHead(scope, dm, dbt, { outputs: 2 });
    graph.output('convolved', convolved);
    const given = new Map(
      [...scope.declarations].map(([name, { tensor, kind }]) => [
        name,
        valuesOf(name, tensor.shape, kind === 'buffer' && name.endsWith('var') ? 2 : 0),
      ]),
    );
    for (const name of ['dm', 'dbt']) given.set(name, valuesOf(name, [N, C, H, W]));
    const compiled = await compile(graph, { ...PLAIN, blockSize });
    const found = (await compiled.run(given)).get('convolved');
    await compiled.release();
    const at = (name: string, i: number) => given.get(name)?.data[i] as number;
    const expected = Float64Array.from({ length: N * C * H * W }, (_, i) => {
      const [place, o, n] = [i % (H * W), Math.floor(i / (H * W)) % C, Math.floor(i / (C * H * W))];
      let sum = at('conv.bias', o);
      for (let c = 0; c < C; c++)
        for (const [m, side] of ['dm', 'dbt'].entries())
          sum += at('conv.weight', (o * C + c) * 2 + m) * at(side, (n * C + c) * H * W + place);
      const normal = (sum - at('bn.running_mean', o)) / Math.sqrt(at('bn.running_var', o) + 1e-5);
      const scaled = normal * at('bn.weight', o) + at('bn.bias', o);
      return scaled > 0 ? scaled : 0.01 * scaled;
    });
    assert.deepEqual(found?.shape.map(Number), [N, C, H, W]);
    const off = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (found?.data[i] as number))), 0);
    assert.ok(off < 1e-5, `off by ${off}`);
  });
