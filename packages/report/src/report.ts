import { figuresOf } from './figures/report-figures.ts';
import { html, type RawHtml } from './html.ts';
import type { ReportData } from './report-data.ts';
import { figuresSection, optionalFigures } from './sections/figures.ts';
import { gallerySection } from './sections/gallery.ts';
import { headerSection } from './sections/header.ts';
import { imagesSection } from './sections/images.ts';
import { methodsSection } from './sections/methods.ts';
import { operatingPointsSection } from './sections/operating-points.ts';
import { performanceSection } from './sections/performance.ts';
import { provenanceSection } from './sections/provenance.ts';
import { recipeSection } from './sections/recipe.ts';
import { STYLE } from './style.ts';
import { checkReportData } from './validation.ts';

/** The page may show its own styles and embedded images, and do nothing else: no script, no request, no form. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** Sections from top to bottom: id, name in the navigation, content; undefined where the data have nothing for it. */
function sectionsOf(data: ReportData): (readonly [id: string, name: string, content: RawHtml | undefined])[] {
  const figures = figuresOf(data);
  const noCurve = 'This run has no ROC curve: it has not been evaluated, or on one class only.';
  const noScores = 'This run has no scores: it has not been evaluated.';
  return [
    ['performance', 'Performance', performanceSection(data)],
    ['roc', 'Discrimination', figuresSection('roc', 'Discrimination', figures.discrimination, noCurve)],
    ['operating-points', 'Operating points', operatingPointsSection(data)],
    ['scores', 'Scores', figuresSection('scores', 'Scores and decisions', figures.scores, noScores)],
    ['calibration', 'Calibration', optionalFigures('calibration', 'Calibration', figures.calibration)],
    ['decision', 'Decision curve', optionalFigures('decision', 'Clinical utility', figures.decision)],
    ['detection', 'Detection', optionalFigures('detection', 'Detection', figures.detection)],
    ['subgroups', 'Subgroups', optionalFigures('subgroups', 'Subgroups', figures.subgroups)],
    ['gallery', 'Heat maps', gallerySection(data)],
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
  const sections = sectionsOf(data).filter(([, , content]) => content !== undefined);
  const links = sections.map(([id, name]) => html`<a href="#${id}">${name}</a> `);
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${data.title}</title>
${STYLE}
</head>
<body>
${headerSection(data)}
<nav aria-label="Sections">${links}</nav>
<main>
${sections.map(([, , content]) => content)}
</main>
<footer>Not a medical device. Made by mammoscope; this file holds everything it shows and fetches nothing.</footer>
</body>
</html>
`.toString();
}
