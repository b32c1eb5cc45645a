import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type DataSet, DicomError, openDicom } from '@mammoscope/dicom';
import { ImagingError } from '../errors.ts';
import { dicomPlane, dicomRows, isReadByRow } from './dicom-rows.ts';
import { type ImageStack, requireSlice } from './image-stack.ts';

/** A frame of its own file, and where it lies along the normal of its series. */
interface SliceFile {
  readonly path: string;
  readonly meta: DataSet;
  readonly width: number;
  readonly height: number;
  readonly format: string;
  readonly isReadByRow: boolean;
  /** mm, or a count where no file has a position. */
  readonly at: number;
}

/** Gaps between slices differ by less than this share of the smallest; a slice that is missing doubles one. */
const MOST_GAP = 1.5;

/** Slices that are nearer than a micrometre lie at one place. */
const LEAST_GAP = 1e-3;

/** Files that stand in a folder of DICOM and are no image. */
const NO_IMAGE = /^(\.|DICOMDIR$)/;

/**
 * A folder of single-frame DICOM files as one volume: tomosyntheses of before the enhanced object, stored as CT-like slices. All files
 * must be of one series and one size; where a SeriesInstanceUID is given, files that are not of it are left aside. They are ordered by ImagePositionPatient along the normal of ImageOrientationPatient
 * (PS3.3, C.7.6.2.1.1), smallest first; where no file has a position, by InstanceNumber.
 * Throws ImagingError: file-missing (no files), image-corrupt (several series or sizes, some positions, two slices in one place),
 * image-truncated (a gap); DicomError for a damaged file.
 */
export async function openDicomFolder(folder: string, series?: string): Promise<ImageStack> {
  const files = await sliceFiles(folder, series);
  const [first] = files;
  if (!first)
    throw new ImagingError('file-missing', `${folder} holds no files: give an image, or a folder of one series`);
  requireOneSeries(files, folder);
  const ordered = files.toSorted((a, b) => a.at - b.at);
  requireEvenGaps(ordered, folder);
  const at = (slice: number): SliceFile => {
    requireSlice(slice, ordered.length, folder);
    return ordered[slice] as SliceFile;
  };
  return {
    format: `${first.format}, ${ordered.length} files of one series`,
    width: first.width,
    height: first.height,
    depth: ordered.length,
    facts: (slice) => at(slice).meta,
    slice: async (slice) => {
      await using file = await openDicom(at(slice).path);
      return await dicomPlane(file, 0);
    },
    rows: async (slice, wanted) => {
      await using file = await openDicom(at(slice).path);
      return await dicomRows(file, 0, wanted);
    },
    isReadByRow: ordered.every((file) => file.isReadByRow),
    close: async () => undefined,
  };
}

async function sliceFiles(folder: string, series: string | undefined): Promise<SliceFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && !NO_IMAGE.test(entry.name)).map(({ name }) => name);
  const headers: Omit<SliceFile, 'at'>[] = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    await using file = await openDicom(path).catch((error) => besides(error, series));
    if (!file || (series !== undefined && file.meta.SeriesInstanceUID !== series)) continue;
    const { rows: height, columns: width, samplesPerPixel } = file.image;
    if (file.frameCount !== 1 || samplesPerPixel !== 1) {
      const what = samplesPerPixel === 1 ? `has ${file.frameCount} frames` : 'is in colour';
      throw new ImagingError('image-corrupt', `${path} ${what} among single grey frames: give that file by itself`);
    }
    const format = `DICOM, ${file.transferSyntax.name}`;
    headers.push({ path, meta: file.frameMeta(0), width, height, format, isReadByRow: isReadByRow(file) });
  }
  const positioned = headers.filter(({ meta }) => meta.ImagePositionPatient).length;
  if (positioned > 0 && positioned < headers.length) {
    const lost = headers.find(({ meta }) => !meta.ImagePositionPatient)?.path ?? folder;
    const sentence = `${headers.length - positioned} of ${headers.length} files of its folder have none and the others do`;
    throw new ImagingError(
      'image-corrupt',
      `${lost} has no (0020,0032) ImagePositionPatient: ${sentence}; export it again`,
    );
  }
  return headers.map((header) => ({ ...header, at: positioned > 0 ? alongNormal(header) : instanceNumber(header) }));
}

