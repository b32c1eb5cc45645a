import { csvText } from '../csv.ts';
import { counted, shorten } from '../format.ts';
import { visibleText } from '../html.ts';
import type { Flow, FlowCount } from '../report-data.ts';
import { draw, type Layer } from './drawing.ts';
import { type Figure, figureOf } from './figure.ts';
import { markers, type Paint, type Point, rectangles, segments, texts } from './layers.ts';
import { COLOUR, FIGURE_WIDTH } from './theme.ts';

const MARGIN = 4;
const WIDTH = FIGURE_WIDTH - 2 * MARGIN;
/** Stages stand left, what is left out to their right, parts side by side below. */
const STAGE = 174;
const EXCLUDED = 184;
const LINE = 15;
const PAD = 6;
const GAP = 24;
const BETWEEN = 8;
const BOX: Paint = { fill: COLOUR.surface, stroke: COLOUR.axis, strokeWidth: 1 };
const ARROW: Paint = { stroke: COLOUR.quiet, strokeWidth: 1.25 };
/** Width of a character, on the safe side. */
const CHARACTER = 6.1;
/** The same in one long word of small letters. */
const LETTER = 5.7;

type Box = {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly lines: readonly { readonly text: string; readonly bold?: boolean }[];
};

/** A text in lines of so many columns at most, broken between words; a word longer than `longest` is cut, and leaves room. */
export function wrapped(text: string, columns: number, longest = columns): string[] {
  const lines: string[] = [];
  for (const word of visibleText(text).split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    const longer = last === undefined ? undefined : `${last} ${word}`;
    if (longer !== undefined && shorten(longer, columns) === longer) lines[lines.length - 1] = longer;
    else lines.push(shorten(word, longest) === word ? word : shorten(word, columns - 1));
  }
  return lines;
}

const columnsOf = (width: number) => Math.floor((width - 2 * PAD) / CHARACTER);
const countText = ({ images, patients }: FlowCount) =>
  `${counted(images, 'image')}${patients === undefined ? '' : `, ${counted(patients, 'patient')}`}`;
const heightOf = ({ lines }: Box) => lines.length * LINE + 2 * PAD - 3;

function boxOf(left: number, top: number, width: number, name: string, details: readonly string[]): Box {
  const columns = columnsOf(width);
  const longest = Math.floor((width - 2 * PAD) / LETTER);
  return {
    left,
    top,
    width,
    lines: [
      ...wrapped(name, columns - 1, longest - 1).map((text) => ({ text, bold: true })),
      ...details.flatMap((detail) => wrapped(detail, columns, longest)).map((text) => ({ text })),
    ],
  };
}

type Arrow = { readonly path: readonly Point[]; readonly head: 'triangle-down' | 'triangle-right' };

/** Boxes and arrows of a flow, and the height that they take. */
function layout({ stages, parts = [] }: Flow) {
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const middle = STAGE / 2;
  let top = 0;
  stages.forEach((stage, index) => {
    const excluded = stage.excluded ?? [];
    if (index > 0 && excluded.length > 0) {
      // No sum of patients: one may lose images for several reasons.
      const images = excluded.reduce((sum, item) => sum + item.images, 0);
      const details = [counted(images, 'image'), ...excluded.map((item) => `– ${item.reason}: ${countText(item)}`)];
      const side = boxOf(WIDTH - EXCLUDED, top, EXCLUDED, 'Excluded', details);
      boxes.push(side);
      const at = top + heightOf(side) / 2;
      arrows.push({
        path: [
          [middle, at],
          [side.left - 4, at],
        ],
        head: 'triangle-right',
      });
      top += heightOf(side) + 8;
    }
    const box = boxOf(0, top, STAGE, stage.name, [countText(stage)]);
    const above = boxes.findLast(({ left }) => left === 0);
    if (above)
      arrows.push({
        path: [
          [middle, above.top + heightOf(above)],
          [middle, top - 4],
        ],
        head: 'triangle-down',
      });
    boxes.push(box);
    top += heightOf(box) + GAP;
  });
  const last = boxes.at(-1);
  const width = (WIDTH - (parts.length - 1) * BETWEEN) / Math.max(1, parts.length);
  const below = top + (parts.length > 0 ? 8 : 0);
  const fork = top - 8;
  parts.forEach((part, index) => {
    const box = boxOf(index * (width + BETWEEN), below, width, part.name, [
      counted(part.images, 'image'),
      ...(part.patients === undefined ? [] : [counted(part.patients, 'patient')]),
      ...(part.detail ?? []),
    ]);
    const at = box.left + width / 2;
    if (last)
      arrows.push({
        path: [
          [middle, last.top + heightOf(last)],
          [middle, fork],
          [at, fork],
          [at, below - 4],
        ],
        head: 'triangle-down',
      });
    boxes.push(box);
  });
  return { boxes, arrows, height: Math.max(0, ...boxes.map((box) => box.top + heightOf(box))) };
}

