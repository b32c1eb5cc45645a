/** A process that does one job and ends: what `reproduce` forks. It ends too when its parent does. */
import { type Job, runJob } from './job.ts';

/** What the parent sends: a job first, perhaps 'stop' later. */
export type JobRequest = Job | 'stop';

const stop = new AbortController();
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group: the parent decides
process.on('disconnect', () => process.exit(1));
process.on('message', async (request: JobRequest) => {
  if (request === 'stop') {
    stop.abort();
    return;
  }
  try {
    await runJob(request, (event) => process.send?.(event), stop.signal);
    process.send?.({ kind: 'done' }, () => process.exit(0));
  } catch (error) {
    const { name, message, code } = error as Error & { readonly code?: unknown };
    const failure = { kind: 'failed', name, message, code: typeof code === 'string' ? code : '' };
    process.send?.(failure, () => process.exit(1));
  }
});
