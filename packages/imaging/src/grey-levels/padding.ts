import type { Decision } from '../decision.ts';
import type { DicomFacts } from '../dicom-facts.ts';

/** Which pixels are no image. */
export interface Padding {
  /** 1 where there is no image; undefined where the file pads nothing. */
  readonly mask: Uint8Array | undefined;
  readonly decision: Decision;
}

/** Whether a stored value is padding: PixelPaddingValue, or between it and PixelPaddingRangeLimit, both included and in either order. */
export function isPadding({ PixelPaddingValue: value, PixelPaddingRangeLimit: limit = value }: DicomFacts) {
  if (value === undefined || limit === undefined) return () => false;
  const [low, high] = [Math.min(value, limit), Math.max(value, limit)];
  return (stored: number): boolean => stored >= low && stored <= high;
}

/**
 * Pixels of PixelPaddingValue, or between it and PixelPaddingRangeLimit, both included and in either order (PS3.3,
 * C.7.5.1.1.2). Compared as stored, before any table; they take no part in statistics, and end as black.
 */
export function pixelPadding(data: Float32Array, facts: DicomFacts): Padding {
  const { PixelPaddingValue: value, PixelPaddingRangeLimit: limit = value } = facts;
  if (value === undefined || limit === undefined) {
    const evidence = [{ source: 'tag', name: 'PixelPaddingValue', value: 'absent' }] as const;
    return {
      mask: undefined,
      decision: { step: 'padding', choice: 'none', reason: 'the file names no padding', evidence },
    };
  }
  const [low, high] = [Math.min(value, limit), Math.max(value, limit)];
  const isPadded = isPadding(facts);
  const mask = new Uint8Array(data.length);
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (!isPadded(data[i] as number)) continue;
    mask[i] = 1;
    count++;
  }
  return {
    mask: count > 0 ? mask : undefined,
    decision: {
      step: 'padding',
      choice: count > 0 ? `${count} pixels set aside` : 'none',
      reason:
        low === high ? `stored values of ${low} are no image` : `stored values from ${low} to ${high} are no image`,
      evidence: [
        { source: 'tag', name: 'PixelPaddingValue', value: `${value}` },
        { source: 'tag', name: 'PixelPaddingRangeLimit', value: `${facts.PixelPaddingRangeLimit ?? 'absent'}` },
        { source: 'pixels', name: 'share of pixels', value: `${((100 * count) / data.length).toFixed(1)} %` },
      ],
    },
  };
}
