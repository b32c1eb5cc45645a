import { resolve } from 'node:path';
import {
  checkManifest,
  describeProblem,
  importMias,
  LISTED_PROBLEMS,
  ManifestError,
  readManifest,
} from '@mammoscope/imaging';
import { Argument, Command, Option } from 'commander';
import { jsonOption, listOption, print } from '../options.ts';
import { formatTable } from '../table.ts';

/** What lists the cases of mini-MIAS. */
const INFO = 'Info.txt';

/** `data check` and `data import`. */
export function dataCommand(): Command {
  const data = new Command('data')
    .description('check a manifest, or make one from a public data set')
    .addHelpText('after', '\nExample:\n  ./mammoscope data check manifest.csv');
  data
    .command('check')
    .description('decode every image of a manifest and check it against its row')
    .argument('<manifest>', 'manifest (CSV)')
    .option('--classes <names>', 'classes, negative first, separated by commas', listOption)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope data check manifest.csv --classes benign,malignant')
    .action(check);
  data
    .command('import')
    .description('write a manifest for a data set as it is distributed')
    .addArgument(new Argument('<data set>', 'the data set').choices(['mias']))
    .argument('<folder>', 'folder of the data set')
    .requiredOption('--out <manifest>', 'manifest to write (CSV)')
    .addOption(
      new Option('--label <by>', 'what the label column holds')
        .choices(['severity', 'abnormality'])
        .default('severity'),
    )
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope data import mias mini-mias/ --out mias.csv')
    .action((_: string, folder: string, flags: { out: string; label: 'severity' | 'abnormality'; json?: boolean }) =>
      importData(folder, flags),
    );
  return data;
}

interface CheckFlags {
  readonly classes?: readonly string[];
  readonly json?: boolean;
}

/** Checks a manifest; with --json a refused one leaves its problems on stdout, beside the sentence on stderr. */
async function check(path: string, flags: CheckFlags): Promise<void> {
  try {
    await describe(path, flags);
  } catch (error) {
    if (flags.json && error instanceof ManifestError) {
      const { problems, problemCount } = error;
      print(true, { manifest: resolve(path), problemCount, problems }, '');
    }
    throw error;
  }
}

async function describe(path: string, { classes, json }: CheckFlags): Promise<void> {
  const manifest = await readManifest(path, classes ? { classes } : {});
  const terminal = process.stderr.isTTY === true;
  const { summary, problems, notes } = await checkManifest(manifest, {
    onImage: (done, total) => {
      if (terminal) process.stderr.write(`\r${done} of ${total} images`);
    },
  });
  if (terminal) process.stderr.write('\r\u001b[K');
  if (problems.length > 0) throw new ManifestError(manifest.path, [...problems]);
  const classLines = Object.entries(summary.perClass).map(([label, counts]) => [
    label,
    String(counts.images),
    String(counts.patients),
  ]);
  const text = [
    `${manifest.path}: ${summary.rows} rows, ${summary.images} images, ${summary.patients} patients, ${summary.boxes} boxes`,
    formatTable(['class', 'images', 'patients'], classLines),
    formatTable(
      ['size', 'images'],
      Object.entries(summary.sizes).map(([size, count]) => [size, String(count)]),
    ),
    ...notes.slice(0, LISTED_PROBLEMS).map((note) => `note: ${describeProblem(manifest.path, note)}`),
  ].join('\n\n');
  print(json, { manifest: manifest.path, sha256: manifest.sha256, problemCount: 0, problems, summary, notes }, text);
}

async function importData(
  folder: string,
  { out, label, json }: { readonly out: string; readonly label: 'severity' | 'abnormality'; readonly json?: boolean },
): Promise<void> {
  const result = await importMias(folder, out, { label });
  const lines = [
    `${out}: ${result.rows} rows, ${result.images} images, ${result.patients} patients, ${result.boxes} boxes`,
    `images not in the folder: ${result.absent.length}; lines refused: ${result.refused.length}`,
    ...result.refused.map((problem) => describeProblem(INFO, problem)),
    ...result.notes.map((note) => `note: ${describeProblem(INFO, note)}`),
  ];
  print(json, result, lines.join('\n'));
}
