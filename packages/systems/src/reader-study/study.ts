/** A table of scores as a study: truth, one score a model, clusters, subgroups, all of the same cases. */
import {
  bands,
  type Level,
  type LevelRule,
  type Subgroup,
  type SubgroupValue,
  subgroups,
  toLevel,
} from '@mammoscope/stats';
import { SystemError } from '../errors.ts';
import {
  filledColumn,
  isMissing,
  listLines,
  numberColumn,
  numberOf,
  requireColumns,
  type Table,
  tableError,
  textColumn,
} from './table.ts';
import { truthColumn } from './truth.ts';

/** A column that parts cases, numbers by edges. */
export interface SubgroupColumn {
  readonly column: string;
  /** Ascending edges of bands, for a column of numbers. */
  readonly edges?: readonly number[];
}

/** The subgroups that a column makes of the cases. */
export interface SubgroupsOfColumn {
  readonly column: string;
  readonly groups: readonly Subgroup[];
}

/** How rows of images become breasts, lesions or patients, with the columns that name those. */
export interface LevelChoice {
  readonly level: Level;
  readonly rule: LevelRule;
  /** An image with score >= this is called positive; used by 'malignant-first' and 'majority'. */
  readonly cutoff: number;
  readonly patient: string;
  readonly laterality: string;
  readonly lesion: string;
  readonly view: string;
}

/** Which columns of a table say what. */
export interface StudyColumns {
  readonly label: string;
  /** Names in the column of labels that mean positive; without it the column holds 0 and 1. */
  readonly positive?: readonly string[];
  /** One a model; a higher score is more suspicious. */
  readonly scores: readonly string[];
  readonly cluster?: string;
  readonly by?: readonly SubgroupColumn[];
  readonly level?: LevelChoice;
  /** Leave rows out that any model misses, and say which, instead of refusing them. */
  readonly completeCases?: boolean;
}

/** What a result says of its cases. */
export interface StudyDescription {
  readonly file: string;
  readonly label: string;
  readonly cases: number;
  readonly positives: number;
  readonly negatives: number;
  readonly level: { readonly level: Level; readonly rule: LevelRule; readonly rows: number } | null;
  /** `straddling`: clusters that hold cases of both classes. */
  readonly clusters: { readonly column: string; readonly count: number; readonly straddling: number } | null;
  /** Lines of rows that were left out because a model has no score there. */
  readonly leftOut: readonly number[];
}

/** The scores of one model. */
export interface ModelScores {
  readonly name: string;
  readonly scores: Float64Array;
}

/** Cases with their truth and the scores of every model. */
export interface ScoredStudy {
  readonly description: StudyDescription;
  readonly labels: Uint8Array;
  readonly models: readonly ModelScores[];
  readonly clusters?: readonly string[];
  readonly by: readonly SubgroupsOfColumn[];
  /** The line of each case, of its first row at a level above rows. */
  readonly lines: readonly number[];
  /** A further column by case; at a level above rows it must be the same in all rows of a case. */
  readonly column: (name: string) => readonly string[];
}

/**
 * Reads the columns of a study. Throws SystemError 'table-invalid' with file, column and lines for a missing column, a
 * score that is missing or no number, a score that is the same in every row, a class with fewer than two cases or clusters, and a
 * subgroup or cluster that differs within a breast, lesion or patient; StatsError as levels and bands do.
 */
