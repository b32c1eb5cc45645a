/** Parts of a report that every evaluated classifier has: each a function of a run's record, or of models measured on cases. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { RandomStream } from '@mammoscope/random';
import type {
  Case,
  ConfusionMatrix,
  Estimate,
  MeasureName,
  ModelPerformance,
  Note,
  Provenance,
  RecipeValue,
  ReportData,
  RocCurve,
  ScoreDistribution,
  Split,
  TrainingHistory,
} from '@mammoscope/report';
import { bestOf } from '@mammoscope/runtime';
import { rocBand, rocCurve } from '@mammoscope/stats';
import type { Figure } from '../reader-study/case-proportion.ts';
import { figureFiles } from '../reader-study/figure-files.ts';
import { makeFolder } from '../run/make-folder.ts';
import { type RunRecord, runFiles } from '../run/run-record.ts';
import { readHistory } from '../training/history.ts';
import { comparisonWords } from './compared-models.ts';
import type { ScoredModel } from './evaluated.ts';
import { BAND_REPLICATES, type MeasuredModel } from './metric-figures.ts';
import type { ModelComparison } from './model-comparison.ts';

/** A model with its scores and what they come to. */
export type ReportedModel = ScoredModel & MeasuredModel;

/** Models measured on the same cases. */
export interface ReportedCases {
  /** In words. */
  readonly dataset: string;
  readonly models: readonly ReportedModel[];
  /** Has its intervals drawn. */
  readonly headline: ReportedModel;
  /** What is counted as one. */
  readonly case: Case;
  /** One a case. */
  readonly positive: readonly boolean[];
  readonly patients: number;
  /** The patient of each case, for intervals by patient; cases are taken as independent where not given. */
  readonly clusters?: readonly string[] | undefined;
  /** How cut-offs were chosen, in words; not given where a class is called without one. */
  readonly cutoffRule?: string;
}

const estimate = (
  value: number | null,
  bounds: { readonly lower: number; readonly upper: number } | null,
): Estimate => ({ value, interval: bounds && [bounds.lower, bounds.upper] });
const share = (p: Figure): Estimate => ({
  ...estimate(p.value, p.interval),
  numerator: p.numerator,
  denominator: p.denominator,
});

/** Number of different patients. */
export const patientsOf = (rows: readonly { readonly patientId: string }[]): number =>
  new Set(rows.map(({ patientId }) => patientId)).size;

/** A model's cut-off, where it has one that beats chance. */
export const cutoffPart = ({ cutoff }: Pick<MeasuredModel, 'cutoff'>, rule: string | undefined) =>
  rule !== undefined && Number.isFinite(cutoff) ? { cutoff: { value: cutoff, comparison: '≥' as const, rule } } : {};

/** Rows of the performance table. */
export function performanceRows({
  models,
  dataset,
  case: one,
  positive,
  patients,
  cutoffRule,
}: ReportedCases): ModelPerformance[] {
  return models.map((each) => {
    const { model, role } = each;
    return {
      ...{ model, role, dataset, images: positive.length, case: one, patients },
      ...cutoffPart(each, cutoffRule),
      ...measuresOf(each),
    };
  });
}

/** A model's figures as a table shows them. */
export const measuresOf = ({ auc, atCutoff: at }: MeasuredModel): { readonly [name in MeasureName]: Estimate } => ({
  auc: estimate(auc.auc, auc.logitInterval),
  sensitivity: share(at.sensitivity),
  specificity: share(at.specificity),
  accuracy: share(at.accuracy),
  ppv: share(at.ppv),
  npv: share(at.npv),
  f1: estimate(at.f1.value, at.f1.interval),
});

/** ROC curves, with operating points where there is a cut-off. */
export function rocCurves({ models, dataset, positive, cutoffRule }: ReportedCases): RocCurve[] {
  const positives = positive.filter(Boolean).length;
  return models.map((each) => {
    const { model, role, scores, auc, atCutoff: at } = each;
    return {
      ...{ model, role, dataset, positives, negatives: positive.length - positives },
      points: rocCurve(scores, positive).points.map(({ fpr, tpr }) => ({ fpr, tpr })),
      auc: estimate(auc.auc, auc.logitInterval),
      ...(cutoffRule === undefined
        ? {}
        : {
            operatingPoint: {
              fpr: at.fp / (at.fp + at.tn),
              tpr: at.tp / (at.tp + at.fn),
              ...cutoffPart(each, cutoffRule),
            },
          }),
    };
  });
}

