/** An axis: what it spans, where its ticks are, its title with unit. Without labels where a panel below shares it. */
export type Axis = {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly title?: string;
  readonly logarithmic?: boolean;
  readonly unlabelled?: boolean;
};

/** Of fractions from 0 to 1. */
export function fractionAxis(title: string): Axis {
  return { domain: [0, 1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], title };
}

function niceStep(span: number, count: number): number {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * 0.999) as number;
  return factor * power;
}

const multiples = (first: number, last: number, step: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));

/** The multiples of a step of 1, 2 or 5 times a power of ten in [low, high], about `count` of them. */
export function tickValues(low: number, high: number, count = 5, smallestStep = 0): number[] {
  if (!(high > low)) return [low];
  const step = Math.max(niceStep(high - low, count), smallestStep);
  return multiples(Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9), step);
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
  return multiples(Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9), step);
}

/** An axis that ends on ticks, within `limits` (a quantity's own bounds, such as 0 and 1). */
export function enclosingAxis(
  [low, high]: readonly [low: number, high: number],
  title?: string,
  count = 5,
  limits: readonly [number, number] = [-Infinity, Infinity],
): Axis {
  const ticks = enclosingTicks(low, high, count).filter((tick) => tick >= limits[0] && tick <= limits[1]);
  const from = Math.max(limits[0], Math.min(low, ticks[0] ?? low));
  const to = Math.min(limits[1], Math.max(high, ticks.at(-1) ?? high));
  return { domain: from < to ? [from, to] : limits, ticks, ...(title === undefined ? {} : { title }) };
}

/** A logarithmic axis over the whole decades around [low, high], low > 0; ticks at powers of ten. */
export function logAxis(low: number, high: number, title: string): Axis {
  let first = Math.floor(Math.log10(low) + 1e-9);
  let last = Math.ceil(Math.log10(high) - 1e-9);
  if (first === last) [first, last] = [first - 1, last + 1];
  const every = Math.ceil((last - first) / 4);
  const ticks: number[] = [];
  for (let power = first; power <= last; power += every) ticks.push(Number((10 ** power).toPrecision(3)));
  return { domain: [10 ** first, 10 ** last], ticks, title, logarithmic: true };
}

/** Scientific notation, '5e−4', as an expression of Vega on the value of a tick. */
const IN_POWERS = "datum.value === 0 ? '0' : replace(replace(format(datum.value, '.2~e'), 'e+', 'e'), /-/g, '−')";
/** Powers of ten: 0.01 to 1000 in full, others as '1e−4'. */
const OF_POWERS = `datum.value >= 0.009 && datum.value <= 1000 ? format(datum.value, '~f') : ${IN_POWERS}`;

/** How the labels of an axis are written: fixed decimals, or powers where these would be wide. An expression of Vega. */
export function labelExpression({ ticks, logarithmic }: Axis): string {
  if (logarithmic) return OF_POWERS;
  const step = ticks.length > 1 ? (ticks[1] as number) - (ticks[0] as number) : Math.abs(ticks[0] ?? 1) || 1;
  const decimals = Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));
  const largest = Math.max(0, ...ticks.map(Math.abs));
  if (largest >= 1e5 || (decimals > 3 && largest < 0.1) || decimals > 5) return IN_POWERS;
  return `format(datum.value, '.${decimals}f')`;
}
