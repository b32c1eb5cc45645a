import { formatFixed } from '../format.ts';
import { html, type RawHtml } from '../html.ts';
import type { Epoch, TrainingHistory } from '../report-data.ts';
import {
  coordinate,
  enclosingScale,
  labelAt,
  linearScale,
  logScale,
  type PlotArea,
  panel,
  type Scale,
  tickValues,
} from './axes.ts';
import { figure, type LegendEntry } from './figure.ts';
import { linePath, type Point, runs } from './line.ts';

const LEFT = 60;
const WIDTH = 308;
const TOP = 34;
const GAP = 14;

type Quantity = 'trainLoss' | 'valLoss' | 'valAuc' | 'learningRate';
type Panel = { readonly title: string; readonly height: number; readonly quantities: readonly Quantity[] };

const PANELS: readonly Panel[] = [
  { title: 'Loss', height: 120, quantities: ['trainLoss', 'valLoss'] },
  { title: 'Val. AUC', height: 92, quantities: ['valAuc'] },
  { title: 'Learning rate', height: 80, quantities: ['learningRate'] },
];

const STYLE: Readonly<Record<Quantity, { readonly mark: string; readonly text: string }>> = {
  trainLoss: { mark: 'series-0 dash-0', text: 'training loss' },
  valLoss: { mark: 'series-1 dash-1', text: 'validation loss' },
  valAuc: { mark: 'series-2 dash-0', text: 'validation AUC' },
  learningRate: { mark: 'series-3 dash-0', text: 'learning rate' },
};

function finite(epoch: Epoch, quantity: Quantity): number | undefined {
  const value = epoch[quantity];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function valuesOf(epochs: readonly Epoch[], quantities: readonly Quantity[]): number[] {
  return quantities.flatMap((quantity) => epochs.flatMap((epoch) => finite(epoch, quantity) ?? []));
}

/** Learning rates, and losses that span more than a factor of 30, are drawn on a logarithmic axis. */
function valueScale({ quantities }: Panel, values: readonly number[], range: readonly [number, number]): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && (quantities[0] === 'learningRate' || high / low > 30)) return logScale(low, high, range);
  return enclosingScale([low, high], range, 4, quantities[0] === 'valAuc' ? [0, 1] : undefined);
}

function curve(epochs: readonly Epoch[], quantity: Quantity, x: Scale, y: Scale): RawHtml[] {
  const points = epochs.map((epoch): Point | null => {
    const value = finite(epoch, quantity);
    return value === undefined ? null : [x.at(epoch.epoch), y.at(value)];
  });
  const { mark } = STYLE[quantity];
  return runs(points).map(([first, ...rest]) => {
    const [left, top] = first as Point;
    if (rest.length > 0) return html`<path class="curve ${mark}" d="${linePath([first as Point, ...rest])}"/>`;
    return html`<circle class="dot ${mark}" cx="${coordinate(left)}" cy="${coordinate(top)}" r="2.5"/>`;
  });
}

type Marker = { readonly epoch: number; readonly text: string; readonly mark: string; readonly row: number };

function markersOf({ bestEpoch, earlyStopEpoch }: TrainingHistory): Marker[] {
  const markers: Marker[] = [];
  if (bestEpoch !== undefined)
    markers.push({ epoch: bestEpoch, text: `best: epoch ${bestEpoch}`, mark: 'best-epoch', row: 0 });
  if (earlyStopEpoch !== undefined) {
    markers.push({ epoch: earlyStopEpoch, text: `early stop: epoch ${earlyStopEpoch}`, mark: 'early-stop', row: 1 });
  }
  return markers;
}

function epochScale(epochs: readonly Epoch[], markers: readonly Marker[]): Scale {
  const numbers = [...epochs.map(({ epoch }) => epoch), ...markers.map(({ epoch }) => epoch)];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const domain: [number, number] = low === high ? [low - 1, high + 1] : [low, high];
  const ticks = low === high ? [low] : tickValues(low, high, 6, 1);
  return linearScale(domain, [LEFT, LEFT + WIDTH], ticks);
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

/** Loss, validation AUC and learning rate over the epochs of one model, with the best epoch and the early stop. */
export function trainingCurvesFigure(history: TrainingHistory): RawHtml {
  const { epochs } = history;
  const markers = markersOf(history);
  const x = epochScale(epochs, markers);
  const shown = PANELS.filter(({ quantities }) => valuesOf(epochs, quantities).length > 0);
  let top = TOP;
  const panels = shown.map((kind, index) => {
    const area: PlotArea = { left: LEFT, top, width: WIDTH, height: kind.height };
    top += kind.height + GAP;
    const y = valueScale(kind, valuesOf(epochs, kind.quantities), [area.top + area.height, area.top]);
    const rules = markers.map(({ epoch, mark }) => {
      const at = coordinate(x.at(epoch));
      return html`<line class="${mark}" x1="${at}" x2="${at}" y1="${coordinate(area.top)}" y2="${coordinate(area.top + area.height)}"/>`;
    });
    const curves = kind.quantities.map((quantity) => curve(epochs, quantity, x, y));
    const last = index === shown.length - 1;
    return panel(
      area,
      { scale: x, unlabelled: !last, ...(last && { title: 'Epoch' }) },
      { scale: y, title: kind.title },
      [rules, curves],
    );
  });
  const first: PlotArea = { left: LEFT, top: TOP, width: WIDTH, height: 0 };
  const labels = markers.map(({ epoch, text, mark, row }) => {
    const place = labelAt(first, x.at(epoch));
    return html`<text class="${mark}-label" x="${coordinate(place.x)}" y="${12 + 14 * row}" text-anchor="${place.anchor}">${text}</text>`;
  });
  const drawn = shown
    .flatMap(({ quantities }) => quantities)
    .filter((quantity) => valuesOf(epochs, [quantity]).length > 0);
  const legend: LegendEntry[] = drawn.map((quantity) => ({ ...STYLE[quantity], shape: 'line' }));
  for (const { mark } of markers)
    legend.push({ mark, shape: 'rule', text: mark === 'best-epoch' ? 'best epoch' : 'early stop' });
  const broken = epochs.filter((epoch) =>
    drawn.some((quantity) => epoch[quantity] !== undefined && finite(epoch, quantity) === undefined),
  );
  return figure({
    caption: history.model,
    description: describe(history),
    height: top - GAP + 40,
    drawing: [panels, labels],
    legend,
    remark: [
      history.selection && html`Best epoch by ${history.selection}. `,
      broken.length > 0 && html`No finite value at epoch ${broken.map(({ epoch }) => epoch).join(', ')}.`,
    ],
  });
}
