import { Command } from 'commander';
import { agreementCommand } from './stats-agreement.ts';
import { calibrateCommand } from './stats-calibrate.ts';
import { compareCommand } from './stats-compare.ts';
import { coverageCommand } from './stats-coverage.ts';
import { frocCommand } from './stats-froc.ts';
import { readersCommand } from './stats-readers.ts';
import { rocCommand } from './stats-roc.ts';

/** `stats roc`, `compare`, `froc`, `calibrate`, `agreement`, `readers`, `coverage`. */
export function statsCommand(): Command {
  const stats = new Command('stats')
    .description('the statistics of a reader study, on CSV tables of any tool')
    .addHelpText(
      'after',
      '\nExample:\n  ./mammoscope stats roc scores.csv --label label --scores a,b --cluster patient',
    );
  for (const command of [
    rocCommand(),
    compareCommand(),
    frocCommand(),
    calibrateCommand(),
    agreementCommand(),
    readersCommand(),
    coverageCommand(),
  ])
    stats.addCommand(command);
  return stats;
}
