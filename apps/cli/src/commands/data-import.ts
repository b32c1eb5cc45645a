import {
  DATA_SETS,
  type DataSetImport,
  type DataSetName,
  describeProblem,
  type Exclusion,
  importDataSet,
  importMias,
  LISTED_PROBLEMS,
  type Preferences,
} from '@mammoscope/imaging';
import { Argument, Command, Option } from 'commander';
import { collect, imageProgress, jsonOption, preference, print } from '../options.ts';

/** What lists the cases of mini-MIAS. */
const INFO = 'Info.txt';

/** What the label column of mini-MIAS may hold. */
const MIAS_LABELS = ['severity', 'abnormality'] as const;

const LABELS = [
  `mias: ${MIAS_LABELS.join(', ')}`,
  ...Object.entries(DATA_SETS).map(([name, { labels }]) => `${name}: ${labels.join(', ')}`),
].join('\n  ');

interface ImportFlags {
  readonly out: string;
  readonly label?: string;
  readonly publishedSplit?: boolean;
  readonly lesions?: boolean;
  readonly pixels: boolean;
  readonly prefer?: Preferences;
  readonly table?: string;
  readonly column?: readonly string[];
  readonly sheet?: string;
  readonly json?: boolean;
}

/** `data import`. */
export function dataImportCommand(): Command {
  return new Command('import')
    .description('write a manifest for a data set as it is distributed, with exclusions.csv beside it')
    .addArgument(new Argument('<data set>', 'the data set').choices(['mias', ...Object.keys(DATA_SETS)]))
    .argument('<folder>', 'folder with the images and label files of the data set')
    .requiredOption('--out <manifest>', 'manifest to write (CSV)')
    .option('--label <by>', 'what the label column holds; the choices are below')
    .option('--published-split', 'fill the column split with the split that was published')
    .option('--lesions', 'annotated lesions alone: rows without a box are left out')
    .option('--no-pixels', 'do not decode pixels: faster, and sides are held against names and tags alone')
    .addOption(
      new Option('--prefer <step=source...>', 'keep images whose sources disagree, such as laterality=user').argParser(
        preference,
      ),
    )
    .option('--table <file>', 'dicom: the table of labels, where the folder has not just one CSV file or workbook')
    .option('--sheet <name>', 'the sheet that has the table, where a workbook has several')
    .option('--column <field=name>', 'dicom: the column of the table that holds a field (repeatable)', collect)
    .addOption(jsonOption())
    .addHelpText('after', `\nLabels, the default first:\n  ${LABELS}`)
    .addHelpText('after', '\nExample:\n  ./mammoscope data import rsna-2022 rsna/ --out rsna.csv --label cancer')
    .action(importData);
}

async function importData(name: 'mias' | DataSetName, folder: string, flags: ImportFlags): Promise<void> {
  if (name === 'mias') return importMiniMias(folder, flags);
  const progress = imageProgress();
  const result = await importDataSet(name, folder, flags.out, {
    pixels: flags.pixels,
    onImage: progress.onImage,
    ...(flags.label !== undefined && { label: flags.label }),
    ...(flags.publishedSplit && { publishedSplit: true }),
    ...(flags.lesions && { lesionsOnly: true }),
    ...(flags.prefer && { prefer: flags.prefer }),
    ...(flags.table !== undefined && { table: flags.table }),
    ...(flags.column && { columns: columnsOf(flags.column) }),
    ...(flags.sheet !== undefined && { sheet: flags.sheet }),
  }).finally(progress.end);
  const { exclusions, notes, ...counts } = result;
  const listed = exclusions.slice(0, LISTED_PROBLEMS);
  const json = { ...counts, exclusionCount: exclusions.length, exclusions: listed, noteCount: notes.length };
  print(flags.json, json, describe(flags.out, result).join('\n'));
}

function describe(out: string, { exclusions, notes, exclusionsFile, labels, ...counts }: DataSetImport): string[] {
  const left = (what: Exclusion['leftOut']) => exclusions.filter(({ leftOut }) => leftOut === what).length;
  const more = (count: number, what: string) =>
    count > LISTED_PROBLEMS ? [`and ${count - LISTED_PROBLEMS} more ${what}`] : [];
  return [
    `${out}: ${counts.rows} rows, ${counts.images} images, ${counts.patients} patients, ${counts.boxes} boxes`,
    `labels: ${Object.entries(labels)
      .map(([label, count]) => `${label} ${count}`)
      .join(', ')}`,
    `left out: ${left('row')} rows and ${left('box')} boxes, each with its reason in ${exclusionsFile}`,
    ...exclusions.slice(0, LISTED_PROBLEMS).map((each) => `- ${sentence(each)}`),
    ...more(exclusions.length, 'there'),
    ...notes.slice(0, LISTED_PROBLEMS).map((note) => `note: ${describeProblem(note.file, note)}`),
    ...more(notes.length, 'notes'),
  ];
}

/** The line of an exclusion as people read it. */
function sentence({ file, line, leftOut, image, reason }: Exclusion): string {
  const what = leftOut === 'box' ? `the box of ${image} is left out: ${reason}` : reason;
  return describeProblem(file, { message: what, ...(line !== undefined && { line }) });
}

/** Fields and the columns that hold them; an empty name leaves a field out. */
function columnsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, field, name] = /^(\w+)=(.*)$/s.exec(pair) ?? [];
      if (field === undefined || name === undefined)
        throw new RangeError(`--column must be field=name, such as patient_id=Patient, got ${JSON.stringify(pair)}`);
      return [field, name.trim()];
    }),
  );
}

async function importMiniMias(
  folder: string,
  { out, label = 'severity', lesions = false, json }: ImportFlags,
): Promise<void> {
  const by = MIAS_LABELS.find((known) => known === label);
  if (!by) throw new RangeError(`the label of mias must be one of ${MIAS_LABELS.join(', ')}, got ${label}`);
  const result = await importMias(folder, out, { label: by, lesionsOnly: lesions });
  const lines = [
    `${out}: ${result.rows} rows, ${result.images} images, ${result.patients} patients, ${result.boxes} boxes`,
    `images not in the folder: ${result.absent.length}; lines refused: ${result.refused.length}`,
    ...result.refused.map((problem) => describeProblem(INFO, problem)),
    ...result.notes.map((note) => `note: ${describeProblem(INFO, note)}`),
  ];
  print(json, result, lines.join('\n'));
}
