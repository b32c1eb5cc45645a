/**
 * Every way to write a convolution and its two gradients agrees with the loops, on shapes that reach each way: kernels of
 * 1 to 7, strides of 1 to 3 that do not always divide, pads that differ from side to side, channels that fill blocks and not.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { applicableWays, functions as f, Graph, type GraphNode, signature, type Target, ways } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { detectBlockSize } from '@mammoscope/runtime';
import { compile, PLAIN } from './onnx-session.ts';
import { assertClose } from './operation-check.ts';
import { shapeOf, uniform, type Values } from './reference-array.ts';
import {
  convolution,
  convolutionInputGradient,
  convolutionWeightGradient,
  convolvedShape,
  type Geometry,
} from './reference-convolution.ts';

const TOLERANCE = 1e-5;
const OPS = ['Conv', 'ConvInputGradient', 'ConvWeightGradient'] as const;

interface Convolution {
  readonly name: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly geometry: Geometry;
}

const blockSize = await detectBlockSize();
const b = blockSize === 0 ? 16 : blockSize;
/** Channels in and out: whole blocks, a first convolution's one and three, and numbers that fill no block. */
const CHANNELS: readonly (readonly [number, number])[] = [
  [b, b],
  [2 * b, b],
  [b, 2 * b],
  [2 * b, 3 * b],
  [3, b],
  [1, b],
  [5, 2 * b],
  [b, 6],
  [b + 4, b],
  [b / 2, b / 2],
];

const describe = ({ x, w, geometry }: Omit<Convolution, 'name'>) => `x ${x} w ${w} ${JSON.stringify(geometry)}`;
const named = (one: Omit<Convolution, 'name'>): Convolution => ({ name: describe(one), ...one });

/** Square kernels over all strides; channels in turn. */
const squares = [1, 3, 5, 7].flatMap((kernel) =>
  [1, 2, 3].flatMap((stride) =>
    [0, 1, 2].map((turn): Convolution => {
      const stream = new RandomStream(11, 'squares', kernel, stride, turn);
      const [c, o] = CHANNELS[(kernel + 4 * stride + 3 * turn) % CHANNELS.length] as readonly [number, number];
      // Also pads as wide as the kernel and wider, where no flipped convolution undoes the forward one.
      const pads = turn === 0 ? new Array<number>(4).fill((kernel - 1) / 2) : shapeOf(stream, 4, 0, 3);
      const extents = shapeOf(stream, 2, kernel, 9);
      const geometry = { strides: [stride, stride], pads, dilations: [1, 1], group: 1 };
      return named({ x: [2, c, ...extents], w: [o, c, kernel, kernel], geometry });
    }),
  ),
);

/** All channels with the commonest geometry. */
const channels = CHANNELS.map(([c, o]) => {
  const geometry = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 };
  return named({ x: [1, c, 5, 6], w: [o, c, 3, 3], geometry });
});

/** Oblong, dilated, grouped, depthwise, in one and three dimensions, and so wide that a core's cache holds few rows. */
const others = [
  { x: [2, b, 7, 6], w: [b, b, 1, 3], geometry: { strides: [2, 1], pads: [0, 1, 0, 2], dilations: [1, 1], group: 1 } },
  { x: [1, b, 9, 8], w: [b, b, 3, 2], geometry: { strides: [1, 3], pads: [2, 0, 1, 1], dilations: [2, 3], group: 1 } },
  { x: [1, b, 9, 9], w: [b, b, 3, 3], geometry: { strides: [2, 2], pads: [2, 2, 2, 2], dilations: [2, 2], group: 1 } },
  {
    x: [2, 2 * b, 5, 5],
    w: [2 * b, b, 3, 3],
    geometry: { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 2 },
  },
  { x: [2, b, 6, 5], w: [b, 1, 3, 3], geometry: { strides: [2, 1], pads: [1, 1, 0, 1], dilations: [1, 1], group: b } },
  { x: [2, 4, 7, 5], w: [8, 1, 3, 3], geometry: { strides: [1, 2], pads: [1, 1, 1, 1], dilations: [1, 2], group: 4 } },
  { x: [2, b, 9], w: [b, b, 4], geometry: { strides: [2], pads: [1, 2], dilations: [1], group: 1 } },
  { x: [2, b, 9], w: [b, b, 3], geometry: { strides: [1], pads: [1, 1], dilations: [1], group: 1 } },
  {
    x: [1, b, 4, 5, 4],
    w: [b, b, 3, 2, 3],
    geometry: { strides: [1, 2, 1], pads: [1, 0, 1, 0, 1, 1], dilations: [1, 1, 1], group: 1 },
  },
  {
    x: [1, 1, 67, 5003],
    w: [b, 1, 3, 2],
    geometry: { strides: [2, 2], pads: [1, 0, 1, 1], dilations: [1, 1], group: 1 },
  },
  {
    x: [2, b, 6, 1400],
    w: [b, b, 3, 1],
    geometry: { strides: [1, 1], pads: [1, 0, 1, 0], dilations: [1, 1], group: 1 },
  },
  {
    x: [1, 6, 4, 4, 5],
    w: [6, 1, 3, 3, 3],
    geometry: { strides: [1, 1, 1], pads: [1, 1, 1, 1, 1, 1], dilations: [1, 1, 1], group: 6 },
  },
].map(named);

