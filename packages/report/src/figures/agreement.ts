import { estimateParts, formatEstimate } from '../format.ts';
import type { Estimate } from '../report-data.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import { drawForest, type Forest, type ForestRow, forestCsv } from './forest.ts';

/** Kappas of pairs of raters, and of all raters together where there are more than two. */
export type AgreementData = {
  readonly dataset: string;
  readonly pairs: readonly { readonly first: string; readonly second: string; readonly kappa: Estimate }[];
  /** Fleiss' kappa of all raters. */
  readonly all?: Estimate;
};

/** Kappa of each pair of raters with its interval, against agreement by chance. */
export function agreementFigure({ dataset, pairs, all }: AgreementData): Figure {
  const rowOf = (label: string, kappa: Estimate, detail?: string): ForestRow => {
    const { value, interval } = estimateParts(kappa, 'fraction');
    return {
      label,
      ...(detail === undefined ? {} : { detail }),
      value: kappa.value,
      interval: kappa.interval ?? null,
      text: [value, interval].filter(Boolean).join(' '),
      main: detail === undefined,
    };
  };
  const told = [
    ...pairs.map(({ first, second, kappa }) => `${first} with ${second} ${formatEstimate(kappa, 'fraction')}`),
    ...(all ? [`all raters (Fleiss) ${formatEstimate(all, 'fraction')}`] : []),
  ];
  const cells = (first: string, second: string, { value, interval }: Estimate) => [
    ...[first, second, dataset, value],
    ...(interval ?? [null, null]),
  ];
  const forest: Forest = {
    rows: [
      ...pairs.map(({ first, second, kappa }) => rowOf(first, kappa, `with ${second}`)),
      ...(all ? [rowOf('All raters (Fleiss)', all)] : []),
    ],
    title: 'Kappa',
    limits: [-1, 1],
    reference: 0,
    alt: `Kappa of raters. ${told.join('; ')}.`,
    columns: ['first', 'second', 'dataset', 'kappa', 'lower', 'upper'],
    data: [
      ...pairs.map(({ first, second, kappa }) => cells(first, second, kappa)),
      ...(all ? [cells('all', 'all', all)] : []),
    ],
  };
  return figureOf({
    name: figureName('kappa', dataset),
    caption: captionOf('Kappa of raters', undefined, dataset),
    svg: drawForest(forest),
    csv: forestCsv(forest),
    alt: forest.alt,
    remark: '0 is agreement by chance, 1 agreement in every case.',
  });
}