export function scoredStudy(whole: Table, columns: StudyColumns): ScoredStudy {
  const { label, scores, cluster, by = [], level } = columns;
  const others = [...(cluster === undefined ? [] : [cluster]), ...by.map(({ column }) => column)];
  requireColumns(whole, [label, ...scores, ...others]);
  const twice = scores.find((name, k) => scores.indexOf(name) !== k);
  if (twice !== undefined)
    throw new SystemError(
      'option-invalid',
      `the column ${twice} is named twice among the scores: name each model once`,
    );
  const { table, leftOut } = completeTable(whole, columns);
  const truth = truthColumn(table, label, columns.positive);
  const values = scores.map((name) => numberColumn(table, name));
  values.forEach((column, k) => {
    if (table.rows.length > 1 && column.every((value) => value === column[0])) {
      throw tableError(
        table.name,
        `column ${scores[k]} holds ${column[0]} in every row: a score must tell cases apart; check that it is the right column`,
      );
    }
  });
  const { cases, labels, models } = level
    ? atLevel(table, scores, values, truth, level)
    : {
        cases: table.rows.map((_, row) => [row]),
        labels: truth,
        models: values.map((column) => Float64Array.from(column)),
      };
  requireClasses(table, label, labels);
  const byCase = (name: string, texts = textColumn(table, name)) => constantTexts(table, name, texts, cases);
  const clusters = cluster === undefined ? undefined : byCase(cluster, filledColumn(table, cluster));
  if (cluster !== undefined && clusters) requireClusters(table, cluster, clusters, labels);
  return {
    description: {
      file: table.name,
      label,
      cases: labels.length,
      positives: labels.reduce((sum, value) => sum + value, 0),
      negatives: labels.reduce((sum, value) => sum + 1 - value, 0),
      level: level ? { level: level.level, rule: level.rule, rows: table.rows.length } : null,
      clusters: cluster === undefined || !clusters ? null : { column: cluster, ...clusterCounts(clusters, labels) },
      leftOut,
    },
    labels,
    models: models.map((column, k) => ({ name: scores[k] as string, scores: column })),
    ...(clusters && { clusters }),
    by: by.map((each) => ({ column: each.column, groups: groupsOf(table.name, byCase(each.column), each) })),
    lines: cases.map(([first = 0]) => table.rows[first]?.line ?? 0),
    column: byCase,
  };
}

/** Rows without a score of some model are named, or left out where that is asked for. */
function completeTable(table: Table, { scores, completeCases }: StudyColumns): { table: Table; leftOut: number[] } {
  const missing = scores.map((name) => {
    const texts = textColumn(table, name);
    return table.rows.filter((_, row) => isMissing(texts[row] as string));
  });
  const first = missing.findIndex((rows) => rows.length > 0);
  if (first === -1) return { table, leftOut: [] };
  if (!completeCases) {
    const rows = missing[first] ?? [];
    throw tableError(
      table.name,
      `column ${scores[first]} has no score in ${rows.length} of ${table.rows.length} rows, on ${listLines(rows.map(({ line }) => line))}: fill them in, or leave such rows out for every model with --complete-cases`,
    );
  }
  const left = new Set(missing.flat());
  const rows = table.rows.filter((row) => !left.has(row));
  if (rows.length === 0) throw tableError(table.name, `no row has a score of every column of ${scores.join(', ')}`);
  return { table: { ...table, rows }, leftOut: [...left].map(({ line }) => line).sort((a, b) => a - b) };
}

/** Rows of images joined; every model is joined alike. */
function atLevel(
  table: Table,
  names: readonly string[],
  values: readonly (readonly number[])[],
  truth: Uint8Array,
  { level, rule, cutoff, ...columns }: LevelChoice,
): { cases: readonly (readonly number[])[]; labels: Uint8Array; models: readonly Float64Array[] } {
  const patient = filledColumn(table, columns.patient);
  const needed = {
    breast: ['laterality'],
    lesion: ['laterality', 'lesion'],
    image: ['laterality', 'view'],
    patient: [],
  };
  const parts = Object.fromEntries(
    (needed[level] as readonly ('laterality' | 'lesion' | 'view')[]).map((part) => [
      part,
      filledColumn(table, columns[part]),
    ]),
  );
  const joined = values.map((scores) =>
    toLevel(
      table.rows.map((_, row) => ({
        patient: patient[row] as string,
        ...Object.fromEntries(Object.entries(parts).map(([part, texts]) => [part, texts[row]])),
        score: scores[row] as number,
        label: truth[row] as number,
      })),
      level,
      rule,
      { cutoff },
    ),
  );
  const [first = []] = joined;
  if (names.length === 0) throw tableError(table.name, 'a study needs at least one column of scores');
  return {
    cases: first.map(({ rows }) => rows),
    labels: Uint8Array.from(first, ({ label }) => Number(label)),
    models: joined.map((rows) => Float64Array.from(rows, ({ score }) => score)),
  };
}

