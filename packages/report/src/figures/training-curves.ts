import { csvText } from '../csv.ts';
import { formatFixed } from '../format.ts';
import type { Epoch, TrainingHistory } from '../report-data.ts';
import { type Axis, enclosingAxis, logAxis, tickValues } from './axes.ts';
import { draw, type Layer, type Panel } from './drawing.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import {
  type LegendEntry,
  label,
  legend,
  legendHeight,
  line,
  markers,
  type Paint,
  type Point,
  segments,
} from './layers.ts';
import { runs } from './line.ts';
import { AXIS_ROOM } from './square.ts';
import { COLOUR, type SeriesStyle, seriesStyle } from './theme.ts';

const LEFT = 60;
const WIDTH = 306;
const GAP = 18;
const TOP = 34;

type Quantity = 'trainLoss' | 'valLoss' | 'valAuc' | 'learningRate';
type Kind = { readonly title: string; readonly height: number; readonly quantities: readonly Quantity[] };

const KINDS: readonly Kind[] = [
  { title: 'Loss', height: 120, quantities: ['trainLoss', 'valLoss'] },
  { title: 'Val. AUC', height: 92, quantities: ['valAuc'] },
  { title: 'Learning rate', height: 80, quantities: ['learningRate'] },
];

const SOLID: readonly number[] = [];
const STYLE: Readonly<Record<Quantity, { readonly style: SeriesStyle; readonly text: string }>> = {
  trainLoss: { style: seriesStyle(0), text: 'Training loss' },
  valLoss: { style: seriesStyle(1), text: 'Validation loss' },
  valAuc: { style: { ...seriesStyle(2), dash: SOLID }, text: 'Validation AUC' },
  learningRate: { style: { ...seriesStyle(3), dash: SOLID }, text: 'Learning rate' },
};

function finite(epoch: Epoch, quantity: Quantity): number | undefined {
  const value = epoch[quantity];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function valuesOf(epochs: readonly Epoch[], quantities: readonly Quantity[]): number[] {
  return quantities.flatMap((quantity) => epochs.flatMap((epoch) => finite(epoch, quantity) ?? []));
}

/** Learning rates, and losses that span more than a factor of 30, are drawn on a logarithmic axis. */
function valueAxis({ quantities, title }: Kind, values: readonly number[]): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && (quantities[0] === 'learningRate' || high / low > 30)) return logAxis(low, high, title);
  return enclosingAxis([low, high], title, 4, quantities[0] === 'valAuc' ? [0, 1] : undefined);
}

function curve(epochs: readonly Epoch[], quantity: Quantity, axes: { readonly x: Axis; readonly y: Axis }): Layer[] {
  const points = epochs.map((epoch): Point | null => {
    const value = finite(epoch, quantity);
    return value === undefined ? null : [epoch.epoch, value];
  });
  const { style } = STYLE[quantity];
  return runs(points).map((run) =>
    run.length > 1 ? line(axes, run, style) : markers(axes, run, 'circle', 5, { fill: style.colour }),
  );
}

type Marker = { readonly epoch: number; readonly text: string; readonly paint: Paint; readonly row: number };

function markersOf({ bestEpoch, earlyStopEpoch }: TrainingHistory): Marker[] {
  const marks: Marker[] = [];
  if (bestEpoch !== undefined)
    marks.push({
      epoch: bestEpoch,
      text: `best: epoch ${bestEpoch}`,
      paint: { stroke: seriesStyle(2).colour, strokeWidth: 1.75 },
      row: 0,
    });
  if (earlyStopEpoch !== undefined) {
    const paint = { stroke: COLOUR.cutoff, strokeWidth: 1.75, dash: [5, 3] };
    marks.push({ epoch: earlyStopEpoch, text: `early stop: epoch ${earlyStopEpoch}`, paint, row: 1 });
  }
  return marks;
}

