/** Stored values to the whole numbers that a viewport windows: DICOM's grayscale pipeline (PS3.4 N.2) as one table. */
import { type DicomFacts, modalityLut, storedRange, voiLut } from '@mammoscope/imaging/browser';

/** A window over mapped values: `low` and below is black, `high` and above white. */
export interface Window {
  readonly low: number;
  readonly high: number;
}

/** Of each stored value the value that is shown; larger is brighter, padding is 0. */
export interface GreyMapping {
  /** Stored value of the first entry. */
  readonly first: number;
  readonly table: Uint16Array<ArrayBuffer>;
  /** As the file wants to be seen. */
  readonly window: Window;
}

/** Values of a table or a sigmoid, which have no unit, take this many steps. */
const STEPS = 4095;
const LEAST_RANGE = 1023;
const MOST_RANGE = 65535;

/**
 * A linear window stays adjustable over the modality's values; a VOI table or a sigmoid is applied, and what it gives is windowed. An image
 * whose least value is white is turned round, so that air is black. ImagingError 'tag-invalid'.
 */
export function greyMapping(facts: DicomFacts, leastIsWhite: boolean): GreyMapping {
  const { low, high } = storedRange(new Float32Array(0), facts);
  const stored = Float32Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const modality = modalityLut(stored, facts, low, high);
  const isCurve = Boolean(facts.VOILUTSequence?.length) || facts.VOILUTFunction === 'SIGMOID';
  const shown = isCurve ? voiLut(modality, facts, facts.PixelRepresentation === 1) : modality;
  const steps = stepsOf(shown.high - shown.low, isCurve);
  const top = Math.round((shown.high - shown.low) * steps);
  const mapped = (value: number) => {
    const step = Math.min(top, Math.max(0, (value - shown.low) * steps));
    return leastIsWhite ? top - step : step;
  };
  const ends = isCurve ? [0, 1] : windowEnds(facts, modality);
  const [a, b] = ends.map((value) => (leastIsWhite ? top : 0) + (leastIsWhite ? -1 : 1) * (value - shown.low) * steps);
  const table = Uint16Array.from(shown.data, (value) => Math.round(mapped(value)));
  blackenPadding(table, low, facts);
  return { first: low, table, window: { low: Math.min(a ?? 0, b ?? top), high: Math.max(a ?? 0, b ?? top) } };
}

/** One step a value where that fits 16 bits and is fine enough. */
function stepsOf(range: number, isCurve: boolean): number {
  if (isCurve) return STEPS;
  return range >= LEAST_RANGE && range <= MOST_RANGE ? 1 : MOST_RANGE / range;
}

/** Where the first window of the file begins and ends (PS3.3 C.11.2.1.2); the declared range without one. */
function windowEnds(facts: DicomFacts, { low, high }: { readonly low: number; readonly high: number }): number[] {
  const [centre] = facts.WindowCenter ?? [];
  const [width] = facts.WindowWidth ?? [];
  if (centre === undefined || width === undefined) return [low, high];
  const exact = facts.VOILUTFunction === 'LINEAR_EXACT';
  const middle = exact ? centre : centre - 0.5;
  const half = Math.max(exact ? width : width - 1, 1e-6) / 2;
  return [middle - half, middle + half];
}

function blackenPadding(table: Uint16Array, first: number, facts: DicomFacts): void {
  const { PixelPaddingValue: value, PixelPaddingRangeLimit: limit = value } = facts;
  if (value === undefined || limit === undefined) return;
  const [from, to] = [Math.min(value, limit) - first, Math.max(value, limit) - first];
  table.fill(0, Math.max(0, from), Math.max(0, to + 1));
}
