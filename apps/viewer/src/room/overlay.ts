/** What is drawn over an image: marks, heat maps, measurements. */
import { drawn, fill, percent } from '../dom.ts';
import type { HeatMap, Mark } from '../findings/readings.ts';
import { heatPicture } from './heat-picture.ts';
import { lengthText, type Measurement } from './measurement.ts';
import type { MmPoint, Pane } from './pane.ts';

/** Everything that may be drawn; a pane takes what is of its image and slice. */
export interface Drawing {
  readonly marks: readonly Mark[];
  readonly heatMaps: readonly HeatMap[];
  /** Of heat maps, 0 to 1. */
  readonly opacity: number;
  readonly areMarksHidden: boolean;
  /** Places, too, that were not called positive. */
  readonly isAllShown: boolean;
  /** The finding that `N` went to. */
  readonly chosen: string | null;
  readonly measurements: readonly Measurement[];
  /** Of the keyboard, in the pane that has the focus. */
  readonly cursor: { readonly pane: Pane; readonly at: MmPoint } | null;
}

/** Slices on either side of its own on which a mark is still drawn, dimmer. */
const NEAR_SLICES = 2;

/** Draws over a pane, and marks the slices on its bar. */
export function drawOver(pane: Pane, drawing: Drawing): void {
  const { image, laying } = pane;
  if (!image || !laying) {
    fill(pane.overlay);
    return;
  }
  const own = drawing.marks.filter(({ instance }) => instance === image.facts.instance);
  const isWanted = ({ isShown, kind }: Mark) => isShown || kind === 'patch' || drawing.isAllShown;
  const shown = drawing.areMarksHidden ? [] : own.filter(isWanted);
  pane.bar.setMarks(shown.flatMap(({ frame, kind }) => (frame === null || kind === 'patch' ? [] : [frame])));
  const near = shown.filter(({ frame }) => frame === null || Math.abs(frame - pane.frame) <= NEAR_SLICES);
  const heat = drawing.areMarksHidden ? [] : drawing.heatMaps.filter((map) => isSeen(map, pane));
  const measured = drawing.measurements.filter((line) => line.image === image && line.frame === pane.frame);
  const lines = drawing.areMarksHidden ? [] : measured;
  fill(
    pane.overlay,
    ...heat.map((map) => heatImage(map, pane, drawing.opacity)),
    ...near.map((mark) => box(mark, pane, mark.id === drawing.chosen)),
    ...lines.map((line) => ruler(line, pane)),
    drawing.cursor?.pane === pane && crosshair(pane, drawing.cursor.at),
  );
}

const isSeen = ({ instance, frame }: HeatMap, pane: Pane): boolean =>
  instance === pane.image?.facts.instance && (frame === null || frame === pane.frame);

function heatImage(map: HeatMap, pane: Pane, opacity: number): SVGElement {
  const [x1, y1, x2, y2] = pane.boxOf(map.boxPx);
  const { orientation } = pane.laying ?? {};
  const place = { x: x1, y: y1, width: x2 - x1, height: y2 - y1, preserveAspectRatio: 'none' };
  return drawn('image', { ...place, class: 'heat', opacity, href: orientation ? heatPicture(map, orientation) : '' });
}

/** Room around a finding, so that the box hides nothing of it. */
const ROOM_PX = 5;
/** Width of a letter of a label, roughly. */
const LETTER_PX = 8;

function box(mark: Mark, pane: Pane, isChosen: boolean): SVGElement {
  const [x1, y1, x2, y2] = pane.boxOf(mark.boxPx);
  const room = mark.kind === 'finding' ? ROOM_PX : 0;
  const [x, y, width, height] = [x1 - room, y1 - room, x2 - x1 + 2 * room, y2 - y1 + 2 * room];
  const isOwn = mark.frame === null || mark.frame === pane.frame;
  const attention = `α ${(mark.attention ?? 0).toFixed(2)}`;
  const named = isChosen ? `${mark.label} ${attention}` : attention; // which network is in the panel; on the image there is no room
  const text = mark.kind === 'patch' ? named : `${mark.label} ${percent(mark.probability)}`;
  // within the pane: its neighbour cuts off what reaches beyond
  const isRight = x + LETTER_PX * text.length > pane.size.widthPx;
  const place = {
    x: isRight ? Math.min(x + width, pane.size.widthPx - 3) : Math.max(3, x),
    y: y > 16 ? y - 4 : y + height + 13,
  };
  const label = drawn('text', { ...place, 'text-anchor': isRight ? 'end' : 'start' }, text);
  const frame = drawn('rect', { x, y, width, height, 'stroke-width': mark.attention ? 1 + 3 * mark.attention : 1.5 });
  const isBelow = mark.kind === 'finding' && !mark.isShown;
  const classes = ['mark', mark.kind, isBelow ? 'below' : '', isChosen ? 'chosen' : '', isOwn ? '' : 'near']
    .filter(Boolean)
    .join(' ');
  return drawn('g', { class: classes, 'data-mark': mark.id }, frame, isOwn || isChosen ? label : null);
}

function ruler(line: Measurement, pane: Pane): SVGElement {
  const [x1, y1] = pane.pointOf(line.from);
  const [x2, y2] = pane.pointOf(line.to);
  const ends = [
    [x1, y1],
    [x2, y2],
  ].map(([cx, cy]) => drawn('circle', { cx, cy, r: 3 }));
  const text = drawn('text', { x: Math.max(x1, x2) + 7, y: (x1 > x2 ? y1 : y2) + 4 }, lengthText(line));
  return drawn('g', { class: 'ruler' }, drawn('line', { x1, y1, x2, y2 }), ...ends, text);
}

function crosshair(pane: Pane, at: MmPoint): SVGElement {
  const [x, y] = pane.pointOf(at);
  const arms = `M${x - 12} ${y}h9m6 0h9M${x} ${y - 12}v9m0 6v9`;
  return drawn('path', { class: 'cursor', d: arms });
}
