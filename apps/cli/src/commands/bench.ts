import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BenchResult, runTrainCase, SystemError, TRAIN_CASES } from '@mammoscope/systems';
import { Argument, Command } from 'commander';
import { jsonOption, print, threadsOption, wholeNumber } from '../options.ts';
import { formatTable } from '../table.ts';

interface BenchFlags {
  readonly case?: string;
  readonly steps: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** `bench train` */
export function benchCommand(): Command {
  return new Command('bench')
    .description('speed of whole training steps as a share of the MatMul ceiling of the same process, and their memory')
    .addArgument(new Argument('[name]', 'what to time').choices(['train']).default('train'))
    .option('--case <name>', `only one case: ${Object.keys(TRAIN_CASES).join(', ')}`)
    .option('--steps <n>', 'steps of each case', wholeNumber, 10)
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope bench train')
    .action((_: string, flags: BenchFlags) => bench(flags));
}

async function bench(flags: BenchFlags): Promise<void> {
  if (flags.steps < 1) throw new SystemError('option-invalid', `--steps ${flags.steps}: give at least 1`);
  if (flags.case !== undefined) {
    const result = await runTrainCase(flags.case, flags.steps, flags.threads);
    print(flags.json, [result], benchTable([result]));
    return;
  }
  const results: BenchResult[] = [];
  for (const [name, { title }] of Object.entries(TRAIN_CASES)) {
    process.stderr.write(`${title} ...\n`);
    results.push(await inOwnProcess(name, flags));
  }
  print(flags.json, results, benchTable(results));
}

/** A case in a process of its own, so that its memory is its own. */
async function inOwnProcess(name: string, { steps, threads }: BenchFlags): Promise<BenchResult> {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const flags = [
    'bench',
    'train',
    '--json',
    '--case',
    name,
    '--steps',
    String(steps),
    ...(threads ? ['--threads', String(threads)] : []),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    main,
    ...flags,
  ]);
  return (JSON.parse(stdout) as BenchResult[])[0] as BenchResult;
}

function benchTable(results: readonly BenchResult[]): string {
  const lines = results.map((r) => [
    r.title,
    r.leastMs.toFixed(0),
    r.medianMs.toFixed(0),
    r.imagesPerSecond.toFixed(1),
    r.gflopPerSecond.toFixed(0),
    r.ceilingGflopPerSecond.toFixed(0),
    r.shareOfCeiling.toFixed(2),
    r.peakMiB.toFixed(0),
    r.stepMiB.toFixed(0),
  ]);
  return formatTable(
    [
      'training step',
      'least ms',
      'median ms',
      'images/s',
      'GFLOP/s',
      'MatMul GFLOP/s',
      'share',
      'peak MiB',
      'step MiB',
    ],
    lines,
  );
}
