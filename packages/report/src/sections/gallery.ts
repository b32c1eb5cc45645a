import { colourLegend } from '../figures/colour-legend.ts';
import { decimalsToTell, formatCutoff, formatScore } from '../format.ts';
import { html, type RawHtml } from '../html.ts';
import type { CaseKind, Gallery, GalleryCase, ReportData } from '../report-data.ts';
import { empty, section } from './section.ts';

/** The four groups: surest right on the left, worst wrong on the right; positive images above negative ones. */
const ROWS: readonly { readonly reference: string; readonly right: CaseKind; readonly wrong: CaseKind }[] = [
  { reference: 'Positive images', right: 'true positive', wrong: 'false negative' },
  { reference: 'Negative images', right: 'true negative', wrong: 'false positive' },
];

/** Surest right first, worst wrong first: both are the far end of the score, on opposite sides. */
export function arrange(cases: readonly GalleryCase[], kind: CaseKind): GalleryCase[] {
  const highFirst = kind === 'true positive' || kind === 'false positive';
  return cases.filter((item) => item.kind === kind).sort((a, b) => (highFirst ? b.score - a.score : a.score - b.score));
}

function card(item: GalleryCase, method: string, decimals?: number): RawHtml {
  const { imageDataUri, overlayDataUri, patientId, path, label, kind, note } = item;
  const score = formatScore(item.score, decimals);
  return html`<figure class="case">
<div class="pair"><img src="${imageDataUri}" alt="Image of patient ${patientId}, reference ${label}, score ${score}"><img src="${overlayDataUri}" alt="${method} heat map over the same image"></div>
<figcaption><b class="number">score ${score}</b>, ${kind}, reference ${label}, patient ${patientId}<br><span class="path">${path}</span>${note && html`<br><span class="case-note">${note}</span>`}</figcaption>
</figure>
`;
}

/** Decimals at which the scores shown agree with the calls made. */
const decimalsOf = ({ cases, cutoff }: Gallery) =>
  cutoff &&
  decimalsToTell(
    cases.map(({ score }) => score),
    cutoff,
  );

function group(gallery: Gallery, kind: CaseKind, order: string): RawHtml {
  const cases = arrange(gallery.cases, kind);
  const body =
    cases.length > 0
      ? cases.map((item) => card(item, gallery.method ?? 'Grad-CAM', decimalsOf(gallery)))
      : empty(`No ${kind} among the chosen cases.`);
  return html`<div class="case-group"><h4>${kind[0]?.toUpperCase()}${kind.slice(1)}s <span class="quiet">${order}</span></h4>${body}</div>`;
}

/** Original and heat map side by side, right and wrong facing each other (Kang et al. 2021, figures 2 and 3). */
export function gallerySection({ gallery }: ReportData): RawHtml {
  const title = 'What the model looked at';
  if (!gallery || gallery.cases.length === 0) return section('gallery', title, empty('This run has no heat maps.'));
  const { method = 'Grad-CAM', model, layer, cutoff, colours } = gallery;
  const lead = html`<p>${method}${model && ` of ${model}`}${layer && `, layer ${layer}`}. Left the image, right the same image with the heat map.${cutoff && ` Called positive at score ${formatCutoff(cutoff, decimalsOf(gallery))}.`} A heat map shows where the score came from, not where a lesion is.</p>`;
  const rows = ROWS.map(
    ({ reference, right, wrong }) => html`<h3>${reference}</h3>
<div class="case-groups">${group(gallery, right, 'surest first')}${group(gallery, wrong, 'worst first')}</div>`,
  );
  return section('gallery', title, lead, colourLegend(colours), rows);
}
