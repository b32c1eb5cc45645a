/** Whether probabilities mean what they say, before and after calibration that never saw the cases judged. */
import { RandomStream } from '@mammoscope/random';
import {
  type Binning,
  type Brier,
  brier,
  type DecisionPoint,
  decisionCurve,
  isotonic,
  isotonicProbability,
  platt,
  plattProbability,
  type Reliability,
  reliability,
} from '@mammoscope/stats';
import { SystemError } from '../errors.ts';
import { caseNotes } from './discrimination.ts';
import type { ScoredStudy, StudyDescription } from './study.ts';

/** How calibration is fitted without the cases that it is judged on. */
export type CalibrationSplit =
  | { readonly kind: 'folds'; readonly folds: number }
  | { readonly kind: 'column'; readonly column: string; readonly fit: string; readonly judge: string };

/** What is computed. */
export interface CalibrationOptions {
  readonly bins: number;
  readonly binning: Binning;
  readonly confidence: number;
  readonly split: CalibrationSplit;
  /** Of the decision curve, beside 1 % to 99 %. */
  readonly thresholds: readonly number[];
  readonly seed: number;
}

/** How a score became a probability. */
export type CalibrationMethod = 'as given' | 'Platt' | 'isotonic';

/** One model's probabilities, as given or calibrated. */
export interface CalibratedModel {
  readonly model: string;
  readonly method: CalibrationMethod;
  /** Over the bins; `withinBins` is what the bins hide. */
  readonly brier: Brier;
  readonly curve: Reliability;
  readonly decision: readonly DecisionPoint[];
}

/** The whole analysis, of the cases judged. */
export interface Calibration {
  readonly study: StudyDescription;
  readonly judged: number;
  readonly positives: number;
  readonly split: CalibrationSplit;
  readonly confidence: number;
  readonly seed: number;
  readonly models: readonly CalibratedModel[];
  readonly notes: readonly string[];
}

/** Threshold probabilities that a decision curve is drawn through. */
const PERCENTS = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);

/** Rows to fit on and rows to judge, disjoint by case and cluster. */
interface Part {
  readonly fit: readonly number[];
  readonly judge: readonly number[];
}

/**
 * Calibration of every model. Throws SystemError 'table-invalid' for a score outside [0, 1], with its line, for a
 * split column without its values or with a cluster in both parts, and where a part to fit on, or the cases judged,
 * lack a class.
 */
export function calibrate(study: ScoredStudy, options: CalibrationOptions): Calibration {
  requireProbabilities(study);
  const parts = partsOf(study, options);
  for (const { fit } of parts) requireBoth(study, fit, 'the cases to fit a calibration on');
  const judged = parts.flatMap(({ judge }) => judge).sort((a, b) => a - b);
  requireBoth(study, judged, 'the cases to judge a calibration on');
  const truth = Uint8Array.from(judged, (row) => study.labels[row] as number);
  const models = study.models.flatMap(({ name, scores }) => {
    const fitted: Record<CalibrationMethod, (fit: readonly number[]) => (score: number) => number> = {
      'as given': () => (score) => score,
      Platt: (fit) => {
        const model = platt(...columnsAt(scores, study.labels, fit));
        return (score) => plattProbability(model, score);
      },
      isotonic: (fit) => {
        const model = isotonic(...columnsAt(scores, study.labels, fit));
        return (score) => isotonicProbability(model, score);
      },
    };
    return (Object.keys(fitted) as CalibrationMethod[]).map((method) => {
      const probability = new Map<number, number>();
      for (const { fit, judge } of parts) {
        const calibrated = fitted[method](fit);
        for (const row of judge) probability.set(row, calibrated(scores[row] as number));
      }
      const probabilities = judged.map((row) => probability.get(row) as number);
      return { model: name, method, ...judge(probabilities, truth, options) };
    });
  });
  return {
    study: study.description,
    judged: judged.length,
    positives: truth.reduce((sum, label) => sum + label, 0),
    split: options.split,
    confidence: options.confidence,
    seed: options.seed,
    models,
    notes: [...caseNotes(study), ...notesOf(study, options)],
  };
}

function judge(probabilities: readonly number[], truth: Uint8Array, options: CalibrationOptions) {
  const { bins, binning, confidence: level, thresholds } = options;
  const curve = reliability(probabilities, truth, { bins, binning, level });
  const all = [...new Set([...PERCENTS, ...thresholds])].sort((a, b) => a - b);
  const decision = decisionCurve(probabilities, truth, all).points;
  return { brier: brier(probabilities, truth, curve), curve, decision };
}

