import { html } from './html.ts';
import type { ReportData } from './report-data.ts';
import { rocSection, scoresSection } from './sections/discrimination.ts';
import { gallerySection } from './sections/gallery.ts';
import { headerSection } from './sections/header.ts';
import { imagesSection } from './sections/images.ts';
import { performanceSection } from './sections/performance.ts';
import { provenanceSection } from './sections/provenance.ts';
import { recipeSection } from './sections/recipe.ts';
import { trainingSection } from './sections/training.ts';
import { STYLE } from './style.ts';
import { checkReportData } from './validation.ts';

/** The page may show its own styles and embedded images, and do nothing else: no script, no request, no form. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const NAVIGATION = [
  ['performance', 'Performance'],
  ['roc', 'Discrimination'],
  ['scores', 'Scores'],
  ['gallery', 'Heat maps'],
  ['training', 'Training'],
  ['images', 'Images'],
  ['recipe', 'Recipe'],
  ['provenance', 'Provenance'],
] as const;

/**
 * One HTML file that reports a trained, evaluated classifier: no script, nothing fetched, every text escaped, the same
 * bytes for the same data. Throws RangeError, naming the place, where the data cannot be shown (see checkReportData).
 */
export function renderReport(data: ReportData): string {
  checkReportData(data);
  const links = NAVIGATION.map(([id, name]) => html`<a href="#${id}">${name}</a> `);
  const sections = [
    performanceSection(data),
    rocSection(data),
    scoresSection(data),
    gallerySection(data),
    trainingSection(data),
    imagesSection(data),
    recipeSection(data),
    provenanceSection(data),
  ];
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
${sections}
</main>
<footer>Not a medical device. Made by mammoscope; this file holds everything it shows and fetches nothing.</footer>
</body>
</html>
`.toString();
}
