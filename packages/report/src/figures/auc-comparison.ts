import { estimateParts, formatEstimate, formatFixed, formatPValue } from '../format.ts';
import type { AucComparison, ModelPerformance } from '../report-data.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import { drawForest, type Forest, type ForestRow, forestCsv } from './forest.ts';

/** AUC and interval of every model on one axis (Kang et al. 2021, figure 1a, with dots for bars). Rows without AUC are left out. */
export function aucComparisonFigure(models: readonly ModelPerformance[], dataset: string): Figure | undefined {
  const rows = models.flatMap(({ model, role, auc }) => {
    const value = auc?.value;
    if (!auc || value === null || value === undefined || !Number.isFinite(value)) return [];
    return [{ model, role, auc, value, interval: auc.interval?.every(Number.isFinite) ? auc.interval : null }];
  });
  if (rows.length < 2) return undefined;
  const forest: Forest = {
    rows: rows.map(({ model, role, auc, value, interval }): ForestRow => {
      const parts = estimateParts(auc, 'fraction');
      return {
        label: model,
        value,
        interval,
        text: [parts.value, parts.interval].filter(Boolean).join(' '),
        main: role === 'ensemble',
      };
    }),
    title: 'AUC',
    limits: [0, 1],
    alt: `AUC with interval. ${rows.map(({ model, auc }) => `${model} ${formatEstimate(auc, 'fraction')}`).join('; ')}.`,
    columns: ['model', 'dataset', 'auc', 'lower', 'upper'],
    data: rows.map(({ model, value, interval }) => [model, dataset, value, interval?.[0], interval?.[1]]),
  };
  return figureOf({
    name: figureName('auc', dataset),
    caption: captionOf('AUC of each model', undefined, dataset),
    svg: drawForest(forest),
    csv: forestCsv(forest),
    alt: forest.alt,
    remark:
      'Models read the same images, so overlapping intervals do not mean that two models do not differ: the paired test does.',
  });
}

/** The difference of AUC of each pair of models with interval and p value of a paired test, against no difference. */
export function pairwiseFigure(comparison: AucComparison): Figure {
  const { pairs, dataset, test, adjustment, adjustedPairs, overall } = comparison;
  const adjusted = pairs.some(({ adjustedP }) => adjustedP !== undefined);
  const pText = (p: number) => (p < 0.001 ? `p ${formatPValue(p)}` : `p = ${formatPValue(p)}`);
  const forest: Forest = {
    rows: pairs.map(({ first, second, difference, interval, p, adjustedP }): ForestRow => {
      const finite = interval?.every(Number.isFinite) ? interval : null;
      const bounds = finite ? ` (${formatFixed(finite[0], 3)} to ${formatFixed(finite[1], 3)})` : '';
      return {
        label: first,
        detail: `less ${second}`,
        value: difference,
        interval: finite,
        text: `${formatFixed(difference, 3)}${bounds}`,
        textDetail: adjustedP === undefined ? pText(p) : `${pText(p)} (adj. ${formatPValue(adjustedP)})`,
      };
    }),
    title: 'Difference of AUC',
    limits: [-1, 1],
    reference: 0,
    alt: `Differences of AUC, ${test}. ${pairs.map(({ first, second, difference, p }) => `${first} less ${second} ${formatFixed(difference, 3)}, ${pText(p)}`).join('; ')}.`,
    columns: ['first', 'second', 'dataset', 'difference', 'lower', 'upper', 'p', ...(adjusted ? ['p_adjusted'] : [])],
    data: pairs.map(({ first, second, difference, interval, p, adjustedP }) => [
      first,
      second,
      dataset,
      difference,
      interval?.[0],
      interval?.[1],
      p,
      ...(adjusted ? [adjustedP] : []),
    ]),
  };
  const together = overall
    ? ` All AUCs equal: χ² = ${formatFixed(overall.chiSquare, 2)} on ${overall.degreesOfFreedom} ${overall.degreesOfFreedom === 1 ? 'degree' : 'degrees'} of freedom, ${pText(overall.p)}.`
    : '';
  return figureOf({
    name: figureName('auc-differences', dataset),
    caption: captionOf('Differences of AUC, pair by pair', undefined, dataset),
    svg: drawForest(forest),
    csv: forestCsv(forest),
    alt: forest.alt,
    remark: `${test}.${adjusted && adjustment ? ` adj.: p adjusted by ${adjustment} for ${adjustedPairs === undefined ? 'the pairs shown' : `all ${adjustedPairs} pairs of models`}.` : ''}${together}`,
  });
}