const columnsAt = (scores: Float64Array, labels: Uint8Array, rows: readonly number[]) =>
  [rows.map((row) => scores[row] as number), rows.map((row) => labels[row] as number)] as const;

function requireProbabilities({ models, lines, description }: ScoredStudy): void {
  for (const { name, scores } of models) {
    const row = scores.findIndex((score) => score < 0 || score > 1);
    if (row >= 0) {
      throw new SystemError(
        'table-invalid',
        `${description.file}: column ${name} must hold probabilities in [0, 1], got ${scores[row]} on line ${lines[row]}: pass probabilities, not logits or ratings`,
      );
    }
  }
}

function requireBoth({ labels, description }: ScoredStudy, rows: readonly number[], what: string): void {
  const positives = rows.filter((row) => labels[row] === 1).length;
  if (positives > 0 && positives < rows.length) return;
  throw new SystemError(
    'table-invalid',
    `${description.file}: ${what} must be of both classes, got ${positives} positive and ${rows.length - positives} negative: use fewer folds or another split`,
  );
}

function partsOf(study: ScoredStudy, { split, seed }: CalibrationOptions): Part[] {
  return split.kind === 'folds' ? foldsOf(study, split.folds, seed) : [columnPart(study, split)];
}

/** Clusters, or cases, dealt to folds in a seeded order, those with a positive case first, so that folds are alike. */
function foldsOf({ labels, clusters, description }: ScoredStudy, folds: number, seed: number): Part[] {
  const groups = Map.groupBy(
    Array.from(labels, (_, row) => row),
    (row) => clusters?.[row] ?? String(row),
  );
  const units = [...groups.values()];
  if (folds < 2 || folds > units.length) {
    throw new SystemError(
      'option-invalid',
      `${description.file}: folds must be from 2 to the number of ${clusters ? 'clusters' : 'cases'}, ${units.length}, got ${folds}`,
    );
  }
  const random = new RandomStream(seed, 'stats', 'calibration-folds');
  const diseased = (unit: readonly number[]) => unit.some((row) => labels[row] === 1);
  const order = [...random.shuffle(units.filter(diseased)), ...random.shuffle(units.filter((unit) => !diseased(unit)))];
  return Array.from({ length: folds }, (_, fold) => ({
    fit: order.flatMap((unit, i) => (i % folds === fold ? [] : unit)),
    judge: order.flatMap((unit, i) => (i % folds === fold ? unit : [])),
  }));
}

function columnPart(
  { column: read, clusters, description }: ScoredStudy,
  { column, fit, judge }: Extract<CalibrationSplit, { kind: 'column' }>,
): Part {
  const texts = read(column);
  const rows = (value: string) => texts.flatMap((text, row) => (text === value ? [row] : []));
  const part = { fit: rows(fit), judge: rows(judge) };
  for (const [name, own] of [
    [fit, part.fit],
    [judge, part.judge],
  ] as const) {
    if (own.length > 0) continue;
    throw new SystemError(
      'table-invalid',
      `${description.file}: column ${column} never holds "${name}": it holds ${[...new Set(texts)].sort().join(', ')}`,
    );
  }
  if (fit === judge) {
    throw new SystemError(
      'option-invalid',
      `a calibration must be judged on other rows than those it is fitted on, got "${fit}" for both`,
    );
  }
  const fitted = new Set(part.fit.map((row) => clusters?.[row]));
  const shared = clusters && part.judge.find((row) => fitted.has(clusters[row]));
  if (shared !== undefined) {
    throw new SystemError(
      'table-invalid',
      `${description.file}: cluster ${clusters?.[shared]} has rows in "${fit}" and in "${judge}" of column ${column}: keep a patient in one part`,
    );
  }
  return part;
}

function notesOf({ clusters, description }: ScoredStudy, { split, bins, binning }: CalibrationOptions): string[] {
  const unit = clusters ? `clusters (${description.clusters?.column})` : 'cases';
  return [
    split.kind === 'folds'
      ? `Platt scaling and isotonic regression are fitted by ${split.folds}-fold cross-validation over ${unit}: each case is judged by fits that did not see it; all cases are judged.`
      : `Platt scaling and isotonic regression are fitted on rows with ${split.column} "${split.fit}" and judged, as the scores given are, on rows with "${split.judge}" alone.`,
    `${bins} ${binning} bins; intervals of observed shares by Wilson, cases taken as independent.`,
    'Brier score = reliability - resolution + uncertainty + what the bins hide (Murphy 1973, Stephenson 2008). Net benefit after Vickers and Elkin 2006.',
  ];
}
