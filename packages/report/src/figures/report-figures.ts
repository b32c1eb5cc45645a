import type { ReportData } from '../report-data.ts';
import { aucComparisonFigure, pairwiseFigure } from './auc-comparison.ts';
import { calibrationFigure } from './calibration.ts';
import { confusionMatrixFigure } from './confusion-matrix.ts';
import { decisionCurveFigure } from './decision-curve.ts';
import type { Figure } from './figure.ts';
import { flowFigure } from './flow.ts';
import { frocFigure } from './froc.ts';
import { precisionRecallFigure } from './precision-recall.ts';
import { rocBandFigure, rocFigure } from './roc.ts';
import { scoreDistributionFigure } from './score-distribution.ts';
import { subgroupFigure } from './subgroups.ts';
import { trainingCurvesFigure } from './training-curves.ts';

const ensembleFirst = <T extends { readonly role?: string }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => Number(b.role === 'ensemble') - Number(a.role === 'ensemble'));

/** Items of each data set together, in the order of the data sets' first appearance. */
function byDataset<T extends { readonly dataset?: string }>(items: readonly T[]): T[][] {
  return [...Map.groupBy(items, ({ dataset }) => dataset).values()];
}

/** Beyond this many, the curves of several data sets have a plot each. */
const CURVES_OF_A_PLOT = 6;

/** All curves in one plot where there are several, the AUCs and their differences, then each curve with its interval. */
function rocFigures({ roc = [], performance, comparisons = [] }: ReportData): Figure[] {
  const plots = roc.length > CURVES_OF_A_PLOT ? byDataset(roc) : [roc];
  return [
    ...plots.filter(({ length }) => length > 1).map(rocFigure),
    ...byDataset(performance?.models ?? []).flatMap((rows) => aucComparisonFigure(rows, rows[0]?.dataset ?? '') ?? []),
    ...comparisons.filter(({ pairs }) => pairs.length > 0).map(pairwiseFigure),
    ...ensembleFirst(roc).map(rocBandFigure),
  ];
}

/** The curves of a data set in one plot; where there are several, those with a band once more by themselves. */
function together<T extends { readonly dataset?: string; readonly role?: string; readonly band?: unknown }>(
  curves: readonly T[],
  drawn: (curves: readonly T[]) => Figure,
): Figure[] {
  return byDataset(curves).flatMap((group) => {
    const alone = group.length > 1 ? ensembleFirst(group).filter(({ band }) => band !== undefined) : [];
    return [drawn(group), ...alone.map((curve) => drawn([curve]))];
  });
}

/** The figures of a report by its sections. */
export type FigureGroups = {
  readonly [section in
    | 'flow'
    | 'discrimination'
    | 'scores'
    | 'calibration'
    | 'decision'
    | 'detection'
    | 'subgroups'
    | 'training']: readonly Figure[];
};

/** Every figure that the data of a report make, as the report shows them. */
export function figuresOf(data: ReportData): FigureGroups {
  const {
    flow,
    precisionRecall = [],
    scores = [],
    confusion = [],
    calibration = [],
    decision = [],
    froc = [],
    subgroups = [],
    training = [],
  } = data;
  return distinctlyNamed({
    flow: flow && flow.stages.length > 0 ? [flowFigure(flow)] : [],
    discrimination: [...rocFigures(data), ...together(precisionRecall, precisionRecallFigure)],
    scores: [
      ...scores.filter(({ classes }) => classes.length > 0).map(scoreDistributionFigure),
      ...confusion.map(confusionMatrixFigure),
    ],
    calibration: calibration.filter(({ curves }) => curves.length > 0).map(calibrationFigure),
    decision: decision.map(decisionCurveFigure),
    detection: together(froc, frocFigure),
    subgroups: subgroups.filter(({ groups }) => groups.length > 0).map(subgroupFigure),
    training: training.filter(({ epochs }) => epochs.length > 0).map(trainingCurvesFigure),
  });
}

/** Figures of the same name are told apart by a number, so that no file overwrites another. */
function distinctlyNamed(groups: FigureGroups): FigureGroups {
  const seen = new Map<string, number>();
  const named = (figure: Figure): Figure => {
    const times = (seen.get(figure.name) ?? 0) + 1;
    seen.set(figure.name, times);
    return times === 1 ? figure : { ...figure, name: `${figure.name}-${times}` };
  };
  const entries = Object.entries(groups).map(([section, figures]) => [section, figures.map(named)] as const);
  return { ...groups, ...Object.fromEntries(entries) };
}

/** Every figure of a report, for writing to files: names are distinct. */
export function reportFigures(data: ReportData): Figure[] {
  return Object.values(figuresOf(data)).flat();
}
