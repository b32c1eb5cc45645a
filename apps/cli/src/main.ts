/** The command line: parses and prints. Everything else is in the packages. */
import { Command } from 'commander';
import { benchCommand } from './commands/bench.ts';
import { dataCommand } from './commands/data.ts';
import { demoCommand } from './commands/demo.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { modelCommand } from './commands/model.ts';
import { predictCommand } from './commands/predict.ts';
import { trainCommand } from './commands/train.ts';
import { exitCodeOf, USAGE_ERROR } from './exit-codes.ts';
import { packageVersion } from './package-version.ts';

const program = new Command('mammoscope')
  .description(
    'Trains, evaluates and runs published CAD systems for mammography.\nNot a medical device. For research only.',
  )
  .version(packageVersion())
  .showHelpAfterError('(add --help for the options)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE_ERROR));

/** Commands and their subcommands answer wrong usage alike. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

const commands = [
  trainCommand(),
  evaluateCommand(),
  predictCommand(),
  dataCommand(),
  modelCommand(),
  benchCommand(),
  demoCommand(),
];
for (const command of commands) program.addCommand(inherit(command, program));

try {
  await program.parseAsync();
} catch (error) {
  const { message, code } = exitCodeOf(error);
  process.stderr.write(`mammoscope: ${message}\n`);
  process.exit(code);
}
