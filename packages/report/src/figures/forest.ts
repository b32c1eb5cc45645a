import { type CsvCell, csvText } from '../csv.ts';
import { shorten } from '../format.ts';
import { type Axis, enclosingAxis } from './axes.ts';
import { draw, type Layer } from './drawing.ts';
import { label, markers, type Paint, type Point, segments } from './layers.ts';
import { AXIS_ROOM } from './square.ts';
import { COLOUR, FIGURE_WIDTH, FONT } from './theme.ts';

/** A row of a forest plot; `value` null has neither mark nor interval. A heading stands for the rows below it. */
export type ForestRow =
  | { readonly heading: string }
  | {
      readonly label: string;
      /** Below the label, for example '12 of 90 positive'. */
      readonly detail?: string;
      readonly value: number | null;
      readonly interval?: readonly [number, number] | null;
      /** As printed on the right, and below it. */
      readonly text: string;
      readonly textDetail?: string;
      readonly main?: boolean;
    };

/** Rows, the axis of the quantity, and a line of reference: no difference, or the overall value. */
export type Forest = {
  readonly rows: readonly ForestRow[];
  readonly title: string;
  readonly limits?: readonly [number, number];
  readonly reference?: number;
  readonly alt: string;
  readonly columns: readonly string[];
  readonly data: readonly (readonly CsvCell[])[];
};

const LEFT = 132;
/** Width of a character of the numbers on the right, and the least room for them. */
const CHARACTER = 5.9;
const LEAST_RIGHT = 100;
const SINGLE = 24;
const DOUBLE = 34;
const HEADING = 26;
/** Columns of text that fit left of the plot area. */
const COLUMNS = 20;

const heightOf = (row: ForestRow) =>
  'heading' in row ? HEADING : row.detail !== undefined || row.textDetail !== undefined ? DOUBLE : SINGLE;

const WHISKER: Paint = { stroke: COLOUR.band, strokeWidth: 2 };
const MAIN_WHISKER: Paint = { stroke: COLOUR.main, strokeWidth: 2.5 };
const REFERENCE: Paint = { stroke: COLOUR.axis, strokeWidth: 1.25, dash: [4, 3] };

/** A label that fits stays whole; one that is cut may hold wide characters, and leaves room for them. */
const fitted = (text: string, columns: number) => (shorten(text, columns) === text ? text : shorten(text, columns - 2));

/** Room for the numbers on the right. */
function rightOf(rows: readonly ForestRow[]): number {
  const longest = Math.max(
    0,
    ...rows.map((row) => ('heading' in row ? 0 : Math.max(row.text.length, 0.9 * (row.textDetail?.length ?? 0)))),
  );
  return Math.max(LEAST_RIGHT, 16 + CHARACTER * longest);
}

function lettered(row: ForestRow, y: number, end: number): Layer[] {
  const edge = 6 - LEFT;
  if ('heading' in row) return [label(edge, y + 3, shorten(row.heading, 40), { align: 'left', bold: true })];
  const { detail, text, textDetail, main } = row;
  const two = (
    first: string,
    second: string | undefined,
    x: number,
    align: 'left' | 'right',
    bold = main ?? false,
  ): Layer[] => [
    label(x, second === undefined ? y : y - 7, first, { align, bold }),
    ...(second === undefined ? [] : [label(x, y + 7, second, { align, colour: COLOUR.quiet, sizePx: FONT.small })]),
  ];
  return [
    ...two(fitted(row.label, COLUMNS), detail === undefined ? undefined : fitted(detail, COLUMNS + 4), edge, 'left'),
    ...two(text, textDetail, end, 'right', false),
  ];
}

/** An axis with fewer ticks where labels would touch; 0 stays. */
function sparse(axis: Axis, width: number): Axis {
  const { ticks } = axis;
  const step = ticks.length > 1 ? (ticks[1] as number) - (ticks[0] as number) : 1;
  const characters = 2 + Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) + ((ticks[0] ?? 0) < 0 ? 1 : 0);
  const room = (ticks.length - 1) * (6.5 * characters + 8);
  if (room <= width) return axis;
  const zero = Math.max(0, ticks.indexOf(0));
  const every = Math.ceil(room / width);
  return { ...axis, ticks: ticks.filter((_, index) => (index - zero) % every === 0) };
}

/** Estimates with intervals under one another on one axis, labels on the left, numbers on the right. */
export function drawForest({ rows, title, limits, reference, alt }: Forest): string {
  const right = rightOf(rows);
  const width = FIGURE_WIDTH - LEFT - right;
  const height = rows.reduce((sum, row) => sum + heightOf(row), 0) + 6;
  let below = 3;
  const placed = rows.map((row) => {
    const y = below + heightOf(row) / 2;
    below += heightOf(row);
    return { row, y };
  });
  const estimates = placed.flatMap(({ row, y }) =>
    'heading' in row || row.value === null
      ? []
      : [
          {
            y: height - y,
            value: row.value,
            low: row.interval?.[0] ?? row.value,
            high: row.interval?.[1] ?? row.value,
            main: row.main ?? false,
          },
        ],
  );
  const ends = estimates.flatMap(({ low, high }) => [low, high]).concat(reference ?? []);
  const x = sparse(
    enclosingAxis(ends.length > 0 ? [Math.min(...ends), Math.max(...ends)] : [0, 1], title, 3, limits),
    width,
  );
  const y: Axis = { domain: [0, height], ticks: [], unlabelled: true };
  const axes = { x, y };
  const of = (main: boolean) => estimates.filter((estimate) => estimate.main === main);
  const whiskers = (main: boolean) =>
    segments(
      axes,
      of(main).map(({ low, high, y: at }): [Point, Point] => [
        [low, at],
        [high, at],
      ]),
      main ? MAIN_WHISKER : WHISKER,
    );
  const dots = (main: boolean) =>
    markers(
      axes,
      of(main).map(({ value, y: at }): Point => [value, at]),
      main ? 'diamond' : 'circle',
      main ? 12 : 8,
      { fill: main ? COLOUR.main : COLOUR.band },
    );
  return draw({
    panels: [
      {
        width,
        height,
        layers: [
          ...(reference === undefined
            ? []
            : [
                segments(
                  axes,
                  [
                    [
                      [reference, 0],
                      [reference, height],
                    ],
                  ],
                  REFERENCE,
                ),
              ]),
          whiskers(false),
          dots(false),
          whiskers(true),
          dots(true),
          ...placed.flatMap(({ row, y: at }) => lettered(row, at, width + right - 4)),
        ],
      },
    ],
    left: LEFT,
    top: 6,
    bottom: AXIS_ROOM + 2,
    alt,
  });
}

/** The numbers of a forest plot. */
export const forestCsv = ({ columns, data }: Forest): string => csvText(columns, data);
