import type { KappaWeights, McnemarMethod, ProportionMethod } from '@mammoscope/stats';
import {
  type Agreement,
  agreementOf,
  analysisFigures,
  figureFiles,
  type RaterAgreement,
  readTable,
} from '@mammoscope/systems';
import { Command, Option } from 'commander';
import { listOption } from '../options.ts';
import type { ResultTable } from '../result-table.ts';
import {
  byOption,
  clusterOption,
  type IntervalFlags,
  intervalOption,
  mcnemarOption,
  resamplingOptions,
  subgroupColumns,
} from './stats-options.ts';
import { type OutputFlags, outputOptions, printResult, type StatsResult } from './stats-output.ts';
import { column, estimate, percentOf } from './stats-tables.ts';

interface AgreementFlags extends IntervalFlags, OutputFlags {
  readonly raters: readonly string[];
  readonly weights: KappaWeights;
  readonly categories?: readonly string[];
  readonly interval: ProportionMethod;
  readonly mcnemar: McnemarMethod;
  readonly cluster?: string;
  readonly by?: readonly string[];
}

/** `stats agreement <table>` */
export function agreementCommand(): Command {
  const command = new Command('agreement')
    .description("how far raters agree: Cohen's and Fleiss' kappa, percent agreement, McNemar")
    .argument('<table>', 'CSV, one row a case, one column a rater')
    .requiredOption('--raters <columns>', 'two or more', listOption)
    .addOption(
      new Option('--weights <weights>', 'how disagreement between ordered categories counts')
        .choices(['none', 'linear', 'quadratic'])
        .default('none'),
    )
    .option('--categories <names>', 'in their order (default: numbers ascending, then names)', listOption)
    .addOption(intervalOption())
    .addOption(mcnemarOption())
    .addOption(clusterOption())
    .addOption(byOption());
  return outputOptions(resamplingOptions(command))
    .addHelpText(
      'after',
      '\nExample:\n  ./mammoscope stats agreement readings.csv --raters reader1,reader2,reader3 --weights linear',
    )
    .action(async (path: string, flags: AgreementFlags) => {
      const { raters, cluster, by = [], weights, categories, confidence, interval, mcnemar, seed, replicates } = flags;
      const result = agreementOf(
        await readTable(path),
        { raters, by: subgroupColumns(by), ...(cluster !== undefined && { cluster }) },
        { weights, confidence, interval, mcnemar, seed, replicates, ...(categories && { categories }) },
      );
      await printResult(resultOf(result), flags);
    });
}

function resultOf(data: Agreement): StatsResult {
  const { file, raters, cases, clusters, confidence, subgroups, notes } = data;
  const level = percentOf(confidence);
  const parts: readonly (RaterAgreement & { readonly name: string })[] = [
    { ...data, name: 'all' },
    ...subgroups.map((part) => ({ ...part, name: `${part.by}: ${part.subgroup}` })),
  ];
  const pairs: ResultTable = {
    name: 'agreement-pairs',
    title: `Agreement: ${file}, ${cases} cases (${level} CI)`,
    columns: [
      column('cases_of', 'text', 'cases of'),
      column('a', 'text'),
      column('b', 'text'),
      column('cases', 'count'),
      column('agreement', 'percent', 'agreement %'),
      column('kappa', 'auc'),
      ...(clusters ? [column('kappa_bootstrap', 'auc', 'kappa (bootstrap)')] : []),
      column('kappa_p', 'p', 'p (kappa = 0)'),
      column('mcnemar_p', 'p', 'p (McNemar)'),
      column('mcnemar_p_holm', 'p', 'p (McNemar, Holm)'),
    ],
    rows: parts.flatMap(({ name, cases: count, pairs: own }) =>
      own.map(({ a, b, agreement, kappa, kappaBootstrap, mcnemar }) => [
        name,
        a,
        b,
        count,
        estimate(agreement.value, agreement.interval),
        kappa && estimate(kappa.value, kappa.interval),
        ...(clusters ? [kappa && estimate(kappa.value, kappaBootstrap)] : []),
        kappa?.p ?? null,
        mcnemar?.p ?? null,
        mcnemar?.pHolm ?? null,
      ]),
    ),
  };
  const fleiss: ResultTable = {
    name: 'agreement-fleiss',
    title: `Fleiss' kappa of ${raters.length} raters (${level} CI)`,
    columns: [
      column('cases_of', 'text', 'cases of'),
      column('cases', 'count'),
      column('kappa', 'auc'),
      column('p', 'p', 'p (kappa = 0)'),
    ],
    rows: parts.map(({ name, cases: count, fleiss: own }) => [
      name,
      count,
      own && estimate(own.value, own.interval),
      own?.p ?? null,
    ]),
  };
  const figures = async () => figureFiles((await analysisFigures()).agreementFigures(data));
  return { name: 'agreement', data, tables: raters.length > 2 ? [pairs, fleiss] : [pairs], notes, figures };
}
