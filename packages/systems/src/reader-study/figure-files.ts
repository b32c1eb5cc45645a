/** Figures as files: SVG, PNG and the data as CSV. */
import type { Figure } from '@mammoscope/report';
import sharp from 'sharp';

/** Of the PNG files: 300 pixels an inch at 96 CSS pixels an inch. */
const PNG_SCALE = 300 / 96;

/** Three files a figure, by name. */
export async function figureFiles(figures: readonly Figure[]): Promise<Map<string, string | Uint8Array>> {
  const files = new Map<string, string | Uint8Array>();
  for (const { name, svg, csv } of figures) {
    files.set(`figure-${name}.svg`, svg);
    files.set(
      `figure-${name}.png`,
      await sharp(Buffer.from(svg), { density: 72 * PNG_SCALE })
        .flatten({ background: '#ffffff' })
        .png()
        .toBuffer(),
    );
    files.set(`figure-${name}.csv`, csv);
  }
  return files;
}

/** The figures of every analysis, loaded when they are asked for: what draws them takes a while to load. */
export const analysisFigures = () => import('./figures.ts');
