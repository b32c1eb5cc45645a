import { aucComparisonFigure } from '../figures/auc-comparison.ts';
import { confusionMatrixFigure } from '../figures/confusion-matrix.ts';
import { rocBandFigure, rocFigure } from '../figures/roc.ts';
import { scoreDistributionFigure } from '../figures/score-distribution.ts';
import { html, type RawHtml } from '../html.ts';
import type { ReportData } from '../report-data.ts';
import { empty, section } from './section.ts';

/** All curves in one plot where there are several, the AUCs side by side, then each curve with its interval, ensemble first. */
export function rocSection({ roc = [], performance }: ReportData): RawHtml {
  const title = 'Discrimination';
  const models = performance?.models ?? [];
  const datasets = [...new Set(models.map((row) => row.dataset))];
  const comparisons = datasets.flatMap(
    (dataset) =>
      aucComparisonFigure(
        models.filter((row) => row.dataset === dataset),
        dataset,
      ) ?? [],
  );
  if (roc.length + comparisons.length === 0) {
    return section('roc', title, empty('This run has no ROC curve: it has not been evaluated, or on one class only.'));
  }
  const ensembleFirst = [...roc].sort((a, b) => Number(b.role === 'ensemble') - Number(a.role === 'ensemble'));
  const together = roc.length > 1 && rocFigure(roc);
  return section(
    'roc',
    title,
    html`<div class="figures">${together}${comparisons}${ensembleFirst.map(rocBandFigure)}</div>`,
  );
}

/** Score distributions and confusion matrices. */
export function scoresSection({ scores = [], confusion = [] }: ReportData): RawHtml {
  const title = 'Scores and decisions';
  if (scores.length + confusion.length === 0)
    return section('scores', title, empty('This run has no scores: it has not been evaluated.'));
  const distributions = scores.filter(({ classes }) => classes.length > 0).map(scoreDistributionFigure);
  return section(
    'scores',
    title,
    html`<div class="figures">${distributions}${confusion.map(confusionMatrixFigure)}</div>`,
  );
}
