/**
 * Values as grey levels of 8 bits, from the least, which becomes 0, to the greatest, which becomes 255; a plane of one value becomes zeros.
 * For pictures alone: it looks at nothing but the pixels.
 * @param values finite, any layout
 */
export function stretchedTo8Bits(values: ArrayLike<number>): Uint8Array {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const scale = greatest > least ? 255 / (greatest - least) : 0;
  const greys = new Uint8Array(values.length);
  for (let i = 0; i < greys.length; i++) greys[i] = Math.round(((values[i] as number) - least) * scale);
  return greys;
}
