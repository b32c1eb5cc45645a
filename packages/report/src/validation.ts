import { MEASURES } from './measures.ts';
import type {
  ConfusionMatrix,
  Cutoff,
  Estimate,
  FigureTable,
  Gallery,
  ReportData,
  RocCurve,
  SaliencyExample,
  ScoreDistribution,
  TrainingHistory,
} from './report-data.ts';

const IMAGE_URI = /^data:image\/(png|jpeg|webp|gif|svg\+xml)[;,]/;
const DOI = /^10\.\d{4,9}\/\S+$/;
const COLOUR = /^#[0-9a-f]{6}$/i;

function require(holds: boolean, where: string, required: string, got: unknown, action: string): void {
  if (!holds)
    throw new RangeError(`report data, ${where}: ${required} is required, got ${String(got).slice(0, 60)}; ${action}`);
}

const isFraction = (value: number) => Number.isFinite(value) && value >= 0 && value <= 1;

function checkFraction(value: number, where: string): void {
  require(isFraction(value), where, 'a fraction from 0 to 1', value, 'give fractions, not percent');
}

function checkCutoff(cutoff: Cutoff | undefined, where: string): void {
  if (cutoff)
    require(Number.isFinite(
      cutoff.value,
    ), `${where}, cut-off`, 'a finite number', cutoff.value, 'leave out an unknown cut-off');
}

function checkPerformance(data: ReportData): void {
  for (const row of data.performance?.models ?? []) {
    checkCutoff(row.cutoff, `model ${row.model}`);
    for (const { name } of MEASURES) {
      const estimate = row[name];
      for (const bound of [estimate?.value, ...(estimate?.interval ?? [])]) {
        if (typeof bound === 'number' && Number.isFinite(bound)) checkFraction(bound, `${name} of model ${row.model}`);
      }
    }
  }
}

function checkRoc(curve: RocCurve): void {
  const where = `ROC curve of ${curve.model}`;
  const { band, operatingPoint } = curve;
  for (const point of curve.points) for (const value of [point.fpr, point.tpr]) checkFraction(value, where);
  if (operatingPoint) for (const value of [operatingPoint.fpr, operatingPoint.tpr]) checkFraction(value, where);
  checkCutoff(operatingPoint?.cutoff, where);
  if (!band) return;
  for (const values of [band.fpr, band.lower, band.upper]) {
    require(values.length ===
      band.fpr.length, `${where}, band`, `${band.fpr.length} values as in fpr`, values.length, 'use one grid');
    for (const value of values) checkFraction(value, `${where}, band`);
  }
}

function checkScores(distribution: ScoreDistribution): void {
  const where = `scores of ${distribution.model}`;
  checkCutoff(distribution.cutoff, where);
  for (const { label, scores } of distribution.classes) {
    const bad = scores.findIndex((score) => !Number.isFinite(score));
    require(bad < 0, `${where}, class ${label}, score ${bad + 1}`, 'a finite number', scores[bad], 'evaluate again');
  }
}

function checkConfusion(matrix: ConfusionMatrix): void {
  const size = matrix.classes.length;
  for (const row of [matrix.counts, ...matrix.counts]) {
    require(row.length ===
      size, `confusion matrix of ${matrix.model}`, `${size} x ${size} counts`, row.length, 'order them as classes');
  }
  for (const count of matrix.counts.flat()) {
    const whole = Number.isSafeInteger(count) && count >= 0;
    require(whole, `confusion matrix of ${matrix.model}`, 'a count', count, 'count images, not shares');
  }
}

function checkPicture(uri: string, where: string): void {
  require(IMAGE_URI.test(uri), where, 'a data:image/... URI', uri, 'embed the image, a report fetches nothing');
}

/** Cells are those of the columns; figures may be negative, as correlations are. */
export function checkTables(tables: readonly FigureTable[]): void {
  for (const { number, columns, rows } of tables)
    for (const { label, cells } of rows)
      require(cells.length ===
        columns.length, `${number}, row ${label}`, `${columns.length} cells`, cells.length, 'give one a column');
}

/** Pictures are in the page, and a film's marks are slices that it has. */
export function checkExamples(examples: readonly SaliencyExample[]): void {
  for (const { title, rows } of examples)
    for (const { name, panels, film } of rows) {
      for (const { dataUri } of [...panels, ...(film ? [film] : [])]) checkPicture(dataUri, `${title}, ${name}`);
      if (!film) continue;
      checkCounts(`film of ${title}`, film.slices, film.widthPx, film.heightPx);
      for (const { slice } of film.marked) {
        const there = Number.isSafeInteger(slice) && slice >= 1 && slice <= film.slices;
        require(there, `film of ${title}`, `a slice from 1 to ${film.slices}`, slice, 'count slices from 1');
      }
    }
}

function checkGallery(gallery: Gallery): void {
  checkCutoff(gallery.cutoff, 'gallery');
  for (const { path, imageDataUri, overlayDataUri } of gallery.cases)
    for (const uri of [imageDataUri, overlayDataUri]) checkPicture(uri, `gallery case ${path}`);
  for (const colour of gallery.colours ?? []) {
    require(COLOUR.test(colour), 'gallery colours', '#rrggbb', colour, 'list them from least to most activated');
  }
}

