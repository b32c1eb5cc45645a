/** What a report shows of models compared with each other: tests of all measures as a table, of AUCs as a figure. */
import type { ReportData } from '@mammoscope/report';
import type { Evaluated } from './evaluated.ts';
import { type ModelComparison, modelComparison } from './model-comparison.ts';

/** Models of which the AUCs of all pairs are drawn; of more, the headline's with each other one. */
const ALL_PAIRS = 3;

/** How models were compared, in words. */
export const comparisonWords = (cases: string, clusters: Evaluated['clusters']) =>
  clusters
    ? {
        auc: 'Paired test of DeLong et al. 1988 with the covariance of Obuchowski 1997, patients as clusters',
        others: 'generalised estimating equations, patients as clusters',
      }
    : {
        auc: `Paired test of DeLong et al. 1988, ${cases} taken as independent`,
        others: `generalised estimating equations, ${cases} taken as independent`,
      };

/** What of the models is compared. */
type Compared = Omit<Evaluated, 'validation' | 'cutoffRule' | 'seed'>;

/** Every two models in every measure as a table, and their AUCs as a figure. */
export function comparedOf(evaluated: Compared): Required<Pick<ReportData, 'comparisons' | 'pairwise'>> {
  const { models, positive, dataset, clusters, cases = 'images' } = evaluated;
  if (models.length < 2) return { comparisons: [], pairwise: [] };
  const comparison = evaluated.comparison ?? modelComparison({ models, positive, clusters });
  const { auc, others } = comparisonWords(cases, clusters);
  return {
    comparisons: aucComparisonOf({ ...evaluated, comparison }),
    pairwise: [
      {
        dataset,
        test: `${auc}; the other measures by ${others}`,
        adjustment: 'Holm',
        pairs: comparison.pairs.map(({ a: first, b: second, measures }) => ({
          ...{ first, second },
          ...Object.fromEntries(
            Object.entries(measures).map(([measure, { difference, interval, p, pHolm }]) => [
              measure,
              { difference, interval: [interval.lower, interval.upper], p, adjustedP: pHolm },
            ]),
          ),
        })),
      },
    ],
  };
}

/** Paired tests of the models' AUCs: of all pairs, or of the headline with each other one. */
export const comparisonsOf = (evaluated: Compared): NonNullable<ReportData['comparisons']> =>
  comparedOf(evaluated).comparisons;

function aucComparisonOf({
  models,
  headline,
  dataset,
  cases = 'images',
  clusters,
  comparison: { overall, pairs },
}: Compared & { readonly comparison: ModelComparison }): NonNullable<ReportData['comparisons']> {
  const every = pairs.flatMap(({ a, b, measures: { auc } }) => (auc ? [{ a, b, auc }] : []));
  const shown =
    models.length <= ALL_PAIRS ? every : every.filter(({ a, b }) => a === headline.model || b === headline.model);
  return [
    {
      dataset,
      test: comparisonWords(cases, clusters).auc,
      adjustment: 'Holm',
      ...(every.length > shown.length ? { adjustedPairs: every.length } : {}),
      pairs: shown.map(({ a, b, auc: { difference, interval, p, pHolm } }) => {
        const leads = models.length <= ALL_PAIRS || a === headline.model;
        return {
          ...(leads ? { first: a, second: b, difference } : { first: b, second: a, difference: -difference }),
          interval: leads ? ([interval.lower, interval.upper] as const) : ([-interval.upper, -interval.lower] as const),
          p,
          ...(every.length > 1 ? { adjustedP: pHolm } : {}),
        };
      }),
      ...(overall.auc && models.length > 2 ? { overall: overall.auc } : {}),
    },
  ];
}
