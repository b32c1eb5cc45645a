/** Marks drawn into a picture: the outline of each finding with its number and probability, and what the picture is. */
import type { Point } from '../structured-report/content-item.ts';
import { boundsOf, outlineOf } from './findings.ts';
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphPixels } from './glyphs.ts';
import { STATEMENT } from './result-modules.ts';
import type { Picture } from './secondary-capture.ts';
import type { TrackedFinding } from './tracked-findings.ts';

const WHITE = 255;
const BLACK = 0;
/** Between an outline and its label, and between words and the border, in units. */
const MARGIN = 3;
/** Of a cross, from its middle, in units. */
const ARM = 6;

/** A picture that is drawn into; a unit is the width of a line. */
interface Canvas {
  readonly greys: Uint8Array;
  readonly rows: number;
  readonly columns: number;
  readonly unitPx: number;
}

/** The picture with the findings of its frame, which are outlined in white on black; the greys that were handed in stay as they are. */
export function withMarks(picture: Picture, findings: readonly TrackedFinding[]): Picture {
  const { rows, columns } = picture.source;
  const unitPx = Math.max(1, Math.round(Math.min(rows, columns) / 600));
  const canvas = { greys: picture.greys.slice(), rows, columns, unitPx };
  for (const finding of findings) drawFinding(canvas, finding);
  const margin = MARGIN * unitPx;
  drawWords(canvas, STATEMENT, [margin, rows - margin - GLYPH_HEIGHT * unitPx]);
  return { ...picture, greys: canvas.greys };
}

function drawFinding(canvas: Canvas, { place, number, probability }: TrackedFinding): void {
  const { unitPx } = canvas;
  const lines = linesOf(outlineOf(place), ARM * unitPx);
  for (const [from, to] of lines) drawLine(canvas, from, to, 3 * unitPx, BLACK);
  for (const [from, to] of lines) drawLine(canvas, from, to, unitPx, WHITE);
  const [x1, y1, , y2] = boundsOf(lines.flat());
  const above = y1 - (MARGIN + GLYPH_HEIGHT + 2) * unitPx;
  drawWords(canvas, `${number} ${(100 * probability).toFixed(0)}%`, [x1, above >= 0 ? above : y2 + MARGIN * unitPx]);
}

/** The edges of an outline; of a point, a cross. */
function linesOf(outline: readonly Point[], armPx: number): readonly (readonly [Point, Point])[] {
  const [[x, y]] = outline as readonly [Point];
  if (outline.length > 1) return outline.slice(1).map((point, i) => [outline[i] as Point, point]);
  const across: readonly [Point, Point] = [
    [x - armPx, y],
    [x + armPx, y],
  ];
  const down: readonly [Point, Point] = [
    [x, y - armPx],
    [x, y + armPx],
  ];
  return [across, down];
}

/** Squares of a width along a line, a step of half a pixel apart. */
function drawLine(canvas: Canvas, [x1, y1]: Point, [x2, y2]: Point, widthPx: number, grey: number): void {
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(x2 - x1, y2 - y1)));
  for (let k = 0; k <= steps; k++) {
    const [x, y] = [x1 + ((x2 - x1) * k) / steps, y1 + ((y2 - y1) * k) / steps];
    fill(canvas, Math.round(x - widthPx / 2), Math.round(y - widthPx / 2), widthPx, widthPx, grey);
  }
}

/** White words on a black ground, moved inside the picture where they would leave it. */
function drawWords(canvas: Canvas, words: string, [left, top]: Point): void {
  const { unitPx, rows, columns } = canvas;
  const step = (GLYPH_WIDTH + 1) * unitPx;
  const [width, height] = [words.length * step + unitPx, (GLYPH_HEIGHT + 2) * unitPx];
  const x0 = Math.round(Math.max(0, Math.min(left, columns - width)));
  const y0 = Math.round(Math.max(0, Math.min(top, rows - height)));
  fill(canvas, x0, y0, width, height, BLACK);
  for (const [i, character] of [...words].entries())
    for (const [x, y] of glyphPixels(character))
      fill(canvas, x0 + i * step + (x + 1) * unitPx, y0 + (y + 1) * unitPx, unitPx, unitPx, WHITE);
}

function fill(
  { greys, rows, columns }: Canvas,
  x: number,
  y: number,
  width: number,
  height: number,
  grey: number,
): void {
  const [x1, x2] = [Math.max(0, x), Math.min(columns, x + width)];
  for (let row = Math.max(0, y); row < Math.min(rows, y + height); row++)
    if (x2 > x1) greys.fill(grey, row * columns + x1, row * columns + x2);
}
