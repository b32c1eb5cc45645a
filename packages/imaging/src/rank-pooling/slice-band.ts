/** Slices read one after the other and kept, whole or a band of each, in the narrowest numbers that hold them. */
import { ImagingError } from '../errors.ts';
import type { Samples } from './gram-range.ts';

/**
 * Slices that are read one at a time: their features, of equal length. They must be the same whenever they are read, and those in shared memory
 * must stay as they are.
 */
export interface SliceSource {
  /** T */
  readonly depth: number;
  /** psi(I_t), t counted from 0. */
  readonly slice: (slice: number) => Promise<Samples>;
}

/** From narrow to wide. */
const KINDS = [Uint8Array, Uint16Array, Float32Array, Float64Array] as const;
type Kind = (typeof KINDS)[number];

/** The same values of every slice. */
export interface Band {
  readonly from: number;
  readonly slices: readonly Samples[];
  /** True where that is all that the slices have. */
  readonly whole: boolean;
}

/**
 * Goes through all values of all slices in as few bands as memory allows, reading every slice once a band.
 * @param bytes that a band may take; a band is never less than a value of each slice
 * Throws ImagingError slices-unusable where slices differ in length or are none, value-not-finite.
 */
export async function* bandsOf(source: SliceSource, bytes: number): AsyncGenerator<Band> {
  const { depth } = source;
  const middle = await source.slice(Math.floor(depth / 2));
  const { length } = middle;
  if (length < 1) throw new ImagingError('slices-unusable', 'slices without a value cannot be pooled');
  let kind = kindOf(middle, KINDS[0], Math.floor(depth / 2));
  let from = 0;
  while (from < length) {
    const width = Math.max(1, Math.min(length - from, Math.floor(bytes / (kind.BYTES_PER_ELEMENT * depth))));
    const band = await readBand(source, kind, from, width, length);
    if (Array.isArray(band)) {
      yield { from, slices: band, whole: width === length };
      from += width;
    } else kind = band; // a later slice has values that the middle one has not: from here on as wide as it needs
  }
}

/** A band of every slice, in shared memory, where a whole slice that is there already stays; or the kind that a value of it needs. */
async function readBand(
  { depth, slice }: SliceSource,
  kind: Kind,
  from: number,
  width: number,
  length: number,
): Promise<Samples[] | Kind> {
  const band: Samples[] = [];
  for (let t = 0; t < depth; t++) {
    const values = await slice(t);
    requireLength(values, length, t);
    const part = values.subarray(from, from + width);
    const needed = kindOf(part, kind, t);
    if (needed !== kind) return needed;
    band.push(isShared(values, kind) && width === length ? values : copied(part, kind));
  }
  return band;
}

/** Throws slices-unusable unless a slice is as long as the others. */
export function requireLength({ length }: Samples, others: number, slice: number): void {
  if (length === others) return;
  throw new ImagingError(
    'slices-unusable',
    `slice ${slice} has ${length} values and others have ${others}: all slices must be of one size, export them again`,
  );
}

/** Whether values are in shared memory as a kind has them. */
const isShared = (values: Samples, kind: Kind): boolean =>
  values.buffer instanceof SharedArrayBuffer && values instanceof kind;

function copied(values: Samples, kind: Kind): Samples {
  const memory = new SharedArrayBuffer(kind.BYTES_PER_ELEMENT * values.length);
  const copy = Reflect.construct(kind, [memory]) as Samples;
  copy.set(values);
  return copy;
}

/** The narrowest kind, `least` or wider, that holds values exactly. */
function kindOf(values: Samples, least: Kind, slice: number): Kind {
  let kind = KINDS.indexOf(least);
  const highest = [255, 65535];
  if (values instanceof Uint8Array || (values instanceof Uint16Array && kind >= 1)) return least;
  for (let i = 0; i < values.length && kind < 2; i++) {
    const value = values[i] as number;
    if (value !== Math.floor(value) || value < 0) kind = 2;
    else while (kind < 2 && value > (highest[kind] as number)) kind++;
  }
  if (kind >= 2) {
    requireFinite(values, slice);
    if (values instanceof Float64Array) kind = 3;
  }
  return KINDS[kind] as Kind;
}

function requireFinite(values: Samples, slice: number): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new ImagingError(
      'value-not-finite',
      `slice ${slice} has ${values[at]} at value ${at}: every value must be a number`,
    );
}
