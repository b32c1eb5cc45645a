import { philox4x32, type Words4 } from './philox.ts';

/** FNV-1a, 32 bits, of the UTF-8 bytes of a text, from a given basis. */
export function fnv1a(text: string, basis = 0x811c9dc5): number {
  let hash = basis;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/**
 * A stream of random numbers that depends on a seed and a key alone: two streams with the same seed and key give the
 * same numbers on every machine and in every process, and streams with different keys are independent. Work that is
 * split over workers stays repeatable when every item draws from a stream named after the item.
 */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #stream: readonly [number, number];
  #block = 0;
  #words: Words4 = [0, 0, 0, 0];
  #used = 4;

  /** @param seed a safe integer; @param key what the stream is for, for example ('augment', epoch, index). */
  constructor(seed: number, ...key: readonly (string | number)[]) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed must be a safe integer, got ${seed}`);
    const text = key.map((part) => `${typeof part}:${part}`).join('\u0000');
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    this.#stream = [fnv1a(text), fnv1a(text, 0x9747b28c)];
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    if (this.#used === 4) {
      const block = this.#block++;
      this.#words = philox4x32([block >>> 0, Math.floor(block / 2 ** 32), ...this.#stream], this.#key);
      this.#used = 0;
    }
    return this.#words[this.#used++] as number;
  }

  /** Uniform on [low, high), 32 bits of resolution. */
  uniform(low = 0, high = 1): number {
    return low + (this.uint32() / 2 ** 32) * (high - low);
  }

  /** A uniform integer in [low, high], both included, without modulo bias (rejection). */
  integer(low: number, high: number): number {
    const span = high - low + 1;
    const limit = Math.floor(2 ** 32 / span) * span;
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return low + (word % span);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Normal by the Box-Muller transform (the cosine branch; two uniforms a value). */
  normal(mean = 0, standardDeviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + standardDeviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A shuffled copy (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
      const chosen = this.integer(0, last);
      [result[last], result[chosen]] = [result[chosen] as T, result[last] as T];
    }
    return result;
  }
}
