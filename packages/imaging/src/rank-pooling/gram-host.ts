/** A worker thread of gram-matrix.ts: takes ranges of values until it is ended. */
import { parentPort } from 'node:worker_threads';
import type { GramRequest } from './gram-matrix.ts';
import { gramOfRange } from './gram-range.ts';

parentPort?.on('message', ({ slices, from, to }: GramRequest) => {
  parentPort?.postMessage(gramOfRange(slices, from, to));
});
