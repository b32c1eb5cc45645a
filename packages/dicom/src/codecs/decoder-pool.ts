/** Worker threads that decode frames, so that all cores are used and a decoder that crashes or hangs takes nothing with it. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { DicomError } from '../errors.ts';
import type { DecodedFrame } from './decode-frame.ts';
import type { DecodeReply, DecodeRequest } from './protocol.ts';

/** Options of a pool. */
export interface DecoderPoolOptions {
  /** Workers; the machine's cores unless said otherwise. Each holds the memory of one frame while it decodes. */
  readonly workers?: number;
  /** A frame that takes longer is given up. */
  readonly timeoutMs?: number;
}

/** Every worker keeps the heap of its largest frame, so more cores than this are not used unless asked for. */
const WORKERS_MAX = 16;
const TIMEOUT_MS = 60_000;
/** Of JavaScript in a worker; pixels and WebAssembly are beside it. */
const HEAP_MB = 512;
const YOUNG_MB = 4;

/** Decodes frames in worker threads, in the order that they are asked for. */
export class DecoderPool {
  readonly workers: number;
  readonly timeoutMs: number;
  readonly #idle: Worker[] = [];
  readonly #busy = new Set<Worker>();
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor({
    workers = Math.min(availableParallelism(), WORKERS_MAX),
    timeoutMs = TIMEOUT_MS,
  }: DecoderPoolOptions = {}) {
    if (!(Number.isInteger(workers) && workers > 0)) throw new RangeError(`workers must be 1 or more, got ${workers}`);
    if (!(timeoutMs > 0)) throw new RangeError(`timeoutMs must be positive, got ${timeoutMs}`);
    this.workers = workers;
    this.timeoutMs = timeoutMs;
  }

  /**
   * Decodes a frame. Its bytes are asked for when a worker is free, so that frames that wait hold no memory. `where` begins the
   * message of a DicomError 'frame-corrupt' or 'frame-timeout'.
   */
  async decode(load: () => Promise<DecodeRequest>, where: string): Promise<DecodedFrame> {
    if (this.#taken === this.workers) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#taken++;
    try {
      const request = await load();
      const reply = await this.#ask(request, where);
      if ('frame' in reply) return reply.frame;
      throw new DicomError('frame-corrupt', `${where} cannot be decoded: ${reply.fault}`);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#taken--;
    }
  }

  /** Ends the workers; frames that are being decoded fail. The pool can be used again. */
  async close(): Promise<void> {
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((worker) => worker.terminate()));
  }

  #ask(request: DecodeRequest, where: string): Promise<DecodeReply> {
    const worker = this.#idle.pop() ?? this.#start();
    this.#busy.add(worker);
    worker.ref();
    return new Promise<DecodeReply>((resolve, reject) => {
      const settle = (healthy: boolean) => {
        clearTimeout(timer);
        worker.off('message', replied).off('error', failed).off('exit', ended);
        this.#busy.delete(worker);
        worker.unref();
        if (healthy) this.#idle.push(worker);
        else void worker.terminate();
      };
      const fail = (code: 'frame-corrupt' | 'frame-timeout', sentence: string) => {
        settle(false);
        reject(new DicomError(code, `${where} ${sentence}`));
      };
      const replied = (reply: DecodeReply) => {
        settle(true);
        resolve(reply);
      };
      const failed = (error: Error) => fail('frame-corrupt', `cannot be decoded: ${error.message.slice(0, 200)}`);
      const ended = () => fail('frame-corrupt', 'cannot be decoded: the decoder ended');
      const timer = setTimeout(
        () => fail('frame-timeout', `takes longer than ${this.timeoutMs} ms to decode: its bytes are likely damaged`),
        this.timeoutMs,
      );
      worker.on('message', replied).on('error', failed).on('exit', ended);
      worker.postMessage(request, [request.bytes.buffer]);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./decode-host.ts', import.meta.url), {
      execArgv: [], // flags of this process (--eval, --input-type) are not for a worker
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.on('error', () => undefined); // also of one that was given up
    worker.on('exit', () => {
      const at = this.#idle.indexOf(worker);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return worker;
  }
}

let shared: DecoderPool | undefined;

/** The pool of this process, for files that are opened without one. */
export function sharedDecoderPool(): DecoderPool {
  shared ??= new DecoderPool();
  return shared;
}
