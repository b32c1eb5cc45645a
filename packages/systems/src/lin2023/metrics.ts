/** metrics.json */
import type { Interval } from '@mammoscope/stats';
import { modelFigures } from '../classifier/metric-figures.ts';
import type { Evaluation } from './evaluate.ts';
import { FROC_OVERLAP } from './froc.ts';
import { classFigures, type LevelMetrics } from './levels.ts';

const levelFigures = (
  { positive, patientIds, models, leftOut }: LevelMetrics,
  cutoffFrom: Evaluation['cutoffFrom'],
) => ({
  cases: positive.length,
  positives: positive.filter(Boolean).length,
  patients: new Set(patientIds).size,
  leftOut,
  models: models.map((model) => ({
    model: model.model,
    ...modelFigures(model),
    ...(cutoffFrom === 'validation' ? { cutoff: null } : {}), // a rule decides
    classes: classFigures(model.atCutoff),
  })),
});

const bounds = (interval: Interval | null) => interval && [interval.lower, interval.upper];

/** metrics.json: the detector's figures of images at the top, every network at every level and the boxes below. A figure that is undefined is null. */
export function metricsOf(evaluation: Evaluation) {
  const { record, films, levels, froc, precision, pathology, dataset, cutoffFrom, cohort } = evaluation;
  const [image] = levels as [LevelMetrics];
  const [first] = levelFigures(image, cutoffFrom).models;
  return {
    system: record.system,
    dataset,
    cutoffFrom,
    level: image.level,
    images: films.length,
    patients: new Set(films.map(({ film }) => film.patientId)).size,
    ...first,
    levels: Object.fromEntries(levels.map((level) => [level.level, levelFigures(level, cutoffFrom)])),
    boxes: {
      hit: `overlap over union of at least ${FROC_OVERLAP}`,
      froc: froc.map(({ lesionsOf, size, lesions, volumes, sensitivities }) => ({
        ...{ lesionsOf, size, lesions, films: volumes },
        sensitivities: sensitivities.map(({ falsePositives, sensitivity, interval }) => ({
          ...{ falsePositives, sensitivity },
          interval: bounds(interval),
        })),
      })),
      averagePrecision: precision,
    },
    ...(pathology.length > 0
      ? {
          pathology: pathology.map(({ task, report: { cases, accuracy, baseline, classes, auc } }) => ({
            ...{ task, cases, accuracy: accuracy.value, accuracyInterval: bounds(accuracy.interval) },
            ...{ majorityBaseline: baseline.accuracy, auc: auc.auc, aucInterval: bounds(auc.logitInterval) },
            classes: classes.map(({ name, cases: own, precision: p, sensitivity, f1 }) => ({
              ...{ name, cases: own, precision: p.value, sensitivity: sensitivity.value, f1: f1.value },
            })),
          })),
        }
      : {}),
    ...(cohort ? { cohort } : {}),
    notice: 'Not a medical device. For research only.',
  };
}
