import { resolve, sep } from 'node:path';
import type { Preferences } from '../decision.ts';
import { ImagingError } from '../errors.ts';
import { writeManifest } from '../manifest-file.ts';
import { BCS_DBT } from './bcs-dbt.ts';
import { CBIS_DDSM } from './cbis-ddsm.ts';
import { CMMD } from './cmmd.ts';
import { type DataSet, type Exclusion, type ImportedRow, NO_BOX, type Origin } from './data-set.ts';
import { DICOM_FOLDER } from './dicom-folder.ts';
import { EMBED } from './embed.ts';
import { writeExclusions } from './exclusions-file.ts';
import { indexFiles } from './file-index.ts';
import { INBREAST } from './inbreast.ts';
import { exclusionOf, inspectImages, manifestRow } from './inspect-images.ts';
import { reconcile } from './reconcile.ts';
import { RSNA_2022 } from './rsna-2022.ts';
import { VINDR_MAMMO } from './vindr-mammo.ts';

/** What importDataSet reads, by the names of the command line; mini-MIAS is importMias. */
export const DATA_SETS = {
  'cbis-ddsm': CBIS_DDSM,
  inbreast: INBREAST,
  'vindr-mammo': VINDR_MAMMO,
  cmmd: CMMD,
  'rsna-2022': RSNA_2022,
  embed: EMBED,
  'bcs-dbt': BCS_DBT,
  dicom: DICOM_FOLDER,
} as const satisfies Readonly<Record<string, DataSet>>;

/** A name of the table. */
export type DataSetName = keyof typeof DATA_SETS;

/** What a user may say of an import. */
export interface ImportOptions {
  /** What the label column holds, one of the data set's labels; the first unless told. */
  readonly label?: string;
  /** Fills the column split with the published one. Without it a column published_split has it. */
  readonly publishedSplit?: boolean;
  /** False leaves the pixels unread: hours faster, and sides are then held against names and tags alone. */
  readonly pixels?: boolean;
  /** Keeps rows with a box alone. */
  readonly lesionsOnly?: boolean;
  /** Which source wins where those of an image disagree; without it the image is excluded. */
  readonly prefer?: Preferences;
  /** Of the data set dicom. */
  readonly table?: string;
  readonly columns?: Readonly<Record<string, string>>;
  /** Of a label file that is a workbook: the sheet that has the table. */
  readonly sheet?: string;
  readonly onImage?: (done: number, total: number) => void;
}

/** What was imported. */
export interface DataSetImport {
  readonly rows: number;
  readonly images: number;
  readonly patients: number;
  readonly boxes: number;
  /** Rows of each label. */
  readonly labels: Readonly<Record<string, number>>;
  /** Absolute path of exclusions.csv, beside the manifest. */
  readonly exclusionsFile: string;
  /** In the order of label files and lines. */
  readonly exclusions: readonly Exclusion[];
  /** Rows kept with a change: a box clipped to its image. */
  readonly notes: readonly (Origin & { readonly message: string })[];
}

/**
 * Reads a data set as it is distributed and writes a manifest, with exclusions.csv beside it: every row and box left out, with its
 * reason. Throws ManifestError and ImagingError data-set-invalid, column-unclear for label files that cannot be used, and
 * data-set-invalid where no row is left.
 */
export async function importDataSet(
  name: DataSetName,
  folder: string,
  outFile: string,
  options: ImportOptions = {},
): Promise<DataSetImport> {
  const set: DataSet = DATA_SETS[name];
  const label = options.label ?? (set.labels[0] as string);
  if (!set.labels.includes(label)) {
    throw new ImagingError(
      'option-invalid',
      `the label of ${name} must be one of ${set.labels.join(', ')}, got ${label}`,
    );
  }
  const exclusions: Exclusion[] = [];
  const absolute = resolve(folder);
  const candidates = await set.read({
    folder: absolute,
    files: await indexFiles(absolute),
    label,
    exclude: (from, reason, about = {}) => exclusions.push({ ...from, ...about, leftOut: 'row', reason }),
    ...(options.table !== undefined && { table: options.table }),
    ...(options.columns && { columns: options.columns }),
    ...(options.sheet !== undefined && { sheet: options.sheet }),
  });
  const inspected = await inspectImages(candidates, {
    pixels: options.pixels ?? true,
    prefer: { ...set.trust, ...options.prefer },
    ...(options.onImage && { onImage: options.onImage }),
  });
  const { rows: consistent, exclusions: contradicting } = reconcile(
    options.publishedSplit ? inspected.rows : inspected.rows.map(withPublishedSplitApart),
    set.identity ? inspected.patients : undefined,
  );
  const isKept = ({ box }: ImportedRow) => box !== undefined || !options.lesionsOnly;
  const rows = consistent.filter(isKept);
  const unmarked = consistent.filter((row) => !isKept(row));
  exclusions.push(...inspected.exclusions, ...contradicting, ...unmarked.map((row) => exclusionOf(row, 'row', NO_BOX)));
  const listed = exclusions.map((each) => ({ ...each, reason: each.reason.replaceAll(absolute + sep, '') }));
  listed.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : (a.line ?? 0) - (b.line ?? 0)));
  const exclusionsFile = await writeExclusions(outFile, listed);
  const [first] = listed;
  if (rows.length === 0) {
    const why = first ? `, the first because ${first.reason}` : '';
    const message = `${folder} gives no row of a manifest: ${listed.length} are left out${why}; ${exclusionsFile} has all reasons`;
    throw new ImagingError('data-set-invalid', message);
  }
  await writeManifest(
    outFile,
    rows.map((row) => ({ ...manifestRow(row), ...(row.publishedSplit && { split: row.publishedSplit }) })),
  );
  return {
    ...countRows(rows),
    exclusionsFile,
    exclusions: listed,
    notes: inspected.notes.map(({ row, message }) => ({ ...row.from, message: `${row.image}: ${message}` })),
  };
}

/** The published split as a column that splits nothing. */
function withPublishedSplitApart({ publishedSplit, ...row }: ImportedRow): ImportedRow {
  return publishedSplit ? { ...row, other: { ...row.other, published_split: publishedSplit } } : row;
}

function countRows(rows: readonly ImportedRow[]) {
  return {
    rows: rows.length,
    images: new Set(rows.map(({ absolutePath }) => absolutePath)).size,
    patients: new Set(rows.map(({ patientId }) => patientId)).size,
    boxes: rows.filter(({ box }) => box).length,
    labels: Object.fromEntries([...Map.groupBy(rows, ({ label }) => label)].map(([key, some]) => [key, some.length])),
  };
}
