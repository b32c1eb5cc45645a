/** A multi-reader multi-case study from a table in long form, one row a reading. */
import {
  type ObuchowskiRockette,
  obuchowskiRockette,
  type ReaderCovarianceMethod,
  type ReaderGeneralisation,
  type ReaderStudyPower,
  readerStudyCases,
} from '@mammoscope/stats';
import { SystemError } from '../errors.ts';
import { filledColumn, numberColumn, requireColumns, type Table, tableError } from './table.ts';
import { truthColumn } from './truth.ts';

/** Which columns of a table say what. */
export interface ReadingColumns {
  readonly reader: string;
  readonly modality: string;
  readonly case: string;
  readonly label: string;
  readonly positive?: readonly string[];
  readonly score: string;
}

/** What is computed. */
export interface ReadersOptions {
  readonly generalise: ReaderGeneralisation;
  readonly covariance: ReaderCovarianceMethod;
  readonly confidence: number;
  /** A study to plan from this one as its pilot; two modalities. */
  readonly plan?: {
    /** As many as in this study where not given. */
    readonly readers?: number;
    /** The difference of mean AUCs to detect. */
    readonly difference: number;
    readonly power: number;
    readonly alpha: number;
  };
}

/** The whole analysis. */
export interface ReaderStudy {
  readonly file: string;
  readonly modalities: readonly string[];
  readonly readers: readonly string[];
  readonly cases: number;
  readonly positives: number;
  readonly confidence: number;
  readonly covariance: ReaderCovarianceMethod;
  /** Degrees of freedom are null where they are infinite: the normal distribution is used. */
  readonly analysis: ObuchowskiRockette;
  readonly plan: ReaderStudyPower | null;
  readonly notes: readonly string[];
}

/**
 * Obuchowski and Rockette's analysis of a factorial study. Throws SystemError 'table-invalid' for a missing column, a
 * reading that is missing or given twice, a case with two truths, or a class with fewer than two cases; 'option-invalid'
 * for a plan with other than two modalities; StatsError as the analysis does.
 */
export function readerStudy(table: Table, columns: ReadingColumns, options: ReadersOptions): ReaderStudy {
  requireColumns(table, [columns.reader, columns.modality, columns.case, columns.label, columns.score]);
  const [reader, modality, name] = [columns.reader, columns.modality, columns.case].map((each) =>
    filledColumn(table, each),
  ) as [string[], string[], string[]];
  const truth = truthColumn(table, columns.label, columns.positive);
  const scores = numberColumn(table, columns.score);
  const distinct = (texts: readonly string[]) => [...new Set(texts)];
  const [readers, modalities, cases] = [distinct(reader), distinct(modality), distinct(name)];
  const labels = new Map<string, number>();
  const readings = new Map<string, number>();
  const keyOf = (...parts: readonly string[]) => JSON.stringify(parts);
  table.rows.forEach(({ line }, row) => {
    const [own, label] = [name[row] as string, truth[row] as number];
    const where = `${reader[row]}, ${modality[row]}, case ${own}`;
    if ((labels.get(own) ?? label) !== label)
      throw tableError(table.name, `case ${own} has another truth on line ${line} than before: mend it`);
    labels.set(own, label);
    const key = keyOf(modality[row] as string, reader[row] as string, own);
    if (readings.has(key))
      throw tableError(table.name, `the reading ${where} is given again on line ${line}: keep one`);
    readings.set(key, scores[row] as number);
  });
  const missing = modalities.flatMap((m) =>
    readers.flatMap((r) => cases.filter((c) => !readings.has(keyOf(m, r, c))).map((c) => `${r}, ${m}, case ${c}`)),
  );
  if (missing.length > 0)
    throw tableError(
      table.name,
      `every reader must read every case under every modality, and ${missing.length} of ${modalities.length * readers.length * cases.length} readings are missing, the first ${missing[0]}: add them, or leave that reader or case out`,
    );
  const truths = cases.map((each) => labels.get(each) as number);
  const positives = truths.reduce((sum, label) => sum + label, 0);
  if (positives < 2 || cases.length - positives < 2)
    throw tableError(
      table.name,
      `column ${columns.label} must hold at least two positive and two negative cases, got ${positives} positive and ${cases.length - positives} negative: add cases`,
    );
  const ratings = modalities.map((m) => readers.map((r) => cases.map((c) => readings.get(keyOf(m, r, c)) as number)));
  const { generalise, covariance, confidence, plan } = options;
  if (plan && modalities.length !== 2)
    throw new SystemError(
      'option-invalid',
      `a plan needs a pilot of two modalities, got ${modalities.length}: leave the other rows out`,
    );
  const analysis = obuchowskiRockette(ratings, truths, { generalise, covariance, level: confidence });
  const pilot = { variance: analysis.variance, pilotCases: cases.length, readers: readers.length, generalise };
  return {
    file: table.name,
    modalities,
    readers,
    cases: cases.length,
    positives,
    confidence,
    covariance,
    analysis,
    plan: plan ? readerStudyCases({ ...pilot, ...plan }, plan.power) : null,
    notes: [
      `Obuchowski and Rockette's analysis of variance with Hillis' degrees of freedom; ${covariance} covariance; the result applies to ${generalise.replaceAll('-', ' ')}.`,
      ...(plan
        ? [
            `Sample size after Hillis, Obuchowski and Berbaum 2011: a difference of ${plan.difference}, ${plan.readers ?? readers.length} readers, alpha ${plan.alpha}, the same share of positive cases.`,
          ]
        : []),
    ],
  };
}
