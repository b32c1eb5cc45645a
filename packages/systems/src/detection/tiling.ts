/** Films larger than a detector takes, as tiles that overlap. */
import type { BoxPx, Plane } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import { packBoxes } from './boxes.ts';
import type { Detected } from './detections.ts';
import { byScore, suppress } from './suppression.ts';

/** A rectangle of a film, with the part of it whose findings count. */
export interface Tile {
  readonly box: BoxPx;
  /** The tile without the outer half of each overlap: every point of the film is in exactly one. */
  readonly own: BoxPx;
}

/** How films are cut. */
export interface TilingOptions {
  readonly tileWidthPx: number;
  readonly tileHeightPx: number;
  /** At least so many pixels are in both of two neighbours: as large as the largest lesion that must be seen whole. */
  readonly overlapPx: number;
}

/** Starts of the tiles along an axis, evenly spread, the first at 0 and the last at the end. */
function startsOf(extent: number, tile: number, overlap: number): number[] {
  if (extent <= tile) return [0];
  const count = Math.ceil((extent - overlap) / (tile - overlap));
  return Array.from({ length: count }, (_, i) => Math.round((i * (extent - tile)) / (count - 1)));
}

/** Borders of what each tile owns: halfway through the overlaps. */
const bordersOf = (starts: readonly number[], tile: number, extent: number): number[] => [
  0,
  ...starts.slice(1).map((start, i) => (start + (starts[i] as number) + tile) / 2),
  extent,
];

/**
 * The tiles of a film, row by row; one where it fits. A lesion no larger than the overlap lies wholly in the tile that owns its
 * centre. SystemError unless 0 <= overlap < tile.
 */
export function tilesOf(
  { width, height }: Pick<Plane, 'width' | 'height'>,
  { tileWidthPx, tileHeightPx, overlapPx }: TilingOptions,
): Tile[] {
  if (!(overlapPx >= 0 && overlapPx < Math.min(tileWidthPx, tileHeightPx)))
    throw new SystemError(
      'option-invalid',
      `tiles of ${tileWidthPx} x ${tileHeightPx} px cannot overlap by ${overlapPx} px: give an overlap of 0 or more that is smaller than a tile`,
    );
  const [columns, rows] = [startsOf(width, tileWidthPx, overlapPx), startsOf(height, tileHeightPx, overlapPx)];
  const [vertical, horizontal] = [bordersOf(columns, tileWidthPx, width), bordersOf(rows, tileHeightPx, height)];
  return rows.flatMap((top, row) =>
    columns.map((left, column) => ({
      box: [left, top, Math.min(left + tileWidthPx, width), Math.min(top + tileHeightPx, height)] as const,
      own: [vertical[column], horizontal[row], vertical[column + 1], horizontal[row + 1]] as unknown as BoxPx,
    })),
  );
}

/**
 * The findings of the tiles, each in its tile's pixels, as findings of the film: those whose centre the tile owns, and of what
 * then overlaps in a class by more than `overlap` of the union the highest. Of one tile they are the same as before.
 */
export function mergeTiles(
  tiles: readonly Tile[],
  findings: readonly (readonly Detected[])[],
  overlap: number,
): Detected[] {
  const film = tiles.flatMap(({ box: [left, top], own }, i) =>
    (findings[i] ?? []).flatMap((finding) => {
      const [x1, y1, x2, y2] = finding.box;
      const box = [x1 + left, y1 + top, x2 + left, y2 + top] as const;
      return tiles.length === 1 || isOwned(box, own) ? [{ ...finding, box }] : [];
    }),
  );
  if (tiles.length === 1) return film;
  const kept = [...Map.groupBy(film, (finding) => finding.class).values()].flatMap((group) => {
    const boxes = packBoxes(
      group.map(({ box }) => box),
      'a film',
    );
    const scores = group.map(({ score }) => score);
    return suppress(boxes, scores, overlap).map((i) => group[i] as Detected);
  });
  return Array.from(byScore(kept.map(({ score }) => score)), (i) => kept[i] as Detected);
}

function isOwned([x1, y1, x2, y2]: BoxPx, [left, top, right, bottom]: BoxPx): boolean {
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  // Centres on the border belong to the tile after it; nothing lies at the film's own end.
  return x >= left && x < right && y >= top && y < bottom;
}
