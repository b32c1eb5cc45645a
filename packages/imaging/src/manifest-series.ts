import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DicomError, openDicom } from '@mammoscope/dicom';
import type { DicomFacts } from './dicom-facts.ts';
import { ImagingError } from './errors.ts';
import { type ImageStack, requireSlice } from './formats/image-stack.ts';
import { openImage } from './formats/open-image.ts';
import type { ManifestRow } from './manifest-row.ts';

/** A single frame of a series and its place in it. */
interface SeriesFile {
  readonly path: string;
  readonly instance: number;
  readonly facts: DicomFacts;
}

/**
 * The series of single-frame files to which a slice belongs, as one stack: the DICOM files of its folder with its
 * SeriesInstanceUID, in the order of their InstanceNumber (PS3.3, C.7.6.1); it is how tomosynthesis was stored before it had an object
 * of its own. A file without a series, or alone in it, stays what it is. Throws image-corrupt where numbers are missing,
 * repeated or sizes differ, image-truncated where one between the first and the last is not there; DicomError for a damaged slice.
 * @param first the row's own file, open; the stack closes it
 */
export async function openSeries(row: ManifestRow, first: ImageStack): Promise<ImageStack> {
  const folder = dirname(row.absolutePath);
  const files = await seriesFiles(row, folder);
  if (files.length <= 1) return first;
  const { width, height, format } = first;
  const at = (slice: number): SeriesFile => {
    requireSlice(slice, files.length, row.path);
    return files[slice] as SeriesFile;
  };
  return {
    format,
    width,
    height,
    depth: files.length,
    facts: (slice) => at(slice).facts,
    slice: async (slice) => {
      const stack = await openImage(at(slice).path);
      try {
        return await stack.slice(0);
      } finally {
        await stack.close();
      }
    },
    close: () => first.close(),
  };
}

async function seriesFiles({ absolutePath, path }: ManifestRow, folder: string): Promise<SeriesFile[]> {
  const uid = (await headerOf(absolutePath))?.series;
  if (uid === undefined) return [];
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
  const found: (SeriesFile & { readonly size: string })[] = [];
  for (const { name } of names) {
    const header = await headerOf(join(folder, name));
    if (header?.series !== uid) continue;
    if (header.instance === undefined) {
      throw new ImagingError('image-corrupt', `${name} beside ${path} has no InstanceNumber: its place is unknown`);
    }
    found.push({ path: join(folder, name), instance: header.instance, facts: header.facts, size: header.size });
  }
  found.sort((a, b) => a.instance - b.instance);
  for (const [i, file] of found.entries()) {
    const before = found[i - 1];
    if (!before) continue;
    const names = `${basename(before.path)} and ${basename(file.path)}`;
    if (file.size !== before.size) {
      throw new ImagingError('image-corrupt', `${names} are slices of one series and differ in size: export it again`);
    }
    if (file.instance === before.instance) {
      const message = `${names} both have the InstanceNumber ${file.instance} of one series: export it again`;
      throw new ImagingError('image-corrupt', message);
    }
    if (file.instance !== before.instance + 1) {
      const message = `the series of ${path} lacks slices: after InstanceNumber ${before.instance} comes ${file.instance}; copy it again`;
      throw new ImagingError('image-truncated', message);
    }
  }
  return found;
}

/** What places a file in a series; undefined for a file that is not DICOM or holds no image. */
async function headerOf(path: string) {
  try {
    const file = await openDicom(path);
    try {
      const { SeriesInstanceUID: series, InstanceNumber: instance } = file.meta;
      const { rows, columns } = file.image;
      return { series, instance, size: `${columns} x ${rows}`, facts: file.frameMeta(0) as DicomFacts };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof DicomError && (error.code === 'not-dicom' || error.code === 'pixel-data-missing'))
      return undefined;
    throw error;
  }
}
