/** Poolings over bins, channels' largest cells and regions, against plain loops over indices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions as f, Graph, globalGroupMaxPool, regionGroupMaxPool, spatialPyramidPool } from '@mammoscope/nn';
import { evaluateGraph, unit } from '@mammoscope/runtime';
import { PLAIN } from './onnx-session.ts';

type Build = Parameters<typeof spatialPyramidPool>[0];

/** A function of one tensor of given values, computed. */
async function compute(shape: readonly number[], data: Float32Array, build: (x: Build) => Build): Promise<number[]> {
  const graph = new Graph();
  graph.output('y', build(graph.input('x', shape)));
  return [...((await evaluateGraph(graph, new Map([['x', data]]), PLAIN)).get('out:y') as Float32Array)];
}

const values = (name: string, shape: readonly number[]) =>
  Float32Array.from(
    unit(
      name,
      shape.reduce((a, b) => a * b, 1),
    ),
  );

/** The positions of bin i of m along n elements, by PyTorch's rule. */
const bin = (i: number, n: number, m: number) =>
  Array.from({ length: n }, (_, at) => at).filter(
    (at) => at >= Math.floor((i * n) / m) && at < Math.ceil(((i + 1) * n) / m),
  );

function maximaOfBins(data: Float32Array, [n, c, h, w]: readonly [number, number, number, number], bins: number) {
  return Array.from({ length: n * c }, (_, plane) =>
    Array.from({ length: bins * bins }, (_, at) => {
      const cells = bin(Math.floor(at / bins), h, bins).flatMap((y) =>
        bin(at % bins, w, bins).map((x) => [y, x] as const),
      );
      return Math.max(...cells.map(([y, x]) => data[(plane * h + y) * w + x] as number));
    }),
  );
}

for (const shape of [
  [2, 3, 7, 5],
  [1, 2, 8, 4],
  [1, 3, 3, 1],
  [2, 1, 1, 13],
] as const) {
  test(`a spatial pyramid of ${shape.join(' x ')} is the maxima of its bins, level after level`, async () => {
    const data = values(`map ${shape}`, shape);
    const [n, c] = shape;
    for (const bins of [1, 2, 4, 6]) {
      const got = await compute(shape, data, (x) => f.adaptiveMaxPool(x, [bins, bins]));
      assert.deepEqual(got, maximaOfBins(data, shape, bins).flat(), `${bins} bins`);
    }
    const pyramid = await compute(shape, data, (x) => spatialPyramidPool(x));
    const levels = [4, 2, 1].map((bins) => maximaOfBins(data, shape, bins));
    const images = Array.from({ length: n }, (_, i) =>
      levels.flatMap((level) => level.slice(i * c, (i + 1) * c).flat()),
    );
    assert.deepEqual(pyramid, images.flat());
  });
}

const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
const close = (got: readonly number[], expected: readonly number[]) => {
  assert.equal(got.length, expected.length);
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs((got[i] as number) - value) < 1e-6, `${got[i]} ${value}`);
};

for (const [h, w] of [
  [4, 4],
  [3, 5],
  [1, 1],
] as const) {
  test(`group-max poolings of a ${h} x ${w} map keep a quarter of its cells, rounded up`, async () => {
    const [n, c] = [2, 3];
    const cells = h * w;
    const kept = Math.ceil(cells / 4);
    const data = values(`cells ${h} ${w}`, [n, c, h, w]);
    const rows = Array.from({ length: n * c }, (_, i) => [...data.slice(i * cells, (i + 1) * cells)]);
    const largest = rows.map((row) => mean(row.sort((a, b) => b - a).slice(0, kept)));
    close(await compute([n, c, h, w], data, globalGroupMaxPool), largest);

    for (const outputs of [1, 3]) {
      const logits = values(`logits ${outputs}`, [n, outputs, cells]);
      const at = (image: number, output: number, cell: number) =>
        logits[(image * outputs + output) * cells + cell] as number;
      const score = (image: number, cell: number) =>
        at(image, outputs - 1, cell) - (outputs === 1 ? 0 : at(image, 0, cell));
      const expected = Array.from({ length: n }, (_, image) => {
        const order = Array.from({ length: cells }, (_, cell) => cell).sort(
          (a, b) => score(image, b) - score(image, a),
        );
        return Array.from({ length: outputs }, (_, output) =>
          mean(order.slice(0, kept).map((cell) => at(image, output, cell))),
        );
      });
      close(await compute([n, outputs, cells], logits, regionGroupMaxPool), expected.flat());
    }
  });
}
