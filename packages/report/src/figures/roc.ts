import { formatCutoff, formatEstimate } from '../format.ts';
import { html, type RawHtml } from '../html.ts';
import type { RocCurve } from '../report-data.ts';
import { coordinate, linearScale, type PlotArea, panel } from './axes.ts';
import { figure, type LegendEntry, seriesClass } from './figure.ts';
import { linePath, type Point, simplified } from './line.ts';

const AREA: PlotArea = { left: 50, top: 8, width: 318, height: 318 };
const HEIGHT = AREA.top + AREA.height + 40;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];
const X = linearScale([0, 1], [AREA.left, AREA.left + AREA.width], TICKS);
const Y = linearScale([0, 1], [AREA.top + AREA.height, AREA.top], TICKS);

function curvePoints(points: RocCurve['points']): Point[] {
  return simplified(points.map(({ fpr, tpr }): Point => [X.at(fpr), Y.at(tpr)]));
}

function bandPath({ fpr, lower, upper }: NonNullable<RocCurve['band']>): string {
  const up = fpr.map((x, index): Point => [X.at(x), Y.at(upper[index] as number)]);
  const down = fpr.map((x, index): Point => [X.at(x), Y.at(lower[index] as number)]);
  return up.length > 0 ? `${linePath([...up, ...down.reverse()])}Z` : '';
}

function operatingPoint(curve: RocCurve, className: string): RawHtml | undefined {
  const point = curve.operatingPoint;
  if (!point) return undefined;
  return html`<circle class="operating-point ${className}" cx="${coordinate(X.at(point.fpr))}" cy="${coordinate(Y.at(point.tpr))}" r="4"><title>${curve.model}: ${operatingText(curve)}</title></circle>`;
}

function operatingText(curve: RocCurve): string {
  const point = curve.operatingPoint;
  if (!point) return '';
  const percent = (value: number) => (100 * value).toFixed(1);
  const at = point.cutoff ? `score ${formatCutoff(point.cutoff)}: ` : '';
  return `${at}sensitivity ${percent(point.tpr)} %, specificity ${percent(1 - point.fpr)} %`;
}

const chance = html`<line class="chance" x1="${coordinate(X.at(0))}" y1="${coordinate(Y.at(0))}" x2="${coordinate(X.at(1))}" y2="${coordinate(Y.at(1))}"/>`;
const aucText = (curve: RocCurve) => (curve.auc ? `AUC ${formatEstimate(curve.auc, 'fraction')}` : 'AUC not given');
const axes = [
  { scale: X, title: '1 − specificity' },
  { scale: Y, title: 'Sensitivity' },
] as const;

/** All ROC curves in one plot with their operating points (Kang et al. 2021, figure 1a). Ensembles are drawn in ink. */
export function rocFigure(curves: readonly RocCurve[]): RawHtml {
  const several = new Set(curves.map((curve) => curve.dataset)).size > 1;
  let member = 0;
  const styled = curves.map((curve) => ({
    curve,
    className: curve.role === 'ensemble' ? 'series-main' : seriesClass(member++),
  }));
  const drawn = [...styled].sort((a, b) => Number(a.curve.role === 'ensemble') - Number(b.curve.role === 'ensemble'));
  const lines = drawn.map(
    ({ curve, className }) => html`<path class="curve ${className}" d="${linePath(curvePoints(curve.points))}"/>`,
  );
  const points = drawn.map(({ curve, className }) => operatingPoint(curve, className));
  const legend = styled.map(
    ({ curve, className }): LegendEntry => ({
      mark: className,
      shape: 'line',
      text: html`<b>${curve.model}</b>${several && ` ${curve.dataset ?? ''}`} <span class="number">${aucText(curve)}</span>`,
    }),
  );
  return figure({
    caption: 'ROC curves of all models',
    description: `ROC curves, sensitivity against 1 minus specificity. ${curves.map((curve) => `${curve.model}: ${aucText(curve)}`).join('; ')}.`,
    height: HEIGHT,
    drawing: panel(AREA, ...axes, [chance, lines, points]),
    legend,
    remark:
      curves.some((curve) => curve.operatingPoint) && 'Circles mark the chosen cut-offs; the thin diagonal is chance.',
  });
}

/** One ROC curve with its interval band and the chosen operating point (Kang et al. 2021, figure 1b). */
export function rocBandFigure(curve: RocCurve): RawHtml {
  const marks = [
    curve.band && html`<path class="band" d="${bandPath(curve.band)}"/>`,
    chance,
    html`<path class="curve series-main" d="${linePath(curvePoints(curve.points))}"/>`,
    operatingPoint(curve, 'chosen'),
  ];
  const legend: LegendEntry[] = [
    { mark: 'series-main', shape: 'line', text: html`ROC curve, <span class="number">${aucText(curve)}</span>` },
  ];
  if (curve.band) legend.push({ mark: 'band', shape: 'area', text: curve.band.description ?? 'Pointwise interval' });
  if (curve.operatingPoint) {
    legend.push({ mark: 'operating-point chosen', shape: 'point', text: `Operating point, ${operatingText(curve)}` });
  }
  return figure({
    caption: html`${curve.model}${curve.dataset && html` <span class="quiet">${curve.dataset}</span>`}`,
    description: `ROC curve of ${curve.model}: ${aucText(curve)}. ${operatingText(curve)}`,
    height: HEIGHT,
    drawing: panel(AREA, ...axes, marks),
    legend,
  });
}
