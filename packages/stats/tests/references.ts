/** The reference scores and what pROC and scikit-learn say of them (references/README.md), for the tests alone. */
import { readFileSync } from 'node:fs';

const folder = new URL('../../../references/stats/', import.meta.url);

/** The three score columns of a reference table. */
export const readers = ['a', 'b', 'c'] as const;
export type Reader = (typeof readers)[number];

/** One reference table, by column. */
export interface ReferenceCases {
  readonly patient: readonly number[];
  readonly label: readonly number[];
  readonly scores: Readonly<Record<Reader, readonly number[]>>;
}

/** What pROC 1.18 says of one score. */
export interface ProcReference {
  readonly auc: number;
  readonly delongCi: readonly [number, number];
  readonly delongVar: number;
  /** The area over specificities 0.9 to 1, not corrected. */
  readonly partialAuc09to1: number;
}

/** What scikit-learn 1.2 says of one score. */
export interface SklearnReference {
  readonly auc: number;
  readonly averagePrecision: number;
  readonly brier: number;
  /** roc_auc_score with max_fpr 0.1: McClish's correction. */
  readonly partialAucMax01: number;
  readonly 'at0.5': Readonly<
    Record<'tp' | 'fp' | 'tn' | 'fn' | 'acc' | 'f1' | 'mcc' | 'precision' | 'recall' | 'kappa', number>
  >;
  readonly youden: { readonly max: number; readonly thresholds: readonly number[] };
}

/** A table with its references. */
export interface Reference {
  readonly name: string;
  readonly cases: ReferenceCases;
  readonly proc: Readonly<Record<Reader, ProcReference>>;
  readonly paired: Readonly<
    Record<'paired_ab' | 'paired_ac' | 'paired_bc', { readonly z: number; readonly p: number }>
  >;
  readonly sklearn: Readonly<Record<Reader, SklearnReference>>;
}

const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');

function readCases(file: string): ReferenceCases {
  const [header = '', ...lines] = read(file).trim().split('\n');
  const names = header.trim().split(',');
  const rows = lines.map((line) => line.trim().split(',').map(Number));
  const column = (name: string) => rows.map((row) => row[names.indexOf(name)] as number);
  const scores = { a: column('a'), b: column('b'), c: column('c') };
  return { patient: column('patient'), label: column('label'), scores };
}

/** continuous (no ties) and tied (scores to two digits). */
export const references: readonly Reference[] = ['continuous', 'tied'].map((name) => {
  const r = JSON.parse(read(`${name}.R.json`));
  const sklearn = JSON.parse(read(`${name}.sklearn.json`));
  return { name, cases: readCases(`${name}.csv`), proc: r, paired: r, sklearn: sklearn.metrics };
});
