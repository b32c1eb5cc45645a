/** Bins that values are thrown into before those of the wanted ranks are sorted. */
const BINS = 1 << 16;

/**
 * Quantiles of R's type 7 (numpy's default), exact and without sorting all values: a histogram finds the bins that hold the wanted
 * ranks, and only those are sorted. O(n) unless most values share a bin.
 * @param values at least one, finite. @param probabilities in [0, 1], in any order.
 */
export function quantiles(values: Float32Array, probabilities: readonly number[]): number[] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (least === greatest) return probabilities.map(() => least);
  const scale = (BINS - 1) / (greatest - least);
  const counts = new Uint32Array(BINS);
  for (let i = 0; i < values.length; i++) {
    const bin = (((values[i] as number) - least) * scale) | 0;
    counts[bin] = (counts[bin] as number) + 1;
  }
  const ends = new Float64Array(BINS);
  let sum = 0;
  for (let bin = 0; bin < BINS; bin++) {
    sum += counts[bin] as number;
    ends[bin] = sum;
  }
  const binOf = (rank: number) => {
    let [low, high] = [0, BINS - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) > rank) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const ranks = probabilities.map((probability) => (values.length - 1) * probability);
  const wanted = new Map(
    ranks
      .flatMap((rank) => [binOf(Math.floor(rank)), binOf(Math.ceil(rank))])
      .map((bin) => [bin, { next: 0, members: new Float32Array(counts[bin] as number) }]),
  );
  const isWanted = new Uint8Array(BINS);
  for (const bin of wanted.keys()) isWanted[bin] = 1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const bin = ((value - least) * scale) | 0;
    if (!isWanted[bin]) continue;
    const slot = wanted.get(bin) as { next: number; members: Float32Array };
    slot.members[slot.next++] = value;
  }
  for (const { members } of wanted.values()) members.sort();
  const ranked = (rank: number) => {
    const bin = binOf(rank);
    const { members } = wanted.get(bin) as { members: Float32Array };
    return members[rank - ((ends[bin] as number) - members.length)] as number;
  };
  return ranks.map((rank) => {
    const low = ranked(Math.floor(rank));
    return low + (rank - Math.floor(rank)) * (ranked(Math.ceil(rank)) - low);
  });
}