function requireClasses(table: Table, label: string, labels: Uint8Array): void {
  const positives = labels.reduce((sum, value) => sum + value, 0);
  const negatives = labels.length - positives;
  if (positives >= 2 && negatives >= 2) return;
  throw tableError(
    table.name,
    `column ${label} must hold at least two positive and two negative cases, got ${positives} positive and ${negatives} negative: add cases, or check which value is positive`,
  );
}

function requireClusters(table: Table, cluster: string, clusters: readonly string[], labels: Uint8Array): void {
  const [negatives = 0, positives = 0] = [0, 1].map(
    (label) => new Set(clusters.filter((_, row) => labels[row] === label)).size,
  );
  if (positives >= 2 && negatives >= 2) return;
  throw tableError(
    table.name,
    `column ${cluster} must name at least two clusters with positive cases and two with negative ones, got ${positives} and ${negatives}: add patients, or leave --cluster out and say that cases are not independent`,
  );
}

/** The text that all rows of a case share. */
function constantTexts(
  table: Table,
  column: string,
  texts: readonly string[],
  cases: readonly (readonly number[])[],
): string[] {
  return cases.map(([first = 0, ...rest]) => {
    const other = rest.find((row) => texts[row] !== texts[first]);
    if (other !== undefined) {
      throw tableError(
        table.name,
        `column ${column} must be the same in all rows of a case, got ${JSON.stringify(texts[first])} on line ${table.rows[first]?.line} and ${JSON.stringify(texts[other])} on line ${table.rows[other]?.line}: mend it, or choose another level or column`,
      );
    }
    return texts[first] as string;
  });
}

/** Clusters and those with cases of both classes. */
export function clusterCounts(
  clusters: readonly string[],
  labels: Uint8Array,
): { readonly count: number; readonly straddling: number } {
  const classes = new Map<string, Set<number>>();
  clusters.forEach((cluster, i) => {
    classes.set(cluster, (classes.get(cluster) ?? new Set()).add(labels[i] as number));
  });
  return { count: classes.size, straddling: [...classes.values()].filter(({ size }) => size === 2).length };
}

/** Subgroups of texts, numbers in their order, cut where there are edges. */
export function groupsOf(
  file: string,
  texts: readonly string[],
  { column, edges }: SubgroupColumn,
): readonly Subgroup[] {
  const values = texts.map((text): SubgroupValue => (isMissing(text) ? undefined : (numberOf(text) ?? text)));
  if (!edges) return subgroups(values);
  const text = values.find((value) => typeof value === 'string');
  if (text !== undefined) {
    throw tableError(
      file,
      `column ${column} must hold numbers to be cut into bands, got ${JSON.stringify(text)}: leave the cell empty or mend it`,
    );
  }
  return subgroups(bands(values as (number | undefined)[], edges));
}

/** The cases of a subgroup as a study of their own. */
export function studyOf(study: ScoredStudy, { rows }: Subgroup): Pick<ScoredStudy, 'labels' | 'models' | 'clusters'> {
  return {
    labels: Uint8Array.from(rows, (row) => study.labels[row] as number),
    models: study.models.map(({ name, scores }) => ({
      name,
      scores: Float64Array.from(rows, (row) => scores[row] as number),
    })),
    ...(study.clusters && { clusters: rows.map((row) => study.clusters?.[row] as string) }),
  };
}
