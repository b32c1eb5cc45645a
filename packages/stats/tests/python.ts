/** What scikit-learn, scipy and statsmodels say (references/scripts/stats.py), for the tests alone. */
import { readFileSync } from 'node:fs';
import type { Reader } from './references.ts';

type Arrays<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** What Python says of one score of one table. */
export interface PythonReader {
  readonly partialSensitivity09to1: number;
  readonly partialSpecificity08to1: number;
  readonly precisionRecall: Arrays<'thresholds' | 'precision' | 'recall'>;
  readonly platt: { readonly slope: number; readonly intercept: number; readonly sklearn: readonly [number, number] };
  readonly isotonic: Arrays<'at' | 'probabilities'>;
  readonly uniform: Arrays<'observed' | 'predicted'>;
  readonly quantile: Arrays<'observed' | 'predicted'>;
  readonly netBenefit: Arrays<'thresholds' | 'model' | 'all'>;
}

interface OverallReference {
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  readonly p: number;
}

type Row3 = readonly [number, number, number];

/** references/stats/python.json. */
export interface PythonReference {
  readonly tables: Readonly<
    Record<
      string,
      Readonly<Record<Reader, PythonReader>> & {
        readonly overall: OverallReference;
        readonly overallAB: OverallReference;
      }
    >
  >;
  readonly unpaired: {
    readonly t: number;
    readonly degreesOfFreedom: number;
    readonly p: number;
    readonly interval: readonly [number, number];
  };
  readonly adjusted: Arrays<'p' | 'holm' | 'benjaminiHochberg'>;
  readonly proportions: readonly {
    readonly x: number;
    readonly n: number;
    readonly method: 'wilson' | 'clopper-pearson' | 'wald';
    readonly interval: readonly [number, number];
  }[];
  readonly bootstrap: {
    readonly x: readonly number[];
    readonly seed: number;
    readonly replicates: number;
    readonly percentile: readonly [number, number];
    readonly bca: readonly [number, number];
    readonly standardError: number;
  };
  readonly chiSquareTail: readonly Row3[];
  readonly studentTwoSidedP: readonly Row3[];
  readonly studentQuantile: readonly Row3[];
}

export const python: PythonReference = JSON.parse(
  readFileSync(new URL('../../../references/stats/python.json', import.meta.url), 'utf8'),
);

/** What Python says of one table. */
export function pythonTable(name: string): PythonReference['tables'][string] {
  const table = python.tables[name];
  if (!table) throw new Error(`references/stats/python.json has no table ${name}; run references/scripts/stats.py`);
  return table;
}
