import { formatCount, formatCutoff, formatFixed, shorten, UNDEFINED_MARK } from '../format.ts';
import { html, type RawHtml } from '../html.ts';
import type { ConfusionMatrix } from '../report-data.ts';
import { coordinate, type PlotArea } from './axes.ts';
import { figure } from './figure.ts';

const AREA: PlotArea = { left: 126, top: 42, width: 194, height: 0 };
const TOTAL = 50;
/** Where the labels of rows begin, and the width of a character of a class's name at its size: 'microcalcification' fits. */
const ROW_LABELS = 20;
const CHARACTER = 5.35;

/** Names of the four cells of a two-class matrix, [reference][predicted], negative first. */
const CELL_NAMES = [
  ['true negatives', 'false positives'],
  ['false negatives', 'true positives'],
];

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function share(count: number, total: number): string {
  return total === 0 ? UNDEFINED_MARK : `${formatFixed((100 * count) / total, 1)} %`;
}

function text(className: string, x: number, y: number, content: string, anchor = 'middle'): RawHtml {
  return html`<text class="${className}" x="${coordinate(x)}" y="${coordinate(y)}" text-anchor="${anchor}">${content}</text>`;
}

/** A label that fits stays whole; one that is cut may hold wide characters, and leaves room for them. */
const fitted = (label: string, columns: number) =>
  shorten(label, columns) === label ? label : shorten(label, columns - 2);

/** Counts and row percentages, reference in rows and prediction in columns; the darker, the larger the share of its row. */
export function confusionMatrixFigure(matrix: ConfusionMatrix): RawHtml {
  const { classes, counts, model, dataset, cutoff } = matrix;
  const size = classes.length;
  const cellWidth = AREA.width / size;
  const cellHeight = size === 2 ? 92 : Math.max(44, 184 / size);
  const area = { ...AREA, height: cellHeight * size };
  const columns = Math.floor(cellWidth / CHARACTER);
  const rows = Math.floor((area.left - 8 - ROW_LABELS) / CHARACTER);
  const cells = counts.map((row, i) =>
    row.map((count, j) => {
      const [left, top] = [area.left + j * cellWidth, area.top + i * cellHeight];
      const [x, middle] = [left + cellWidth / 2, top + cellHeight / 2];
      const tint = 0.06 + 0.34 * (count / Math.max(1, sum(row)));
      const name = size === 2 ? CELL_NAMES[i]?.[j] : undefined;
      return html`<rect class="cell series-5" x="${coordinate(left + 1)}" y="${coordinate(top + 1)}" width="${coordinate(cellWidth - 2)}" height="${coordinate(cellHeight - 2)}" fill-opacity="${coordinate(tint)}"/>${text('cell-count', x, middle + (name ? -4 : 0), formatCount(count))}${text('cell-share', x, middle + (name ? 12 : 15), share(count, sum(row)))}${name && text('cell-name', x, middle + 29, name)}`;
    }),
  );
  const bottom = area.top + area.height;
  const right = area.left + area.width;
  const labels = classes.map((label, i) => {
    const x = area.left + (i + 0.5) * cellWidth;
    const y = area.top + (i + 0.5) * cellHeight + 4;
    const column = sum(counts.map((row) => row[i] as number));
    return [
      text('class-label', x, area.top - 8, fitted(label, columns)),
      text('class-label', area.left - 8, y, fitted(label, rows), 'end'),
      text('total', right + TOTAL / 2 + 4, y, formatCount(sum(counts[i] as readonly number[]))),
      text('total', x, bottom + 18, formatCount(column)),
    ];
  });
  const middle = coordinate(area.top + area.height / 2);
  const frame = html`${text('axis-title', area.left + area.width / 2, 14, 'Called by the model')}<text class="axis-title" x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">Reference</text>${text('tick', right + TOTAL / 2 + 4, area.top - 8, 'Total')}${text('tick', area.left - 8, bottom + 18, 'Total', 'end')}${text('total', right + TOTAL / 2 + 4, bottom + 18, formatCount(sum(counts.flat())))}`;
  const told = counts.flatMap((row, i) => row.map((count, j) => `${classes[i]} called ${classes[j]}: ${count}`));
  return figure({
    caption: html`Confusion matrix, ${model}${dataset && html` <span class="quiet">${dataset}</span>`}`,
    description: `Confusion matrix of ${model}. ${told.join('; ')}.`,
    height: bottom + 28,
    drawing: html`<g class="panel"><rect class="plot-area" x="${coordinate(area.left)}" y="${coordinate(area.top)}" width="${coordinate(area.width)}" height="${coordinate(area.height)}"/><g class="marks">${cells}</g>${labels}${frame}</g>`,
    remark: html`Images, and percent of their reference class.${cutoff && ` Called ${classes.at(-1)} at score ${formatCutoff(cutoff)}.`}`,
  });
}
