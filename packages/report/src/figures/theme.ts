import type { Config } from 'vega-lite';
import { LIGHT } from '../palette.ts';

/** Width of every figure in its own units: about the CSS pixels of a phone, so that text is legible there unscaled. */
export const FIGURE_WIDTH = 380;

/** Font sizes in figure units. */
export const FONT = { text: 11, title: 11.5, small: 10 } as const;

/** Ascent above the middle of a line of text, for text that is placed by its baseline. */
export const MIDDLE = 3.8;

const colourOf = (name: `--${string}`): string => LIGHT[name] as string;

/** The colours of a figure: those of the page in light, so that a file stands alone; themed() turns them into CSS variables. */
export const COLOUR = {
  page: colourOf('--page'),
  surface: colourOf('--surface'),
  ink: colourOf('--ink'),
  quiet: colourOf('--quiet'),
  rule: colourOf('--rule'),
  axis: colourOf('--axis'),
  main: colourOf('--series-main'),
  cutoff: colourOf('--cutoff'),
  band: colourOf('--series-0'),
  tint: colourOf('--series-5'),
} as const;

/** How one of several series is drawn: colour, dash and marker all change, so that grey print and colour-blind eyes tell them apart. */
export type SeriesStyle = {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly shape: 'circle' | 'square' | 'diamond' | 'triangle-up' | 'cross' | 'triangle-down';
  readonly width: number;
};

const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2.5, 2.5], [9, 3, 2, 3], [4.5, 2], [11, 2, 2, 2, 2, 2]];
const SHAPES = ['circle', 'square', 'diamond', 'triangle-up', 'cross', 'triangle-down'] as const;
const SERIES = 6;

/** The n-th of several series. After six colours the dashes shift by one, so that 36 differ. */
export function seriesStyle(index: number): SeriesStyle {
  const colour = index % SERIES;
  const mark = (index + Math.floor(index / SERIES)) % SERIES;
  return {
    colour: colourOf(`--series-${colour}`),
    dash: DASHES[mark] as readonly number[],
    shape: SHAPES[mark] as SeriesStyle['shape'],
    width: 1.75,
  };
}

/** The series that a figure is about: thick and in ink. */
export const MAIN_STYLE: SeriesStyle = { colour: COLOUR.main, dash: [], shape: 'circle', width: 2.5 };

/** Axes, grid and text of every figure. Nothing is measured: sizes are given, and no label is dropped or cut by an estimate. */
export const CONFIG: Config = {
  aria: false,
  background: 'transparent',
  font: 'sans-serif',
  view: { stroke: COLOUR.axis, fill: null },
  axis: {
    domain: false,
    ticks: false,
    gridColor: COLOUR.rule,
    gridWidth: 0.75,
    labelColor: COLOUR.ink,
    labelFontSize: FONT.text,
    labelFlush: false,
    labelLimit: 0,
    labelOverlap: false,
    labelPadding: 6,
    titleColor: COLOUR.ink,
    titleFontSize: FONT.title,
    titleFontWeight: 600,
    titleLimit: 0,
    titlePadding: 8,
  },
  text: { color: COLOUR.ink, fontSize: FONT.text, baseline: 'alphabetic' },
  legend: { disable: true },
};
