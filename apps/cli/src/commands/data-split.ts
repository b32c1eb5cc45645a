import {
  foldsByPatient,
  ImagingError,
  type ManifestRow,
  readManifest,
  SPLITS,
  type SplitFractions,
  splitByPatient,
  writeManifest,
} from '@mammoscope/imaging';
import { Command, InvalidArgumentError } from 'commander';
import { jsonOption, listOption, positiveNumber, print, wholeNumber } from '../options.ts';
import { formatTable } from '../table.ts';

interface SplitFlags {
  readonly out: string;
  readonly fractions?: SplitFractions;
  readonly folds?: number;
  readonly seed: number;
  readonly classes?: readonly string[];
  readonly replace?: boolean;
  readonly json?: boolean;
}

/** `data split`. */
export function dataSplitCommand(): Command {
  return new Command('split')
    .description('assign the patients of a manifest to train, val and test, or to folds, each class in each')
    .argument('<manifest>', 'manifest (CSV)')
    .requiredOption('--out <manifest>', 'manifest to write, with its other columns kept')
    .option(
      '--fractions <train,val,test>',
      'shares of the patients (0.7,0.15,0.15 unless --folds is given)',
      fractionsOption,
    )
    .option('--folds <k>', 'fill the column fold with 0 to k - 1; the patients of test get none', positiveNumber)
    .option('--seed <n>', 'seed of the split', wholeNumber, 0)
    .option('--classes <names>', 'classes, negative first, separated by commas', listOption)
    .option('--replace', 'replace the split or the folds that the manifest has')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope data split rsna.csv --out split.csv --folds 5 --seed 1')
    .action(split);
}

/** A row on its way, with its fold. */
type FoldedRow = ManifestRow & { readonly fold?: number };

async function split(path: string, flags: SplitFlags): Promise<void> {
  const manifest = await readManifest(path, flags.classes ? { classes: flags.classes } : {});
  const rows = splitRows(manifest.rows, flags, path);
  const folded: readonly FoldedRow[] =
    flags.folds === undefined
      ? rows
      : foldsByPatient(withoutFolds(rows, flags, path), { seed: flags.seed, folds: flags.folds });
  await writeManifest(
    flags.out,
    folded.map(({ fold, ...row }) =>
      flags.folds === undefined ? row : { ...row, other: { ...row.other, fold: `${fold ?? ''}` } },
    ),
  );
  const parts = partsOf(folded, manifest.classes);
  const text = formatTable(
    ['part', 'patients', ...manifest.classes],
    parts.map(({ part, patients, perClass }) => [
      part,
      `${patients}`,
      ...manifest.classes.map((name) => `${perClass[name]}`),
    ]),
  );
  const header = `${flags.out}: ${folded.length} rows; patients of each part, and with rows of each class`;
  print(flags.json, { manifest: flags.out, seed: flags.seed, parts }, `${header}\n\n${text}`);
}

/** Rows with their splits: those asked for, or those that the manifest has. */
function splitRows(rows: readonly ManifestRow[], { fractions, folds, seed, replace }: SplitFlags, path: string) {
  const carries = rows.some((row) => row.split !== undefined);
  if (folds !== undefined && !fractions) return rows;
  if (carries && !replace) throw taken(path, 'split');
  const bare = rows.map(({ split: _, ...row }) => row);
  return splitByPatient(bare, { seed, fractions: fractions ?? { train: 0.7, val: 0.15, test: 0.15 } });
}

function withoutFolds(rows: readonly ManifestRow[], { replace }: SplitFlags, path: string): ManifestRow[] {
  if (!replace && rows.some(({ other }) => other.fold)) throw taken(path, 'fold');
  return [...rows];
}

const taken = (path: string, column: string) =>
  new ImagingError('split-impossible', `${path} has a column ${column} already: say --replace to draw it again`);

/** How many patients each part has, in all and with rows of each class. */
function partsOf(rows: readonly FoldedRow[], classes: readonly string[]) {
  const named = [
    ...SPLITS.map((name) => [name, rows.filter((row) => row.split === name)] as const),
    ...[...Map.groupBy(rows, ({ fold }) => fold)]
      .filter(([fold]) => fold !== undefined)
      .sort(([a = 0], [b = 0]) => a - b)
      .map(([fold, some]) => [`fold ${fold}`, some] as const),
  ];
  const patients = (some: readonly ManifestRow[]) => new Set(some.map(({ patientId }) => patientId)).size;
  return named
    .filter(([, some]) => some.length > 0)
    .map(([part, some]) => ({
      part,
      patients: patients(some),
      perClass: Object.fromEntries(classes.map((name) => [name, patients(some.filter(({ label }) => label === name))])),
    }));
}

function fractionsOption(text: string): SplitFractions {
  const shares = text.split(',').map((share) => (/^\s*\d*\.?\d+\s*$/.test(share) ? Number(share) : Number.NaN));
  const [train, val, test] = shares;
  if (
    shares.length !== 3 ||
    train === undefined ||
    val === undefined ||
    test === undefined ||
    shares.some(Number.isNaN)
  )
    throw new InvalidArgumentError(`"${text}" is no three shares; write 0.7,0.15,0.15.`);
  return { train, val, test };
}
