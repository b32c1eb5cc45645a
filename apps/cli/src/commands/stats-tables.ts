/** Columns and cells that several commands of stats share. */
import type { AucEstimate, SubgroupFigures } from '@mammoscope/systems';
import type { Cell, CellFormat, Estimate, ResultColumn, ResultTable } from '../result-table.ts';

/** A column, its title made of its key unless given. */
export const column = (key: string, format: CellFormat, title = key.replaceAll('_', ' ')): ResultColumn => ({
  key,
  title,
  format,
});

/** "95 %" of 0.95. */
export const percentOf = (confidence: number): string => `${Number((100 * confidence).toPrecision(10))} %`;

/** A cell of a figure and its interval. */
export const estimate = (
  value: number | null,
  interval: { readonly lower: number; readonly upper: number } | null,
): Estimate => ({ value, lower: interval?.lower ?? null, upper: interval?.upper ?? null });

/** Cells of an AUC: with its interval, and the bootstrap's where there are clusters. */
export const aucCells = (auc: AucEstimate | null, clustered: boolean): Cell[] => [
  auc && estimate(auc.auc, auc.interval),
  ...(clustered ? [auc && estimate(auc.auc, auc.bootstrap?.interval ?? null)] : []),
];

/** Columns of an AUC. */
export const aucColumns = (clustered: boolean, confidence: number): ResultColumn[] => [
  column('auc', 'auc', `AUC (${percentOf(confidence)} CI${clustered ? '' : ', DeLong'})`),
  ...(clustered ? [column('auc_bootstrap', 'auc', `AUC (${percentOf(confidence)} CI, bootstrap)`)] : []),
];

/** The table of subgroups; none where there are none. */
export function subgroupTables(
  name: string,
  subgroups: readonly SubgroupFigures[],
  clustered: boolean,
  confidence: number,
): ResultTable[] {
  if (subgroups.length === 0) return [];
  return [
    {
      name: `${name}-subgroups`,
      title: 'Subgroups (no AUC where a class has fewer than two cases)',
      columns: [
        column('by', 'text'),
        column('subgroup', 'text'),
        column('model', 'text'),
        column('cases', 'count'),
        column('positives', 'count', 'positive'),
        ...aucColumns(clustered, confidence),
        column('cutoff', 'score', 'cut-off'),
        column('sensitivity', 'percent', 'sensitivity %'),
        column('specificity', 'percent', 'specificity %'),
      ],
      rows: subgroups.map((each) => [
        each.by,
        each.subgroup,
        each.model,
        each.cases,
        each.positives,
        ...aucCells(each.auc, clustered),
        each.cutoff ?? 'none',
        estimate(each.sensitivity.value, each.sensitivity.interval),
        estimate(each.specificity.value, each.specificity.interval),
      ]),
    },
  ];
}
