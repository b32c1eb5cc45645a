/** Speed as a share of the MatMul ceiling of the same process. */
import { functions as f, Graph, type GraphNode, liveNodes, lower, sizeOf, type Tensor } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';

/** How fast something runs that takes so many operations. */
export interface Speed {
  /** Least and median time of a run, milliseconds. */
  readonly leastMs: number;
  readonly medianMs: number;
  /** Multiply-adds (times two) of convolutions and products, without those computed again. */
  readonly gflop: number;
  readonly gflopPerSecond: number;
  /** MatMul of two 2048 x 2048 matrices, its least time around the runs. */
  readonly ceilingGflopPerSecond: number;
  readonly shareOfCeiling: number;
  /** Largest resident memory of the process. */
  readonly peakMiB: number;
}

/** The speed of runs that took these times, milliseconds. */
export function speedOf(
  times: readonly number[],
  {
    gflop,
    ceilingGflopPerSecond,
    peakBytes,
  }: Pick<Speed, 'gflop' | 'ceilingGflopPerSecond'> & { readonly peakBytes: number },
): Speed {
  const ascending = [...times].sort((a, b) => a - b);
  const leastMs = ascending[0] as number;
  const gflopPerSecond = (1000 * gflop) / leastMs;
  return {
    ...{ leastMs, medianMs: ascending[Math.floor(ascending.length / 2)] as number, gflop, gflopPerSecond },
    ...{ ceilingGflopPerSecond, shareOfCeiling: gflopPerSecond / ceilingGflopPerSecond, peakMiB: peakBytes / 2 ** 20 },
  };
}

/** Largest resident memory of the process so far. */
export const peakBytesNow = (): number => process.resourceUsage().maxRSS * 1024;

/** Operations of nodes that are run, in thousands of millions. */
export const gflopOf = (nodes: readonly GraphNode[]): number =>
  nodes.reduce((sum, node) => sum + 2 * macsOf(node), 0) / 1e9;

/** Those of a graph's live nodes. */
export const gflopOfGraph = (graph: Graph): number => gflopOf(liveNodes(graph));

const SIDE = 2048;
const CEILING_BUDGET_MS = 1000;

/** GFLOP/s of a large MatMul. */
export async function ceiling(engine: Engine): Promise<number> {
  const graph = new Graph();
  graph.output('y', f.matMul(graph.input('a', [SIDE, SIDE]), graph.input('b', [SIDE, SIDE])));
  return (2 * SIDE ** 3) / (await engine.time(lower(graph, engine.target), CEILING_BUDGET_MS)) / 1e6;
}

/** Multiply-adds of a node of the forward or backward pass; nodes computed again do not count. */
export function macsOf(node: GraphNode): number {
  if (node.name.startsWith('recomputed/')) return 0;
  const [first, second] = node.inputs as [Tensor, Tensor];
  const [output] = node.outputs as [Tensor];
  const taps = (kernel: Tensor) => sizeOf(kernel.shape.slice(1));
  switch (node.op) {
    case 'Conv':
      return sizeOf(output.shape) * taps(second);
    case 'ConvInputGradient':
      return sizeOf(first.shape) * taps(second);
    case 'ConvWeightGradient':
      return sizeOf(second.shape) * taps(output);
    case 'Gemm':
      return sizeOf(output.shape) * (first.shape[(node.attributes as { transA?: boolean }).transA ? 0 : 1] as number);
    case 'MatMul':
      return sizeOf(output.shape) * (first.shape.at(-1) as number);
    default:
      return 0;
  }
}
