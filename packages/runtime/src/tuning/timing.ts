import { applicableWays, blockable, encode, filterable, Graph, type GraphNode, type Layout, liveNodes, lower, signature, sizeOf, type Target, type Tensor } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { sessionOptions } from '../session/device.ts';

/** What timing found for one signature: the way chosen and the least time of each way, in milliseconds. */
export interface TimedChoice {
  readonly way: string;
  readonly timesMs: Readonly<Record<string, number>>;
}

/** How long a way is run at most before its least time is taken, and how often at least. */
const BUDGET_MS = 60;
const LEAST_RUNS = 3;

/** The nodes of a graph that can be written in more than one way, one for each signature. */
export function undecidedNodes(graph: Graph, target: Target): Map<string, GraphNode> {
  const found = new Map<string, GraphNode>();
  for (const node of liveNodes(graph)) {
    if (applicableWays(node, target).length > 1) found.set(signature(node, target), node);
  }
  return found;
}

/**
 * Times every way to write a node: a graph of this node alone, its operands and results in the layouts that they have
 * inside a network on this target, so that conversions count.
 */
export async function timeWays(node: GraphNode, target: Target, threads: number): Promise<TimedChoice> {
  const timesMs: Record<string, number> = {};
  for (const { name } of applicableWays(node, target)) timesMs[name] = await timeWay(node, target, name, threads);
  const [way] = Object.entries(timesMs).reduce((best, entry) => (entry[1] < best[1] ? entry : best));
  return { way, timesMs };
}

async function timeWay(node: GraphNode, target: Target, way: string, threads: number): Promise<number> {
  const { graph, layouts } = isolate(node, target);
  const lowered = lower(graph, target, new Map([[signature(graph.nodes[0] as GraphNode, target), way]]), layouts);
  const session = await ort.InferenceSession.create(encode(lowered), sessionOptions(target.device, threads));
  const feeds: Record<string, ort.Tensor> = {};
  for (const { name, shape } of lowered.inputs) feeds[name] = new ort.Tensor('float32', ramp(sizeOf(shape)), shape);
  let least = Number.POSITIVE_INFINITY;
  let spent = 0;
  await session.run(feeds);
  for (let run = 0; run < LEAST_RUNS || spent < BUDGET_MS; run++) {
    const start = performance.now();
    await session.run(feeds);
    const elapsed = performance.now() - start;
    least = Math.min(least, elapsed);
    spent += elapsed;
  }
  await session.release();
  return least;
}

/** A graph of one node, with the layouts that its operands and results have inside a blocked network. */
function isolate(node: GraphNode, target: Target) {
  const graph = new Graph();
  const inputs = new Map<string, Layout>();
  const outputs = new Map<string, Layout>();
  const copies = node.inputs.map((input, i) => {
    inputs.set(`operand${i}`, usualLayout(input, isKernel(node, i), target));
    return graph.input(`operand${i}`, input.shape, input.dtype);
  });
  const results = graph.apply(node.op, copies, node.attributes);
  for (const [i, result] of results.entries()) {
    outputs.set(`result${i}`, usualLayout(result, node.op === 'ConvWeightGradient', target));
    graph.output(`result${i}`, result);
  }
  return { graph, layouts: { inputs, outputs } };
}

const isKernel = (node: GraphNode, operand: number) => operand === 1 && (node.op === 'Conv' || node.op === 'ConvInputGradient');

function usualLayout({ shape, dtype }: Tensor, kernel: boolean, { blockSize }: Target): Layout {
  if (dtype !== 'float32') return 'plain';
  if (kernel) return filterable(shape, blockSize) ? 'filter' : 'plain';
  return blockable(shape, blockSize) ? 'blocked' : 'plain';
}

/** Numbers in (-1, 1) without subnormals, which would distort a timing. */
function ramp(size: number): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = ((i * 31) % 997) / 498.5 - 0.9991;
  return values;
}
