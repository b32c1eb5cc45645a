/** A seeded source of integers for tests (Park and Miller's minimal standard); stats imports no generator. */
export class MinimalStandard {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  uniform(): number {
    this.#state = (this.#state * 48271) % 2147483647; // below 2^53
    return this.#state / 2147483647;
  }

  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }
}
