import type { PartialAucOptions, ProportionMethod, TargetRule } from '@mammoscope/stats';
import {
  analysisFigures,
  type Discrimination,
  discriminate,
  figureFiles,
  readTable,
  type ScoredStudy,
  scoredStudy,
} from '@mammoscope/systems';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ResultTable } from '../result-table.ts';
import {
  type IntervalFlags,
  intervalOption,
  listed,
  numberList,
  resamplingOptions,
  type StudyFlags,
  studyColumns,
  studyOptions,
} from './stats-options.ts';
import { type OutputFlags, outputOptions, printResult, type StatsResult } from './stats-output.ts';
import { aucCells, aucColumns, column, estimate, percentOf, subgroupTables } from './stats-tables.ts';

interface RocFlags extends StudyFlags, IntervalFlags, OutputFlags {
  readonly interval: ProportionMethod;
  readonly sensitivity: readonly number[];
  readonly specificity: readonly number[];
  readonly cutoff: readonly number[];
  readonly target: TargetRule;
  readonly partial?: PartialAucOptions;
}

/** "specificity:0.9,1" as the range of a partial AUC. */
function partialRange(text: string): PartialAucOptions {
  const match = /^(specificity|sensitivity):([\d.]+),([\d.]+)$/.exec(text);
  if (!match) throw new InvalidArgumentError(`"${text}" is no range; write it as specificity:0.9,1.`);
  return { over: match[1] as PartialAucOptions['over'], range: [Number(match[2]), Number(match[3])] };
}

/** `stats roc <table>` */
export function rocCommand(): Command {
  const command = new Command('roc')
    .description('AUC with intervals, operating points, average precision, subgroups')
    .argument('<table>', 'CSV, one row a case (or an image, with --level)');
  studyOptions(command)
    .addOption(listed('--sensitivity <rates>', 'operating points at these sensitivities', numberList))
    .addOption(listed('--specificity <rates>', 'operating points at these specificities', numberList))
    .addOption(
      listed('--cutoff <scores>', 'operating points at these cut-offs; score >= cut-off is positive', numberList),
    )
    .addOption(
      new Option('--target <rule>', 'which side of a fixed rate: nearest (Park 2022) or at-least')
        .choices(['nearest', 'at-least'])
        .default('nearest'),
    )
    .addOption(intervalOption())
    .option('--partial <range>', 'partial AUC, as specificity:0.9,1', partialRange);
  return outputOptions(resamplingOptions(command))
    .addHelpText(
      'after',
      '\nExample:\n  ./mammoscope stats roc scores.csv --label label --scores a,b --cluster patient --sensitivity 0.9',
    )
    .action(async (path: string, flags: RocFlags) => {
      const study = scoredStudy(await readTable(path), studyColumns(flags));
      const result = discriminate(study, {
        confidence: flags.confidence,
        method: flags.interval,
        seed: flags.seed,
        replicates: flags.replicates,
        bootstrap: flags.bootstrap,
        points: {
          sensitivities: flags.sensitivity,
          specificities: flags.specificity,
          cutoffs: flags.cutoff,
          rule: flags.target,
        },
        ...(flags.partial && { partial: flags.partial }),
      });
      await printResult(resultOf(study, result), flags);
    });
}

function resultOf(scored: ScoredStudy, data: Discrimination): StatsResult {
  const { study, models, confidence, subgroups, notes } = data;
  const clustered = study.clusters !== null;
  const partial = models[0]?.partialAuc;
  const cases = `${study.cases} cases, ${study.positives} positive${clustered ? `, ${study.clusters.count} clusters` : ''}`;
  const aucs: ResultTable = {
    name: 'roc-auc',
    title: `Discrimination: ${study.file}, ${cases}`,
    columns: [
      column('model', 'text'),
      ...aucColumns(clustered, confidence),
      column('auc_plain', 'auc', clustered ? 'AUC (plain)' : 'AUC (plain DeLong)'),
      column('average_precision', 'auc'),
      ...(partial
        ? [
            column('partial_auc', 'auc', `partial AUC, ${partial.over} ${partial.range.join(' to ')}`),
            column('partial_auc_corrected', 'auc', 'corrected (McClish)'),
          ]
        : []),
    ],
    rows: models.map((model) => [
      model.model,
      ...aucCells(model, clustered),
      estimate(model.auc, model.plainInterval),
      estimate(model.averagePrecision, model.averagePrecisionInterval),
      ...(model.partialAuc ? [model.partialAuc.area, model.partialAuc.corrected] : []),
    ]),
  };
  const figures = ['sensitivity', 'specificity', 'ppv', 'npv', 'accuracy', 'f1'] as const;
  const points: ResultTable = {
    name: 'roc-points',
    title: `Operating points, % (${percentOf(confidence)} CI); score >= cut-off is positive`,
    columns: [
      column('model', 'text'),
      column('rule', 'text', 'cut-off by'),
      column('cutoff', 'score', 'cut-off'),
      ...figures.map((name) =>
        column(name, 'percent', ['ppv', 'npv', 'f1'].includes(name) ? name.toUpperCase() : name),
      ),
      ...(['tp', 'fp', 'tn', 'fn'] as const).map((name) => column(name, 'count', name.toUpperCase())),
    ],
    rows: models.flatMap(({ model, points: own }) =>
      own.map((point) => [
        model,
        point.rule,
        point.cutoff ?? 'none',
        ...figures.map((name) => estimate(point[name].value, point[name].interval)),
        point.tp,
        point.fp,
        point.tn,
        point.fn,
      ]),
    ),
  };
  return {
    name: 'roc',
    data,
    tables: [aucs, points, ...subgroupTables('roc', subgroups, clustered, confidence)],
    notes,
    figures: async () => figureFiles((await analysisFigures()).discriminationFigures(scored, data)),
  };
}
