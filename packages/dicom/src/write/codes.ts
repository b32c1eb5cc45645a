/** Coded concepts of mammography (PS3.16), as items of code sequences. */
import type { WrittenDataSet } from './data-set.ts';

/** An item of a code sequence (PS3.3 8.8). */
export function code(scheme: string, value: string, meaning: string): WrittenDataSet {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}

/** CID 4013, what mammograms show. */
export const BREAST = code('SCT', '76752008', 'Breast');

/** CID 4014, the two views of screening. */
export const VIEW_CODE = {
  CC: code('SCT', '399162004', 'cranio-caudal'),
  MLO: code('SCT', '399368009', 'medio-lateral oblique'),
} as const;

/** CID 7005, what a piece of equipment did to an object. */
export const MODIFYING_EQUIPMENT = code('DCM', '109103', 'Modifying Equipment');
/** CID 7202, why an image refers to another. */
export const FOR_PROCESSING_PREDECESSOR = code('DCM', '121360', 'For Processing predecessor');
