import { intervalCoverage } from '@mammoscope/systems';
import { Command } from 'commander';
import { positiveNumber, wholeNumber } from '../options.ts';
import { listed, numberList, openShare, seedOptions } from './stats-options.ts';
import { type OutputFlags, outputOptions, printResult } from './stats-output.ts';
import { column } from './stats-tables.ts';

interface CoverageFlags extends OutputFlags {
  readonly trials: number;
  readonly sizes: readonly number[];
  readonly auc: number;
  readonly proportion: number;
  readonly replicates: number;
  readonly confidence: number;
  readonly seed: number;
}

/** `stats coverage` */
export function coverageCommand(): Command {
  const command = new Command('coverage')
    .description('how often each interval of this program holds the truth, by simulation')
    .option('--trials <n>', 'simulated studies of each size', positiveNumber, 2000)
    .addOption(listed('--sizes <cases>', 'of a study', numberList, [50, 200, 1000]))
    .option('--auc <auc>', 'the true one', openShare, 0.85)
    .option('--proportion <share>', 'the true one', openShare, 0.8)
    .option('--replicates <n>', 'bootstrap replicates in each study; 0 leaves the bootstrap out', wholeNumber, 0);
  return outputOptions(seedOptions(command))
    .addHelpText('after', '\nExample:\n  ./mammoscope stats coverage --sizes 50,200,1000')
    .action(async (flags: CoverageFlags) => {
      const { trials, sizes, auc, proportion, replicates, confidence, seed } = flags;
      const rows = intervalCoverage({ trials, sizes, auc, proportion, replicates, level: confidence, seed });
      const table = {
        name: 'coverage',
        title: `Coverage % of nominal ${100 * confidence} % intervals, ${trials} studies a size`,
        columns: [
          column('quantity', 'text'),
          column('method', 'text'),
          column('cases', 'count'),
          column('truth', 'auc'),
          column('coverage', 'percent'),
          column('standard_error', 'percent', 'standard error'),
          column('mean_width', 'auc', 'mean width'),
        ],
        rows: rows.map((row) => [
          row.quantity,
          row.method,
          row.cases,
          row.truth,
          row.coverage,
          row.standardError,
          row.meanWidth,
        ]),
      } as const;
      const notes = [
        'Binormal scores, half of the cases positive, for AUC and average precision; F1: the same scores cut half-way, each case positive by a fair coin; proportion: binomial counts; kappa: two raters who agree in four of five cases.',
        'Of patients: two cases each, whose scores correlate by one half. Intervals that take them as independent are shown for comparison.',
      ];
      await printResult(
        { name: 'coverage', data: { trials, confidence, seed, rows, notes }, tables: [table], notes },
        flags,
      );
    });
}
