/** Jobs in processes of their own, some at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { TrainingError } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';
import type { Job, JobEvent, PartEvent } from './job.ts';
import type { JobRequest } from './job-process.ts';

/** What a job's process sends. */
type JobReply =
  | JobEvent
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly code: string };

export interface JobPoolOptions {
  readonly processes: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly rank: number;
  readonly start: () => void;
}

/** What a job's failure means to the others; unless said, none of them begins afterwards. */
export interface JobOptions {
  /** Whether the others go on when the work breaks off: its process is killed, or memory runs out. */
  readonly mayBreak?: boolean;
}

/** Runs jobs by their rank, lowest first, as many at a time as there are processes. After a failure or a stop none begins. */
export class JobPool {
  readonly #options: JobPoolOptions;
  readonly #running = new Set<ChildProcess>();
  #waiting: Waiting[] = [];
  #busy = 0;
  #failed: unknown;

  constructor(options: JobPoolOptions) {
    this.#options = options;
    options.signal?.addEventListener('abort', () => {
      for (const child of this.#running) send(child, 'stop');
    });
  }

  /** Does a job; rejects as it failed, or with TrainingError 'interrupted'. */
  async run(
    job: Job,
    rank: number,
    onEvent: (event: PartEvent) => void,
    { mayBreak = false }: JobOptions = {},
  ): Promise<void> {
    await new Promise<void>((start) => {
      this.#waiting.push({ rank, start });
      this.#next();
    });
    try {
      if (this.#failed !== undefined) throw this.#failed;
      if (this.#options.signal?.aborted) throw interrupted();
      onEvent({ kind: 'begun' });
      await this.#inProcess(job, onEvent);
      onEvent({ kind: 'done' });
    } catch (error) {
      if (mayBreak && isBreak(error)) throw error;
      this.#failed ??= error;
      for (const child of this.#running) send(child, 'stop');
      throw error;
    } finally {
      this.#busy--;
      this.#next();
    }
  }

  #next(): void {
    if (this.#busy >= this.#options.processes) return;
    const [first] = this.#waiting.sort((a, b) => a.rank - b.rank);
    if (!first) return;
    this.#waiting = this.#waiting.filter((each) => each !== first);
    this.#busy++;
    first.start();
  }

  #inProcess(job: Job, onEvent: (event: JobEvent) => void): Promise<void> {
    return new Promise((done, fail) => {
      const child = fork(new URL('./job-process.ts', import.meta.url), { serialization: 'advanced' });
      this.#running.add(child);
      let outcome: (() => void) | undefined;
      child.on('message', (reply: JobReply) => {
        if (reply.kind === 'done') outcome = done;
        else if (reply.kind === 'failed') outcome = () => fail(errorOf(reply));
        else onEvent(reply);
      });
      child.on('error', fail);
      child.on('exit', (code, signalName) => {
        this.#running.delete(child);
        const ended = `a process ended with ${signalName ?? code} in the middle of its work: repeat the command to go on`;
        (outcome ?? (() => fail(new Error(ended))))();
      });
      send(child, job);
    });
  }
}

/** Whether work broke off, rather than being refused for its input or stopped by the user. */
export const isBreak = (error: unknown): error is Error =>
  error instanceof Error && !(error instanceof SystemError) && !(error instanceof TrainingError);

function send(child: ChildProcess, request: JobRequest): void {
  if (child.connected) child.send(request, () => undefined); // one that has just ended needs no word
}

const interrupted = () => new TrainingError('interrupted', 'interrupted; repeat the command to go on');

/** Errors of input: their sentence is for the user, and they end with exit code 2. */
const INPUT_ERRORS = /^(System|Imaging|Manifest|Dicom|Stats|Graph|Weights|Range)Error$/;

/** A failure as an error that ends with the exit code that it has where no process is between. */
function errorOf({ name, message, code }: JobReply & { readonly kind: 'failed' }): Error {
  if (name === 'TrainingError' && code === 'interrupted') return interrupted();
  return INPUT_ERRORS.test(name) ? new SystemError('data-unusable', message) : new Error(message);
}
