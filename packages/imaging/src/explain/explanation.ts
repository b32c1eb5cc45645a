import type { BoxPx } from '../manifest-row.ts';
import { inverseOrientation, orientBox, orientedSize } from '../orientation/orientation.ts';
import type { Plane } from '../plane.ts';
import type { PreparedImage } from '../prepare-image.ts';
import { escapeXml } from './contact-sheet.ts';
import { drawTile, type Tile } from './tile.ts';

/** What `image explain` says of one image. */
export interface Explanation {
  readonly file: string;
  readonly format: string;
  /** Columns, rows, slices. */
  readonly size: readonly [number, number, number];
  readonly slice: number;
  readonly prepared: PreparedImage;
  readonly stored: Plane;
}

/** The image as stored, what was found in it, and what a network sees. */
export function explanationTiles({ stored, prepared }: Explanation): Tile[] {
  const { display, mask, placement, plane } = prepared;
  const size = orientedSize(placement, placement.orientation);
  const cropPx: BoxPx = orientBox(placement.cropPx, size.width, size.height, inverseOrientation(placement.orientation));
  return [
    { plane: stored, caption: 'as stored' },
    { plane: display, caption: 'grey levels; breast in red, crop in yellow', outline: mask, boxPx: cropPx },
    { plane, caption: 'what a network sees' },
  ];
}

/** Light and dark as the reader's system; a narrow screen has each decision as a block instead of a row. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --quiet: #57606a; --line: #d0d7de; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --quiet: #9da7b3; --line: #3d444d; --paper: #16181d } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: var(--ink); background: var(--paper) }
h1 { font-size: 1.5rem; overflow-wrap: anywhere }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: end } figure { margin: 0; max-width: 100% }
figcaption { font-size: 13px; color: var(--quiet) } img { background: #000; max-width: 100%; height: auto; display: block }
@media (min-width: 60rem) { figure { max-width: calc((100% - 2rem) / 3) } }
table { border-collapse: collapse; margin-top: 1.5rem; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere }
tbody th { white-space: nowrap } .choice { font-weight: 600 }
ul { margin: 0; padding-left: 1.1rem; font-size: 13px } li b { font-weight: 400; color: var(--quiet) }
@media (max-width: 45rem) {
  thead { display: none } tr { display: block; border-top: 1px solid var(--line); padding: .5rem 0 }
  th, td { display: block; border: 0; padding: .1rem 0 } tbody th { color: var(--quiet) }
}
`;

/** One self-contained HTML page: every decision with its reason and evidence, and the three pictures. */
export async function explanationPage(explanation: Explanation): Promise<string> {
  const { file, format, size, slice, prepared } = explanation;
  const [columns, rows, slices] = size;
  const figures: string[] = [];
  for (const tile of explanationTiles(explanation)) {
    const { png, width, height } = await drawTile(tile, 480);
    const caption = escapeXml(`${tile.caption} (${tile.plane.width} x ${tile.plane.height})`);
    const source = `data:image/png;base64,${png.toString('base64')}`;
    figures.push(
      `<figure><img src="${source}" width="${width}" height="${height}" alt="${caption}"><figcaption>${caption}</figcaption></figure>`,
    );
  }
  const items = prepared.decisions.map(({ step, choice, reason, evidence }) => {
    const found = evidence.map(
      ({ source, name, value }) => `<li><b>${escapeXml(source)}</b> ${escapeXml(name)}: ${escapeXml(value)}</li>`,
    );
    return `<tr><th scope="row">${escapeXml(step)}</th><td class="choice">${escapeXml(choice)}</td><td>${escapeXml(reason)}</td><td>${found.length > 0 ? `<ul>${found.join('')}</ul>` : ''}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(file)}: what was done to it</title><style>${STYLE}</style></head><body>
<h1>${escapeXml(file)}</h1>
<p>${escapeXml(`${format}, ${columns} columns x ${rows} rows${slices > 1 ? `, slice ${slice} of 0 to ${slices - 1}` : ''}`)}. Not a medical device. For research only.</p>
<div class="figures">${figures.join('\n')}</div>
<table><thead><tr><th>step</th><th>decision</th><th>reason</th><th>evidence</th></tr></thead><tbody>
${items.join('\n')}
</tbody></table>
</body></html>
`;
}
