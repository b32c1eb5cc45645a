import { formatFixed } from '../format.ts';
import { type HtmlValue, html, type RawHtml } from '../html.ts';

/** Width of every figure in its own units: about the CSS pixels of a phone, so that text is legible there unscaled. */
export const FIGURE_WIDTH = 380;

/** A rectangle of the figure in which data are drawn. */
export type PlotArea = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** A tick of an axis: value in data units and its label. */
export type Tick = { readonly value: number; readonly label: string };

/** A map from data units to figure units, with the ticks of its axis. */
export type Scale = {
  readonly domain: readonly [number, number];
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
};

/** An axis of a panel; without title and labels where a panel below shares it. */
export type Axis = { readonly scale: Scale; readonly title?: string; readonly unlabelled?: boolean };

/** A coordinate with 2 decimals. Throws on what no SVG can draw. */
export function coordinate(value: number): string {
  if (!Number.isFinite(value))
    throw new RangeError(`a figure's coordinate must be finite, got ${value}; leave the point out`);
  return String(Math.round(value * 100) / 100 || 0);
}

function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * 0.999) as number;
  return factor * power;
}

/** The multiples of a step of 1, 2 or 5 times a power of ten in [low, high], about `count` of them. */
export function tickValues(low: number, high: number, count = 5, smallestStep = 0): number[] {
  if (!(high > low)) return [low];
  const step = Math.max(niceStep(high - low, count), smallestStep);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Relative difference below which two values are one: no axis has labels that tell them apart. */
const SAME = 1e-5;

/** Ticks of which the first and last enclose [low, high]; a single value gets room on both sides. */
export function enclosingTicks(low: number, high: number, count = 5): number[] {
  if (high - low <= SAME * Math.max(Math.abs(low), Math.abs(high))) {
    const room = Math.abs(low) / 2 || 0.5;
    return enclosingTicks(low - room, high + room, count);
  }
  const step = niceStep(high - low, count);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** '5e−4': ticks that would be too wide beside an axis. */
function inPowers(value: number): string {
  if (value === 0) return '0';
  return Number(value.toPrecision(3)).toExponential().replace('e+', 'e').replaceAll('-', '−');
}

function labelled(values: readonly number[]): Tick[] {
  const step = values.length > 1 ? (values[1] as number) - (values[0] as number) : Math.abs(values[0] ?? 1) || 1;
  const decimals = Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));
  const largest = Math.max(0, ...values.map(Math.abs));
  const exponential = largest >= 1e5 || (decimals > 3 && largest < 0.1) || decimals > 5;
  return values.map((value) => ({ value, label: exponential ? inPowers(value) : formatFixed(value, decimals) }));
}

/** A linear scale from `domain` (data) to `range` (figure units). */
export function linearScale(
  domain: readonly [number, number],
  range: readonly [number, number],
  ticks: readonly number[] = tickValues(...domain),
): Scale {
  const slope = (range[1] - range[0]) / (domain[1] - domain[0]);
  return { domain, at: (value) => range[0] + (value - domain[0]) * slope, ticks: labelled(ticks) };
}

/** A linear scale that ends on ticks, within `limits` (a quantity's own bounds, such as 0 and 1). */
export function enclosingScale(
  values: readonly [low: number, high: number],
  range: readonly [number, number],
  count = 5,
  limits: readonly [number, number] = [-Infinity, Infinity],
): Scale {
  const ticks = enclosingTicks(...values, count).filter((tick) => tick >= limits[0] && tick <= limits[1]);
  const low = Math.max(limits[0], Math.min(values[0], ticks[0] ?? values[0]));
  const high = Math.min(limits[1], Math.max(values[1], ticks.at(-1) ?? values[1]));
  return linearScale(low < high ? [low, high] : [limits[0], limits[1]], range, ticks);
}

/** A logarithmic scale over the whole decades around [low, high], low > 0; ticks at powers of ten. */
export function logScale(low: number, high: number, range: readonly [number, number]): Scale {
  let first = Math.floor(Math.log10(low) + 1e-9);
  let last = Math.ceil(Math.log10(high) - 1e-9);
  if (first === last) [first, last] = [first - 1, last + 1];
  const every = Math.ceil((last - first) / 4);
  const slope = (range[1] - range[0]) / (last - first);
  const ticks: Tick[] = [];
  for (let power = first; power <= last; power += every) {
    const label =
      power >= -2 && power <= 3 ? String(Number((10 ** power).toPrecision(3))) : `1e${formatFixed(power, 0)}`;
    ticks.push({ value: 10 ** power, label });
  }
  return { domain: [10 ** first, 10 ** last], at: (value) => range[0] + (Math.log10(value) - first) * slope, ticks };
}

function xAxis(area: PlotArea, axis: Axis): RawHtml {
  const bottom = area.top + area.height;
  const ticks = axis.scale.ticks.map(({ value, label }) => {
    const x = coordinate(axis.scale.at(value));
    return html`<line class="grid" x1="${x}" x2="${x}" y1="${coordinate(area.top)}" y2="${coordinate(bottom)}"/>${
      !axis.unlabelled &&
      html`<text class="tick" x="${x}" y="${coordinate(bottom + 16)}" text-anchor="middle">${label}</text>`
    }`;
  });
  const title = html`<text class="axis-title" x="${coordinate(area.left + area.width / 2)}" y="${coordinate(bottom + 33)}" text-anchor="middle">${axis.title}</text>`;
  return html`${ticks}${axis.title !== undefined && title}`;
}

function yAxis(area: PlotArea, axis: Axis): RawHtml {
  const ticks = axis.scale.ticks.map(({ value, label }) => {
    const y = axis.scale.at(value);
    return html`<line class="grid" x1="${coordinate(area.left)}" x2="${coordinate(area.left + area.width)}" y1="${coordinate(y)}" y2="${coordinate(y)}"/>${
      !axis.unlabelled &&
      html`<text class="tick" x="${coordinate(area.left - 6)}" y="${coordinate(y + 3.8)}" text-anchor="end">${label}</text>`
    }`;
  });
  const middle = coordinate(area.top + area.height / 2);
  const title = html`<text class="axis-title" x="12" y="${middle}" text-anchor="middle" transform="rotate(-90 12 ${middle})">${axis.title}</text>`;
  return html`${ticks}${axis.title !== undefined && title}`;
}

/** Axes, grid and frame of one plot area; `marks` hold the data and lie inside the area, `labels` may lie outside. */
export function panel(area: PlotArea, x: Axis, y: Axis, marks: HtmlValue, labels?: HtmlValue): RawHtml {
  const { left, top, width, height } = area;
  return html`<g class="panel">${xAxis(area, x)}${yAxis(area, y)}<rect class="plot-area" x="${coordinate(left)}" y="${coordinate(top)}" width="${coordinate(width)}" height="${coordinate(height)}"/><g class="marks">${marks}</g>${labels}</g>`;
}

/** The anchor and position that keep a label at `x` between the ends of its area. */
export function labelAt(
  area: PlotArea,
  x: number,
): { readonly x: number; readonly anchor: 'start' | 'middle' | 'end' } {
  const share = (x - area.left) / area.width;
  if (share < 0.35) return { x: Math.max(x - 3, area.left), anchor: 'start' };
  if (share > 0.65) return { x: Math.min(x + 3, area.left + area.width), anchor: 'end' };
  return { x, anchor: 'middle' };
}
