import {
  MEASURED_SLICES,
  type MeasuredStep,
  measureStep,
  TABLE_ROWS,
  TABLE_SLICES,
  WHOLE_VOLUME_CASES,
  type WholeVolumeCase,
  type WholeVolumeCost,
  wholeVolumeCase,
  wholeVolumeCost,
} from '@mammoscope/systems';
import { Command } from 'commander';
import { jsonOption, positiveNumber, print, threadsOption } from '../options.ts';
import { formatTable } from '../table.ts';
import { benchProcess } from './bench-options.ts';

interface WholeVolumeFlags {
  readonly case?: string;
  readonly slices?: number;
  readonly size: number;
  readonly othersSize: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Rows of the slices that the other networks are measured on: a quarter of the window's, for which 2.5 GB are enough. */
const OTHERS_ROWS = 529;

/** `bench whole-volumes` */
export function benchWholeVolumesCommand(): Command {
  return new Command('whole-volumes')
    .description(
      'table I of Park 2022: multiply-adds and peak memory of a training step of 3D-GMIC on 96 slices of 2116 x 1339, and of ResNets estimated from 4, 8 and 16 slices',
    )
    .option('--case <name>', `only one network: ${WHOLE_VOLUME_CASES.join(', ')}`)
    .option('--slices <n>', 'one step on so many slices instead (with --case)', positiveNumber)
    .option('--size <px>', 'height of the slices of 3D-GMIC, and with --slices of any', positiveNumber, TABLE_ROWS)
    .option('--others-size <px>', 'height of the slices that the others are measured on', positiveNumber, OTHERS_ROWS)
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope bench whole-volumes')
    .action(benchWholeVolumes);
}

async function benchWholeVolumes(flags: WholeVolumeFlags): Promise<void> {
  const { case: name, slices, size, json } = flags;
  if (name !== undefined && slices !== undefined) {
    const step = await measureStep(wholeVolumeCase(name), { slices, rows: size }, flags.threads);
    print(json, [step], `${step.peakMiB.toFixed(0)} MiB in ${step.seconds.toFixed(1)} s`);
    return;
  }
  const cases = name === undefined ? WHOLE_VOLUME_CASES : [wholeVolumeCase(name)];
  const steps: MeasuredStep[] = [];
  for (const each of cases)
    for (const planned of plannedSteps(each, flags)) steps.push(await measured(each, planned, flags));
  const costs = cases.map((each) => wholeVolumeCost(each, steps));
  print(json, { costs, steps }, tableOf(costs));
}

const plannedSteps = (name: WholeVolumeCase, { size, othersSize }: WholeVolumeFlags) =>
  name === '3d-gmic'
    ? [{ slices: TABLE_SLICES, rows: size }]
    : MEASURED_SLICES.map((slices) => ({ slices, rows: othersSize }));

/** In a process of its own, so that memory is that of the step. */
async function measured(
  name: WholeVolumeCase,
  { slices, rows }: { readonly slices: number; readonly rows: number },
  { threads }: WholeVolumeFlags,
): Promise<MeasuredStep> {
  process.stderr.write(`${name}, ${slices} slices ...\n`);
  const words = ['whole-volumes', '--case', name, '--slices', `${slices}`, '--size', `${rows}`];
  return benchProcess<MeasuredStep>([...words, ...(threads ? ['--threads', `${threads}`] : [])]);
}

function tableOf(costs: readonly WholeVolumeCost[]): string {
  const columns = ['network', 'GMACs', 'published', 'peak MiB, training', 'published MB, GPU', ''];
  const lines = costs.map(({ title, gmacs, peakMiB, isMeasured, published }) => [
    title,
    ...[gmacs, published.gmacs, peakMiB, published.memoryMB].map((value) => value.toFixed(0)),
    isMeasured ? 'measured' : 'extrapolated',
  ]);
  return formatTable(columns, lines);
}