/** How the intervals of the performance table were computed, in words. */
export const intervalWords = ({ case: one, clusters }: Pick<ReportedCases, 'case' | 'clusters'>): string =>
  clusters
    ? `95 % intervals with patients as clusters, since some have several ${one}s: AUC by Obuchowski on the logit scale, proportions by robust (sandwich) variance on the logit scale, F1 by a bootstrap of whole patients`
    : `95 % intervals: AUC by DeLong on the logit scale, proportions by Wilson, F1 by way of Wilson for tp / (tp + fp + fn). No patient has several ${one}s`;

/** The p values of the performance table: that all models are equal in a measure. */
export function overallPValues(
  { overall }: ModelComparison,
  { case: one, clusters }: Pick<ReportedCases, 'case' | 'clusters'>,
): NonNullable<NonNullable<ReportData['performance']>['pValues']> {
  const { others } = comparisonWords(`${one}s`, clusters);
  const auc = `AUC by the overall test of DeLong et al.${clusters ? ' with the covariance of Obuchowski, patients as clusters' : ''}`;
  const byMeasure = Object.entries(overall).map(([measure, { p }]) => [measure, p] as const);
  return { test: `of all models together, ${auc}, the others by ${others}`, ...Object.fromEntries(byMeasure) };
}

/** The bootstrap band of a model's ROC curve, the headline's unless given. */
export function headlineBand(
  { headline, positive, case: one, clusters }: ReportedCases,
  { seed }: { readonly seed: number },
  { scores }: Pick<ReportedModel, 'scores'> = headline,
): NonNullable<RocCurve['band']> {
  const random = new RandomStream(seed, 'roc-band');
  const options = { random, replicates: BAND_REPLICATES, ...(clusters && { clusters }) };
  const { points, replicates } = rocBand(scores, positive, options);
  return {
    fpr: points.map(({ fpr }) => fpr),
    lower: points.map(({ lower }) => lower),
    upper: points.map(({ upper }) => upper),
    description: `95 % interval, ${replicates} bootstrap replicates of ${clusters ? 'patients' : `${one}s`}`,
  };
}

/** The headline's scores by class. */
export function headlineScores(
  { headline, dataset, case: one, cutoffRule }: ReportedCases,
  classes: readonly string[],
  labels: readonly string[],
): ScoreDistribution {
  return {
    ...{ model: headline.model, dataset, case: one },
    ...cutoffPart(headline, cutoffRule),
    classes: classes.map((label) => ({ label, scores: headline.scores.filter((_, i) => labels[i] === label) })),
  };
}

/** The headline's decisions against the truth; all classes but the first are positive. */
export function headlineConfusion(
  { headline, dataset, case: one, cutoffRule }: ReportedCases,
  classes: readonly string[],
): ConfusionMatrix {
  const { tn, fp, fn, tp } = headline.atCutoff;
  return {
    ...{ model: headline.model, dataset, case: one },
    ...cutoffPart(headline, cutoffRule),
    classes: [classes[0] as string, classes.slice(1).join(' or ')],
    counts: [
      [tn, fp],
      [fn, tp],
    ],
  };
}

/** Where a cut-off was chosen on the cases that it is measured on. */
export const optimisticNote = (cutoffFrom: 'validation' | 'test', one: Case = 'image'): Note[] =>
  cutoffFrom === 'test'
    ? [
        {
          kind: 'warning',
          text: `The cut-off was chosen on the ${one}s that it is measured on: sensitivity, specificity and what follows from them are optimistic.`,
        },
      ]
    : [];