const convolutions = [...squares, ...channels, ...others];
const values = new Map<string, Values>();
const expected = new Map<string, Values>();
const graph = new Graph();

before(() => {
  for (const [i, { name, x, w, geometry }] of convolutions.entries()) {
    const stream = new RandomStream(12, name);
    const operands = { x, w, dy: convolvedShape(x, w, geometry), bias: w.slice(0, 1) };
    const tensors = Object.entries(operands).map(([key, shape]) => {
      values.set(`${i}.${key}`, uniform(stream, shape));
      return graph.input(`${i}.${key}`, shape);
    });
    const [image, kernel, dy, bias] = tensors as [
      (typeof tensors)[0],
      (typeof tensors)[0],
      (typeof tensors)[0],
      (typeof tensors)[0],
    ];
    const given = (key: keyof typeof operands) => values.get(`${i}.${key}`) as Values;
    const biased = i % 2 === 0;
    const [y] = graph.apply('Conv', biased ? [image, kernel, bias] : [image, kernel], geometry);
    graph.output(`${i}.Conv`, y as typeof image);
    graph.output(`${i}.ConvInputGradient`, f.convInputGradient(dy, kernel, x, geometry));
    graph.output(`${i}.ConvWeightGradient`, f.convWeightGradient(image, dy, w, geometry));
    expected.set(`${i}.Conv`, convolution(given('x'), given('w'), geometry, biased ? given('bias') : undefined));
    expected.set(`${i}.ConvInputGradient`, convolutionInputGradient(given('dy'), given('w'), x, geometry));
    expected.set(`${i}.ConvWeightGradient`, convolutionWeightGradient(given('x'), given('dy'), w, geometry));
  }
});

/** The ways of a node on a target, by name. */
const namesOf = (node: GraphNode, target: Target) => applicableWays(node, target).map(({ name }) => name);

/** Runs the graph once for each turn: in turn k every node is written its kth way. */
async function checkEveryWay(target: Target): Promise<ReadonlySet<string>> {
  const reached = new Set<string>();
  const turns = Math.max(...graph.nodes.map((node) => namesOf(node, target).length));
  for (let turn = 0; turn < turns; turn++) {
    const wayOf = new Map(
      graph.nodes.map((node) => {
        const names = namesOf(node, target);
        return [signature(node, target), names[turn % names.length] as string] as const;
      }),
    );
    const session = await compile(graph, target, wayOf);
    const results = await session.run(values);
    await session.release();
    for (const [key, output] of graph.outputs) {
      const node = (output.origin as { node: GraphNode }).node;
      const way = `${node.op} as ${wayOf.get(signature(node, target))}`;
      const { name } = convolutions[Number.parseInt(key, 10)] as Convolution;
      assertClose(results.get(key), expected.get(key) as Values, TOLERANCE, `${way}, ${name}`);
      reached.add(way);
    }
  }
  return reached;
}

test('every way to write a convolution and its gradients agrees with the loops', async () => {
  const reached = new Set<string>();
  // What is written for WebGPU are standard ops, which a CPU computes too.
  const everywhere: readonly Target[] = [PLAIN, { device: 'webgpu', blockSize: 0 }];
  const targets = blockSize === 0 ? everywhere : [...everywhere, { device: 'cpu', blockSize } as const];
  for (const target of targets) for (const way of await checkEveryWay(target)) reached.add(way);
  if (blockSize === 0) return; // Blocked ways are out of reach of this machine.
  for (const op of OPS)
    for (const { name } of ways[op]) assert.ok(reached.has(`${op} as ${name}`), `no case reaches ${op} as ${name}`);
});
