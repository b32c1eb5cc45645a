import type { Decision } from '../decision.ts';
import type { DicomFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';
import { lookUp, lookupTable } from './lookup-table.ts';

/** Values after a step, and the range that they can have. */
export interface GreyLevels {
  readonly data: Float32Array;
  readonly low: number;
  readonly high: number;
  readonly decision: Decision;
}

/**
 * Stored values to those of the modality (PS3.3, C.11.1): a table, or RescaleSlope * value + RescaleIntercept, or the values
 * themselves. Throws tag-invalid: both at once, a slope of 0 or without its intercept, a table that contradicts itself.
 */
export function modalityLut(data: Float32Array, facts: DicomFacts, low: number, high: number): GreyLevels {
  const { ModalityLUTSequence, RescaleSlope, RescaleIntercept } = facts;
  const item = ModalityLUTSequence?.[0];
  if (item && RescaleSlope !== undefined) {
    throw new ImagingError(
      'tag-invalid',
      'the file has both ModalityLUTSequence and RescaleSlope, and the standard allows one: remove the other',
    );
  }
  if (item) {
    const table = lookupTable(item, 'ModalityLUTSequence', facts.PixelRepresentation === 1);
    const value = `${table.entries.length} entries of ${table.bits} bits from ${table.first}`;
    const evidence = [{ source: 'tag', name: 'ModalityLUTSequence', value }] as const;
    const decision = { step: 'modality LUT', choice: 'table', reason: 'the file has one', evidence } as const;
    return { data: lookUp(data, table), low: 0, high: 2 ** table.bits - 1, decision };
  }
  if (RescaleSlope === undefined && RescaleIntercept === undefined) {
    const evidence = [{ source: 'tag', name: 'RescaleSlope', value: 'absent' }] as const;
    const reason = 'the file has neither a table nor a rescale slope';
    return { data, low, high, decision: { step: 'modality LUT', choice: 'identity', reason, evidence } };
  }
  if (
    !Number.isFinite(RescaleSlope) ||
    !Number.isFinite(RescaleIntercept) ||
    !RescaleSlope ||
    RescaleIntercept === undefined
  ) {
    throw new ImagingError(
      'tag-invalid',
      `RescaleSlope must be a number other than 0 with a RescaleIntercept, got ${RescaleSlope} and ${RescaleIntercept}: mend the file`,
    );
  }
  const rescale = (value: number) => RescaleSlope * value + RescaleIntercept;
  const isIdentity = RescaleSlope === 1 && RescaleIntercept === 0;
  return {
    data: isIdentity ? data : data.map(rescale),
    low: Math.min(rescale(low), rescale(high)),
    high: Math.max(rescale(low), rescale(high)),
    decision: {
      step: 'modality LUT',
      choice: isIdentity ? 'identity' : `${RescaleSlope} x value + ${RescaleIntercept}`,
      reason: 'RescaleSlope and RescaleIntercept say so',
      evidence: [
        { source: 'tag', name: 'RescaleSlope', value: `${RescaleSlope}` },
        { source: 'tag', name: 'RescaleIntercept', value: `${RescaleIntercept}` },
        { source: 'tag', name: 'RescaleType', value: facts.RescaleType ?? 'absent' },
      ],
    },
  };
}
