/** Speed as a share of the MatMul ceiling of the same process. */
import { functions as f, Graph, type GraphNode, liveNodes, lower, sizeOf, type Tensor } from '@mammoscope/nn';
import { type Engine, probeInput } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';
import { peakBytesNow } from './peak-memory.ts';

/** How fast something runs that takes so many operations. */
export interface Speed {
  /** Least and median time of a run, milliseconds. */
  readonly leastMs: number;
  readonly medianMs: number;
  /** Least processor time of a run, over all threads: it says more than the others on a machine that has other work. */
  readonly processorMs: number;
  /** Multiply-adds (times two) of convolutions and products, without those computed again. */
  readonly gflop: number;
  readonly gflopPerSecond: number;
  /** MatMul of two 2048 x 2048 matrices, its least time between the runs. */
  readonly ceilingGflopPerSecond: number;
  readonly shareOfCeiling: number;
  /** The same of operations a second of processor time, which other work on the machine changes little. */
  readonly processorShare: number;
  /** Largest resident memory of the process after the first runs. */
  readonly peakMiB: number;
}

/** What is timed: operations of a run, how many runs, and one run. */
export interface Timed {
  readonly gflop: number;
  readonly runs: number;
  readonly run: () => Promise<unknown>;
}

/** Parts that the runs come in, a ceiling after each, so that both see the same machine. */
const ROUNDS = 3;

/** Times runs. The first run of each part, which brings everything into place and into the caches, does not count. */
export async function timed(engine: Engine, { gflop, runs, run }: Timed): Promise<Speed> {
  const times: number[] = [];
  let [peakBytes, fastest, processorMs, processorFastest] = [0, 0, Number.POSITIVE_INFINITY, 0];
  for (let round = 0; round < Math.min(ROUNDS, runs); round++) {
    await run();
    for (let i = round; i < runs; i += ROUNDS) {
      const start = performance.now();
      processorMs = Math.min(processorMs, await processorTime(run));
      times.push(performance.now() - start);
    }
    if (round === 0) peakBytes = peakBytesNow(); // before the ceiling's matrices
    fastest = Math.max(fastest, await ceiling(engine));
    processorFastest = Math.max(processorFastest, await processorCeiling(engine));
  }
  const ascending = times.sort((a, b) => a - b);
  const leastMs = ascending[0] as number;
  const gflopPerSecond = (1000 * gflop) / leastMs;
  return {
    ...{ leastMs, medianMs: ascending[Math.floor(ascending.length / 2)] as number, processorMs, gflop, gflopPerSecond },
    ...{ ceilingGflopPerSecond: fastest, shareOfCeiling: gflopPerSecond / fastest },
    ...{ processorShare: (1000 * gflop) / processorMs / processorFastest, peakMiB: peakBytes / 2 ** 20 },
  };
}

/** Processor time of all threads while something runs, milliseconds. */
async function processorTime(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** SystemError 'option-invalid' for a name that is no case of what is timed. */
export function caseNamed<Name extends string>(cases: readonly Name[], of: string, name: string): Name {
  const known = cases.find((each) => each === name);
  if (known) return known;
  throw new SystemError('option-invalid', `there is no case "${name}" of ${of}: use ${cases.join(', ')}`);
}

/** Operations of nodes that are run, in thousands of millions. */
export const gflopOf = (nodes: readonly GraphNode[]): number =>
  nodes.reduce((sum, node) => sum + 2 * macsOf(node), 0) / 1e9;

/** Those of a graph's live nodes. */
export const gflopOfGraph = (graph: Graph): number => gflopOf(liveNodes(graph));

const SIDE = 2048;
const CEILING_BUDGET_MS = 1000;

/** GFLOP/s of a large MatMul. */
async function ceiling(engine: Engine): Promise<number> {
  const graph = new Graph();
  graph.output('y', f.matMul(graph.input('a', [SIDE, SIDE]), graph.input('b', [SIDE, SIDE])));
  return (2 * SIDE ** 3) / (await engine.time(lower(graph, engine.target), CEILING_BUDGET_MS)) / 1e6;
}

const PROCESSOR_RUNS = 5;

/** GFLOP of a large MatMul a second of processor time. */
async function processorCeiling(engine: Engine): Promise<number> {
  const graph = new Graph();
  const [a, b] = [graph.parameter('ceiling.a', [SIDE, SIDE]), graph.parameter('ceiling.b', [SIDE, SIDE])];
  graph.output('mean', f.reduceMean(f.matMul(a, b))); // one number, so that the product is not copied out
  const data = probeInput([SIDE, SIDE], 1);
  for (const name of ['ceiling.a', 'ceiling.b'])
    await engine.put(new Map([[name, { dtype: 'float32' as const, shape: [SIDE, SIDE], data }]]));
  const session = await engine.load(lower(graph, engine.target));
  await session.run(new Map());
  const times: number[] = [];
  for (let i = 0; i < PROCESSOR_RUNS; i++) times.push(await processorTime(() => session.run(new Map())));
  await session.release();
  return (2 * SIDE ** 3) / Math.min(...times) / 1e6;
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
