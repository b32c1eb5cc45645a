/**
 * The files that an evaluation writes: metrics.json, predictions.csv (a line an image), breasts.csv (a line a breast), figure-6.html and
 * figure-6.png, the report and its figures.
 */
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import { modelFigures } from '../classifier/metric-figures.ts';
import { writeReport } from '../classifier/report-parts.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import { type EvaluatedUnits, unitScores } from './evaluated-units.ts';
import type { Evaluation } from './evaluation.ts';
import { saliencyExamples } from './examples.ts';
import { CALLS } from './judged-breasts.ts';
import { reportOf } from './report.ts';
import { ARCHITECTURES, type Architecture, FINDINGS, type ScoredImage } from './scored-cases.ts';
import type { SegmentationFigures } from './segmentation.ts';
import { publishedKey } from './tables.ts';

/** Writes them into a folder. */
export async function writeResults(run: string, evaluation: Evaluation, out: string): Promise<void> {
  const files = runFiles(out);
  await writeAside(files.metrics, formatJson(metricsOf(evaluation)));
  await writeAside(files.predictions, imagesCsv(evaluation));
  await writeAside(join(out, 'breasts.csv'), breastsCsv(evaluation));
  const { examples, figure } = await saliencyExamples(evaluation);
  if (figure) await writeAside(join(out, 'figure-6.png'), figure);
  if (examples.length > 0) {
    const { renderExamples } = await import('@mammoscope/report'); // see writeReport
    await writeAside(join(out, 'figure-6.html'), renderExamples('Figure 6: what the networks looked at', examples));
  }
  await writeReport(await reportOf(run, evaluation, examples), out);
}

/** metrics.json: the headline's figures for malignant breasts at the top, tables II to V below. A figure that is undefined is null. */
export function metricsOf({ record, scored, judged, breasts, images, segmentation, cutoffFrom }: Evaluation) {
  const { headline, units, positive } = judged;
  return {
    system: record.system,
    dataset: scored.dataset,
    level: 'breast',
    finding: 'malignant',
    cutoffFrom,
    images: scored.images.length,
    breasts: units.length,
    positives: positive.filter(Boolean).length,
    patients: new Set(scored.images.map(({ patientId }) => patientId)).size,
    model: headline.model,
    ...modelFigures(headline),
    models: judged.models.map((model) => ({ model: model.model, role: model.role, ...modelFigures(model) })),
    breastWise: breasts.map(unitFigures),
    imageWise: images.map(unitFigures),
    segmentation: segmentation.map(segmentationJson),
    notice: 'Not a medical device. For research only.',
  };
}

function unitFigures({ modalities, units, measured, gain }: EvaluatedUnits) {
  return {
    modalities: [...modalities],
    cases: units.length,
    patients: new Set(units.map(({ patientId }) => patientId)).size,
    architectures: measured,
    fullLessGlobal: Object.fromEntries(
      FINDINGS.map((finding) => {
        const found = gain[finding];
        if (!found) return [finding, null];
        const { difference, interval, p } = found;
        return [finding, { difference, interval: [interval.lower, interval.upper], p }];
      }),
    ),
  };
}

const segmentationJson = (figures: SegmentationFigures) => figures;

const decisionOf = (isMalignant: boolean): string => CALLS[isMalignant ? 1 : 0];

/** predictions.csv: `score` is the probability of a malignant finding by the full architecture. */
function imagesCsv({ scored, rows }: Evaluation): string {
  return formatCsv(
    scored.images.map((image, i): CsvCells => {
      const { patientId, studyId = '', laterality, view, modality, path, labels, lesions, ensemble } = image;
      return {
        patient_id: patientId,
        ...(scored.images.some((each) => each.studyId !== undefined) ? { study_id: studyId } : {}),
        ...{ path, modality, laterality, view },
        label: labels.malignant ? 'malignant' : labels.benign ? 'benign' : (rows[i]?.label ?? ''),
        score: ensemble.scores.full.malignant,
        ...scoreCells(image.ensemble.scores, ''),
        lesions: lesions.length,
        ...rows[i]?.other,
      };
    }),
  );
}

/** `malignant_full`, `benign_full`, `malignant_global` and so on, each after a prefix. */
const scoreCells = (scores: ScoredImage['ensemble']['scores'], prefix: string): CsvCells =>
  Object.fromEntries(
    ARCHITECTURES.flatMap((architecture) =>
      FINDINGS.map((finding) => [`${prefix}${finding}_${architecture}`, scores[architecture][finding]] as const),
    ),
  );

/** The column of a combination's scores: 'DM+DBT_malignant_full'. */
export const scoreColumn = (
  modalities: EvaluatedUnits['modalities'],
  finding: (typeof FINDINGS)[number],
  architecture: Architecture,
): string => `${publishedKey(modalities)}_${finding}_${architecture}`;

/** breasts.csv: a line a breast that any modality shows, empty where a combination has not got it. */
export function breastsCsv({ breasts, judged }: Evaluation): string {
  const lines = new Map<string, Record<string, string | number>>();
  for (const { modalities, units } of breasts)
    for (const architecture of ARCHITECTURES)
      for (const finding of FINDINGS) {
        const scores = unitScores(units, architecture, finding);
        for (const [i, { patientId, studyId = '', laterality, labels }] of units.entries()) {
          const key = JSON.stringify([patientId, studyId, laterality]);
          const line = lines.get(key) ?? {
            ...{ patient_id: patientId, study_id: studyId, laterality },
            malignant: Number(labels.malignant),
            benign: Number(labels.benign),
            decision: '',
          };
          line[scoreColumn(modalities, finding, architecture)] = scores[i] as number;
          lines.set(key, line);
        }
      }
  const { headline, units } = judged;
  for (const [i, { patientId, studyId = '', laterality }] of units.entries()) {
    const line = lines.get(JSON.stringify([patientId, studyId, laterality]));
    if (line) line.decision = decisionOf((headline.scores[i] as number) >= headline.cutoff);
  }
  const columns = [...new Set([...lines.values()].flatMap(Object.keys))];
  return formatCsv(
    [...lines.values()].map((line): CsvCells => Object.fromEntries(columns.map((name) => [name, line[name] ?? '']))),
  );
}
