import type { Decision } from '../decision.ts';
import type { DicomFacts } from '../dicom-facts.ts';
import { modalityLut } from './modality-lut.ts';
import { isPadding } from './padding.ts';
import type { Polarity } from './photometric.ts';
import { declaredRange, type ValueRange } from './stored-values.ts';
import { type VoiChoice, voiLut } from './voi-lut.ts';

/** Values beyond this many are looked at one by one: a table of them would be larger than an image. */
const MOST_ENTRIES = 2 ** 16;

/**
 * Grey levels, 0 to 1, of values in any order: modality LUT, then VOI LUT, neither of which asks a pixel for more than its value. Polarity is
 * not applied. Throws as modalityLut and voiLut.
 * @param range that values can have
 */
export function displayLevels(
  values: Float32Array,
  facts: DicomFacts,
  range: ValueRange,
  voi: VoiChoice | undefined,
): { readonly data: Float32Array; readonly decisions: readonly [Decision, Decision] } {
  const modality = modalityLut(values, facts, range.low, range.high);
  const levels = voiLut(modality, facts, facts.PixelRepresentation === 1, voi);
  return { data: levels.data, decisions: [modality.decision, levels.decision] };
}

/** As displayLevels, each value worked out once and looked up where a file's values are few whole numbers, as those of DICOM are. */
export function planeLevels(
  values: Float32Array,
  facts: DicomFacts,
  range: ValueRange,
  voi: VoiChoice | undefined,
): ReturnType<typeof displayLevels> {
  const { low } = range;
  if (!isTabled(range) || values.length < range.high - low || !areWhole(values))
    return displayLevels(values, facts, range, voi);
  const { data: levels, decisions } = displayLevels(rampOf(range), facts, range, voi);
  const data = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = levels[(values[i] as number) - low] as number;
  return { data, decisions };
}

/**
 * The grey level of every value that a file's bits can hold, 0 black to 1 white, padding black, by the bits of the value: [2^BitsStored], or
 * of signed values [2^BitsAllocated], where the negative ones are in the upper half (two's complement). Throws as displayLevels.
 */
export function levelTable(facts: DicomFacts, polarity: Polarity, voi: VoiChoice | undefined): Float32Array {
  const range = declaredRange(facts);
  const values = rampOf(range);
  const { data } = displayLevels(values, facts, range, voi);
  const { BitsAllocated = 16 } = facts;
  const levels = new Float32Array(range.low < 0 ? 2 ** BitsAllocated : values.length);
  const isPadded = isPadding(facts);
  for (let i = 0; i < values.length; i++) {
    const [value, level] = [values[i] as number, data[i] as number];
    levels[value < 0 ? value + levels.length : value] = isPadded(value)
      ? 0
      : polarity === 'least is white'
        ? 1 - level
        : level;
  }
  return levels;
}

/** Whether a table of all values is worth its memory. */
export const isTabled = ({ low, high }: ValueRange): boolean =>
  Number.isInteger(low) && Number.isInteger(high) && high - low < MOST_ENTRIES;

const rampOf = ({ low, high }: ValueRange): Float32Array => {
  const values = new Float32Array(high - low + 1);
  for (let i = 0; i < values.length; i++) values[i] = low + i;
  return values;
};

/** Of values within a range of 32 bits. */
function areWhole(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value !== (value | 0)) return false;
  }
  return true;
}
