/** An image that was opened: its tags, and, once it was looked at, how it hangs. */
import type { ImageFacts } from './image-facts.ts';
import { type ImagePool, PRIORITY, type Priority } from './image-pool.ts';
import type { Laying } from './laying.ts';
import type { ImageSource } from './protocol.ts';

export class StudyImage {
  readonly source: ImageSource;
  readonly facts: ImageFacts;
  readonly #pool: ImagePool;
  #laying: Promise<Laying> | null = null;
  /** Once it was looked at. */
  laying: Laying | null = null;

  constructor(source: ImageSource, facts: ImageFacts, pool: ImagePool) {
    this.source = source;
    this.facts = facts;
    this.#pool = pool;
  }

  get pool(): ImagePool {
    return this.#pool;
  }

  /** Where the pixels say what the tags do not. */
  get laterality() {
    return this.facts.laterality ?? this.laying?.laterality;
  }
  get view() {
    return this.facts.view ?? this.laying?.view;
  }
  get kind() {
    return this.facts.kind;
  }
  get isRaw() {
    return this.facts.isRaw;
  }
  get modifiers() {
    return this.facts.modifiers;
  }

  /** Looks at its middle frame, once. */
  look(priority: Priority = PRIORITY.seen): Promise<Laying> {
    this.#laying ??= this.#pool.laying(this.source, priority).then(
      (laying) => {
        this.laying = laying;
        return laying;
      },
      (error) => {
        this.#laying = null;
        throw error;
      },
    );
    return this.#laying;
  }

  /** "R MLO, tomosynthesis": what people call it. */
  get title(): string {
    const where = [this.laterality, this.view, ...this.modifiers].filter((part) => part !== undefined).join(' ');
    const kind = { DM: 'mammogram', SYNTHETIC2D: 'synthesised view', DBT: 'tomosynthesis', OTHER: 'image' }[this.kind];
    return `${where || 'unknown view'}, ${kind}${this.isRaw ? ' for processing' : ''}`;
  }
}
