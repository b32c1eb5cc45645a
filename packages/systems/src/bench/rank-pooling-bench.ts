/** Exact rank pooling of a volume that is decoded, timed. */
import { approximateRankPool, rankPool } from '@mammoscope/imaging';
import { unit } from '@mammoscope/runtime';

/** What pooling one volume came to. */
export interface RankPoolingResult {
  readonly sizePx: number;
  readonly slices: number;
  /** Least and median time of the exact dynamic image's d, milliseconds. */
  readonly leastMs: number;
  readonly medianMs: number;
  /** Least time of approximate rank pooling. */
  readonly approximateMs: number;
  readonly objective: number;
  readonly dualityGap: number;
  /** The volume itself, 8 bits a pixel. */
  readonly volumeMiB: number;
  /** Largest resident memory of the process after the first run, and by how much that is above what it was before. */
  readonly peakMiB: number;
  readonly addedMiB: number;
}

/** How a volume is timed. */
export interface RankPoolingBenchOptions {
  readonly sizePx: number;
  readonly slices: number;
  readonly runs: number;
  readonly threads?: number;
}

const MIB = 2 ** 20;
const peakMiB = () => process.resourceUsage().maxRSS / 1024;

/** Pools slices of 8 bits with lambda 1; references/scripts/rank_pooling_time.py has the same slices. */
export async function runRankPoolingCase({
  sizePx,
  slices,
  runs,
  threads,
}: RankPoolingBenchOptions): Promise<RankPoolingResult> {
  const volume = Array.from({ length: slices }, (_, t) => benchSlice(sizePx, slices, t));
  const source = { depth: slices, slice: async (t: number) => volume[t] as Uint8Array };
  const beforeMiB = process.memoryUsage.rss() / MIB;
  const options = threads ? { threads } : {};
  const exact = await timed(() => rankPool(source, options));
  const peak = peakMiB();
  const times = [exact.ms];
  while (times.length < runs) times.push((await timed(() => rankPool(source, options))).ms);
  const approximate = [];
  for (let run = 0; run < runs; run++) approximate.push((await timed(() => approximateRankPool(source))).ms);
  times.sort((a, b) => a - b);
  return {
    sizePx,
    slices,
    leastMs: times[0] as number,
    medianMs: times[Math.floor(times.length / 2)] as number,
    approximateMs: Math.min(...approximate),
    objective: exact.result.objective,
    dualityGap: exact.result.dualityGap,
    volumeMiB: (slices * sizePx ** 2) / MIB,
    peakMiB: peak,
    addedMiB: peak - beforeMiB,
  };
}

/** Slice t of the volume, in shared memory: noise that differs from slice to slice, on a ramp. A row at a time, to leave little behind. */
function benchSlice(sizePx: number, slices: number, t: number): Uint8Array {
  const ramp = (55 * t) / (slices - 1);
  const slice = new Uint8Array(new SharedArrayBuffer(sizePx ** 2));
  for (let y = 0; y < sizePx; y++)
    slice.set(
      unit(`rank:bench:${t}:${y}`, sizePx).map((value) => Math.floor(100 * (value + 1) + ramp)),
      y * sizePx,
    );
  return slice;
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly result: T }> {
  const started = performance.now();
  const result = await work();
  return { ms: performance.now() - started, result };
}
