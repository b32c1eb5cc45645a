import { RandomStream } from '@mammoscope/random';

/** One example of each class, by their indices among all examples. */
export type Balanced = readonly number[];

/**
 * An epoch in which every mini-batch has equally many examples of every class ("we balanced each mini-batch during training", section IV-A):
 * as many groups as the largest class has examples, each with one of each class. Smaller classes are gone through again, shuffled anew each
 * time. Depends on its arguments alone.
 * @param classes of the examples @param count of classes, all of which occur
 */
export function balancedGroups(classes: readonly number[], count: number, seed: number, epoch: number): Balanced[] {
  const byClass = Array.from({ length: count }, (_, k) => classes.flatMap((own, i) => (own === k ? [i] : [])));
  const groups = Math.max(...byClass.map(({ length }) => length));
  const orders = byClass.map((own, k) =>
    Array.from({ length: Math.ceil(groups / own.length) }, (_, round) =>
      new RandomStream(seed, 'balance', k, epoch, round).shuffle(own),
    ).flat(),
  );
  return Array.from({ length: groups }, (_, g) => orders.map((order) => order[g] as number));
}
