/** What the benchmarks share: their options, cases in processes of their own, and columns of speed. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Speed, SystemError } from '@mammoscope/systems';
import { Command } from 'commander';
import { jsonOption, threadsOption, wholeNumber } from '../options.ts';

/** Flags that every benchmark has. */
export interface BenchFlags {
  readonly steps: number;
  readonly json?: boolean;
}

/** Flags of those that compute networks. */
export interface EngineBenchFlags extends BenchFlags {
  readonly threads?: number;
}

/** A benchmark that repeats something `steps` times. */
export const timedCommand = (name: string, description: string, steps: string): Command =>
  new Command(name)
    .description(description)
    .option('--steps <n>', steps, atLeastOne, 10)
    .addOption(jsonOption())
    .addHelpText('after', `\nExample:\n  ./mammoscope bench ${name}`);

/** One that computes networks. */
export const engineCommand = (name: string, description: string, steps: string): Command =>
  timedCommand(name, description, steps).addOption(threadsOption());

function atLeastOne(text: string): number {
  const steps = wholeNumber(text);
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  return steps;
}

/** --threads as the benchmarks take it. */
export const threadsPart = ({ threads }: EngineBenchFlags) => (threads ? { threads } : {});

/** Each case by `run` where there is one, by processes of their own where there are several, so that memory is each one's. */
export async function eachAlone<Name extends string, Result>(
  names: readonly Name[],
  run: (name: Name) => Promise<Result>,
  { flags, parts }: { readonly flags: EngineBenchFlags; readonly parts: (name: Name) => readonly string[] },
): Promise<Result[]> {
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return [await run(only)];
  const results: Result[] = [];
  for (const name of names) {
    process.stderr.write(`${name} ...\n`);
    results.push(await inOwnProcess<Result>(parts(name), flags));
  }
  return results;
}

const inOwnProcess = <Result>(parts: readonly string[], { steps, threads }: EngineBenchFlags): Promise<Result> =>
  benchProcess<Result>([...parts, '--steps', String(steps), ...(threads ? ['--threads', String(threads)] : [])]);

/** The first result of a benchmark in a process of its own. */
export async function benchProcess<Result>(parts: readonly string[]): Promise<Result> {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const words = ['--disable-warning=ExperimentalWarning', main, 'bench', ...parts, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return (JSON.parse(stdout) as Result[])[0] as Result;
}

/** Columns of a table of speeds, by the clock and by processor time. */
export const SPEED_COLUMNS = [
  ...['least ms', 'median ms', 'processor ms', 'GFLOP/s', 'MatMul GFLOP/s'],
  ...['share', 'by processor time', 'peak MiB'],
];

/** Cells of these columns; `decimals` of the times. */
export const speedCells = (speed: Speed, decimals = 0): string[] => [
  ...[speed.leastMs, speed.medianMs, speed.processorMs].map((ms) => ms.toFixed(decimals)),
  ...[speed.gflopPerSecond, speed.ceilingGflopPerSecond].map((value) => value.toFixed(0)),
  ...[speed.shareOfCeiling.toFixed(2), speed.processorShare.toFixed(2), speed.peakMiB.toFixed(0)],
];
