import type { BoxPx } from '../manifest-row.ts';
import type { Laterality } from '../manifest-terms.ts';

/** A side as label files write it; undefined for anything else. */
export function sideOf(text: string): Laterality | undefined {
  return { L: 'L', LEFT: 'L', R: 'R', RIGHT: 'R' }[text.toUpperCase()] as Laterality | undefined;
}

/** A BI-RADS category as it is written, and its class. */
export interface BiradsClass {
  /** Such as '4A'. */
  readonly birads: string;
  /** normal (1), benign (2, 3), suspicious (4 to 6); undefined for 0, which asks for more images. */
  readonly label: 'normal' | 'benign' | 'suspicious' | undefined;
}

/**
 * A category of BI-RADS (ACR BI-RADS Atlas, 5th edition: 0 incomplete, 1 negative, 2 benign, 3 probably benign, 4 suspicious, 5
 * highly suggestive of malignancy, 6 proven), written '4a' or 'BI-RADS 4'. Undefined for anything else.
 */
export function biradsClass(text: string): BiradsClass | undefined {
  const [, digit, letter = ''] = /^(?:BI-?RADS\s*)?([0-6])(?:\.0)?([abc])?$/i.exec(text) ?? [];
  if (digit === undefined || (letter && digit !== '4')) return undefined;
  const label = ([undefined, 'normal', 'benign', 'benign', 'suspicious', 'suspicious', 'suspicious'] as const)[
    Number(digit)
  ];
  return { birads: `${digit}${letter.toUpperCase()}`, label };
}

/** A box of four cells, or in a word why they are none. Negative edges are left for the image to clip. */
export function boxOfCells(cells: readonly string[]): BoxPx | string {
  const written = cells.map((cell) => cell || 'nothing').join(', ');
  const numbers = cells.map((cell) => (/^-?\d{1,7}(\.\d+)?$/.test(cell) ? Number(cell) : Number.NaN));
  const [x1, y1, x2, y2] = numbers as [number, number, number, number];
  if (numbers.length !== 4 || !numbers.every(Number.isFinite)) return `a box must be four numbers, got ${written}`;
  if (x1 >= x2 || y1 >= y2) return `a box must satisfy x1 < x2 and y1 < y2, got ${written}`;
  return [x1, y1, x2, y2];
}

/** The part of a box inside an image of width x height; undefined where there is none. */
export function clipBox([x1, y1, x2, y2]: BoxPx, width: number, height: number): BoxPx | undefined {
  const clipped: BoxPx = [Math.max(0, x1), Math.max(0, y1), Math.min(width, x2), Math.min(height, y2)];
  return clipped[0] < clipped[2] && clipped[1] < clipped[3] ? clipped : undefined;
}

/** Entries without those whose cell is empty: the columns that a data set has beyond the known ones. */
export function filled(cells: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).filter(([, value]) => value !== ''));
}