function epochAxis(epochs: readonly Epoch[], marks: readonly Marker[]): Axis {
  const numbers = [...epochs.map(({ epoch }) => epoch), ...marks.map(({ epoch }) => epoch)];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return low === high
    ? { domain: [low - 1, high + 1], ticks: [low] }
    : { domain: [low, high], ticks: tickValues(low, high, 6, 1) };
}

function describe({ model, epochs, bestEpoch, earlyStopEpoch }: TrainingHistory): string {
  const best = epochs.find(({ epoch }) => epoch === bestEpoch);
  const auc = best && finite(best, 'valAuc');
  const parts = [`Training of ${model} over ${epochs.length} epochs`];
  if (bestEpoch !== undefined)
    parts.push(`best epoch ${bestEpoch}${auc === undefined ? '' : ` with validation AUC ${formatFixed(auc, 3)}`}`);
  if (earlyStopEpoch !== undefined) parts.push(`stopped early at epoch ${earlyStopEpoch}`);
  return `${parts.join(', ')}.`;
}

function markerLabel({ epoch, text, paint, row }: Marker, { domain: [low, high] }: Axis): Layer {
  const at = (WIDTH * (epoch - low)) / (high - low);
  const share = at / WIDTH;
  const align = share < 0.35 ? 'left' : share > 0.65 ? 'right' : 'center';
  return label(at, 8 - TOP + 14 * row, text, { align, colour: paint.stroke ?? COLOUR.ink, bold: true });
}

/** Loss, validation AUC and learning rate over the epochs of one model, with the best epoch and the early stop. */
export function trainingCurvesFigure(history: TrainingHistory): Figure {
  const { epochs, model } = history;
  const marks = markersOf(history);
  const x = epochAxis(epochs, marks);
  const shown = KINDS.filter(({ quantities }) => valuesOf(epochs, quantities).length > 0);
  const drawn = shown
    .flatMap(({ quantities }) => quantities)
    .filter((quantity) => valuesOf(epochs, [quantity]).length > 0);
  // Best epoch and early stop are named where their lines begin.
  const entries = drawn.map((quantity): LegendEntry => ({ sign: 'line', ...STYLE[quantity] }));
  const panels = shown.map((kind, index): Panel => {
    const last = index === shown.length - 1;
    const axes = {
      x: { ...x, ...(last ? { title: 'Epoch' } : { unlabelled: true }) },
      y: valueAxis(kind, valuesOf(epochs, kind.quantities)),
      titleX: 12 - LEFT,
    };
    const [low, high] = axes.y.domain;
    return {
      width: WIDTH,
      height: kind.height,
      layers: [
        ...marks.map(({ epoch, paint }) =>
          segments(
            axes,
            [
              [
                [epoch, low],
                [epoch, high],
              ],
            ],
            paint,
          ),
        ),
        ...kind.quantities.flatMap((quantity) => curve(epochs, quantity, axes)),
        ...(index === 0 ? marks.map((mark) => markerLabel(mark, x)) : []),
        ...(last ? legend(entries, 12 - LEFT, kind.height + AXIS_ROOM + 4) : []),
      ],
    };
  });
  const broken = epochs.filter((epoch) =>
    drawn.some((quantity) => epoch[quantity] !== undefined && finite(epoch, quantity) === undefined),
  );
  const alt = describe(history);
  return figureOf({
    name: figureName('training', model),
    caption: captionOf('Training', model),
    svg: draw({ panels, gap: GAP, left: LEFT, top: TOP, bottom: AXIS_ROOM + 2 + legendHeight(entries), alt }),
    csv: csvText(
      ['model', 'epoch', 'train_loss', 'val_loss', 'val_auc', 'learning_rate'],
      epochs.map(({ epoch, trainLoss, valLoss, valAuc, learningRate }) => [
        model,
        epoch,
        trainLoss,
        valLoss,
        valAuc,
        learningRate,
      ]),
    ),
    alt,
    remark: [
      history.selection ? `Best epoch by ${history.selection}.` : '',
      broken.length > 0 ? `No finite value at epoch ${broken.map(({ epoch }) => epoch).join(', ')}.` : '',
    ]
      .filter(Boolean)
      .join(' '),
  });
}
