import { shorten } from '../format.ts';
import { type Axis, labelExpression } from './axes.ts';
import type { Layer } from './drawing.ts';
import { COLOUR, FONT, MAIN_STYLE, MIDDLE, type SeriesStyle } from './theme.ts';

/** A point in data units. */
export type Point = readonly [x: number, y: number];

/** What a shape is filled and outlined with. */
export type Paint = {
  readonly fill?: string;
  readonly fillOpacity?: number;
  readonly stroke?: string;
  readonly strokeWidth?: number;
  readonly dash?: readonly number[];
};

function channel(field: string, axis: Axis, titleAt?: number) {
  const { domain, ticks, title, logarithmic, unlabelled } = axis;
  return {
    field,
    type: 'quantitative' as const,
    scale: { domain: [...domain], nice: false, zero: false, ...(logarithmic ? { type: 'log' as const } : {}) },
    axis: {
      values: [...ticks],
      labels: !unlabelled,
      labelExpr: labelExpression(axis),
      title: title ?? null,
      ...(titleAt === undefined
        ? {}
        : {
            titleX: titleAt,
            titleAnchor: 'middle' as const,
            titleAlign: 'center' as const,
            titleBaseline: 'middle' as const,
          }),
    },
  };
}

/** The two axes of a panel, as every layer of it names them. */
export type Axes = {
  readonly x: Axis;
  readonly y: Axis /** Of the title of y, left of the plot area. */;
  readonly titleX?: number;
};

/** Distance of the titles of vertical axes from the plot area: the same in every panel of a figure, whatever its labels. */
const Y_TITLE = -38;

const positions = ({ x, y, titleX = Y_TITLE }: Axes) => ({ x: channel('x', x), y: channel('y', y, titleX) });
const valuesOf = (points: readonly Point[]) => ({ values: points.map(([x, y]) => ({ x, y })) });

function painted({ fill, fillOpacity, stroke, strokeWidth, dash }: Paint) {
  return {
    ...(fill === undefined ? {} : { fill }),
    ...(fillOpacity === undefined ? {} : { fillOpacity }),
    ...(stroke === undefined ? {} : { stroke }),
    ...(strokeWidth === undefined ? {} : { strokeWidth }),
    ...(dash && dash.length > 0 ? { strokeDash: [...dash] } : {}),
  };
}

const lineMark = ({ colour, dash, width }: SeriesStyle) => painted({ stroke: colour, strokeWidth: width, dash });

/** A line through points in their order. `stepped` rises where a point's interval begins. */
export function line(axes: Axes, points: readonly Point[], style: SeriesStyle = MAIN_STYLE, stepped = false): Layer {
  return {
    data: valuesOf(points),
    mark: {
      type: 'line',
      order: false,
      strokeJoin: 'round',
      ...lineMark(style),
      ...(stepped ? { interpolate: 'step-before' } : {}),
    },
    encoding: positions(axes),
  };
}

/** An area between two bounds. */
export function area(
  axes: Axes,
  bounds: readonly { readonly x: number; readonly lower: number; readonly upper: number }[],
  paint: Paint,
): Layer {
  return {
    data: { values: bounds.map(({ x, lower, upper }) => ({ x, y: lower, upper })) },
    mark: { type: 'area', ...painted(paint) },
    encoding: { ...positions(axes), y2: { field: 'upper' } },
  };
}

/** Straight lines from one point to another. */
export function segments(axes: Axes, ends: readonly (readonly [from: Point, to: Point])[], paint: Paint): Layer {
  return {
    data: { values: ends.map(([[x, y], [x2, y2]]) => ({ x, y, x2, y2 })) },
    mark: { type: 'rule', ...painted(paint) },
    encoding: { ...positions(axes), x2: { field: 'x2' }, y2: { field: 'y2' } },
  };
}

/** Rectangles between corners. */
export function rectangles(axes: Axes, corners: readonly (readonly [from: Point, to: Point])[], paint: Paint): Layer {
  return {
    data: { values: corners.map(([[x, y], [x2, y2]]) => ({ x, y, x2, y2 })) },
    mark: { type: 'rect', ...painted(paint) },
    encoding: { ...positions(axes), x2: { field: 'x2' }, y2: { field: 'y2' } },
  };
}

/** Filled: else Vega outlines a mark in a colour of its own. */
const POINT = { type: 'point', filled: true, opacity: 1 } as const;

