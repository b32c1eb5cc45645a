/** Figures as papers print them: AUCs as fractions of 1, the others in percent. */
import type { Estimate, MeasureName } from '@mammoscope/report';
import type { PublishedFigures } from './reproduction.ts';

/** A printed figure, alone or with its interval. */
export type Printed = number | readonly [value: number, lower: number, upper: number];

/** A reader of table rows with these columns. */
export const figuresFrom =
  (columns: readonly MeasureName[]) =>
  (row: readonly Printed[]): PublishedFigures =>
    Object.fromEntries(
      row.map((printed, i) => {
        const name = columns[i] as MeasureName;
        return [name, estimateFrom(printed, name === 'auc' ? 1 : 100)];
      }),
    );

function estimateFrom(printed: Printed, whole: number): Estimate {
  if (typeof printed === 'number') return { value: printed / whole };
  const [value, lower, upper] = printed;
  return { value: value / whole, interval: [lower / whole, upper / whole] };
}