/** A file beside a named series may be no image at all. */
function besides(error: unknown, series: string | undefined): undefined {
  const isOther = error instanceof DicomError && (error.code === 'not-dicom' || error.code === 'pixel-data-missing');
  if (series === undefined || !isOther) throw error;
  return undefined;
}

/** The position along the normal, the cross product of the directions of rows and columns. */
function alongNormal({ path, meta }: Pick<SliceFile, 'path' | 'meta'>): number {
  const { ImagePositionPatient: position = [], ImageOrientationPatient: cosines = [1, 0, 0, 0, 1, 0] } = meta;
  if (position.length !== 3 || cosines.length !== 6) {
    const message = `${path}: ImagePositionPatient takes 3 values and ImageOrientationPatient 6, got ${position.length} and ${cosines.length}: mend the file`;
    throw new ImagingError('tag-invalid', message);
  }
  const [a, b, c, d, e, f] = cosines as [number, number, number, number, number, number];
  const [x, y, z] = position as [number, number, number];
  return x * (b * f - c * e) + y * (c * d - a * f) + z * (a * e - b * d);
}

function instanceNumber({ path, meta }: Pick<SliceFile, 'path' | 'meta'>): number {
  if (meta.InstanceNumber !== undefined) return meta.InstanceNumber;
  const message = `${path} has neither (0020,0032) ImagePositionPatient nor (0020,0013) InstanceNumber: its place among the slices is unknown`;
  throw new ImagingError('image-corrupt', message);
}

function requireOneSeries(files: readonly SliceFile[], folder: string): void {
  const kinds = files.map(({ meta, width, height }) => ({
    series: meta.SeriesInstanceUID ?? '',
    study: meta.StudyInstanceUID ?? '',
    size: `${width} x ${height}`,
    orientation: (meta.ImageOrientationPatient ?? []).map((cosine) => cosine.toFixed(3)).join(' '),
  }));
  const count = (key: keyof (typeof kinds)[number]) => new Set(kinds.map((kind) => kind[key])).size;
  const faults = [
    [count('study'), 'studies'],
    [count('series'), 'series (SeriesInstanceUID)'],
    [count('size'), 'image sizes'],
    [count('orientation'), 'orientations'],
  ] as const;
  const fault = faults.find(([number]) => number > 1);
  if (!fault) return;
  const message = `${folder} holds ${fault[0]} ${fault[1]} in ${files.length} files: give a folder with one series`;
  throw new ImagingError('image-corrupt', message);
}

function requireEvenGaps(ordered: readonly SliceFile[], folder: string): void {
  const gaps = ordered.slice(1).map((file, i) => {
    const before = ordered[i] as SliceFile;
    return { gap: file.at - before.at, names: `${basename(before.path)} and ${basename(file.path)}`, before, file };
  });
  const double = gaps.find(({ gap }) => gap < LEAST_GAP);
  if (double) {
    const message = `${folder}: ${double.names} lie at one place (${double.file.at.toFixed(2)}): export the series again`;
    throw new ImagingError('image-corrupt', message);
  }
  const least = Math.min(...gaps.map(({ gap }) => gap));
  const wide = gaps.find(({ gap }) => gap > MOST_GAP * least);
  if (wide) {
    const places = `after ${wide.before.at.toFixed(2)} comes ${wide.file.at.toFixed(2)}`;
    throw new ImagingError(
      'image-truncated',
      `${folder}: between ${wide.names} a slice is missing, ${places}: copy it again`,
    );
  }
}
