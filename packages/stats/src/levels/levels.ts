import { StatsError } from '../errors.ts';

/** What a score is of: an image (a view), a breast, a lesion or a patient. */
export type Level = 'image' | 'breast' | 'lesion' | 'patient';

/** How the scores of several images become one; see {@link toLevel}. */
export type LevelRule = 'mean' | 'highest' | 'malignant-first' | 'majority';

/** One scored image, or one lesion seen in an image. */
export interface ImageRow {
  readonly patient: string | number;
  /** L or R, or another name of a side; needed by breast and lesion. */
  readonly laterality?: string;
  /** Needed by lesion; counted within a breast. */
  readonly lesion?: string | number;
  /** CC, MLO or another name; needed by image. */
  readonly view?: string;
  readonly score: number;
  readonly label: number | boolean;
}

/** One breast, lesion, patient or image. */
export interface LevelRow {
  readonly patient: string | number;
  readonly laterality?: string;
  readonly lesion?: string | number;
  readonly view?: string;
  readonly score: number;
  readonly label: boolean;
  /** The indices of its rows. */
  readonly rows: readonly number[];
}

/** 0.5 where not given. */
export interface LevelOptions {
  /** An image with score >= cutoff is called malignant; used by 'malignant-first' and 'majority'. */
  readonly cutoff?: number;
}

const columns: Readonly<Record<Level, readonly ('laterality' | 'lesion' | 'view')[]>> = {
  patient: [],
  breast: ['laterality'],
  lesion: ['laterality', 'lesion'],
  image: ['laterality', 'view'],
};

const highest = (scores: readonly number[]) =>
  scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);

const rules: Readonly<Record<LevelRule, (scores: readonly number[], cutoff: number) => number>> = {
  mean: (scores) => scores.reduce((sum, score) => sum + score, 0) / scores.length,
  highest,
  'malignant-first': (scores, cutoff) =>
    scores.some((score) => score >= cutoff) ? highest(scores) : -highest(scores.map((score) => -score)),
  majority: (scores, cutoff) => scores.filter((score) => score >= cutoff).length / scores.length,
};

function keyOf(row: ImageRow, level: Level, index: number): string {
  const parts = columns[level].map((column) => {
    const value = row[column];
    if (value !== undefined && value !== '') return value;
    throw new StatsError(
      'stats/argument',
      `rows[${index}] must have a ${column} for the level ${level}, got none; add the column or choose another level`,
    );
  });
  return JSON.stringify([row.patient, ...parts]);
}

/**
 * Rows of images as rows of a level, in the order of first appearance. A row of an image level is one view of one
 * breast: repeated exposures are joined as the rule says.
 *
 * 'mean': the average of the scores, as Xiao 2021 (lesions over CC and MLO) and Park 2022 (breasts) have it. 'highest':
 * the highest score. 'malignant-first', Lin 2023, section 2.7: views that agree take the more confident of them (the
 * highest score of malignant views, the lowest of benign ones), and where they differ the malignant view decides: so
 * the highest score if any view is called malignant, else the lowest. 'majority', Liang 2019, equation 2 with equal
 * weights, applied to views: the share of views called malignant, of which 0.5 or more is a malignant call, so that a
 * tie is malignant. The papers call "p > 0.5" malignant; here score >= cutoff is, as throughout this package.
 *
 * A breast or patient is positive where any of its rows is; a lesion or an image has one truth, and rows that disagree
 * are refused. O(rows). Throws stats/cluster for such rows, stats/argument for a missing column, an unknown level or
 * rule or no patient, stats/score, stats/label.
 */
export function toLevel(
  rows: readonly ImageRow[],
  level: Level,
  rule: LevelRule,
  { cutoff = 0.5 }: LevelOptions = {},
): LevelRow[] {
  if (!Object.hasOwn(columns, level) || !Object.hasOwn(rules, rule)) {
    throw new StatsError(
      'stats/argument',
      `level and rule must be one of ${Object.keys(columns).join(', ')} and one of ${Object.keys(rules).join(', ')}, got "${level}" and "${rule}"; choose from them`,
    );
  }
  const groups = new Map<string, number[]>();
  rows.forEach((row, index) => {
    if (row.patient === '' || row.patient === undefined) {
      throw new StatsError('stats/argument', `rows[${index}] must have a patient, got none; add the column`);
    }
    if (!Number.isFinite(row.score)) {
      throw new StatsError(
        'stats/score',
        `rows[${index}].score must be a finite number, got ${row.score}; leave the image out or mend its score`,
      );
    }
    if (![0, 1, false, true].includes(row.label)) {
      throw new StatsError(
        'stats/label',
        `rows[${index}].label must be 0, 1, false or true, got ${row.label}; recode the column so that 1 is positive`,
      );
    }
    const key = keyOf(row, level, index);
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  });
  return [...groups.values()].map((members) => {
    const own = members.map((index) => rows[index] as ImageRow);
    const first = own[0] as ImageRow;
    const positives = own.filter(({ label }) => Boolean(label)).length;
    if ((level === 'lesion' || level === 'image') && positives > 0 && positives < own.length) {
      throw new StatsError(
        'stats/cluster',
        `a ${level} must have one truth, got ${positives} positive of ${own.length} rows for patient "${first.patient}", ${columns[level].map((column) => `${column} "${first[column]}"`).join(', ')}; mend the labels or the names`,
      );
    }
    const names = Object.fromEntries(columns[level].map((column) => [column, first[column]]));
    const score = rules[rule](
      own.map((row) => row.score),
      cutoff,
    );
    return { patient: first.patient, ...names, score, label: positives > 0, rows: members };
  });
}
