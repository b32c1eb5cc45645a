/** The inner products of slices that are in memory, in worker threads where that pays. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { gramOfRange, type Samples } from './gram-range.ts';

/** What a worker is asked for. */
export interface GramRequest {
  /** In shared memory. */
  readonly slices: readonly Samples[];
  readonly from: number;
  readonly to: number;
}

/** Values of a range: its sums are added up in the order of ranges, so that the number of workers changes no bit. */
const RANGE = 1 << 16;
/** Multiplications that take less time than a worker takes to start. */
const SMALL = 1e8;
const WORKERS_MAX = 8;

/**
 * The Gram matrix [T * T] of slices of equal length, in float64.
 * @param slices in shared memory, where there is more than a tenth of a second of work in them
 * @param threads worker threads at most; the machine's cores, up to 8, unless given
 */
export async function gramMatrix(
  slices: readonly Samples[],
  threads = Math.min(availableParallelism(), WORKERS_MAX),
): Promise<Float64Array> {
  const count = slices.length;
  const length = slices[0]?.length ?? 0;
  const ranges = Array.from({ length: Math.ceil(length / RANGE) }, (_, i) => ({
    from: i * RANGE,
    to: Math.min(length, (i + 1) * RANGE),
  }));
  const small = (length * count * count) / 2 < SMALL;
  const parts = small
    ? ranges.map(({ from, to }) => gramOfRange(slices, from, to))
    : await inWorkers(
        ranges.map((range) => ({ slices, ...range })),
        Math.min(threads, ranges.length),
      );
  const gram = new Float64Array(count * count);
  for (const part of parts) for (let i = 0; i < gram.length; i++) gram[i] = (gram[i] as number) + (part[i] as number);
  for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) gram[j * count + i] = gram[i * count + j] as number;
  return gram;
}

/** The answers to requests, in their order; every worker takes the next one when it is done with one. */
async function inWorkers(requests: readonly GramRequest[], count: number): Promise<Float64Array[]> {
  const results: Float64Array[] = [];
  const queue = requests.entries();
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('./gram-host.ts', import.meta.url), { execArgv: [] }), // flags such as --eval are not for it
  );
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (const [i, request] of queue) results[i] = await answer(worker, request);
      }),
    );
    return results;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function answer(worker: Worker, request: GramRequest): Promise<Float64Array> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (part: Float64Array) => {
      worker.off('error', reject);
      resolve(part);
    });
    worker.postMessage(request);
  });
}
