import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { csvRecords, textBytes } from './csv-records.ts';
import { ManifestError, type ManifestProblem } from './manifest-problem.ts';
import { type ManifestLine, type ManifestRow, parseManifestRow, REQUIRED_COLUMNS } from './manifest-row.ts';

/** A manifest whose every row has been checked, short of decoding the images (checkManifest does that). */
export interface Manifest {
  /** Absolute path of the CSV file. */
  readonly path: string;
  /** SHA-256 of the file's bytes, hexadecimal. */
  readonly sha256: string;
  /** Negative first. */
  readonly classes: readonly string[];
  readonly rows: readonly ManifestRow[];
}

/** What a caller may know beyond the file. */
export interface ReadManifestOptions {
  /** The classes, negative first; without it they are inferred from the labels (see orderClasses). */
  readonly classes?: readonly string[];
  /** For predictions: labels are not looked at, and none needs to be there; classes are then empty. */
  readonly unlabelled?: boolean;
}

/**
 * Reads a manifest: CSV in UTF-8 (with or without BOM, any line ends, quoted fields), one row an image or a lesion.
 * A relative path may lead anywhere, upwards too, since manifests are often kept beside the images of others; an
 * absolute path is taken as it is. Either must name a file that exists.
 * Throws ManifestError with the first 20 problems and their count, or ImagingError where the file cannot be read.
 */
export async function readManifest(path: string, options: ReadManifestOptions = {}): Promise<Manifest> {
  const absolute = resolve(path);
  const bytes = await textBytes(absolute, 'the manifest');
  const problems: ManifestProblem[] = [];
  const { unlabelled = false } = options;
  const required = unlabelled ? REQUIRED_COLUMNS.filter((column) => column !== 'label') : REQUIRED_COLUMNS;
  const lines = parseLines(bytes, absolute, required, problems);
  const parsed = lines.map((line) => parseManifestRow(line, dirname(absolute), required, problems));
  const rows = parsed.filter((row) => row !== undefined);
  const classes = unlabelled ? [] : orderClasses(rows, options.classes, problems);
  if (!unlabelled) checkLabels(rows, classes, options.classes !== undefined, rows.length === lines.length, problems);
  checkSplits(rows, problems);
  checkRepeatedPaths(rows, problems);
  await checkFiles(rows, problems);
  if (problems.length > 0) throw new ManifestError(absolute, problems);
  return { path: absolute, sha256: createHash('sha256').update(bytes).digest('hex'), classes, rows };
}

/** The lines below the header as maps from column to cell. Throws where the header is unusable. */
function parseLines(
  bytes: Buffer,
  path: string,
  required: readonly string[],
  problems: ManifestProblem[],
): ManifestLine[] {
  const [header, ...records] = csvRecords(bytes, path, 'the manifest');
  const fail = (message: string, line?: number) =>
    new ManifestError(path, [line === undefined ? { message } : { line, message }]);
  if (!header) throw fail('the manifest is empty: write a header and one row an image');
  const { fields: columns, line } = header;
  const missing = required.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    const hint = columns.length === 1 && /[;\t]/.test(columns[0] ?? '') ? ' (the separator must be a comma)' : '';
    throw fail(
      `the header lacks ${missing.join(', ')} and has ${columns.join(', ')}: add or rename columns${hint}`,
      line,
    );
  }
  const repeated = columns.filter((column, i) => columns.indexOf(column) !== i);
  if (repeated.length > 0) throw fail(`the header names ${repeated.join(', ')} more than once: keep one`, line);
  const unnamed = columns.indexOf('');
  if (unnamed >= 0) throw fail(`column ${unnamed + 1} has no name in the header: name it or remove it`, line);
  if (records.length === 0) throw fail('the manifest has a header and no rows: write one row an image');
  return records.flatMap((record) => {
    if (record.fields.length !== columns.length) {
      const message = `the row has ${record.fields.length} fields and the header ${columns.length}: quote fields with commas`;
      problems.push({ line: record.line, message });
      return [];
    }
    return [{ line: record.line, cells: new Map(columns.map((column, i) => [column, record.fields[i] ?? ''])) }];
  });
}

/** Labels that mean "without disease", and labels that rank between those and all others. */
const NEGATIVE_LABELS = ['normal', 'negative', 'control', 'healthy', '0'];
const BENIGN_LABELS = ['benign'];

/**
 * The classes given, or the labels found with the negative first: normal, negative, control, healthy or 0, then
 * benign, then the others by name. Where the first is none of these the order is not guessed: a problem asks for it.
 */
