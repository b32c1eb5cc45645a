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
  const share = (value: number) => Number((value / whole).toFixed(6)); // 0.8333 and not 0.8332999...
  if (typeof printed === 'number') return { value: share(printed) };
  const [value, lower, upper] = printed;
  return { value: share(value), interval: [share(lower), share(upper)] };
}
