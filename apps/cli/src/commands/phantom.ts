import { availableParallelism } from 'node:os';
import {
  type BreastDensity,
  DENSITIES,
  PHANTOM_FORMATS,
  PHANTOM_PRESETS,
  type PhantomFormat,
  type PhantomPresetName,
  writePhantomCohort,
} from '@mammoscope/systems';
import { Command, InvalidArgumentError, Option } from 'commander';
import { jsonOption, positiveNumber, print, wholeNumber } from '../options.ts';

interface PhantomFlags {
  readonly out: string;
  readonly patients: number;
  readonly preset: PhantomPresetName;
  readonly density?: BreastDensity;
  readonly difficulty: number;
  readonly format: PhantomFormat;
  readonly raw?: boolean;
  readonly screening?: boolean;
  readonly seed: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** More threads than this ask for much memory: at full each takes about half a gigabyte. */
const MOST_THREADS = 4;

/** `phantom` */
export function phantomCommand(): Command {
  return new Command('phantom')
    .description('draw virtual women with known lesions: 4 mammograms and 4 tomosyntheses each, with a manifest')
    .requiredOption('--out <folder>', 'folder to write')
    .requiredOption('--patients <n>', 'how many women', positiveNumber)
    .addOption(
      new Option('--preset <name>', 'size of the images').choices(Object.keys(PHANTOM_PRESETS)).default('tiny'),
    )
    .addOption(new Option('--density <letter>', 'density of all breasts (drawn unless given)').choices(DENSITIES))
    .option('--difficulty <number>', 'from 0 (benign and malignant differ) to 1 (they look alike)', fraction, 0.5)
    .addOption(new Option('--format <name>', 'format of the images, 16 bits').choices(PHANTOM_FORMATS).default('png'))
    .option('--raw', 'write each mammogram for processing as well (DICOM)')
    .option('--screening', 'as of screening: synthetic 2D views too, and BI-RADS categories and masks in the manifest')
    .option('--seed <n>', 'seed of every random choice', wholeNumber, 0)
    .option(
      '--threads <n>',
      `breasts drawn at the same time (cores, at most ${MOST_THREADS}, unless given)`,
      positiveNumber,
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  ./mammoscope phantom --out cohort --patients 30 && ./mammoscope data check cohort/manifest.csv',
    )
    .action(phantom);
}

function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError(`"${text}" is no number from 0 to 1.`);
  return value;
}

async function phantom({ json, threads, ...flags }: PhantomFlags): Promise<void> {
  const terminal = process.stderr.isTTY === true;
  const summary = await writePhantomCohort({
    ...flags,
    // The smallest images are drawn before a thread has started.
    threads:
      threads ?? (flags.preset === 'tiny' && flags.patients < 4 ? 1 : Math.min(MOST_THREADS, availableParallelism())),
    onBreast: (done, total) => {
      if (terminal) process.stderr.write(`\r${done} of ${total} breasts`);
    },
  });
  if (terminal) process.stderr.write('\r\u001b[K');
  const labels = Object.entries(summary.labels).map(([label, count]) => `${count} ${label}`);
  print(
    json,
    summary,
    `${summary.manifest}: ${summary.images} images of ${summary.patients} women (${labels.join(', ')})`,
  );
}
