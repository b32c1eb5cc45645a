import { createHash } from 'node:crypto';
import { ImagingError } from './errors.ts';
import { type GreyImage, type ReadImageOptions, readImage } from './formats/read-image.ts';
import type { Manifest } from './manifest.ts';
import type { ManifestProblem } from './manifest-problem.ts';
import { type ManifestRow, SPLITS, type Split } from './manifest-row.ts';

/** How many rows, images and patients a part of a manifest has. */
export interface ManifestCounts {
  readonly rows: number;
  readonly images: number;
  readonly patients: number;
}

/** What `data check` prints. */
export interface ManifestSummary extends ManifestCounts {
  /** In the order of the manifest's classes. */
  readonly perClass: Readonly<Record<string, ManifestCounts>>;
  /** Only splits that have rows; empty where the manifest carries none. */
  readonly perSplit: Readonly<Partial<Record<Split, ManifestCounts & { readonly perClass: Record<string, number> }>>>;
  readonly perModality: Readonly<Record<string, number>>;
  readonly boxes: number;
  /** Of the images that could be decoded: 'width x height x bits' and how many have it. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** The result of checkManifest; a manifest is fit for use when `problems` is empty. */
export interface ManifestCheck {
  readonly summary: ManifestSummary;
  readonly problems: readonly ManifestProblem[];
  /** Worth knowing, not wrong: copies of an image under the same patient, split and label, which count twice. */
  readonly notes: readonly ManifestProblem[];
}

/** How pixels are read; DICOM comes in through `read`. */
export interface CheckManifestOptions {
  readonly read?: (row: ManifestRow) => Promise<GreyImage>;
  /** Called after each image, for a progress line. */
  readonly onImage?: (done: number, total: number) => void;
}

/**
 * Reads the image of a row and holds it against the declared bit_depth: an 8-bit copy of a 16-bit image looks the same
 * and has lost the contrast. Throws bit-depth, and what readImage throws.
 */
export async function readManifestImage(row: ManifestRow, options: ReadImageOptions = {}): Promise<GreyImage> {
  const image = await readImage(row.absolutePath, options);
  if (row.bitDepth !== undefined && row.bitDepth !== image.bitDepth) {
    const message = `image ${row.path} has ${image.bitDepth} bits and bit_depth declares ${row.bitDepth}: convert it again from the original, or correct the cell`;
    throw new ImagingError('bit-depth', message);
  }
  return image;
}

/** SHA-256, hexadecimal, of size, bit depth and values: equal for the same pixels in any file format. */
export function pixelSha256(image: GreyImage): string {
  const hash = createHash('sha256').update(`${image.width}x${image.height}x${image.bitDepth}\n`);
  const { buffer, byteOffset, byteLength } = image.data;
  return hash.update(new Uint8Array(buffer, byteOffset, byteLength)).digest('hex');
}

/**
 * The deep check of a manifest: decodes each image once, one at a time, and reports images that do not decode or are not
 * of the declared depth, boxes outside their image, and pixel-identical images in two splits, of two patients or with
 * two labels. Never throws for bad data: every problem is in the list.
 */
export async function checkManifest(manifest: Manifest, options: CheckManifestOptions = {}): Promise<ManifestCheck> {
  const read = options.read ?? readManifestImage;
  const problems: ManifestProblem[] = [];
  const notes: ManifestProblem[] = [];
  const sizes: Record<string, number> = {};
  const byPixels = new Map<string, ManifestRow[]>();
  const images = [...Map.groupBy(manifest.rows, (row) => row.absolutePath).values()];
  for (const [done, rows] of images.entries()) {
    const [first] = rows as [ManifestRow];
    try {
      const image = await read(first);
      const size = `${image.width} x ${image.height} x ${image.bitDepth}`;
      sizes[size] = (sizes[size] ?? 0) + 1;
      for (const row of rows) problems.push(...boxProblems(row, image));
      const sha256 = pixelSha256(image);
      const twins = byPixels.get(sha256) ?? [];
      if (twins.length > 0) reportTwins(rows, twins, problems, notes);
      byPixels.set(sha256, [...twins, ...rows]);
    } catch (error) {
      if (!(error instanceof ImagingError)) throw error;
      problems.push({ line: first.line, message: error.message });
    }
    options.onImage?.(done + 1, images.length);
  }
  problems.push(...images.flatMap(labelProblems));
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { summary: summarise(manifest, sizes), problems, notes };
}

function boxProblems({ line, path, box }: ManifestRow, { width, height }: GreyImage): ManifestProblem[] {
  if (!box || (box[2] <= width && box[3] <= height)) return [];
  const message = `the box ${box.join(', ')} leaves image ${path} of ${width} x ${height} pixels: correct or clip it`;
  return [{ line, message }];
}

/** Two files with the same pixels: a problem where patient, split or label differ, else a note. */
function reportTwins(
  rows: readonly ManifestRow[],
  earlier: readonly ManifestRow[],
  problems: ManifestProblem[],
  notes: ManifestProblem[],
): void {
  const [row] = rows as [ManifestRow];
  const [twin] = earlier as [ManifestRow];
  const same = `image ${row.path} has the same pixels as ${twin.path} on line ${twin.line}`;
  const otherSplit = earlier.find((other) => other.split !== row.split);
  const otherPatient = earlier.find((other) => other.patientId !== row.patientId);
  const labels = new Set(earlier.map((other) => other.label));
  const relabelled = rows.find((each) => !labels.has(each.label));
  const differences = [
    ...(otherSplit ? [`splits ${otherSplit.split} and ${row.split}`] : []),
    ...(otherPatient ? [`patients ${otherPatient.patientId} and ${row.patientId}`] : []),
    ...(relabelled ? [`labels ${[...labels].join(', ')} and ${relabelled.label}`] : []),
  ];
  if (differences.length === 0) notes.push({ line: row.line, message: `${same} and counts twice` });
  else problems.push({ line: row.line, message: `${same}, but in ${differences.join(', ')}: keep one of them` });
}

/** Rows of one image may differ in label only as lesions do: with a box or a lesion_id each. */
function labelProblems(rows: readonly ManifestRow[]): ManifestProblem[] {
  const [first, ...others] = rows as [ManifestRow, ...ManifestRow[]];
  return others
    .filter((row) => row.label !== first.label && !(isLesion(row) && isLesion(first)))
    .map((row) => ({
      line: row.line,
      message: `image ${row.path} is ${row.label} here and ${first.label} on line ${first.line}, without a box or lesion_id in both: keep one label`,
    }));
}

function isLesion(row: ManifestRow): boolean {
  return row.box !== undefined || row.lesionId !== undefined;
}

function countRows(rows: readonly ManifestRow[]): ManifestCounts {
  return {
    rows: rows.length,
    images: new Set(rows.map((row) => row.absolutePath)).size,
    patients: new Set(rows.map((row) => row.patientId)).size,
  };
}

function summarise({ rows, classes }: Manifest, sizes: Record<string, number>): ManifestSummary {
  const ofClass = (name: string, some = rows) => some.filter((row) => row.label === name);
  const splits = SPLITS.map((split) => [split, rows.filter((row) => row.split === split)] as const);
  const modalities = Map.groupBy(rows, (row) => row.modality);
  return {
    ...countRows(rows),
    perClass: Object.fromEntries(classes.map((name) => [name, countRows(ofClass(name))])),
    perSplit: Object.fromEntries(
      splits
        .filter(([, some]) => some.length > 0)
        .map(([split, some]) => {
          const perClass = Object.fromEntries(classes.map((name) => [name, ofClass(name, some).length]));
          return [split, { ...countRows(some), perClass }];
        }),
    ),
    perModality: Object.fromEntries([...modalities].map(([modality, some]) => [modality, some.length])),
    boxes: rows.filter((row) => row.box).length,
    sizes,
  };
}