/** Markers; `sizePx` is about their width. */
export function markers(axes: Axes, points: readonly Point[], shape: string, sizePx: number, paint: Paint): Layer {
  return {
    data: valuesOf(points),
    mark: { ...POINT, shape, size: sizePx ** 2, ...painted(paint) },
    encoding: positions(axes),
  };
}

/** How a text stands. */
export type Lettering = {
  readonly align?: 'left' | 'center' | 'right';
  readonly colour?: string;
  readonly bold?: boolean;
  readonly sizePx?: number;
  readonly angle?: number;
  /** Below the point, in figure units, after centring its line on it. */
  readonly dy?: number;
};

function lettered({ align = 'center', colour = COLOUR.ink, bold, sizePx = FONT.text, angle, dy = 0 }: Lettering) {
  return {
    type: 'text' as const,
    align,
    color: colour,
    fontSize: sizePx,
    dy: dy + (MIDDLE * sizePx) / FONT.text,
    ...(bold ? { fontWeight: 600 as const } : {}),
    ...(angle === undefined ? {} : { angle }),
  };
}

/** Texts centred on the height of a point. */
export function texts(
  axes: Axes,
  items: readonly (readonly [at: Point, text: string])[],
  lettering: Lettering = {},
): Layer {
  return {
    data: { values: items.map(([[x, y], text]) => ({ x, y, text })) },
    mark: lettered(lettering),
    encoding: { ...positions(axes), text: { field: 'text', type: 'nominal' } },
  };
}

const at = (x: number, y: number) => ({ x: { value: x }, y: { value: y } });

/** A text at a place of the panel in figure units; outside of the plot area too. */
export function label(x: number, y: number, text: string, lettering: Lettering = {}): Layer {
  return {
    data: { values: [{ text }] },
    mark: lettered(lettering),
    encoding: { ...at(x, y), text: { field: 'text', type: 'nominal' } },
  };
}

/** An entry of a legend: how its mark looks, and its text. */
export type LegendEntry = { readonly text: string } & (
  | { readonly sign: 'line'; readonly style: SeriesStyle; readonly marked?: boolean }
  | { readonly sign: 'area' | 'rule' | 'point'; readonly paint: Paint; readonly shape?: string }
);

const ROW = 17;
const SWATCH = 28;
/** Columns of text that fit beside a swatch; a text that is cut may hold wide characters, and leaves room for them. */
const COLUMNS = 58;
const fitted = (text: string) => shorten(text, shorten(text, COLUMNS) === text ? COLUMNS : COLUMNS - 9);
const ONE: { values: object[] } = { values: [{}] };

/** Height of a legend in figure units. */
export const legendHeight = (entries: readonly LegendEntry[]) => (entries.length > 0 ? ROW * entries.length + 6 : 0);

function swatch(entry: LegendEntry, x: number, y: number): Layer[] {
  const marker = (shape: string, paint: Paint): Layer => ({
    data: ONE,
    mark: { ...POINT, shape, size: 49, ...painted(paint) },
    encoding: at(x + SWATCH / 2, y),
  });
  if (entry.sign === 'line') {
    const rule: Layer = {
      data: ONE,
      mark: { type: 'rule', ...lineMark(entry.style) },
      encoding: { ...at(x, y), x2: { value: x + SWATCH } },
    };
    const { shape, colour } = entry.style;
    return entry.marked ? [rule, marker(shape, { fill: COLOUR.page, stroke: colour, strokeWidth: 1.75 })] : [rule];
  }
  const { sign, paint, shape = 'circle' } = entry;
  if (sign === 'point') return [marker(shape, paint)];
  const [left, right, top, low] = sign === 'area' ? [x + 3, x + SWATCH - 3, y - 5, y + 5] : [x, x + SWATCH, y, y];
  return [
    {
      data: ONE,
      mark: { type: sign === 'area' ? 'rect' : 'rule', ...painted(paint) },
      encoding: { ...at(left, top), x2: { value: right }, ...(sign === 'area' ? { y2: { value: low } } : {}) },
    },
  ];
}

/** A legend of one entry a row, its first row at `top` of the panel and its swatches at `left`, in figure units. */
export function legend(entries: readonly LegendEntry[], left: number, top: number): Layer[] {
  return entries.flatMap((entry, index) => {
    const y = top + ROW * (index + 0.5);
    return [...swatch(entry, left, y), label(left + SWATCH + 7, y, fitted(entry.text), { align: 'left' })];
  });
}
