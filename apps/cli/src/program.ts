/** The command line: parses and prints. Everything else is in the packages. */
import { Command } from 'commander';
import { benchCommand } from './commands/bench.ts';
import { dataCommand } from './commands/data.ts';
import { demoCommand } from './commands/demo.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { imageCommand } from './commands/image.ts';
import { modelCommand } from './commands/model.ts';
import { phantomCommand } from './commands/phantom.ts';
import { predictCommand } from './commands/predict.ts';
import { reproduceCommand } from './commands/reproduce.ts';
import { serveCommand } from './commands/serve.ts';
import { statsCommand } from './commands/stats.ts';
import { trainCommand } from './commands/train.ts';
import { weightsCommand } from './commands/weights.ts';
import { exitCodeOf, USAGE_ERROR, WORK_FAILED } from './exit-codes.ts';
import { packageVersion } from './package-version.ts';

const program = new Command('mammoscope')
  .description(
    'Trains, evaluates and runs published CAD systems for mammography.\nNot a medical device. For research only.',
  )
  .version(packageVersion())
  .enablePositionalOptions() // what stands behind a command is its own, and behind one of its commands that one's
  .addHelpText('after', '\nExample:\n  ./mammoscope demo');

for (const command of [
  trainCommand(),
  evaluateCommand(),
  predictCommand(),
  exportCommand(),
  reproduceCommand(),
  serveCommand(),
  dataCommand(),
  imageCommand(),
  modelCommand(),
  statsCommand(),
  weightsCommand(),
  phantomCommand(),
  benchCommand(),
  demoCommand(),
]) {
  program.addCommand(command);
}
refuseUsageErrors(program);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // the reader has what it wanted, as in "model list | head -3"
  process.stderr.write(`mammoscope: the output cannot be written (${error.code})\n`);
  process.exit(WORK_FAILED);
});
process.stderr.on('error', () => undefined); // nobody reads the progress: the work goes on

try {
  await program.parseAsync();
} catch (error) {
  const { message, code } = exitCodeOf(error);
  process.stderr.write(`mammoscope: ${message}\n`);
  process.exit(code);
}

/** 'unknown option ..., and ' before a required option that is missing, which may be the one mistyped; else nothing. */
function mistypedOption({ args }: Command, text: string): string {
  const unknown = text.startsWith('error: required option') ? args.find((word) => /^-./.test(word)) : undefined;
  return unknown === undefined ? '' : `unknown option '${unknown.split('=')[0]}', and `;
}

/** Errors of usage end with one line on stderr and exit code 2, in a command and in those below it. */
function refuseUsageErrors(command: Command): void {
  command
    .configureOutput({
      outputError: (text, write) =>
        write(
          `mammoscope: ${text
            .trim()
            .replace(/^error: /, mistypedOption(command, text))
            .replaceAll('\n', ' ')} (--help lists what there is)\n`,
        ),
    })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE_ERROR));
  for (const part of command.commands) refuseUsageErrors(part as Command);
}
