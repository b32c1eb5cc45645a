/** How far raters agree. */
import { RandomStream } from '@mammoscope/random';
import {
  bootstrap,
  type CohenKappa,
  cohenKappa,
  type FleissKappa,
  fleissKappa,
  holm,
  type Interval,
  type KappaWeights,
  type Mcnemar,
  type McnemarMethod,
  type MeasuredProportion,
  mcnemar,
  measuredProportion,
  type ProportionMethod,
  pairedCounts,
  type Rating,
  type Subgroup,
} from '@mammoscope/stats';
import { SystemError } from '../errors.ts';
import { groupsOf, type SubgroupColumn } from './study.ts';
import {
  filledColumn,
  isMissing,
  listLines,
  numberOf,
  requireColumns,
  type Table,
  tableError,
  textColumn,
} from './table.ts';

/** Which columns of a table say what. */
export interface RatingColumns {
  /** One a rater. */
  readonly raters: readonly string[];
  readonly cluster?: string;
  readonly by?: readonly SubgroupColumn[];
}

/** What is computed. */
export interface AgreementOptions {
  readonly weights: KappaWeights;
  /** In their order, as weights need; numbers ascending and names by code unit where not given. */
  readonly categories?: readonly string[];
  readonly confidence: number;
  readonly interval: ProportionMethod;
  readonly mcnemar: McnemarMethod;
  readonly seed: number;
  readonly replicates: number;
}

/** Two raters. */
export interface RaterPair {
  readonly a: string;
  readonly b: string;
  /** The share of cases with equal ratings. */
  readonly agreement: MeasuredProportion;
  /** null where both raters gave one category throughout: agreement by chance is then certain. */
  readonly kappa: CohenKappa | null;
  /** Of kappa, whole clusters drawn; null without clusters. */
  readonly kappaBootstrap: Interval | null;
  /** That both raters call the second of two categories equally often; null with other numbers of categories. */
  readonly mcnemar: (Mcnemar & { readonly pHolm: number }) | null;
}

/** Raters over some cases. */
export interface RaterAgreement {
  readonly cases: number;
  readonly pairs: readonly RaterPair[];
  /** Of three or more raters; null for two, or where all ratings are one category. */
  readonly fleiss: FleissKappa | null;
}

/** The whole analysis. */
export interface Agreement extends RaterAgreement {
  readonly file: string;
  readonly raters: readonly string[];
  readonly categories: readonly Rating[];
  readonly weights: KappaWeights;
  readonly confidence: number;
  readonly seed: number;
  readonly clusters: { readonly column: string; readonly count: number } | null;
  readonly subgroups: readonly (RaterAgreement & { readonly by: string; readonly subgroup: string })[];
  readonly notes: readonly string[];
}

/**
 * Agreement of two or more raters. Throws SystemError 'table-invalid' for a missing column or rating, with its lines,
 * or one category throughout; 'option-invalid' for fewer than two raters; StatsError for a category that is not listed.
 */
export function agreementOf(table: Table, columns: RatingColumns, options: AgreementOptions): Agreement {
  const { raters, cluster, by = [] } = columns;
  if (raters.length < 2)
    throw new SystemError(
      'option-invalid',
      'agreement needs at least two columns of ratings: name them in --raters r1,r2',
    );
  requireColumns(table, [...raters, ...(cluster === undefined ? [] : [cluster]), ...by.map(({ column }) => column)]);
  const ratings = raters.map((rater) => ratingColumn(table, rater));
  const found = [...new Set(ratings.flat())];
  if (found.length < 2) {
    throw tableError(
      table.name,
      `columns ${raters.join(', ')} hold ${String(found[0])} in every row: kappa needs ratings in at least two categories`,
    );
  }
  const categories = options.categories?.map((name): Rating => numberOf(name) ?? name) ?? ordered(found);
  const unlisted = found.find((rating) => !categories.includes(rating));
  if (unlisted !== undefined)
    throw new SystemError(
      'option-invalid',
      `--categories must list every rating, and ${String(unlisted)} is not in it: add it`,
    );
  const clusters = cluster === undefined ? undefined : filledColumn(table, cluster);
  const all = { name: 'all', rows: table.rows.map((_, row) => row) };
  const overGroup = (group: Subgroup) => overRows(raters, ratings, categories, clusters, group.rows, options);
  return {
    file: table.name,
    raters,
    categories,
    weights: options.weights,
    confidence: options.confidence,
    seed: options.seed,
    clusters: cluster === undefined ? null : { column: cluster, count: new Set(clusters).size },
    ...overGroup(all),
    subgroups: by.flatMap((each) =>
      groupsOf(table.name, textColumn(table, each.column), each).map((group) => ({
        by: each.column,
        subgroup: group.name,
        ...overGroup(group),
      })),
    ),
    notes: notesOf(options, cluster, categories),
  };
}

