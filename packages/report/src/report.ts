import { figuresOf } from './figures/report-figures.ts';
import { html, type RawHtml } from './html.ts';
import { type PageSection, page } from './page.ts';
import type { ReportData, SaliencyExample } from './report-data.ts';
import { exampleSections, examplesSection } from './sections/examples.ts';
import { figureTablesSection } from './sections/figure-tables.ts';
import { figuresSection, optionalFigures } from './sections/figures.ts';
import { gallerySection } from './sections/gallery.ts';
import { BANNER, headerSection } from './sections/header.ts';
import { imagesSection } from './sections/images.ts';
import { methodsSection } from './sections/methods.ts';
import { operatingPointsSection } from './sections/operating-points.ts';
import { pairwiseSection } from './sections/pairwise.ts';
import { performanceSection } from './sections/performance.ts';
import { provenanceSection } from './sections/provenance.ts';
import { recipeSection } from './sections/recipe.ts';
import { checkExamples, checkReportData } from './validation.ts';

/** Sections from top to bottom: id, name in the navigation, content; undefined where the data have nothing for it. */
function sectionsOf(data: ReportData): (readonly [id: string, name: string, content: RawHtml | undefined])[] {
  const figures = figuresOf(data);
  const noCurve = 'This run has no ROC curve: it has not been evaluated, or on one class only.';
  const noScores = 'This run has no scores: it has not been evaluated.';
  return [
    ['performance', 'Performance', performanceSection(data)],
    ['roc', 'Discrimination', figuresSection('roc', 'Discrimination', figures.discrimination, noCurve)],
    ['pairwise', 'Comparisons', pairwiseSection(data)],
    ['operating-points', 'Operating points', operatingPointsSection(data)],
    ['tables', 'Tables', figureTablesSection(data)],
    ['saliency', 'Saliency', examplesSection(data)],
    ['scores', 'Scores', figuresSection('scores', 'Scores and decisions', figures.scores, noScores)],
    ['calibration', 'Calibration', optionalFigures('calibration', 'Calibration', figures.calibration)],
    ['decision', 'Decision curve', optionalFigures('decision', 'Clinical utility', figures.decision)],
    ['detection', 'Detection', optionalFigures('detection', 'Detection', figures.detection)],
    ['subgroups', 'Subgroups', optionalFigures('subgroups', 'Subgroups', figures.subgroups)],
    ['gallery', 'Heat maps', data.saliency && !data.gallery ? undefined : gallerySection(data)],
    [
      'training',
      'Training',
      figuresSection('training', 'Training', figures.training, 'This run has no training history.'),
    ],
    ['images', 'Images', imagesSection(data, figures.flow)],
    ['methods', 'Methods', methodsSection(data)],
    ['recipe', 'Recipe', recipeSection(data)],
    ['provenance', 'Provenance', provenanceSection(data)],
  ];
}

/**
 * One HTML file that reports a trained, evaluated classifier: no script, nothing fetched, every text escaped, the same
 * bytes for the same data. Throws RangeError, naming the place, where the data cannot be shown (see checkReportData).
 */
export function renderReport(data: ReportData): string {
  checkReportData(data);
  const sections = sectionsOf(data).flatMap(([id, name, content]): PageSection[] =>
    content === undefined ? [] : [[id, name, content]],
  );
  return page(data.title, headerSection(data), sections);
}

/** One HTML file of examples alone, as self-contained as a report. Throws RangeError as it. */
export function renderExamples(title: string, examples: readonly SaliencyExample[]): string {
  checkExamples(examples);
  return page(title, html`<header>${BANNER}<h1>${title}</h1></header>`, exampleSections(examples));
}
