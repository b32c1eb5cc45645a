/** Detections, lesions and the volumes that were searched, from three tables. */
import type { Box, Detection, Lesion, Subgroup, Volume } from '@mammoscope/stats';
import { groupsOf, type SubgroupColumn } from './study.ts';
import {
  filledColumn,
  namedColumns,
  numberColumn,
  requireColumns,
  type Table,
  tableError,
  textColumn,
} from './table.ts';

/** Which columns say what beside those of boxes and slices. */
export interface FindingColumns {
  /** Columns that together name a volume, in all three tables. */
  readonly volume: readonly string[];
  readonly score: string;
  /** Of the table of volumes. */
  readonly cluster?: string;
  readonly by?: readonly SubgroupColumn[];
}

/** What was found, what is there, and what was searched. */
export interface Findings {
  readonly files: { readonly predictions: string; readonly lesions: string; readonly volumes: string };
  readonly detections: readonly Detection[];
  readonly lesions: readonly Lesion[];
  readonly volumes: readonly Volume[];
  /** The cluster of each volume. */
  readonly clusters?: { readonly column: string; readonly of: ReadonlyMap<string, string> };
  /** Rows are those of `volumes`. */
  readonly by: readonly { readonly column: string; readonly groups: readonly Subgroup[] }[];
}

/** The first of some columns that a table has, in any case of letters. */
const find = (table: Table, name: string) => table.columns.find((column) => column.toLowerCase() === name);

/** Boxes from x1, y1, x2, y2, or from x, y, width, height, as DBTex has them. */
function boxes(table: Table): Box[] {
  const corners = ['x1', 'y1', 'x2', 'y2'].map((name) => find(table, name));
  const sizes = ['x', 'y', 'width', 'height'].map((name) => find(table, name));
  const numbers = (columns: readonly (string | undefined)[]) =>
    columns.map((column) => numberColumn(table, column as string));
  if (corners.every((column) => column !== undefined)) {
    const columns = numbers(corners);
    return table.rows.map((_, row) => columns.map((column) => column[row]) as unknown as Box);
  }
  if (sizes.every((column) => column !== undefined)) {
    const [x = [], y = [], width = [], height = []] = numbers(sizes);
    return table.rows.map((_, row) => {
      const [left = 0, top = 0] = [x[row], y[row]];
      return [left, top, left + (width[row] ?? 0), top + (height[row] ?? 0)] as const;
    });
  }
  throw tableError(
    table.name,
    `boxes need columns x1, y1, x2, y2 or x, y, width, height: the columns are ${namedColumns(table)}`,
  );
}

const numbersOf = (table: Table, name: string): number[] | undefined => {
  const column = find(table, name);
  return column === undefined ? undefined : numberColumn(table, column);
};

function names(table: Table, columns: readonly string[]): string[] {
  const parts = columns.map((column) => filledColumn(table, column));
  return table.rows.map((_, row) => parts.map((part) => part[row]).join(' / '));
}

/** Requires rows to lie in listed volumes, with boxes of an extent. */
function check(table: Table, volumes: ReadonlySet<string>, named: readonly string[], own: readonly Box[]): void {
  table.rows.forEach(({ line }, row) => {
    const volume = named[row] as string;
    if (!volumes.has(volume))
      throw tableError(table.name, `volume ${volume} on line ${line} is not in the table of volumes: add it there`);
    const [x1, y1, x2, y2] = own[row] as Box;
    if (!(x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2))
      throw tableError(
        table.name,
        `the box on line ${line} must have 0 <= x1 < x2 and 0 <= y1 < y2, got ${x1}, ${y1}, ${x2}, ${y2}: mend it`,
      );
  });
}

/**
 * Reads findings. Detections have volume, box, score and the slice of their centre (`slice`, or `z` and `depth` as
 * DBTex has them; 0 where the table has neither: images); lesions volume, box and `slice_first`, `slice_last` or one
 * `slice`; volumes every volume searched, also those without lesions or detections, with `slices` (1 where there is no
 * such column). Names of these columns may be in any case of letters. Throws SystemError 'table-invalid' with file,
 * column and line.
 */
export function findingsOf(
  tables: { readonly predictions: Table; readonly lesions: Table; readonly volumes: Table },
  { volume, score, cluster, by = [] }: FindingColumns,
): Findings {
  const { predictions, lesions, volumes } = tables;
  for (const table of [predictions, lesions, volumes]) requireColumns(table, volume);
  const slices = numbersOf(volumes, 'slices');
  const ids = names(volumes, volume);
  const listed = new Set<string>();
  ids.forEach((id, row) => {
    if (listed.has(id))
      throw tableError(volumes.name, `volume ${id} is listed again on line ${volumes.rows[row]?.line}: list it once`);
    listed.add(id);
  });

  const [detectionNames, detectionBoxes] = [names(predictions, volume), boxes(predictions)];
  check(predictions, listed, detectionNames, detectionBoxes);
  const scoreColumn = find(predictions, score.toLowerCase()) ?? score;
  const scores = numberColumn(predictions, scoreColumn);
  const [z, depth] = [numbersOf(predictions, 'z'), numbersOf(predictions, 'depth')];
  const centre = numbersOf(predictions, 'slice') ?? z?.map((first, row) => first + (depth?.[row] ?? 0) / 2);

  const [lesionNames, lesionBoxes] = [names(lesions, volume), boxes(lesions)];
  check(lesions, listed, lesionNames, lesionBoxes);
  const [first, last, only] = ['slice_first', 'slice_last', 'slice'].map((name) => numbersOf(lesions, name));
  return {
    files: { predictions: predictions.name, lesions: lesions.name, volumes: volumes.name },
    detections: predictions.rows.map((_, row) => ({
      volume: detectionNames[row] as string,
      box: detectionBoxes[row] as Box,
      slice: centre?.[row] ?? 0,
      score: scores[row] as number,
    })),
    lesions: lesions.rows.map((_, row) => ({
      volume: lesionNames[row] as string,
      box: lesionBoxes[row] as Box,
      slices: [first?.[row] ?? only?.[row] ?? 0, last?.[row] ?? only?.[row] ?? 0],
    })),
    volumes: ids.map((id, row) => ({ id, slices: slices?.[row] ?? 1 })),
    ...(cluster !== undefined && {
      clusters: {
        column: cluster,
        of: new Map(filledColumn(volumes, cluster).map((text, row) => [ids[row] as string, text])),
      },
    }),
    by: by.map((each) => ({
      column: each.column,
      groups: groupsOf(volumes.name, textColumn(volumes, each.column), each),
    })),
  };
}
