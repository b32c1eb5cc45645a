import {
  analysisFigures,
  type FreeResponse,
  type FrocFigures,
  figureFiles,
  findingsOf,
  freeResponse,
  readTable,
} from '@mammoscope/systems';
import { Command, Option } from 'commander';
import { listOption } from '../options.ts';
import type { Cell, ResultTable } from '../result-table.ts';
import {
  byOption,
  clusterOption,
  finiteNumber,
  type IntervalFlags,
  listed,
  numberList,
  resamplingOptions,
  subgroupColumns,
} from './stats-options.ts';
import { type OutputFlags, outputOptions, printResult, type StatsResult } from './stats-output.ts';
import { column, estimate, percentOf } from './stats-tables.ts';

interface FrocFlags extends IntervalFlags, OutputFlags {
  readonly predictions: string;
  readonly lesions: string;
  readonly volumes: string;
  readonly volume: readonly string[];
  readonly score: string;
  readonly hit: 'dbtex' | 'iou';
  readonly iou: number;
  readonly rates: readonly number[];
  readonly cluster?: string;
  readonly by?: readonly string[];
}

/** `stats froc` */
export function frocCommand(): Command {
  const command = new Command('froc')
    .description('FROC of findings in images or volumes: sensitivity at rates of false positives')
    .requiredOption('--predictions <table>', 'CSV: volume, score, box, and slice (or z, depth) of the centre')
    .requiredOption('--lesions <table>', 'CSV: volume, box, and slice_first, slice_last (or slice)')
    .requiredOption('--volumes <table>', 'CSV: every volume searched, also without findings, and slices (default: 1)')
    .addOption(
      listed('--volume <columns>', 'columns that together name a volume, in all three', listOption, ['volume']),
    )
    .option('--score <column>', 'of the predictions', 'score')
    .addOption(
      new Option('--hit <rule>', 'when a mark finds a lesion: dbtex (centres) or iou (overlap)')
        .choices(['dbtex', 'iou'])
        .default('dbtex'),
    )
    .option('--iou <share>', 'least overlap, with --hit iou', finiteNumber, 0.5)
    .addOption(listed('--rates <numbers>', 'false positives a volume', numberList, [1, 2, 3, 4]))
    .addOption(clusterOption())
    .addOption(byOption());
  return outputOptions(resamplingOptions(command))
    .addHelpText(
      'after',
      [
        '',
        'A box is x1, y1, x2, y2, or x, y, width, height, in pixels; --cluster and --by are columns of the volumes.',
        'Tables of the DBTex challenge are read as they are: --volume StudyUID,View.',
        '',
        'Example:',
        '  ./mammoscope stats froc --predictions marks.csv --lesions lesions.csv --volumes volumes.csv',
      ].join('\n'),
    )
    .action(async (flags: FrocFlags) => {
      const tables = {
        predictions: await readTable(flags.predictions),
        lesions: await readTable(flags.lesions),
        volumes: await readTable(flags.volumes),
      };
      const { volume, score, cluster, by = [], confidence, seed, replicates, bootstrap, rates } = flags;
      const findings = findingsOf(tables, {
        volume,
        score,
        by: subgroupColumns(by),
        ...(cluster !== undefined && { cluster }),
      });
      const hit = flags.hit === 'dbtex' ? ({ rule: 'dbtex' } as const) : { rule: 'iou' as const, iou: flags.iou };
      const result = freeResponse(findings, { hit, rates, confidence, seed, replicates, bootstrap });
      await printResult(resultOf(result, rates), flags);
    });
}

function resultOf(data: FreeResponse, rates: readonly number[]): StatsResult {
  const { positives, all, averagePrecision, subgroups, confidence, notes } = data;
  const cells = (figures: FrocFigures | null): Cell[] => [
    figures?.lesions ?? 0,
    ...(figures
      ? figures.sensitivities.map(({ sensitivity, interval }) => estimate(sensitivity, interval))
      : rates.map(() => null)),
    figures && estimate(figures.meanSensitivity, figures.meanInterval),
  ];
  const sensitivities: ResultTable = {
    name: 'froc-sensitivity',
    title: `Sensitivity % (${percentOf(confidence)} CI) at false positives a volume`,
    columns: [
      column('volumes_of', 'text', 'volumes of'),
      column('volumes', 'count'),
      column('lesions', 'count'),
      ...rates.map((rate) => column(`sensitivity_at_${rate}`, 'percent', `at ${rate}`)),
      column('mean_sensitivity', 'percent', 'mean'),
    ],
    rows: [
      ['with lesions', positives.volumes, ...cells(positives)],
      ['all', all.volumes, ...cells(all)],
      ...subgroups.map(({ by, subgroup, volumes, figures }) => [`${by}: ${subgroup}`, volumes, ...cells(figures)]),
    ],
  };
  const curve: ResultTable = {
    name: 'froc-curve',
    title: 'Operating points, all volumes',
    columns: [
      column('threshold', 'score'),
      column('false_positives', 'auc', 'false positives a volume'),
      column('sensitivity', 'auc'),
    ],
    rows: all.points.map((point) => [point.threshold ?? 'none', point.falsePositives, point.sensitivity]),
  };
  const precision = averagePrecision === null ? [] : [`Average precision (COCO): ${averagePrecision.toFixed(3)}.`];
  const figures = async () => figureFiles((await analysisFigures()).frocFigures(data));
  return { name: 'froc', data, tables: [sensitivities, curve], notes: [...notes, ...precision], figures };
}