/** A flow chart of inclusions and exclusions with numbers and reasons (STARD 2015, item 19). */
export function flowFigure(flow: Flow): Figure {
  const { boxes, arrows, height } = layout(flow);
  const axes = {
    x: { domain: [0, WIDTH], ticks: [], unlabelled: true },
    y: { domain: [height, 0], ticks: [], unlabelled: true },
  } as const;
  const corners = boxes.map((box): [Point, Point] => [
    [box.left, box.top],
    [box.left + box.width, box.top + heightOf(box)],
  ]);
  const lines = boxes.flatMap((box) =>
    box.lines.map(({ text, bold = false }, index) => ({
      at: [box.left + PAD, box.top + PAD - 1.5 + LINE * (index + 0.5)] as const,
      text,
      bold,
    })),
  );
  const written = (bold: boolean) =>
    texts(
      axes,
      lines.filter((item) => item.bold === bold).map(({ at, text }) => [at, text] as const),
      { align: 'left', bold },
    );
  const strokes = arrows.flatMap(({ path }) =>
    path.slice(1).map((point, index): [Point, Point] => [path[index] as Point, point]),
  );
  const heads = (head: Arrow['head']): Layer =>
    markers(
      axes,
      arrows.filter((arrow) => arrow.head === head).map(({ path }) => path.at(-1) as Point),
      head,
      7,
      { fill: COLOUR.quiet },
    );
  const { stages, parts = [] } = flow;
  const alt = `Flow of images and patients. ${stages
    .map((stage) => {
      const reasons = (stage.excluded ?? []).map((item) => `${item.reason} ${countText(item)}`);
      return `${reasons.length > 0 ? `Excluded: ${reasons.join(', ')}. ` : ''}${stage.name}: ${countText(stage)}`;
    })
    .join(
      '. ',
    )}${parts.length > 0 ? `. Split into ${parts.map((part) => `${part.name}: ${countText(part)}`).join('; ')}` : ''}.`;
  return figureOf({
    name: 'flow',
    caption: 'Flow of images and patients',
    svg: draw({
      panels: [
        {
          width: WIDTH,
          height,
          frame: false,
          layers: [
            segments(axes, strokes, ARROW),
            heads('triangle-down'),
            heads('triangle-right'),
            rectangles(axes, corners, BOX),
            written(true),
            written(false),
          ],
        },
      ],
      left: MARGIN,
      top: MARGIN,
      bottom: MARGIN,
      alt,
    }),
    csv: csvText(
      ['kind', 'name', 'images', 'patients'],
      [
        ...stages.flatMap((stage) => [
          ...(stage.excluded ?? []).map(({ reason, images, patients }) => ['excluded', reason, images, patients]),
          ['stage', stage.name, stage.images, stage.patients],
        ]),
        ...parts.map(({ name, images, patients }) => ['part', name, images, patients]),
      ],
    ),
    alt,
  });
}
