import { visibleText } from './html.ts';
import type { Cutoff, Estimate } from './report-data.ts';

/** Stands for an undefined number; whoever prints it explains it. */
export const UNDEFINED_MARK = '—';

/** Decimals fixed, a true minus sign, no negative zero. */
export function formatFixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  if (Number(text) === 0) return text.replace('-', '');
  return text.replace('-', '−');
}

/** Whole numbers, in groups of three from 10 000 on (narrow no-break space). */
export function formatCount(count: number): string {
  const digits = String(count);
  return Math.abs(count) < 10_000 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** How an estimate is printed: a fraction with 3 decimals, or percent with 1 decimal and no sign. */
export type EstimateUnit = 'fraction' | 'percent';

function formatIn(unit: EstimateUnit, value: number): string {
  return unit === 'fraction' ? formatFixed(value, 3) : formatFixed(100 * value, 1);
}

/** The parts of an estimate: '72.2', '(63.2–81.1)', '70/97'; an undefined value is an em dash without interval. */
export function estimateParts(estimate: Estimate, unit: EstimateUnit) {
  const { value, interval, numerator, denominator } = estimate;
  const defined = value !== null && Number.isFinite(value);
  const bounded = defined && interval?.every(Number.isFinite);
  return {
    value: defined ? formatIn(unit, value) : UNDEFINED_MARK,
    interval: bounded
      ? `(${interval?.map((bound) => formatIn(unit, bound)).join(interval[0] < 0 ? ' to ' : '–')})`
      : '',
    counts:
      numerator === undefined || denominator === undefined
        ? ''
        : `${formatCount(numerator)}/${formatCount(denominator)}`,
  };
}

/** 'xx.x (yy.y–zz.z)', or the value alone where there is no interval. */
export function formatEstimate(estimate: Estimate, unit: EstimateUnit): string {
  const { value, interval } = estimateParts(estimate, unit);
  return interval ? `${value} ${interval}` : value;
}

/** Decimals of a score, and the most that are shown to tell one from a cut-off. */
const SCORE_DECIMALS = 3;
const MOST_DECIMALS = 8;

/** A score with 3 decimals unless told, or 2 significant digits where the decimals would show 0. */
export function formatScore(score: number, decimals = SCORE_DECIMALS): string {
  if (!Number.isFinite(score)) return UNDEFINED_MARK;
  if (score !== 0 && Math.abs(score) < 0.5 * 10 ** -decimals) return score.toExponential(1).replaceAll('-', '−');
  return formatFixed(score, decimals);
}

/** '> 0.247'. */
export function formatCutoff(cutoff: Cutoff, decimals = SCORE_DECIMALS): string {
  return `${cutoff.comparison ?? '>'} ${formatScore(cutoff.value, decimals)}`;
}

/** Whether a score is called positive at a cut-off. */
export function calledPositive(score: number, { value, comparison }: Cutoff): boolean {
  return comparison === '≥' ? score >= value : score > value;
}

/** The fewest decimals (3 or more) at which every score, as printed, stands on its own side of the cut-off as printed. */
export function decimalsToTell(scores: readonly number[], cutoff: Cutoff): number {
  const rounded = (value: number, decimals: number) => Number(value.toFixed(decimals));
  for (let decimals = SCORE_DECIMALS; decimals < MOST_DECIMALS; decimals++) {
    const printed = { ...cutoff, value: rounded(cutoff.value, decimals) };
    if (scores.every((score) => calledPositive(rounded(score, decimals), printed) === calledPositive(score, cutoff)))
      return decimals;
  }
  return MOST_DECIMALS;
}

/** P values as journals print them: 3 decimals, '< 0.001' below that. */
export function formatPValue(p: number): string {
  if (!Number.isFinite(p)) return UNDEFINED_MARK;
  return p < 0.001 ? '< 0.001' : formatFixed(p, 3);
}

/** '8.3 s', '14 min 05 s', '2 h 07 min'. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${formatFixed(seconds, 1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** With a capital letter at the beginning. */
export const capitalised = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** A count with its noun: '1 image', '260 images'. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Columns that a text takes at a fixed width; East Asian wide characters count double. */
function columnsOf(character: string): number {
  return (character.codePointAt(0) as number) >= 0x1100 ? 2 : 1;
}

/** A text cut to so many columns, with an ellipsis where something was cut: SVG text does not wrap. */
export function shorten(whole: string, columns: number): string {
  const text = visibleText(whole);
  const characters = [...text];
  let used = 0;
  const total = characters.reduce((sum, character) => sum + columnsOf(character), 0);
  if (total <= columns) return text;
  const kept = characters.filter((character) => {
    used += columnsOf(character);
    return used <= columns - 1;
  });
  return `${kept.join('')}…`;
}
