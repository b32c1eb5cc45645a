import { type LoggerInterface, parse, type Spec, SVGStringRenderer, textMetrics, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { escapeText, visibleText } from '../html.ts';
import { LIGHT } from '../palette.ts';
import { CONFIG, FIGURE_WIDTH } from './theme.ts';

declare module 'vega' {
  /** Draws a scene graph as text, at once; `View.toSVG` does the same behind a promise. Absent from vega's own types. */
  class SVGStringRenderer {
    initialize(element: null, width: number, height: number, origin: readonly [number, number]): this;
    render(scene: unknown): this;
    svg(): string;
  }
  /** How texts are measured: with a canvas where the machine has one, else by their length. */
  const textMetrics: { canvas(use: boolean): void };
}

type LayeredSpec = Extract<TopLevelSpec, { readonly layer: unknown }>;

/** One layer of a panel: data, mark and encoding. */
export type Layer = LayeredSpec['layer'][number];

/** A plot area with its layers; panels of a figure stand under one another and share their left edge. */
export type Panel = {
  readonly width: number;
  readonly height: number;
  readonly layers: readonly Layer[];
  readonly frame?: boolean;
};

/** Panels and the room around them, in figure units: for axes, for what is written beside them, for a legend below. */
export type Drawing = {
  readonly panels: readonly Panel[];
  /** Between two panels. */
  readonly gap?: number;
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  /** What a reader who does not see the figure is told. */
  readonly alt: string;
};

/** The same bytes on every machine: no canvas may measure texts. Every position that depends on a text is given anyway. */
textMetrics.canvas(false);

const failing: LoggerInterface = {
  level: () => 0 as never,
  error(...messages: readonly unknown[]): never {
    throw messages[0] instanceof Error ? messages[0] : new Error(messages.join(' '));
  },
  warn: () => failing,
  info: () => failing,
  debug: () => failing,
};

/** A copy in which every text can be seen (see visibleText): figures hold names of files, classes and models. */
function visible<T>(value: T): T {
  if (typeof value === 'string') return visibleText(value) as T;
  if (Array.isArray(value)) return value.map(visible) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visible(item)])) as T;
}

/** Heights and gaps of panels under one another. */
export function panelsHeight(panels: readonly Panel[], gap = 0): number {
  return panels.reduce((sum, { height }) => sum + height, 0) + gap * Math.max(0, panels.length - 1);
}

/** A figure as one SVG element that stands alone: light colours, a role and a text alternative. Deterministic. */
export function draw({ panels, gap = 0, left, top, bottom, alt }: Drawing): string {
  const height = top + panelsHeight(panels, gap) + bottom;
  const spec = {
    autosize: 'none',
    padding: 0,
    config: CONFIG,
    bounds: 'flush',
    spacing: gap,
    vconcat: panels.map(({ width, height: tall, layers, frame = true }) => ({
      width,
      height: tall,
      ...(frame ? {} : { view: { stroke: null } }),
      layer: layers,
      resolve: { axis: { x: 'shared', y: 'shared' } },
    })),
  } as TopLevelSpec;
  const compiled: Spec = compile(visible(spec), { logger: failing as never }).spec;
  const view = new View(parse(compiled), { renderer: 'none', logger: failing });
  try {
    view.run();
    const renderer = new SVGStringRenderer().initialize(null, FIGURE_WIDTH, height, [left, top]);
    return tidied(
      renderer.render((view.scenegraph() as unknown as { readonly root: unknown }).root).svg(),
      height,
      alt,
    );
  } finally {
    view.finalize();
  }
}

const EMPTY_PATH = /<path class="(?:background|foreground)"(?![^>]* (?:stroke|fill)=)[^>]*\/>/g;
const NOISE = / (?:aria-[a-z]+|role|pointer-events|xmlns:xlink|version|font-family)="[^"]*"| opacity="1"/g;

/** Without what a still picture has no use for, coordinates with 2 decimals, and named. Texts are not touched: only tags are. */
function tidied(svg: string, height: number, alt: string): string {
  const root = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${FIGURE_WIDTH} ${height}" width="${FIGURE_WIDTH}" height="${height}" font-family="Helvetica, Arial, sans-serif" role="img" aria-label="${escapeText(alt)}">`;
  return svg
    .replace(EMPTY_PATH, '')
    .replace(/<[^>]+>/g, (tag) =>
      tag.startsWith('<svg')
        ? root
        : tag
            .replace(NOISE, '')
            .replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100 || 0)),
    );
}

const NAMES = new Map(Object.entries(LIGHT).map(([name, value]) => [value, name]));

/** The same drawing for a page: every colour by its CSS variable, so that it follows light and dark; the page's font. */
export function themed(svg: string): string {
  return svg.replace(/<[^>]+>/g, (tag) =>
    tag
      .replace(/ (?:font-family|xmlns|width="\d+(?:\.\d+)?" height)="[^"]*"/g, (attribute) =>
        tag.startsWith('<svg') ? '' : attribute,
      )
      .replace(/"(#[0-9a-f]{6})"/g, (whole, value: string) =>
        NAMES.has(value) ? `"var(${NAMES.get(value)})"` : whole,
      ),
  );
}