function orderClasses(
  rows: readonly ManifestRow[],
  given: readonly string[] | undefined,
  problems: ManifestProblem[],
): readonly string[] {
  if (given) {
    if (given.length < 2 || new Set(given).size !== given.length) {
      problems.push({ message: `classes must be two or more different names, got ${given.join(', ')}` });
    }
    return given;
  }
  const rank = (label: string) => {
    const name = label.toLowerCase();
    return NEGATIVE_LABELS.includes(name) ? 0 : BENIGN_LABELS.includes(name) ? 1 : 2;
  };
  const labels = [...new Set(rows.map((row) => row.label))];
  labels.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const [first, second] = labels;
  if (first !== undefined && second !== undefined && (rank(first) === 2 || rank(first) === rank(second))) {
    problems.push({
      message: `which class is negative is not clear from ${labels.join(', ')}: give the classes, negative first`,
    });
  }
  return labels;
}

function checkLabels(
  rows: readonly ManifestRow[],
  classes: readonly string[],
  given: boolean,
  complete: boolean,
  problems: ManifestProblem[],
): void {
  const counts = new Map(classes.map((name) => [name, 0]));
  for (const { line, label } of rows) {
    const count = counts.get(label);
    if (count === undefined) {
      problems.push({ line, message: `label must be one of ${classes.join(', ')}, got ${JSON.stringify(label)}` });
    } else counts.set(label, count + 1);
  }
  if (!complete) return; // rows with problems were left out, so the counts below would mislead
  const filled = [...counts].filter(([, count]) => count > 0).map(([name]) => name);
  if (filled.length < 2) {
    problems.push({
      message: `at least two classes need rows, got ${filled.join(', ') || 'none'}: add images of another`,
    });
  } else if (given) {
    for (const name of classes) {
      if (!filled.includes(name))
        problems.push({ message: `class ${name} has no rows: add images or leave the class out` });
    }
  }
}

/** All rows or none carry a split, and no patient is in two. */
function checkSplits(rows: readonly ManifestRow[], problems: ManifestProblem[]): void {
  const without = rows.filter((row) => row.split === undefined);
  const [first] = without;
  if (first && without.length < rows.length) {
    const message = `split is empty here and in ${without.length - 1} more rows, but set in others: fill all or none`;
    problems.push({ line: first.line, message });
  }
  const seen = new Map<string, ManifestRow>();
  for (const row of rows) {
    const earlier = seen.get(row.patientId);
    if (!earlier) seen.set(row.patientId, row);
    else if (earlier.split && row.split && earlier.split !== row.split) {
      const message = `patient ${row.patientId} is in split ${row.split} here and in ${earlier.split} on line ${earlier.line}: keep a patient in one split`;
      problems.push({ line: row.line, message });
    }
  }
}

/** Rows of one image agree on what the image is, and differ in what they say about it. */
function checkRepeatedPaths(rows: readonly ManifestRow[], problems: ManifestProblem[]): void {
  const firstOf = new Map<string, ManifestRow>();
  const seen = new Map<string, number>();
  for (const row of rows) {
    const { line, absolutePath, lesionId, box, sliceFirst, sliceLast } = row;
    const first = firstOf.get(absolutePath);
    if (!first) firstOf.set(absolutePath, row);
    for (const key of ['patientId', 'studyId', 'modality', 'laterality', 'view', 'bitDepth'] as const) {
      if (first && first[key] !== row[key]) {
        const message = `image ${row.path} has ${key} ${row[key] ?? 'empty'} here and ${first[key] ?? 'empty'} on line ${first.line}: make them equal`;
        problems.push({ line, message });
      }
    }
    const identity = JSON.stringify([absolutePath, lesionId, box, sliceFirst, sliceLast]);
    const earlier = seen.get(identity);
    if (earlier === undefined) seen.set(identity, line);
    else {
      const message = `image ${row.path} is listed on line ${earlier} already, with the same lesion: remove one, or give each lesion its box or lesion_id`;
      problems.push({ line, message });
    }
  }
}

async function checkFiles(rows: readonly ManifestRow[], problems: ManifestProblem[]): Promise<void> {
  const firstOf = new Map<string, ManifestRow>();
  for (const row of rows) if (!firstOf.has(row.absolutePath)) firstOf.set(row.absolutePath, row);
  await Promise.all(
    [...firstOf.values()].map(async ({ line, path, absolutePath, modality }) => {
      const entry = await stat(absolutePath).catch(() => undefined);
      if (entry?.isFile() || (modality === 'DBT' && entry?.isDirectory())) return; // a folder of slices
      const what = entry ? 'is not a file' : 'does not exist';
      const hint = isAbsolute(path)
        ? 'write it relative to the manifest, which can then move'
        : path.includes('\\')
          ? 'use forward slashes'
          : `it was sought at ${absolutePath}`;
      problems.push({ line, message: `image ${path} ${what}: ${hint}` });
    }),
  );
}