/** Which models have no cut-off. */
export function uselessNote(
  models: readonly Pick<ReportedModel, 'model' | 'cutoff'>[],
  cutoffFrom: 'validation' | 'test',
  one: Case = 'image',
): Note[] {
  const useless = models.filter(({ cutoff }) => !Number.isFinite(cutoff)).map(({ model }) => model);
  if (useless.length === 0) return [];
  const text = `No cut-off tells the ${cutoffFrom} ${one}s apart better than chance (${useless.join(', ')}): every ${one} is called negative there.`;
  return [{ kind: 'warning', text }];
}

/** Patients below which a report warns. */
const FEW_PATIENTS = 50;

/** Where there are too few patients for the theory of the intervals, or for intervals that take cases as independent. */
export function fewPatientsNote(
  patients: number,
  one: Case = 'image',
  taken: 'independent' | 'by patient' = 'independent',
): Note[] {
  if (patients >= FEW_PATIENTS) return [];
  const why =
    taken === 'independent'
      ? `the intervals take ${one}s as independent and are too narrow where a patient has several`
      : 'intervals and p values rest on large numbers, and of so few they may be too small';
  return [{ kind: 'warning', text: `Only ${patients} patients: ${why}.` }];
}

/** The curve of each member's training. */
export async function trainingOf(
  run: string,
  { members }: RunRecord,
  epochsAllowed: number,
): Promise<TrainingHistory[]> {
  return Promise.all(
    members.map(async (model) => {
      const epochs = await readHistory(runFiles(run).member(model).history);
      const best = bestOf(epochs);
      return {
        model,
        epochs,
        ...(best ? { bestEpoch: best.epoch } : {}),
        ...(epochs.length < epochsAllowed ? { earlyStopEpoch: epochs.length } : {}),
        selection: 'largest validation AUC',
      };
    }),
  );
}

/** Rows and patients of each split and class. */
export function splitsOf({ rows: all, classes }: RunRecord): Split[] {
  const count = (rows: RunRecord['rows']) => ({ patients: patientsOf(rows), images: rows.length });
  return (['train', 'val', 'test'] as const).map((split) => {
    const rows = all.filter((row) => row.split === split);
    return {
      split,
      ...count(rows),
      classes: classes.map((label) => ({ label, ...count(rows.filter((row) => row.label === label)) })),
    };
  });
}

/** The values of a recipe, each with its sentence of the paper. */
export const recipeValues = (recipe: object, citations: Readonly<Record<string, string>>): RecipeValue[] =>
  Object.entries(recipe).map(([name, value]) => {
    const sentence = citations[name];
    return {
      name,
      value: Array.isArray(value) ? value.join(', ') : String(value),
      ...(sentence ? { sentence } : {}),
    };
  });

/** What is needed to repeat a run; `manifest` is the one evaluated. */
export function provenanceOf(
  record: RunRecord,
  manifest: { readonly name: string; readonly sha256: string },
): Provenance {
  const { command, seed, device, threads, versions, weights, lowerings } = record;
  return {
    ...{ command, seed, device: `${device}, ${threads} threads` },
    versions: Object.entries(versions).map(([name, version]) => ({ name, version })),
    hashes: [
      { name: `manifest ${record.manifest.name}`, sha256: record.manifest.sha256 },
      ...(manifest.sha256 === record.manifest.sha256
        ? []
        : [{ name: `manifest evaluated, ${manifest.name}`, sha256: manifest.sha256 }]),
      ...Object.entries(weights).map(([network, file]) => ({
        name: `weights of ${network}: ${file.name}`,
        sha256: file.sha256,
      })),
    ],
    loweringsHash: createHash('sha256').update(JSON.stringify(lowerings)).digest('hex'),
  };
}

/** Writes report.html, and beside it every figure as SVG, PNG and CSV. */
export async function writeReport(report: ReportData, out: string): Promise<void> {
  const files = runFiles(out);
  const { renderReport, reportFigures } = await import('@mammoscope/report'); // a grammar of graphics takes a while to load
  await makeFolder(files.figures);
  for (const [name, content] of await figureFiles(reportFigures(report)))
    await writeAside(join(files.figures, name), content);
  await writeAside(files.report, renderReport(report));
}
