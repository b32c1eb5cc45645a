/** The figures of the analyses. */
import { RandomStream } from '@mammoscope/random';
import {
  agreementFigure,
  aucComparisonFigure,
  calibrationFigure,
  decisionCurveFigure,
  type Figure,
  frocFigure,
  pairwiseFigure,
  precisionRecallFigure,
  type Estimate as ReportEstimate,
  rocBandFigure,
  rocFigure,
  subgroupFigure,
} from '@mammoscope/report';
import { type Interval, precisionRecall, precisionRecallBand, rocBand, rocCurve } from '@mammoscope/stats';
import type { Agreement } from './agreement.ts';
import type { AucEstimate } from './auc-estimate.ts';
import type { Calibration } from './calibration.ts';
import type { Comparison } from './comparison.ts';
import type { Discrimination, SubgroupFigures } from './discrimination.ts';
import type { FreeResponse } from './free-response.ts';
import type { ReaderStudy } from './readers.ts';
import type { ModelScores, ScoredStudy } from './study.ts';

/** A data set as captions and names of files have it. */
const nameOf = (file: string) => file.replace(/\.[^.]+$/, '');

/** The interval that a figure shows. */
function aucOf({ auc, interval: { lower, upper } }: AucEstimate): ReportEstimate {
  return { value: auc, interval: [lower, upper] };
}

/** ROC and precision-recall curves, together and each alone with its band, and forest plots of subgroups. */
export function discriminationFigures(
  study: ScoredStudy,
  { models, seed, confidence, subgroups, study: { file } }: Discrimination,
): Figure[] {
  const roc = rocCurves(study, models, nameOf(file));
  const recall = recallCurves(study, models, nameOf(file));
  const several = models.length > 1;
  return [
    ...(several ? [rocFigure(roc)] : []),
    ...study.models.map((model, k) =>
      rocBandFigure({ ...(roc[k] as Curve), band: bandOf(study, model, seed, confidence) }),
    ),
    ...(several ? [precisionRecallFigure(recall)] : []),
    ...study.models.map((model, k) =>
      precisionRecallFigure([{ ...(recall[k] as RecallCurve), band: precisionBandOf(study, model, seed, confidence) }]),
    ),
    ...forests(models, subgroups, study),
  ];
}

/** ROC curves, AUCs side by side, pairwise differences and forest plots of subgroups. */
export function comparisonFigures(
  study: ScoredStudy,
  { models, pairs, overall, subgroups, study: { file } }: Comparison,
): Figure[] {
  const aucs = aucComparisonFigure(
    models.map((each) => ({ model: each.model, dataset: nameOf(file), images: study.labels.length, auc: aucOf(each) })),
    nameOf(file),
  );
  const pairwise = pairwiseFigure({
    dataset: nameOf(file),
    test: study.clusters ? 'paired test of Obuchowski 1997 for clusters' : 'paired DeLong test',
    adjustment: 'Holm',
    overall,
    pairs: pairs.map(({ a, b, difference, interval, p, pHolm }) => ({
      first: a,
      second: b,
      difference,
      interval: [interval.lower, interval.upper],
      p,
      adjustedP: pHolm,
    })),
  });
  return [
    rocFigure(rocCurves(study, models, nameOf(file))),
    ...(aucs ? [aucs] : []),
    pairwise,
    ...forests(models, subgroups, study),
  ];
}

/** Reliability of each model before and after calibration, and the decision curves of each way. */
export function calibrationFigures({ models, judged, positives, study: { file } }: Calibration): Figure[] {
  const byModel = Map.groupBy(models, ({ model }) => model);
  const methods = Map.groupBy(models, ({ method }) => method);
  return [
    ...[...byModel].map(([model, ways]) =>
      calibrationFigure({
        model,
        dataset: nameOf(file),
        curves: ways.map(({ method, curve, brier }) => ({
          name: method,
          brier: brier.score,
          expectedError: curve.expectedError,
          bins: curve.bins.map(({ lower, upper, count, predicted, observed: { value, interval } }) => ({
            lower,
            upper,
            count,
            predicted,
            observed: { value, interval: [interval.lower, interval.upper] as const },
          })),
        })),
      }),
    ),
    ...[...methods].map(([method, ways]) =>
      decisionCurveFigure({
        dataset: `${nameOf(file)}, ${method}`,
        cases: judged,
        prevalence: positives / judged,
        models: ways.map(({ model, decision }) => ({
          model,
          points: decision.map(({ threshold, model: netBenefit }) => ({ threshold, netBenefit })),
        })),
        all: (ways[0]?.decision ?? []).map(({ threshold, all }) => ({ threshold, netBenefit: all })),
      }),
    ),
  ];
}

/** The FROC of all volumes and that of volumes with lesions. */
export function frocFigures({ all, positives, hit, files }: FreeResponse): Figure[] {
  const curves = [
    { model: 'all volumes', figures: all },
    { model: 'volumes with lesions', figures: positives },
  ].map(({ model, figures }) => ({
    model,
    dataset: nameOf(files.predictions),
    unit: 'volume' as const,
    units: figures.volumes,
    lesions: figures.lesions,
    points: figures.points,
    marked: figures.sensitivities,
    hitRule: hit.rule === 'dbtex' ? 'centres, as the DBTex challenge has it' : `IoU of at least ${hit.iou}`,
  }));
  return [frocFigure(curves)];
}

