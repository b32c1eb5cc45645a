/** Every way to write the gradient of max pooling, on plain and on blocked images, against loops; also where elements of a window are equal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applicableWays,
  functions as f,
  Graph,
  type GraphNode,
  signature,
  type Target,
  type Tensor,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { detectBlockSize } from '@mammoscope/runtime';
import { compile, PLAIN } from './onnx-session.ts';
import { assertClose } from './operation-check.ts';
import { elementwise, fill, separated, uniform, type Values } from './reference-array.ts';
import { maxPoolBack, pooledShape } from './reference-window.ts';

const blockSize = await detectBlockSize();
const b = blockSize === 0 ? 16 : blockSize;
const targets: readonly Target[] = blockSize === 0 ? [PLAIN] : [PLAIN, { device: 'cpu', blockSize }];

const GEOMETRIES = [
  { kernel: [2, 2], strides: [1, 1], pads: [0, 0, 0, 0], ceilMode: false },
  { kernel: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], ceilMode: false },
  { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceilMode: false },
  { kernel: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0], ceilMode: true },
  { kernel: [2, 3], strides: [3, 1], pads: [0, 1, 1, 2], ceilMode: false },
] as const;

for (const geometry of GEOMETRIES)
  test(`max pooling ${JSON.stringify(geometry)} goes back by every way as by the loop`, async () => {
    const shape = [4, b, 7, 6];
    const stream = new RandomStream(41, JSON.stringify(geometry));
    const [distinct] = separated(stream, [shape], 2 ** -8) as [Values];
    for (const [kind, x] of [
      ['distinct', distinct],
      ['equal', elementwise([distinct], (value) => Math.round(3 * value) / 4)],
    ] as const) {
      const dy = uniform(stream, pooledShape(shape, geometry));
      const graph = new Graph();
      const identity = fill([b, b, 1, 1], ([o, i]) => (o === i ? 1 : 0));
      // A convolution leaves images blocked where the target has blocks.
      const images = f.conv(graph.input('x', shape), graph.constant(identity.data, identity.shape));
      const [y] = graph.apply('MaxPool', [images], geometry) as [Tensor];
      const dx = f.maxPoolGradient(images, y, graph.input('dy', dy.shape), geometry);
      graph.output('dx', dx);
      const node = (dx.origin as { readonly node: GraphNode }).node;
      for (const target of targets) {
        const names = applicableWays(node, target).map(({ name }) => name);
        assert.deepEqual([...names].sort(), ['axis-by-axis', 'scatter', 'taps']);
        for (const name of names) {
          const compiled = await compile(graph, target, new Map([[signature(node, target), name]]));
          const found = await compiled.run(
            new Map([
              ['x', x],
              ['dy', dy],
            ]),
          );
          await compiled.release();
          const what = `${name}, ${kind} elements, blocks of ${target.blockSize}`;
          assertClose(found.get('dx'), maxPoolBack(x, dy, geometry), 1e-5, what);
        }
      }
    }
  });
