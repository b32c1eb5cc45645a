import { csvText } from '../csv.ts';
import { capitalised, formatCount, formatCutoff, formatFixed, shorten, UNDEFINED_MARK } from '../format.ts';
import type { ConfusionMatrix } from '../report-data.ts';
import { draw, type Layer } from './drawing.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import { type Lettering, type Point, rectangles, texts } from './layers.ts';
import { COLOUR, FONT } from './theme.ts';

const LEFT = 126;
const SIDE = 194;
const TOP = 42;
const TOTAL = 50;
/** Where the labels of rows begin, and the width of a character of a class's name at its size: 'microcalcification' fits. */
const ROW_LABELS = 20;
const CHARACTER = 5.35;
/** Shares of a row in steps, each with its tint: the darker, the larger. */
const TINTS = 16;

/** Names of the four cells of a two-class matrix, [reference][predicted], negative first. */
const CELL_NAMES = [
  ['true negatives', 'false positives'],
  ['false negatives', 'true positives'],
];

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function share(count: number, total: number): string {
  return total === 0 ? UNDEFINED_MARK : `${formatFixed((100 * count) / total, 1)} %`;
}

/** A label that fits stays whole; one that is cut may hold wide characters, and leaves room for them. */
const fitted = (label: string, columns: number) =>
  shorten(label, columns) === label ? label : shorten(label, columns - 2);

/** Counts and row percentages, reference in rows and prediction in columns; the darker, the larger the share of its row. */
export function confusionMatrixFigure(matrix: ConfusionMatrix): Figure {
  const { classes, counts, model, dataset, cutoff, case: one = 'image' } = matrix;
  const size = classes.length;
  const cellHeight = size === 2 ? 92 : Math.max(44, 184 / size);
  const height = cellHeight * size;
  const cellWidth = SIDE / size;
  // Figure units, downwards: a cell's text is placed in them.
  const axes = {
    x: { domain: [0, SIDE], ticks: [], unlabelled: true },
    y: { domain: [height, 0], ticks: [], unlabelled: true },
  } as const;
  const cells = counts.flatMap((row, i) =>
    row.map((count, j) => ({
      count,
      total: sum(row),
      left: j * cellWidth,
      top: i * cellHeight,
      x: (j + 0.5) * cellWidth,
      y: (i + 0.5) * cellHeight,
      name: size === 2 ? CELL_NAMES[i]?.[j] : undefined,
    })),
  );
  const tints = Array.from({ length: TINTS }, (_, step): Layer[] => {
    const tinted = cells.filter(({ count, total }) => Math.round((count / Math.max(1, total)) * (TINTS - 1)) === step);
    const corners = tinted.map(({ left, top }): [Point, Point] => [
      [left + 1, top + 1],
      [left + cellWidth - 1, top + cellHeight - 1],
    ]);
    return corners.length > 0
      ? [rectangles(axes, corners, { fill: COLOUR.tint, fillOpacity: 0.06 + (0.34 * step) / (TINTS - 1) })]
      : [];
  }).flat();
  const written = (items: readonly { x: number; y: number; text: string }[], lettering?: Lettering) =>
    texts(
      axes,
      items.map(({ x, y, text }) => [[x, y], text] as const),
      lettering,
    );
  const columns = Math.floor(cellWidth / CHARACTER);
  const rows = Math.floor((LEFT - 8 - ROW_LABELS) / CHARACTER);
  const right = SIDE + TOTAL / 2 + 4;
  const quiet: Lettering = { colour: COLOUR.quiet, sizePx: 12 };
  const layers = [
    ...tints,
    written(
      cells.map(({ x, y, count, name }) => ({ x, y: y - (name ? 10 : 6), text: formatCount(count) })),
      { bold: true, sizePx: 17 },
    ),
    written(cells.map(({ x, y, count, total, name }) => ({ x, y: y + (name ? 8 : 11), text: share(count, total) }))),
    written(cells.flatMap(({ x, y, name }) => (name ? { x, y: y + 25, text: name } : []))),
    written(
      classes.map((name, j) => ({ x: (j + 0.5) * cellWidth, y: -12, text: fitted(name, columns) })),
      { sizePx: FONT.small },
    ),
    written(
      classes.map((name, i) => ({ x: -8, y: (i + 0.5) * cellHeight, text: fitted(name, rows) })),
      { align: 'right', sizePx: FONT.small },
    ),
    written([{ x: right, y: -12, text: 'Total' }]),
    written([{ x: -8, y: height + 14, text: 'Total' }], { align: 'right' }),
    written(
      counts.map((row, i) => ({ x: right, y: (i + 0.5) * cellHeight, text: formatCount(sum(row)) })),
      quiet,
    ),
    written(
      classes.map((_, j) => ({
        x: (j + 0.5) * cellWidth,
        y: height + 14,
        text: formatCount(sum(counts.map((row) => row[j] as number))),
      })),
      quiet,
    ),
    written([{ x: right, y: height + 14, text: formatCount(sum(counts.flat())) }], quiet),
    written([{ x: SIDE / 2, y: -32, text: 'Called by the model' }], { bold: true, sizePx: FONT.title }),
    written([{ x: 10 - LEFT, y: height / 2, text: 'Reference' }], { bold: true, sizePx: FONT.title, angle: -90 }),
  ];
  const told = counts.flatMap((row, i) => row.map((count, j) => `${classes[i]} called ${classes[j]}: ${count}`));
  const alt = `Confusion matrix of ${model}. ${told.join('; ')}.`;
  return figureOf({
    name: figureName('confusion-matrix', model, dataset),
    caption: captionOf('Confusion matrix', model, dataset),
    svg: draw({ panels: [{ width: SIDE, height, layers }], left: LEFT, top: TOP, bottom: 28, alt }),
    csv: csvText(
      ['model', 'dataset', 'reference', 'called', 'count'],
      counts.flatMap((row, i) => row.map((count, j) => [model, dataset, classes[i], classes[j], count])),
    ),
    alt,
    remark: `${capitalised(`${one}s`)}, and percent of their reference class.${cutoff ? ` Called ${classes.at(-1)} at score ${formatCutoff(cutoff)}.` : ''}`,
  });
}
