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

/** One self-contained HTML page: every decision with its reason and evidence, and the three pictures. */
export async function explanationPage(explanation: Explanation): Promise<string> {
  const { file, format, size, slice, prepared } = explanation;
  const figures: string[] = [];
  for (const tile of explanationTiles(explanation)) {
    const { png, width, height } = await drawTile(tile, 480);
    const caption = escapeXml(`${tile.caption} (${tile.plane.width} x ${tile.plane.height})`);
    const source = `data:image/png;base64,${png.toString('base64')}`;
    figures.push(
      `<figure><img src="${source}" width="${width}" height="${height}" alt="${caption}"><figcaption>${caption}</figcaption></figure>`,
    );
  }
  const rows = prepared.decisions.map(({ step, choice, reason, evidence }) => {
    const items = evidence.map(
      ({ source, name, value }) => `<li><b>${escapeXml(source)}</b> ${escapeXml(name)}: ${escapeXml(value)}</li>`,
    );
    return `<tr><th scope="row">${escapeXml(step)}</th><td>${escapeXml(choice)}</td><td>${escapeXml(reason)}</td><td><ul>${items.join('')}</ul></td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeXml(file)}: what was done to it</title><style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1a1a1a; background: #fff }
.figures { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0 } figcaption { font-size: 13px } img { background: #000 }
table { border-collapse: collapse; margin-top: 1.5rem } th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-top: 1px solid #ccc }
ul { margin: 0; padding-left: 1.1rem; font-size: 13px }
</style></head><body>
<h1>${escapeXml(file)}</h1>
<p>${escapeXml(`${format}, ${size.join(' x ')}, slice ${slice}`)}. Not a medical device. For research only.</p>
<div class="figures">${figures.join('\n')}</div>
<table><thead><tr><th>step</th><th>decision</th><th>reason</th><th>evidence</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
</body></html>
`;
}
