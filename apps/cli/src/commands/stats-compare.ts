import type { GeeCorrelation, GeeLink, GeeMeasure, McnemarMethod, ProportionMethod } from '@mammoscope/stats';
import {
  analysisFigures,
  type Comparison,
  compareModels,
  figureFiles,
  readTable,
  type ScoredStudy,
  scoredStudy,
} from '@mammoscope/systems';
import { Command, InvalidArgumentError, Option } from 'commander';
import { listOption } from '../options.ts';
import type { ResultTable } from '../result-table.ts';
import {
  type IntervalFlags,
  intervalOption,
  listed,
  mcnemarOption,
  numberList,
  resamplingOptions,
  type StudyFlags,
  studyColumns,
  studyOptions,
} from './stats-options.ts';
import { type OutputFlags, outputOptions, printResult, type StatsResult } from './stats-output.ts';
import { aucCells, aucColumns, column, estimate, percentOf, subgroupTables } from './stats-tables.ts';

interface CompareFlags extends StudyFlags, IntervalFlags, OutputFlags {
  readonly cutoff: readonly number[];
  readonly measures: readonly GeeMeasure[];
  readonly link: GeeLink;
  readonly correlation: GeeCorrelation;
  readonly mcnemar: McnemarMethod;
  readonly interval: ProportionMethod;
}

const MEASURES: readonly GeeMeasure[] = ['sensitivity', 'specificity', 'ppv', 'npv', 'accuracy'];
const KANG: readonly GeeMeasure[] = ['sensitivity', 'specificity', 'ppv', 'npv'];

function measureList(text: string): GeeMeasure[] {
  return listOption(text).map((name) => {
    const measure = MEASURES.find((each) => each === name);
    if (!measure) throw new InvalidArgumentError(`"${name}" is none of ${MEASURES.join(', ')}.`);
    return measure;
  });
}

/** `stats compare <table>` */
export function compareCommand(): Command {
  const command = new Command('compare')
    .description('several models on the same cases: DeLong, GEE on sensitivity to NPV (as Kang 2021), McNemar')
    .argument('<table>', 'CSV, one row a case (or an image, with --level)');
  studyOptions(command)
    .addOption(
      listed(
        '--cutoff <scores>',
        'one for all models or one a model; without, the largest Youden index of each',
        numberList,
      ),
    )
    .addOption(listed('--measures <names>', `which of ${MEASURES.join(', ')}`, measureList, KANG))
    .addOption(
      new Option('--link <link>', 'of the estimating equations; identity also takes a model that is always right')
        .choices(['logit', 'identity'])
        .default('logit'),
    )
    .addOption(
      new Option(
        '--correlation <structure>',
        'working correlation within a cluster; exchangeable suits sensitivity and specificity alone',
      )
        .choices(['independence', 'exchangeable'])
        .default('independence'),
    )
    .addOption(mcnemarOption())
    .addOption(intervalOption());
  return outputOptions(resamplingOptions(command))
    .addHelpText(
      'after',
      '\nExample:\n  ./mammoscope stats compare scores.csv --label label --scores a,b,c --cluster patient --cutoff 0.5',
    )
    .action(async (path: string, flags: CompareFlags) => {
      const study = scoredStudy(await readTable(path), studyColumns(flags));
      const { confidence, seed, replicates, bootstrap, interval, measures, link, correlation, mcnemar, cutoff } = flags;
      const intervals = { confidence, seed, replicates, bootstrap, method: interval };
      const result = compareModels(study, { ...intervals, cutoffs: cutoff, measures, link, correlation, mcnemar });
      await printResult(resultOf(study, result), flags);
    });
}

