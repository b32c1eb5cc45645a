/** Options that several commands of stats share, and what they say of a table. */
import type { Level, LevelRule } from '@mammoscope/stats';
import type { LevelChoice, StudyColumns, SubgroupColumn } from '@mammoscope/systems';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { collect, listOption, positiveNumber, wholeNumber } from '../options.ts';

/** A finite number. */
export function finiteNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === '') throw new InvalidArgumentError(`"${text}" is no number.`);
  return value;
}

/** A comma-separated list of numbers. */
export const numberList = (text: string): number[] => listOption(text).map(finiteNumber);

/** An option that takes a list; help shows its default as it is typed. */
export const listed = <T>(
  flags: string,
  description: string,
  parse: (text: string) => readonly T[],
  fallback: readonly T[] = [],
): Option => new Option(flags, description).argParser(parse).default(fallback, fallback.join(',') || 'none');

/** A share strictly between 0 and 1, as --confidence and --power take it. */
export function openShare(text: string): number {
  const value = finiteNumber(text);
  if (!(value > 0 && value < 1))
    throw new InvalidArgumentError(`"${text}" is not between 0 and 1; write 0.95 for 95 %.`);
  return value;
}

/** Flags of --by: "vendor", "vendor,density" or "age:40,50,60". */
export function subgroupColumns(values: readonly string[]): SubgroupColumn[] {
  return values.flatMap((text): SubgroupColumn[] => {
    const bands = /^(.+):([-\d.eE+,\s]+)$/.exec(text);
    if (!bands) return listOption(text).map((column) => ({ column }));
    return [{ column: bands[1] as string, edges: listOption(bands[2] as string).map(Number) }];
  });
}

/** Flags of the columns of a study. */
export interface StudyFlags {
  readonly label: string;
  readonly positive?: readonly string[];
  readonly scores: readonly string[];
  readonly cluster?: string;
  readonly by?: readonly string[];
  readonly completeCases?: boolean;
  readonly level?: Level;
  readonly rule?: LevelRule;
  readonly imageCutoff: number;
  readonly patient?: string;
  readonly laterality: string;
  readonly lesion: string;
  readonly view: string;
}

/** Flags of intervals. */
export interface IntervalFlags {
  readonly confidence: number;
  readonly seed: number;
  readonly replicates: number;
  readonly bootstrap: 'percentile' | 'bca';
}

export const clusterOption = () =>
  new Option('--cluster <column>', 'cases of one patient: intervals then take them as dependent');
export const byOption = (what = 'subgroups by a column, numbers in bands: --by vendor --by age:40,50,60') =>
  new Option('--by <column>', `${what} (may be given again)`).argParser(collect);
export const intervalOption = () =>
  new Option('--interval <method>', 'interval of proportions of independent cases')
    .choices(['wilson', 'clopper-pearson', 'wald'])
    .default('wilson');
export const mcnemarOption = () =>
  new Option('--mcnemar <method>', "how McNemar's p value is computed")
    .choices(['exact', 'mid-p', 'chi-square', 'chi-square-corrected'])
    .default('exact');

/** Adds --seed, --confidence, --replicates and --bootstrap. */
export function resamplingOptions(command: Command): Command {
  return seedOptions(command)
    .option('--replicates <n>', 'bootstrap replicates, 100 to 100000', positiveNumber, 2000)
    .addOption(
      new Option('--bootstrap <method>', 'interval read off the replicates')
        .choices(['percentile', 'bca'])
        .default('percentile'),
    );
}

/** Adds --seed and --confidence. */
export function seedOptions(command: Command): Command {
  return command
    .option('--confidence <share>', 'of the intervals', openShare, 0.95)
    .option('--seed <n>', 'of every random choice', wholeNumber, 0);
}

/** Adds the options that say which columns of a table are what. */
export function studyOptions(command: Command): Command {
  return command
    .option('--label <column>', 'the truth: 0 and 1, or names (see --positive)', 'label')
    .option('--positive <names>', 'names in the column of the truth that mean positive', listOption)
    .requiredOption('--scores <columns>', 'one column a model; higher is more suspicious', listOption)
    .addOption(clusterOption())
    .addOption(byOption())
    .option('--complete-cases', 'leave rows out that a model misses, for every model, and say which')
    .addOption(
      new Option('--level <level>', 'join the rows of images to one score a').choices([
        'image',
        'breast',
        'lesion',
        'patient',
      ]),
    )
    .addOption(
      new Option(
        '--rule <rule>',
        'how scores are joined: mean (Xiao, Park), highest, malignant-first (Lin), majority (Liang)',
      )
        .choices(['mean', 'highest', 'malignant-first', 'majority'])
        .default('mean'),
    )
    .option(
      '--image-cutoff <score>',
      'an image is called positive from here (malignant-first, majority)',
      finiteNumber,
      0.5,
    )
    .option(
      '--patient <column>',
      'names the patient of a row, for --level (default: the --cluster column, or patient_id)',
    )
    .option('--laterality <column>', 'names the breast, for --level', 'laterality')
    .option('--lesion <column>', 'names the lesion, for --level lesion', 'lesion_id')
    .option('--view <column>', 'names the view, for --level image', 'view');
}

/** The columns that flags name. */
export function studyColumns(flags: StudyFlags): StudyColumns {
  const { label, positive, scores, cluster, completeCases, by = [] } = flags;
  return {
    label,
    scores,
    by: subgroupColumns(by),
    ...(positive && { positive }),
    ...(cluster !== undefined && { cluster }),
    ...(completeCases && { completeCases }),
    ...(flags.level && { level: levelChoice(flags.level, flags) }),
  };
}

function levelChoice(level: Level, flags: StudyFlags): LevelChoice {
  return {
    level,
    rule: flags.rule ?? 'mean',
    cutoff: flags.imageCutoff,
    patient: flags.patient ?? flags.cluster ?? 'patient_id',
    laterality: flags.laterality,
    lesion: flags.lesion,
    view: flags.view,
  };
}
