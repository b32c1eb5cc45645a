import type { Decision } from '../decision.ts';
import type { DicomFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';

/** The least and greatest value that the file's bits can hold. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** With how it was found. */
export interface StoredRange extends ValueRange {
  readonly decision: Decision;
}

/** The range by BitsStored and PixelRepresentation (PS3.3, C.7.6.3); 16 bits where none are declared. Throws tag-invalid. */
export function declaredRange(facts: DicomFacts): ValueRange {
  const { BitsAllocated = 16, BitsStored = BitsAllocated, PixelRepresentation = 0 } = facts;
  if (!Number.isInteger(BitsStored) || BitsStored < 1 || BitsStored > 32) {
    throw new ImagingError(
      'tag-invalid',
      `BitsStored must be a whole number from 1 to 32, got ${BitsStored}: mend the file`,
    );
  }
  return PixelRepresentation === 1
    ? { low: -(2 ** (BitsStored - 1)), high: 2 ** (BitsStored - 1) - 1 }
    : { low: 0, high: 2 ** BitsStored - 1 };
}

/**
 * The range of stored values by BitsStored and PixelRepresentation (PS3.3, C.7.6.3), held against the pixels: a value outside
 * means that overlay bits or a wrong sign are in the data. Without declared bits (floats) the range is measured. Throws tag-invalid, or value-not-finite for NaN or infinity.
 */
export function storedRange(data: Float32Array, facts: DicomFacts): StoredRange {
  const { BitsAllocated = 16, BitsStored = BitsAllocated, PixelRepresentation = 0 } = facts;
  const { low, high } = declaredRange(facts);
  const signed = PixelRepresentation === 1;
  const { least, greatest } = extremes(data);
  if (facts.BitsStored === undefined && facts.BitsAllocated === undefined) {
    const evidence = [{ source: 'pixels', name: 'least and greatest value', value: `${least}, ${greatest}` }] as const;
    const reason = 'the file declares no bits, so the range is that of the pixels';
    return { low: least, high: greatest, decision: { step: 'stored values', choice: 'as measured', reason, evidence } };
  }
  if (least < low || greatest > high) {
    throw new ImagingError(
      'tag-invalid',
      `the pixels reach from ${least} to ${greatest} and BitsStored ${BitsStored}${signed ? ' (signed)' : ''} ends at ${low} and ${high}: mend BitsStored, PixelRepresentation or the pixels`,
    );
  }
  const decision: Decision = {
    step: 'stored values',
    choice: `${BitsStored} bits, ${signed ? 'signed' : 'unsigned'}`,
    reason: 'the pixels lie in the range that the file declares',
    evidence: [
      {
        source: 'tag',
        name: 'BitsStored',
        value: facts.BitsStored === undefined ? `absent, ${BitsStored}` : `${BitsStored}`,
      },
      {
        source: 'tag',
        name: 'PixelRepresentation',
        value: facts.PixelRepresentation === undefined ? 'absent, 0' : `${PixelRepresentation}`,
      },
      { source: 'pixels', name: 'least and greatest value', value: `${least}, ${greatest}` },
    ],
  };
  return { low, high, decision };
}

/** Throws value-not-finite. */
function extremes(data: Float32Array): { readonly least: number; readonly greatest: number } {
  let [least, greatest] = [Infinity, -Infinity];
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) {
      throw new ImagingError(
        'value-not-finite',
        `pixel ${i} is ${value}: every pixel must be a number, export the image again`,
      );
    }
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return { least, greatest };
}
