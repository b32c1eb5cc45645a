import type { Binning } from '@mammoscope/stats';
import {
  analysisFigures,
  type Calibration,
  type CalibrationSplit,
  calibrate,
  figureFiles,
  readTable,
  scoredStudy,
} from '@mammoscope/systems';
import { Command, Option } from 'commander';
import { positiveNumber } from '../options.ts';
import type { ResultTable } from '../result-table.ts';
import { listed, numberList, type StudyFlags, seedOptions, studyColumns, studyOptions } from './stats-options.ts';
import { type OutputFlags, outputOptions, printResult, type StatsResult } from './stats-output.ts';
import { column, estimate, percentOf } from './stats-tables.ts';

interface CalibrateFlags extends StudyFlags, OutputFlags {
  readonly bins: number;
  readonly binning: Binning;
  readonly split?: string;
  readonly fit: string;
  readonly judge: string;
  readonly folds: number;
  readonly thresholds: readonly number[];
  readonly confidence: number;
  readonly seed: number;
}

const THRESHOLDS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];

/** `stats calibrate <table>` */
export function calibrateCommand(): Command {
  const command = new Command('calibrate')
    .description('reliability, Brier score, ECE and decision curve, as given and after Platt and isotonic calibration')
    .argument('<table>', 'CSV of probabilities, one row a case (or an image, with --level)');
  studyOptions(command)
    .option('--split <column>', 'fit on its --fit rows, judge on its --judge rows (default: cross-validation)')
    .option('--fit <value>', 'with --split', 'val')
    .option('--judge <value>', 'with --split', 'test')
    .option('--folds <n>', 'of the cross-validation, by --cluster where given', positiveNumber, 5)
    .option('--bins <n>', 'of the reliability curve', positiveNumber, 10)
    .addOption(
      new Option('--binning <kind>', 'bins of equal width or of equal count')
        .choices(['equal-width', 'equal-count'])
        .default('equal-width'),
    )
    .addOption(listed('--thresholds <probabilities>', 'of the table of the decision curve', numberList, THRESHOLDS));
  return outputOptions(seedOptions(command))
    .addHelpText(
      'after',
      [
        '',
        'Calibration is never judged on rows that it was fitted on.',
        '',
        'Example:',
        '  ./mammoscope stats calibrate scores.csv --label label --scores a --cluster patient',
      ].join('\n'),
    )
    .action(async (path: string, flags: CalibrateFlags) => {
      const study = scoredStudy(await readTable(path), studyColumns(flags));
      const split: CalibrationSplit =
        flags.split === undefined
          ? { kind: 'folds', folds: flags.folds }
          : { kind: 'column', column: flags.split, fit: flags.fit, judge: flags.judge };
      const { bins, binning, confidence, thresholds, seed } = flags;
      const result = calibrate(study, { bins, binning, confidence, split, thresholds, seed });
      await printResult(resultOf(result, thresholds), flags);
    });
}

function resultOf(data: Calibration, thresholds: readonly number[]): StatsResult {
  const { study, judged, positives, models, confidence, notes } = data;
  const scores: ResultTable = {
    name: 'calibrate-scores',
    title: `Calibration: ${study.file}, ${judged} cases judged, ${positives} positive`,
    columns: [
      column('model', 'text'),
      column('method', 'text'),
      column('brier', 'auc', 'Brier'),
      column('brier_reliability', 'auc', 'reliability'),
      column('brier_resolution', 'auc', 'resolution'),
      column('brier_uncertainty', 'auc', 'uncertainty'),
      column('brier_within_bins', 'auc', 'within bins'),
      column('skill', 'auc'),
      column('ece', 'auc', 'ECE'),
      column('mce', 'auc', 'MCE'),
    ],
    rows: models.map(({ model, method, brier, curve }) => [
      model,
      method,
      brier.score,
      brier.reliability,
      brier.resolution,
      brier.uncertainty,
      brier.withinBins,
      brier.skill ?? null,
      curve.expectedError,
      curve.maximumError,
    ]),
  };
  const bins: ResultTable = {
    name: 'calibrate-bins',
    title: `Reliability (observed share with ${percentOf(confidence)} CI)`,
    columns: [
      column('model', 'text'),
      column('method', 'text'),
      column('lower', 'auc', 'from'),
      column('upper', 'auc', 'to'),
      column('cases', 'count'),
      column('predicted', 'auc'),
      column('observed', 'auc'),
    ],
    rows: models.flatMap(({ model, method, curve }) =>
      curve.bins.map((bin) => [
        model,
        method,
        bin.lower,
        bin.upper,
        bin.count,
        bin.predicted,
        estimate(bin.observed.value, bin.observed.interval),
      ]),
    ),
  };
  const decision: ResultTable = {
    name: 'calibrate-decision',
    title: 'Decision curve: net benefit in true positives a case',
    columns: [
      column('model', 'text'),
      column('method', 'text'),
      column('threshold', 'score'),
      column('net_benefit', 'auc', 'model calls'),
      column('treat_all', 'auc', 'treat all'),
      column('treat_none', 'auc', 'treat none'),
      column('avoided_per_100', 'statistic', 'avoided per 100'),
    ],
    rows: models.flatMap(({ model, method, decision: points }) =>
      points
        .filter(({ threshold }) => thresholds.includes(threshold))
        .map((point) => [model, method, point.threshold, point.model, point.all, point.none, point.avoidedPer100]),
    ),
  };
  return {
    name: 'calibrate',
    data,
    tables: [scores, bins, decision],
    notes,
    figures: async () => figureFiles((await analysisFigures()).calibrationFigures(data)),
  };
}
