import { trainingCurvesFigure } from '../figures/training-curves.ts';
import { html, type RawHtml } from '../html.ts';
import type { ReportData } from '../report-data.ts';
import { empty, section } from './section.ts';

/** Training curves, one figure a model. */
export function trainingSection({ training = [] }: ReportData): RawHtml {
  const trained = training.filter(({ epochs }) => epochs.length > 0);
  const content =
    trained.length > 0
      ? html`<div class="figures">${trained.map(trainingCurvesFigure)}</div>`
      : empty('This run has no training history.');
  return section('training', 'Training', content);
}