function ratingColumn(table: Table, rater: string): Rating[] {
  const texts = textColumn(table, rater);
  const missing = table.rows.filter((_, row) => isMissing(texts[row] as string));
  if (missing.length > 0) {
    throw tableError(
      table.name,
      `rater ${rater} has no rating on ${listLines(missing.map(({ line }) => line))}: fill them in, or leave these cases out for every rater`,
    );
  }
  return texts.map((text) => numberOf(text) ?? text);
}

/** Numbers ascending, then names by code unit. */
function ordered(ratings: readonly Rating[]): Rating[] {
  const numbers = ratings.filter((rating) => typeof rating === 'number').sort((a, b) => a - b);
  const names = ratings.filter((rating) => typeof rating === 'string').sort();
  return [...numbers, ...names];
}

function overRows(
  raters: readonly string[],
  ratings: readonly (readonly Rating[])[],
  categories: readonly Rating[],
  clusters: readonly string[] | undefined,
  rows: readonly number[],
  options: AgreementOptions,
): RaterAgreement {
  const { weights, confidence: level, interval: method } = options;
  const own = ratings.map((column) => rows.map((row) => column[row] as Rating));
  const ownClusters = clusters && rows.map((row) => clusters[row] as string);
  const pairs = raters.flatMap((a, i) =>
    raters.slice(i + 1).map((b, offset) => {
      const [first, second] = [own[i] as Rating[], own[i + 1 + offset] as Rating[]];
      const equal = first.filter((rating, row) => rating === second[row]).length;
      const varied = new Set([...first, ...second]).size > 1;
      const high = categories[1];
      const calls = (column: readonly Rating[]) => column.map((rating) => rating === high);
      return {
        a,
        b,
        agreement: measuredProportion(equal, rows.length, { level, method }),
        kappa: varied ? cohenKappa(first, second, { weights, level, categories }) : null,
        kappaBootstrap: varied && ownClusters ? kappaInterval(first, second, categories, ownClusters, options) : null,
        mcnemar:
          categories.length === 2
            ? mcnemar(pairedCounts(calls(first), calls(second)), { method: options.mcnemar, level })
            : null,
      };
    }),
  );
  const tests = pairs.flatMap((pair) => (pair.mcnemar ? [pair.mcnemar.p] : []));
  const { adjusted } = holm(tests);
  const counts = rows.map((_, row) =>
    categories.map((category) => own.filter((column) => column[row] === category).length),
  );
  const several = raters.length > 2 && rows.length > 1 && new Set(own.flat()).size > 1;
  return {
    cases: rows.length,
    pairs: pairs.map((pair, k) => ({
      ...pair,
      mcnemar: pair.mcnemar && { ...pair.mcnemar, pHolm: adjusted[k] as number },
    })),
    fleiss: several ? fleissKappa(counts, { level }) : null,
  };
}

function kappaInterval(
  a: readonly Rating[],
  b: readonly Rating[],
  categories: readonly Rating[],
  clusters: readonly string[],
  { weights, confidence: level, seed, replicates }: AgreementOptions,
): Interval {
  const statistic = (multiplicities: Uint32Array) => {
    const drawn = [...multiplicities].flatMap((times, row) => new Array<number>(times).fill(row));
    const [first, second] = [drawn.map((row) => a[row] as Rating), drawn.map((row) => b[row] as Rating)];
    if (new Set([...first, ...second]).size < 2) return undefined;
    return cohenKappa(first, second, { weights, categories }).value;
  };
  const random = new RandomStream(seed, 'stats', 'kappa');
  return bootstrap(a.length, statistic, { random, replicates, level, clusters }).interval;
}

function notesOf(
  { weights, interval, mcnemar: method, replicates }: AgreementOptions,
  cluster: string | undefined,
  categories: readonly Rating[],
): string[] {
  return [
    `Cohen's kappa, ${weights === 'none' ? 'unweighted' : `${weights} weights over the order ${categories.join(', ')}`}, large-sample interval (Fleiss, Cohen and Everitt 1969); percent agreement with its ${interval} interval.`,
    ...(cluster === undefined
      ? ['Cases are taken as independent.']
      : [`Bootstrap of kappa: ${replicates} replicates of whole clusters (${cluster}), percentile interval.`]),
    ...(categories.length === 2
      ? [
          `McNemar's test (${method}) that both raters give "${String(categories[1])}" equally often, corrected by Holm.`,
        ]
      : []),
  ];
}