function checkTraining(history: TrainingHistory): void {
  for (const { epoch, valAuc } of history.epochs) {
    require(Number.isFinite(epoch), `training of ${history.model}`, 'an epoch number', epoch, 'number the epochs');
    if (typeof valAuc === 'number' && Number.isFinite(valAuc))
      checkFraction(valAuc, `training of ${history.model}, epoch ${epoch}`);
  }
}

function checkFractions(where: string, ...values: readonly (number | null | undefined)[]): void {
  for (const value of values) if (value !== null && value !== undefined) checkFraction(value, where);
}

function checkFinite(where: string, values: readonly number[]): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  require(bad < 0, where, 'a finite number', values[bad], 'leave out what is undefined');
}

function checkCounts(where: string, ...counts: readonly (number | undefined)[]): void {
  for (const count of counts) {
    if (count !== undefined)
      require(Number.isSafeInteger(count) && count >= 0, where, 'a count', count, 'count, do not share');
  }
}

const estimateOf = ({ value, interval }: Estimate) => [value, ...(interval ?? [])];

/** Curves and tables beside the ROC: what is a fraction lies in [0, 1], what is drawn is finite, what is counted is whole. */
function checkAnalyses(data: ReportData): void {
  for (const { model, points, band } of data.precisionRecall ?? [])
    checkFractions(
      `precision-recall curve of ${model}`,
      ...points.flatMap(({ recall, precision }) => [recall, precision]),
      ...(band ? [...band.recall, ...band.lower, ...band.upper] : []),
    );
  for (const { pairs } of data.comparisons ?? []) {
    for (const { first, second, difference, p, adjustedP } of pairs) {
      checkFinite(`difference of ${first} and ${second}`, [difference]);
      checkFractions(`p value of ${first} and ${second}`, p, adjustedP);
    }
  }
  for (const { first, second, ...measures } of (data.pairwise ?? []).flatMap(({ pairs }) => pairs)) {
    for (const { difference, p, adjustedP } of Object.values(measures)) {
      checkFinite(`difference of ${first} and ${second}`, [difference]);
      checkFractions(`p value of ${first} and ${second}`, p, adjustedP);
    }
  }
  for (const { model, curves } of data.calibration ?? []) {
    for (const { lower, upper, predicted, observed, count } of curves.flatMap(({ bins }) => bins)) {
      checkFractions(`calibration of ${model}`, lower, upper, predicted, ...estimateOf(observed));
      checkCounts(`calibration of ${model}`, count);
    }
  }
  for (const { models, all, prevalence } of data.decision ?? []) {
    checkFractions('decision curve', prevalence, ...all.map(({ threshold }) => threshold));
    for (const { points } of [{ points: all }, ...models])
      checkFinite(
        'decision curve',
        points.flatMap(({ threshold, netBenefit }) => [threshold, netBenefit]),
      );
  }
  for (const { model, points, units, lesions } of data.froc ?? []) {
    checkFractions(`FROC of ${model}`, ...points.map(({ sensitivity }) => sensitivity));
    checkFinite(
      `FROC of ${model}`,
      points.map(({ falsePositives }) => falsePositives),
    );
    checkCounts(`FROC of ${model}`, units, lesions);
  }
  for (const { model, groups, overall } of data.subgroups ?? []) {
    for (const { label, estimate, cases, positives } of [
      ...groups.flatMap(({ rows }) => rows),
      ...(overall ? [overall] : []),
    ]) {
      checkFractions(`subgroup ${label} of ${model}`, ...estimateOf(estimate));
      checkCounts(`subgroup ${label} of ${model}`, cases, positives);
    }
  }
  for (const { model, name, tp, fp, fn, tn, cutoff } of data.operatingPoints ?? []) {
    checkCutoff(cutoff, `operating point "${name}" of ${model}`);
    checkCounts(`operating point "${name}" of ${model}`, tp, fp, fn, tn);
  }
  const { stages = [], parts = [] } = data.flow ?? {};
  for (const { images, patients } of [...stages, ...stages.flatMap(({ excluded = [] }) => excluded), ...parts])
    checkCounts('flow', images, patients);
}

/** Throws RangeError, naming the place, where the data cannot be shown truthfully or would make the page fetch something. */
export function checkReportData(data: ReportData): void {
  require(data.classes.length >= 2, 'classes', 'at least two classes, negative first', data.classes
    .length, 'name them');
  const { doi } = data.system;
  if (doi !== undefined)
    require(DOI.test(doi), 'system', 'a DOI such as 10.1038/s41598-021-03516-0', doi, 'drop the prefix');
  checkPerformance(data);
  data.roc?.forEach(checkRoc);
  data.scores?.forEach(checkScores);
  data.confusion?.forEach(checkConfusion);
  data.training?.forEach(checkTraining);
  if (data.gallery) checkGallery(data.gallery);
  checkTables(data.tables ?? []);
  checkExamples(data.saliency ?? []);
  checkAnalyses(data);
}
