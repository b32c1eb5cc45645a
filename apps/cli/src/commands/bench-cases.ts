/** Benchmarks of one network with a case a pass: `bench detection` and `bench gmic`. */
import {
  DETECTION_CASES,
  detectionCase,
  GMIC_CASES,
  gmicCase,
  runDetectionCase,
  runGmicCase,
  type Speed,
} from '@mammoscope/systems';
import type { Command } from 'commander';
import { positiveNumber, print } from '../options.ts';
import { formatTable } from '../table.ts';
import {
  type EngineBenchFlags,
  eachAlone,
  engineCommand,
  SPEED_COLUMNS,
  speedCells,
  threadsPart,
} from './bench-options.ts';

interface CaseFlags extends EngineBenchFlags {
  readonly case?: string;
  readonly size: number;
}

/** A benchmark: its words, its cases, and what follows the speed of a case. */
interface CaseBench<Name extends string, Result extends Speed & { readonly title: string }> {
  readonly name: string;
  readonly description: string;
  /** What `--steps` counts, and what has the height that `--size` gives, with the height it has without. */
  readonly steps: string;
  readonly size: readonly [what: string, heightPx: number];
  readonly cases: readonly Name[];
  readonly caseOf: (name: string) => Name;
  readonly run: (
    name: Name,
    options: { readonly heightPx: number; readonly runs: number; readonly threads?: number },
  ) => Promise<Result>;
  readonly heading: string;
  readonly more?: readonly (readonly [column: string, cell: (result: Result) => string])[];
}

function caseCommand<Name extends string, Result extends Speed & { readonly title: string }>(
  bench: CaseBench<Name, Result>,
): Command {
  const { name, cases, caseOf, run, more = [] } = bench;
  const [what, defaultPx] = bench.size;
  const measure = async (flags: CaseFlags) => {
    const { case: only, size: heightPx, steps } = flags;
    const results = await eachAlone(
      only === undefined ? cases : [caseOf(only)],
      (each) => run(each, { heightPx, runs: steps, ...threadsPart(flags) }),
      { flags, parts: (each) => [name, '--case', each, '--size', `${heightPx}`] },
    );
    const lines = results.map((result) => [
      result.title,
      ...speedCells(result),
      ...more.map(([, cell]) => cell(result)),
    ]);
    const columns = [bench.heading, ...SPEED_COLUMNS, ...more.map(([column]) => column)];
    print(flags.json, results, formatTable(columns, lines));
  };
  return engineCommand(name, bench.description, bench.steps)
    .option('--case <name>', `only one case: ${cases.join(', ')}`)
    .option('--size <px>', `height of the ${what}`, positiveNumber, defaultPx)
    .action(measure);
}

/** `bench detection` */
export const benchDetectionCommand = (): Command =>
  caseCommand({
    name: 'detection',
    description: 'the detector of boxes on a film: a training step and inference, as a share of the MatMul ceiling',
    steps: 'steps, or films',
    size: ['film', 1024],
    cases: DETECTION_CASES,
    caseOf: detectionCase,
    run: runDetectionCase,
    heading: 'detector',
  });

/** `bench gmic` */
export const benchGmicCommand = (): Command =>
  caseCommand({
    name: 'gmic',
    description:
      'a slice through the global network of 3D-GMIC and back, and predict on a file of 96 slices, each once without augmentation, as a share of the MatMul ceiling; multiply-adds of a volume',
    steps: 'slices; predict takes all of its volume',
    size: ['slice', 2116],
    cases: GMIC_CASES,
    caseOf: gmicCase,
    run: runGmicCase,
    heading: 'slice of 3D-GMIC',
    more: [
      ['GMACs of a volume', ({ volumeGmacs }) => volumeGmacs.toFixed(0)],
      ['step / three inference passes', ({ stepByThreePasses }) => stepByThreePasses?.toFixed(2) ?? ''],
    ],
  });