/** Kappas of all cases. */
export function agreementFigures({ file, pairs, fleiss }: Agreement): Figure[] {
  const kappaOf = (kappa: { readonly value: number; readonly interval: Interval } | null, drawn?: Interval | null) => {
    if (!kappa) return { value: null, undefinedReason: 'all ratings are of one category' };
    const { lower, upper } = drawn ?? kappa.interval;
    return { value: kappa.value, interval: [lower, upper] as const };
  };
  return [
    agreementFigure({
      dataset: nameOf(file),
      pairs: pairs.map(({ a, b, kappa, kappaBootstrap }) => ({
        first: a,
        second: b,
        kappa: kappaOf(kappa, kappaBootstrap),
      })),
      ...(fleiss ? { all: kappaOf(fleiss) } : {}),
    }),
  ];
}

/** Mean AUCs of the modalities and their differences. */
export function readersFigures({ file, modalities, cases, analysis }: ReaderStudy): Figure[] {
  const dataset = nameOf(file);
  const named = (index: number) => modalities[index] as string;
  const aucs = aucComparisonFigure(
    analysis.modalities.map(({ auc, interval }, k) => ({
      model: named(k),
      dataset,
      images: cases,
      auc: { value: auc, interval: [interval.lower, interval.upper] },
    })),
    dataset,
  );
  return [
    ...(aucs ? [aucs] : []),
    pairwiseFigure({
      dataset,
      test: 'Obuchowski and Rockette 1995, mean AUC of the readers',
      pairs: analysis.differences.map(({ a, b, difference, interval, p }) => ({
        first: named(a),
        second: named(b),
        difference,
        interval: [interval.lower, interval.upper],
        p,
      })),
    }),
  ];
}

type Curve = Parameters<typeof rocFigure>[0][number];

const classesOf = ({ description: { positives, negatives } }: ScoredStudy) => ({ positives, negatives });

function rocCurves(study: ScoredStudy, models: readonly AucEstimate[], dataset: string): Curve[] {
  return study.models.map(({ name, scores }, k) => ({
    model: name,
    dataset,
    points: rocCurve(scores, study.labels).points.map(({ fpr, tpr }) => ({ fpr, tpr })),
    auc: aucOf(models[k] as AucEstimate),
    ...classesOf(study),
  }));
}

type RecallCurve = Parameters<typeof precisionRecallFigure>[0][number];

function recallCurves(study: ScoredStudy, models: Discrimination['models'], dataset: string): RecallCurve[] {
  return study.models.map(({ name, scores }, k) => {
    const { averagePrecision: value, averagePrecisionInterval: own } = models[k] as Discrimination['models'][number];
    return {
      model: name,
      dataset,
      points: precisionRecall(scores, study.labels).points.map(({ recall, precision }) => ({ recall, precision })),
      averagePrecision: { value, interval: [own.lower, own.upper] },
      ...classesOf(study),
    };
  });
}

/** Replicates of a band. */
const BAND_REPLICATES = 1000;

const bandOptions = ({ clusters }: ScoredStudy, kind: string, model: string, seed: number, level: number) => ({
  random: new RandomStream(seed, 'stats', kind, model),
  level,
  replicates: BAND_REPLICATES,
  ...(clusters && { clusters }),
});

const bandText = ({ clusters }: ScoredStudy, level: number, replicates: number) =>
  `${Number((100 * level).toPrecision(10))} % interval, ${replicates} bootstrap replicates of ${clusters ? 'clusters' : 'cases'}`;

/** The band of a ROC curve; with clusters whole ones are drawn. */
function bandOf(study: ScoredStudy, { name, scores }: ModelScores, seed: number, level: number) {
  const { points, replicates } = rocBand(scores, study.labels, bandOptions(study, 'roc-band', name, seed, level));
  return {
    fpr: points.map(({ fpr }) => fpr),
    lower: points.map(({ lower }) => lower),
    upper: points.map(({ upper }) => upper),
    description: bandText(study, level, replicates),
  };
}

/** The band of a precision-recall curve. */
function precisionBandOf(study: ScoredStudy, { name, scores }: ModelScores, seed: number, level: number) {
  const options = bandOptions(study, 'precision-band', name, seed, level);
  const { points, replicates } = precisionRecallBand(scores, study.labels, options);
  return {
    recall: points.map(({ recall }) => recall),
    lower: points.map(({ lower }) => lower),
    upper: points.map(({ upper }) => upper),
    description: bandText(study, level, replicates),
  };
}

function forests(
  models: readonly (AucEstimate & { readonly model: string })[],
  subgroups: readonly SubgroupFigures[],
  { description }: ScoredStudy,
): Figure[] {
  if (subgroups.length === 0) return [];
  return models.map((each) =>
    subgroupFigure({
      model: each.model,
      dataset: nameOf(description.file),
      measure: 'auc',
      overall: { label: 'all', cases: description.cases, positives: description.positives, estimate: aucOf(each) },
      groups: [
        ...Map.groupBy(
          subgroups.filter(({ model }) => model === each.model),
          ({ by }) => by,
        ),
      ].map(([name, rows]) => ({
        name,
        rows: rows.map(({ subgroup, cases, positives, auc }) => ({
          label: subgroup,
          cases,
          positives,
          estimate: auc ? aucOf(auc) : { value: null, undefinedReason: 'a class has fewer than two cases' },
        })),
      })),
    }),
  );
}
