import {
  applicableWays,
  blockable,
  filterable,
  Graph,
  type GraphNode,
  type Layout,
  liveNodes,
  lower,
  type OutsideLayouts,
  signature,
  type Target,
  type Tensor,
} from '@mammoscope/nn';
import type { Engine } from '../session/engine.ts';
import { type Undecided, workOf } from './worth-timing.ts';

/** What timing found for one signature: the way chosen and the least time of each way, in milliseconds. */
export interface TimedChoice {
  readonly way: string;
  readonly timesMs: Readonly<Record<string, number>>;
}

/** How long each way is repeated before its least time is taken. */
const BUDGET_MS = 60;

/** The nodes of graphs that can be written in more than one way, one for each signature, with the work of all that have it. */
export function undecidedNodes(graphs: readonly Graph[], target: Target): Map<string, Undecided> {
  const found = new Map<string, Undecided>();
  for (const node of graphs.flatMap(liveNodes)) {
    if (!TIMED.has(node.op) || applicableWays(node, target).length === 1) continue;
    const key = signature(node, target);
    found.set(key, { node, work: (found.get(key)?.work ?? 0) + workOf(node) });
  }
  return found;
}

/** Ops whose ways differ enough to be worth a timing; for the others the first way that applies is the best known. */
const TIMED: ReadonlySet<GraphNode['op']> = new Set([
  'Conv',
  'ConvInputGradient',
  'ConvWeightGradient',
  'MaxPoolGradient',
]);

/**
 * Times every way to write a node: a graph of this node alone, its operands and results in the layouts that they have
 * inside a network on this target, so that conversions count.
 */
export async function timeWays(engine: Engine, node: GraphNode): Promise<TimedChoice> {
  const { target } = engine;
  const { graph, layouts } = isolate(node, target);
  const timesMs: Record<string, number> = {};
  for (const { name } of applicableWays(node, target)) {
    const choices = new Map([[signature(graph.nodes[0] as GraphNode, target), name]]);
    const known = Math.min(...Object.values(timesMs));
    timesMs[name] = await engine.time(lower(graph, target, choices, layouts), BUDGET_MS, known);
  }
  const [way] = Object.entries(timesMs).reduce((best, entry) => (entry[1] < best[1] ? entry : best));
  return { way, timesMs };
}

/** A graph of one node, with the layouts that its operands and results have inside a network on the target. */
function isolate(node: GraphNode, target: Target): { readonly graph: Graph; readonly layouts: OutsideLayouts } {
  const graph = new Graph();
  const inputs = new Map<string, Layout>();
  const outputs = new Map<string, Layout>();
  const copies = node.inputs.map((input, i) => {
    inputs.set(`operand${i}`, usualLayout(input, isKernel(node, i), target));
    return graph.input(`operand${i}`, input.shape, input.dtype);
  });
  for (const [i, result] of graph.apply(node.op, copies, node.attributes).entries()) {
    outputs.set(`result${i}`, usualLayout(result, node.op === 'ConvWeightGradient', target));
    graph.output(`result${i}`, result);
  }
  return { graph, layouts: { inputs, outputs } };
}

const isKernel = (node: GraphNode, operand: number) =>
  operand === 1 && (node.op === 'Conv' || node.op === 'ConvInputGradient');

function usualLayout({ shape, dtype }: Tensor, kernel: boolean, { blockSize }: Target): Layout {
  if (dtype !== 'float32') return 'plain';
  if (kernel) return filterable(shape, blockSize) ? 'filter' : 'plain';
  return blockable(shape, blockSize) ? 'blocked' : 'plain';
}
