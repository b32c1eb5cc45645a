/** The figures of an analysis, and their files: SVG, PNG and the data as CSV. */
import { RandomStream } from '@mammoscope/random';
import {
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
import { precisionRecall, rocBand, rocCurve } from '@mammoscope/stats';
import sharp from 'sharp';
import type { AucEstimate } from './auc-estimate.ts';
import type { Calibration } from './calibration.ts';
import type { Comparison } from './comparison.ts';
import type { Discrimination, SubgroupAuc } from './discrimination.ts';
import type { FreeResponse } from './free-response.ts';
import type { ScoredStudy } from './study.ts';

/** Of the PNG files: 300 pixels an inch at 96 CSS pixels an inch. */
const PNG_SCALE = 300 / 96;

/** A data set as captions and names of files have it. */
const nameOf = (file: string) => file.replace(/\.[^.]+$/, '');

/** Three files a figure, by name. */
export async function figureFiles(figures: readonly Figure[]): Promise<Map<string, string | Uint8Array>> {
  const files = new Map<string, string | Uint8Array>();
  for (const { name, svg, csv } of figures) {
    files.set(`figure-${name}.svg`, svg);
    files.set(
      `figure-${name}.png`,
      await sharp(Buffer.from(svg), { density: 72 * PNG_SCALE })
        .flatten({ background: '#ffffff' })
        .png()
        .toBuffer(),
    );
    files.set(`figure-${name}.csv`, csv);
  }
  return files;
}

/** The interval that a figure shows: the bootstrap's where there are clusters, else DeLong's. */
function aucOf({ auc, interval, bootstrap }: AucEstimate): ReportEstimate {
  const { lower, upper } = bootstrap?.interval ?? interval;
  return { value: auc, interval: [lower, upper] };
}

/** ROC curves, each alone with its band, precision-recall curves and forest plots of subgroups. */
export function discriminationFigures(
  study: ScoredStudy,
  { models, seed, confidence, subgroups, study: { file } }: Discrimination,
): Figure[] {
  const curves = rocCurves(study, models, nameOf(file));
  return [
    rocFigure(curves),
    ...bandFigures(study, curves, seed, confidence),
    precisionRecallFigure(
      study.models.map(({ name, scores }, k) => ({
        model: name,
        dataset: nameOf(file),
        points: precisionRecall(scores, study.labels).points.map(({ recall, precision }) => ({ recall, precision })),
        averagePrecision: { value: models[k]?.averagePrecision ?? null },
        ...classesOf(study),
      })),
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
    test: 'paired DeLong test',
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

/** Each curve with its band. The band draws single cases, so that with clusters there is none. */
function bandFigures(study: ScoredStudy, curves: readonly Curve[], seed: number, level: number): Figure[] {
  if (study.clusters) return [];
  return study.models.map(({ name, scores }, k) => {
    const random = new RandomStream(seed, 'stats', 'roc-band', name);
    const { points, replicates } = rocBand(scores, study.labels, { random, level, replicates: 1000 });
    return rocBandFigure({
      ...(curves[k] as Curve),
      band: {
        fpr: points.map(({ fpr }) => fpr),
        lower: points.map(({ lower }) => lower),
        upper: points.map(({ upper }) => upper),
        description: `${100 * level} % interval, ${replicates} bootstrap replicates of cases`,
      },
    });
  });
}

function forests(
  models: readonly (AucEstimate & { readonly model: string })[],
  subgroups: readonly SubgroupAuc[],
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
