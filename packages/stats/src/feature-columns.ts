import { type Labels, partBothClasses } from './cases.ts';
import { StatsError } from './errors.ts';

/** Features by column: `features[j][i]` is feature j of case i. Any typed arrays or plain arrays, of one length. */
export type FeatureColumns = readonly ArrayLike<number>[];

/**
 * Checks features against labels and copies both: columns as Float64Array, labels as 0 and 1. Throws stats/argument (no feature, a
 * value that is no finite number), stats/length, stats/label, and stats/classes unless both classes have a case.
 */
export function requireFeatures(
  features: FeatureColumns,
  labels: Labels,
): { readonly columns: Float64Array[]; readonly truth: Uint8Array } {
  partBothClasses(new Uint8Array(labels.length), labels);
  return {
    columns: requireColumns(features, labels.length),
    truth: Uint8Array.from(labels, (label) => (label ? 1 : 0)),
  };
}

/** The same for features alone, of a number of cases. */
export function requireColumns(features: FeatureColumns, cases: number): Float64Array[] {
  if (features.length === 0) {
    throw new StatsError(
      'stats/argument',
      'features must have at least one column, got none; pass columns of features',
    );
  }
  return features.map((column, j) => {
    if (column.length !== cases) {
      throw new StatsError(
        'stats/length',
        `features[${j}] must have one entry a case, got ${column.length} for ${cases} cases; pass columns, not rows`,
      );
    }
    const values = Float64Array.from(column);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new StatsError(
        'stats/argument',
        `features[${j}][${bad}] must be a finite number, got ${column[bad]}; leave the case or the feature out`,
      );
    }
    return values;
  });
}
