import { createHash } from 'node:crypto';
import { DicomError } from '@mammoscope/dicom';
import { ImagingError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import { type ManifestImage, openManifestImage } from './manifest-image.ts';
import type { ManifestProblem } from './manifest-problem.ts';
import type { ManifestRow } from './manifest-row.ts';
import { SPLITS, type Split } from './manifest-terms.ts';
import type { Plane } from './plane.ts';

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
  /** Of the images that could be decoded: 'width x height x bits' and how many have it; stacks have their slices before the bits. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** The result of checkManifest; a manifest is fit for use when `problems` is empty. */
export interface ManifestCheck {
  readonly summary: ManifestSummary;
  readonly problems: readonly ManifestProblem[];
  /** Worth knowing, not wrong: copies of an image under the same patient, split and label, which count twice. */
  readonly notes: readonly ManifestProblem[];
}

/** Options of checkManifest. */
export interface CheckManifestOptions {
  /** Called after each image, for a progress line. */
  readonly onImage?: (done: number, total: number) => void;
}

/** SHA-256, hexadecimal, of size, bit depth and values: equal for the same pixels in any file format. */
export function pixelSha256(image: Plane & { readonly bitDepth?: number | undefined }): string {
  return hashOf(image, [image.data]).digest('hex');
}

function hashOf(
  {
    width,
    height,
    bitDepth,
  }: { readonly width: number; readonly height: number; readonly bitDepth?: number | undefined },
  slices: Iterable<Float32Array>,
) {
  const hash = createHash('sha256').update(`${width}x${height}x${bitDepth}\n`);
  for (const slice of slices) hash.update(bytesOf(slice));
  return hash;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);

/** As pixelSha256, of all slices, one at a time. */
async function stackSha256(image: ManifestImage): Promise<string> {
  const hash = hashOf(image, []);
  for (let slice = 0; slice < image.depth; slice++) hash.update(bytesOf((await image.stored(slice)).data));
  return hash.digest('hex');
}

/**
 * The deep check of a manifest: decodes each image, one at a time, and reports images that do not decode or are not
 * of the declared depth or size, boxes and slices outside their image, sides and views that a DICOM file or its pixels contradict,
 * and pixel-identical images in two splits, of two patients or with two labels. Never throws for bad data: every problem
 * is in the list.
 */
export async function checkManifest(manifest: Manifest, options: CheckManifestOptions = {}): Promise<ManifestCheck> {
  const problems: ManifestProblem[] = [];
  const notes: ManifestProblem[] = [];
  const sizes: Record<string, number> = {};
  const byPixels = new Map<string, ManifestRow[]>();
  const images = [...Map.groupBy(manifest.rows, (row) => row.absolutePath).values()];
  for (const [done, rows] of images.entries()) {
    const [first] = rows as [ManifestRow];
    try {
      const { size, sha256, found } = await inspect(rows);
      sizes[size] = (sizes[size] ?? 0) + 1;
      problems.push(...found);
      const twins = byPixels.get(sha256) ?? [];
      if (twins.length > 0) reportTwins(rows, twins, problems, notes);
      byPixels.set(sha256, [...twins, ...rows]);
    } catch (error) {
      if (!isBadImage(error)) throw error;
      problems.push({ line: first.line, message: error.message });
    }
    options.onImage?.(done + 1, images.length);
  }
  problems.push(...images.flatMap(labelProblems));
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { summary: summarise(manifest, sizes), problems, notes };
}

/** Whether an error tells what is wrong with an image, in a sentence for the user. */
export function isBadImage(error: unknown): error is ImagingError | DicomError {
  return error instanceof ImagingError || error instanceof DicomError;
}

/** One image and what is wrong with its rows. */
async function inspect(rows: readonly ManifestRow[]) {
  const [first] = rows as [ManifestRow];
  // A slice range outside the stack is the row's mistake, not the image's.
  const { sliceFirst, sliceLast, ...whole } = first;
  const image = await openManifestImage(whole);
  try {
    const { width, height, depth, bitDepth } = image;
    const found = rows.flatMap((row) => [
      ...boxProblems(row, image),
      ...sliceProblems(row, image),
      ...sizeProblems(row, image),
    ]);
    const sha256 = await stackSha256(image);
    await image.seen(image.slice ?? Math.floor((depth - 1) / 2));
    const size = [width, height, ...(depth > 1 ? [`${depth} slices`] : []), bitDepth ?? 'other'].join(' x ');
    return { size, sha256, found };
  } finally {
    await image.close();
  }
}

function boxProblems({ line, path, box }: ManifestRow, { width, height }: ManifestImage): ManifestProblem[] {
  if (!box || (box[2] <= width && box[3] <= height)) return [];
  const message = `the box ${box.join(', ')} leaves image ${path} of ${width} x ${height} pixels: correct or clip it`;
  return [{ line, message }];
}

function sliceProblems(
  { line, path, sliceFirst, sliceLast }: ManifestRow,
  { depth }: ManifestImage,
): ManifestProblem[] {
  if (sliceLast === undefined || sliceLast < depth) return [];
  const message = `slices ${sliceFirst} to ${sliceLast} are named and image ${path} has slices 0 to ${depth - 1}: correct them`;
  return [{ line, message }];
}

/** The columns width and height, where a manifest has them, against the image. */
function sizeProblems({ line, path, other }: ManifestRow, image: ManifestImage): ManifestProblem[] {
  return (['width', 'height'] as const)
    .filter((side) => other[side] && Number(other[side]) !== image[side])
    .map((side) => ({
      line,
      message: `image ${path} has a ${side} of ${image[side]} pixels and its row says ${other[side]}: correct one of them`,
    }));
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
