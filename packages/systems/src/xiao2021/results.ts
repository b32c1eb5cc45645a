/** The files that an evaluation writes: metrics.json, predictions.csv (a line a view), lesions.csv (a line a lesion) and the report with its figures. */
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import { modelFigures } from '../classifier/metric-figures.ts';
import { writeReport } from '../classifier/report-parts.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import { type Evaluation, headline, type LevelMetrics } from './evaluate.ts';
import { reportOf } from './report.ts';

/** Writes them into a folder. */
export async function writeResults(run: string, evaluation: Evaluation, out: string): Promise<void> {
  const files = runFiles(out);
  await writeAside(files.metrics, formatJson(metricsOf(evaluation)));
  await writeAside(files.predictions, predictionsOf(evaluation));
  await writeAside(join(out, 'lesions.csv'), lesionsOf(evaluation));
  await writeReport(await reportOf(run, evaluation), out);
}

/** metrics.json: the headline's figures at the lesion level at the top, all models at both levels below. A figure that is undefined is null. */
export function metricsOf({ record, lesion, view, dataset, cutoffFrom }: Evaluation) {
  return {
    system: record.system,
    dataset,
    level: lesion.level,
    cutoffFrom,
    ...modelFigures(headline(lesion)),
    levels: Object.fromEntries([lesion, view].map((each) => [each.level, levelFigures(each)])),
    notice: 'Not a medical device. For research only.',
  };
}

const levelFigures = ({ units, positive, models }: LevelMetrics) => ({
  cases: units.length,
  positives: positive.filter(Boolean).length,
  patients: new Set(units.map(({ patientId }) => patientId)).size,
  models: models.map((model) => ({ model: model.model, role: model.role, ...modelFigures(model) })),
});

/** One column a model: the headline's first, as `score`. */
function scoreColumns(level: LevelMetrics, unit: number): CsvCells {
  const first = headline(level);
  return {
    score: first.scores[unit] as number,
    ...Object.fromEntries(
      level.models
        .filter((model) => model !== first)
        .map((model) => [`score_${model.model}`, model.scores[unit] as number]),
    ),
  };
}

/** The decision by the headline's cut-off. */
function decisionOf(level: LevelMetrics, unit: number, [negative, ...positive]: readonly string[]): string {
  const { scores, cutoff } = headline(level);
  return (scores[unit] as number) >= cutoff ? positive.join(' or ') : (negative ?? '');
}

function predictionsOf({ rows, view, record }: Evaluation): string {
  return formatCsv(
    rows.map(
      (row, i): CsvCells => ({
        patient_id: row.patientId,
        path: row.path,
        lesion_id: row.lesionId ?? '',
        view: row.view ?? '',
        label: row.label,
        decision: decisionOf(view, i, record.classes),
        ...scoreColumns(view, i),
        ...row.other,
      }),
    ),
  );
}

function lesionsOf({ lesion, record }: Evaluation): string {
  return formatCsv(
    lesion.units.map(
      ({ patientId, lesionId, label, members }, i): CsvCells => ({
        patient_id: patientId,
        lesion_id: lesionId ?? '',
        views: members.length,
        label,
        decision: decisionOf(lesion, i, record.classes),
        ...scoreColumns(lesion, i),
      }),
    ),
  );
}
