import sharp from 'sharp';
import { drawTile, type Tile } from './tile.ts';

/** How a contact sheet is laid out. */
export interface SheetOptions {
  /** Side of a tile; 220 unless told. */
  readonly sidePx?: number;
  /** Tiles in a row; 10 unless told. */
  readonly columns?: number;
}

/** Many small pictures on one, each with its caption below: a PNG. One tile at a time is held at full size. */
export async function drawContactSheet(
  tiles: AsyncIterable<Tile> | Iterable<Tile>,
  options: SheetOptions = {},
): Promise<Buffer> {
  const { sidePx = 220, columns = 10 } = options;
  const captionPx = 16;
  const placed: { input: Buffer; left: number; top: number }[] = [];
  let count = 0;
  for await (const tile of tiles) {
    const [left, top] = [(count % columns) * sidePx, Math.floor(count / columns) * (sidePx + captionPx)];
    const { width, height, png } = await drawTile(tile, sidePx - 4);
    placed.push({
      input: png,
      left: left + Math.floor((sidePx - width) / 2),
      top: top + Math.floor((sidePx - height) / 2),
    });
    placed.push({ input: captionSvg(tile.caption, sidePx, captionPx), left, top: top + sidePx });
    count++;
  }
  const width = Math.max(1, Math.min(count, columns)) * sidePx;
  const height = Math.max(1, Math.ceil(count / columns)) * (sidePx + captionPx);
  return sharp({ create: { width, height, channels: 3, background: '#202020' } })
    .composite(placed)
    .png()
    .toBuffer();
}

function captionSvg(caption: string, width: number, height: number): Buffer {
  const text = escapeXml(caption);
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><text x="4" y="${height - 4}" font-family="sans-serif" font-size="12" fill="#e8e8e8">${text}</text></svg>`,
  );
}

/** Text as it stands in XML and HTML. */
export function escapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replaceAll(/[&<>"']/g, (each) => names[each] ?? each);
}
