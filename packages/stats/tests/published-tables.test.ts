/** Tables of two papers, recomputed from the counts that their own figures imply. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { confusionMetrics } from '../src/proportions/confusion.ts';

const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../../references/papers/${file}`, import.meta.url), 'utf8'));

type Figure = readonly [value: number, lower: number, upper: number];
type KangFigure = 'sensitivity' | 'specificity' | 'accuracy' | 'ppv' | 'npv';
type KangRow = Readonly<Record<KangFigure | 'auc', Figure>> & { readonly model: string };
const kang: { readonly positives: number; readonly negatives: number; readonly rows: readonly KangRow[] } =
  read('kang2021-table1.json');

type XiaoFigure = 'accuracy' | 'sensitivity' | 'specificity' | 'precision' | 'recall' | 'f1';
type XiaoRow = Readonly<Record<XiaoFigure | 'auc', number>> & { readonly model: string };
const xiao: {
  readonly positives: number;
  readonly negatives: number;
  readonly tables: Readonly<Record<string, readonly XiaoRow[]>>;
} = read('xiao2021-tables.json');

/** A fraction in hundredths of a per cent, halves up. */
const basisPoints = (fraction: number) => Math.floor(1e4 * fraction + 0.5 + 1e-9);
const printed = (perCent: number) => Math.round(100 * perCent);

/** Counts from a sensitivity and a specificity in per cent. */
function impliedCounts(
  { sensitivity, specificity }: { readonly sensitivity: number; readonly specificity: number },
  { positives, negatives }: { readonly positives: number; readonly negatives: number },
) {
  const tp = Math.round((sensitivity * positives) / 100);
  const tn = Math.round((specificity * negatives) / 100);
  return { tp, fp: negatives - tn, tn, fn: positives - tp };
}

for (const row of kang.rows) {
  test(`Kang 2021, Table 1: Wald's intervals from the counts of ${row.model}`, () => {
    const rates = { sensitivity: row.sensitivity[0], specificity: row.specificity[0] };
    const metrics = confusionMetrics(impliedCounts(rates, kang), { method: 'wald' });
    for (const figure of ['sensitivity', 'specificity', 'accuracy', 'ppv', 'npv'] as const) {
      const { value, interval } = metrics[figure];
      assert.ok(value !== null && interval !== null);
      // The paper rounds the value and the half-width first, and adds the rounded numbers.
      const [centre, half] = [basisPoints(value), basisPoints(interval.upper - value)];
      assert.deepEqual([centre, centre - half, centre + half], row[figure].map(printed), figure);
    }
  });
}

test('Kang 2021, Table 1: intervals of the AUC are plain ones, symmetric to their last digit', () => {
  for (const { auc, model } of kang.rows) assert.ok(Math.abs(auc[1] + auc[2] - 2 * auc[0]) <= 0.001 + 1e-12, model);
});

test('Xiao 2021, Tables 2 to 7: every figure follows from the implied counts but for nine last digits', () => {
  const differing: string[] = [];
  for (const [table, rows] of Object.entries(xiao.tables)) {
    for (const row of rows) {
      const metrics = confusionMetrics(impliedCounts(row, xiao));
      const ours: Readonly<Record<XiaoFigure, number | null>> = {
        accuracy: metrics.accuracy.value,
        sensitivity: metrics.sensitivity.value,
        specificity: metrics.specificity.value,
        precision: metrics.ppv.value,
        recall: metrics.sensitivity.value,
        f1: metrics.f1.value,
      };
      for (const [figure, value] of Object.entries(ours) as [XiaoFigure, number | null][]) {
        const difference = basisPoints(value ?? Number.NaN) - printed(row[figure]);
        assert.ok(Math.abs(difference) <= 1, `Table ${table}, ${row.model}, ${figure}`);
        if (difference !== 0) differing.push(`${table} ${row.model} ${figure}`);
      }
      // With 32 and 18 lesions an AUC is a number of pairs, or of half pairs where scores tie, over 576.
      const pairs = 2 * xiao.positives * xiao.negatives;
      const nearest = Math.round(row.auc * pairs) / pairs;
      assert.ok(Math.abs(nearest - row.auc) < 1e-4, `Table ${table}, ${row.model}, AUC`);
      if (basisPoints(nearest) !== Math.round(1e4 * row.auc)) differing.push(`${table} ${row.model} auc`);
    }
  }
  assert.deepEqual(differing, [
    '3 3D-ResNet-Anisotropic, N = 4 auc', // 461/576 = 0.80035, printed 0.8004
    '6 Radiomics 3D-domain auc', // 484/576 = 0.84028, printed 0.8402
    '6 Radiomics combined-domain auc', // 467/576 = 0.81076, printed 0.8107
    // 25/32 = 78.125 %, printed 78.12 in Table 7 and 78.13 in Tables 2 and 6
    '7 Wang et al. sensitivity',
    '7 Wang et al. recall',
    '7 Wichakam et al. sensitivity',
    '7 Wichakam et al. precision',
    '7 Wichakam et al. recall',
    '7 Wichakam et al. f1',
  ]);
});

test('Xiao 2021: a model that stands in several tables has the same figures in each', () => {
  const alias = (model: string) => (model === '3D-ResNet-Anisotropic, N = 8' ? '3D-ResNet-Anisotropic' : model);
  const seen = new Map<string, XiaoRow>();
  for (const row of Object.values(xiao.tables).flat()) {
    const model = alias(row.model);
    const first = seen.get(model);
    if (first) assert.deepEqual({ ...row, model }, { ...first, model });
    else seen.set(model, row);
  }
  assert.equal(seen.size, 20);
});
