/** Ctrl-C while a network trains: the first one stops after the batch at hand and saves, the second one leaves at once. */
import { INTERRUPTED } from './exit-codes.ts';

/** Calls `work` with a signal that Ctrl-C aborts; before and after it Ctrl-C ends the process as usual. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(INTERRUPTED);
    process.stderr.write('\nstopping after this batch; press Ctrl-C again to leave at once\n');
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}
