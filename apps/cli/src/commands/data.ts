import { resolve } from 'node:path';
import { checkManifest, describeProblem, LISTED_PROBLEMS, ManifestError, readManifest } from '@mammoscope/imaging';
import { Command } from 'commander';
import { imageProgress, jsonOption, listOption, print } from '../options.ts';
import { formatTable } from '../table.ts';
import { dataImportCommand } from './data-import.ts';
import { dataSplitCommand } from './data-split.ts';

/** `data check`, `data import` and `data split`. */
export function dataCommand(): Command {
  const data = new Command('data')
    .description('check a manifest, make one from a data set, or split one by patient')
    .addHelpText('after', '\nExample:\n  ./mammoscope data check manifest.csv');
  data
    .command('check')
    .description('decode every image of a manifest and check it against its row')
    .argument('<manifest>', 'manifest (CSV)')
    .option('--classes <names>', 'classes, negative first, separated by commas', listOption)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope data check manifest.csv --classes benign,malignant')
    .action(check);
  data.addCommand(dataImportCommand());
  data.addCommand(dataSplitCommand());
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
  const progress = imageProgress();
  const checked = checkManifest(manifest, { onImage: progress.onImage });
  const { summary, problems, notes } = await checked.finally(progress.end);
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
