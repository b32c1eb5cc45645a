/** Workers that read images, and the queue before them: what is looked at comes first. */
import type { Answers, FrameOrder, ImageSource, Order, RegionOrder, Reply } from './protocol.ts';

/** How soon an answer is wanted; smaller is sooner. */
export const PRIORITY = { seen: 0, facts: 1, next: 2, ahead: 3 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

interface Job {
  readonly order: Order;
  priority: number;
  readonly resolve: (answer: Answers[keyof Answers]) => void;
  readonly reject: (error: Error) => void;
}

interface Hand {
  readonly worker: Worker;
  job: Job | null;
  /** Key of the image that it read last, whose frame it may still have. */
  held: string;
  timer: number;
}

/** A frame that takes longer is given up, and its worker with it: a damaged codestream may never end. */
const TIMEOUT_MS = 60_000;
/** Above this more workers fight over memory. */
const WORKERS_MAX = 4;

/** Thrown to whoever waits for what nobody looks at any more. */
export const DROPPED = new Error('nobody looks at it any more');

export class ImagePool {
  readonly #hands: Hand[] = [];
  readonly #jobs: Job[] = [];
  readonly #size = Math.min(WORKERS_MAX, Math.max(2, (navigator.hardwareConcurrency || 2) - 1));
  #id = 0;

  facts(source: ImageSource): Promise<Answers['facts']> {
    return this.#ask({ type: 'facts', source }, PRIORITY.facts) as Promise<Answers['facts']>;
  }

  laying(source: ImageSource, priority: Priority): Promise<Answers['laying']> {
    return this.#ask({ type: 'laying', source }, priority) as Promise<Answers['laying']>;
  }

  frame(source: ImageSource, order: FrameOrder, priority: Priority): Promise<Answers['frame']> {
    return this.#ask({ type: 'frame', source, ...order }, priority) as Promise<Answers['frame']>;
  }

  region(source: ImageSource, region: RegionOrder): Promise<Answers['region']> {
    return this.#ask({ type: 'region', source, region }, PRIORITY.seen) as Promise<Answers['region']>;
  }

  /** A frame that waits because it might be wanted is wanted now. */
  hasten({ key }: ImageSource, frame: number): void {
    for (const job of this.#jobs) {
      const { order } = job;
      if (order.type === 'frame' && order.source.key === key && order.frame === frame) job.priority = PRIORITY.seen;
    }
  }

  /** Forgets the frames of an image that wait only because they might be wanted. */
  dropAhead({ key }: ImageSource): void {
    const isAhead = ({ priority, order }: Job) => priority === PRIORITY.ahead && order.source.key === key;
    const dropped = this.#jobs.filter(isAhead);
    this.#jobs.splice(0, this.#jobs.length, ...this.#jobs.filter((job) => !isAhead(job)));
    for (const { reject } of dropped) reject(DROPPED);
  }

  #ask(order: Order, priority: Priority): Promise<Answers[keyof Answers]> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ order, priority, resolve, reject });
      this.#next();
    });
  }

  /** Starts workers before anything is to be read: a page that waits for its user has the time. */
  warm(): void {
    while (this.#hands.length < this.#size) this.#hire();
  }

  #next(): void {
    // the first of the most urgent; a frame before another image's laying, so that what was looked at is drawn before the next is begun
    const rank = ({ priority, order }: Job) => 2 * priority + (order.type === 'laying' ? 1 : 0);
    const [job] = [...this.#jobs].sort((a, b) => rank(a) - rank(b));
    if (!job) return;
    const idle = this.#hands.filter(({ job: doing }) => doing === null);
    const isHeld = ({ held }: Hand) => held === job.order.source.key;
    const hand = idle.find(isHeld) ?? idle[0] ?? (this.#hands.length < this.#size ? this.#hire() : null);
    if (!hand) return;
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    hand.job = job;
    hand.held = job.order.source.key;
    const id = ++this.#id;
    hand.timer = self.setTimeout(() => this.#dismiss(hand, 'takes too long: its bytes are likely damaged'), TIMEOUT_MS);
    hand.worker.postMessage({ id, order: job.order });
    if (this.#jobs.length > 0) this.#next();
  }

  #hire(): Hand {
    const worker = new Worker(new URL('./image-worker.ts', import.meta.url), { type: 'module' });
    const hand: Hand = { worker, job: null, held: '', timer: 0 };
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      const { job } = hand;
      clearTimeout(hand.timer);
      hand.job = null;
      if ('fault' in data) job?.reject(new Error(data.fault));
      else job?.resolve(data.answer);
      // who waited for a laying asks for its frame before this worker is given another image
      setTimeout(() => this.#next());
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#dismiss(hand, 'cannot be read: the decoder ended');
    };
    this.#hands.push(hand);
    return hand;
  }

  #dismiss(hand: Hand, sentence: string): void {
    clearTimeout(hand.timer);
    hand.worker.terminate();
    this.#hands.splice(this.#hands.indexOf(hand), 1);
    hand.job?.reject(new Error(`${hand.job.order.source.name} ${sentence}`));
    this.#next();
  }
}