function resultOf(scored: ScoredStudy, data: Comparison): StatsResult {
  const { study, models, overall, pairs, proportions, calls, subgroups, subgroupPairs, confidence, notes } = data;
  const test = study.clusters ? 'AUC' : 'AUC (DeLong)';
  const clustered = study.clusters !== null;
  const level = percentOf(confidence);
  const cases = `${study.cases} cases, ${study.positives} positive${clustered ? `, ${study.clusters.count} clusters` : ''}`;
  const tables: ResultTable[] = [
    {
      name: 'compare-auc',
      title: `Models: ${study.file}, ${cases}`,
      columns: [
        column('model', 'text'),
        ...aucColumns(clustered, confidence),
        column('cutoff', 'score', 'cut-off'),
        ...proportions.map(({ measure }) => column(measure, 'percent', `${measure} % (${level} CI)`)),
      ],
      rows: models.map((model, k) => [
        model.model,
        ...aucCells(model, clustered),
        model.cutoff ?? 'none',
        ...proportions.map((fit) => {
          const own = fit.models[k];
          return own ? estimate(own.value, own.interval) : null;
        }),
      ]),
    },
    {
      name: 'compare-overall',
      title: 'Overall tests that all models are equal',
      columns: [
        column('measure', 'text'),
        column('chi_square', 'statistic', 'chi-square'),
        column('degrees_of_freedom', 'count', 'df'),
        column('p', 'p'),
      ],
      rows: [
        [test, overall.chiSquare, overall.degreesOfFreedom, overall.p],
        ...proportions.map((fit) => [
          `${fit.measure} (GEE)`,
          fit.overall.chiSquare,
          fit.overall.degreesOfFreedom,
          fit.overall.p,
        ]),
      ],
    },
    {
      name: 'compare-pairs',
      title: `Pairs of models (${level} CI); p corrected by Holm within a measure`,
      columns: [
        column('measure', 'text'),
        column('a', 'text'),
        column('b', 'text'),
        column('difference', 'auc', 'a - b'),
        ...(clustered ? [column('difference_bootstrap', 'auc', 'a - b (bootstrap)')] : []),
        column('z', 'statistic'),
        column('p', 'p'),
        column('p_holm', 'p', 'p (Holm)'),
      ],
      rows: [
        ...pairs.map((pair) => [
          test,
          pair.a,
          pair.b,
          estimate(pair.difference, pair.interval),
          ...(clustered ? [estimate(pair.difference, pair.bootstrapInterval)] : []),
          pair.z,
          pair.p,
          pair.pHolm,
        ]),
        ...proportions.flatMap((fit) =>
          fit.pairs.map((pair, k) => [
            `${fit.measure} (GEE)`,
            pair.a,
            pair.b,
            estimate(pair.difference, pair.interval),
            ...(clustered ? [null] : []),
            pair.z,
            pair.p,
            fit.pHolm[k] ?? null,
          ]),
        ),
      ],
    },
    {
      name: 'compare-calls',
      title: "Right calls (McNemar's test)",
      columns: [
        column('a', 'text'),
        column('b', 'text'),
        column('both', 'count', 'both right'),
        column('only_a', 'count'),
        column('only_b', 'count'),
        column('neither', 'count'),
        column('difference', 'auc', `a - b (${level} CI)`),
        column('p', 'p'),
        column('p_holm', 'p', 'p (Holm)'),
      ],
      rows: calls.map((each) => [
        each.a,
        each.b,
        each.both,
        each.onlyA,
        each.onlyB,
        each.neither,
        estimate(each.difference, each.interval),
        each.p,
        each.pHolm,
      ]),
    },
    ...subgroupTables('compare', subgroups, clustered, confidence),
    ...(subgroupPairs.length > 0
      ? [
          {
            name: 'compare-subgroup-pairs',
            title: `Pairs of models in subgroups: AUC (${level} CI); p corrected by Holm within a column`,
            columns: [
              ...[column('by', 'text'), column('subgroup', 'text'), column('a', 'text'), column('b', 'text')],
              column('difference', 'auc', 'a - b'),
              column('z', 'statistic'),
              column('p', 'p'),
              column('p_holm', 'p', 'p (Holm)'),
            ],
            rows: subgroupPairs.map(({ by, subgroup, a, b, difference, interval, z, p, pHolm }) => [
              ...[by, subgroup, a, b],
              estimate(difference, interval),
              z,
              p,
              pHolm,
            ]),
          },
        ]
      : []),
  ];
  const figures = async () => figureFiles((await analysisFigures()).comparisonFigures(scored, data));
  return { name: 'compare', data, tables, notes, figures };
}
