import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DicomFacts } from './dicom-facts.ts';
import { openDicomFolder } from './formats/dicom-folder-stack.ts';
import type { ImageStack } from './formats/image-stack.ts';
import type { ManifestRow } from './manifest-row.ts';

/**
 * The series of single-frame files to which a row's file belongs, as one stack: the files of its folder with its SeriesInstanceUID
 * (openDicomFolder). A folder, a file without a series or alone in it stays what it is. Throws as openDicomFolder.
 * @param first the row's own file, open; the stack closes it
 */
export async function openSeries({ absolutePath }: ManifestRow, first: ImageStack): Promise<ImageStack> {
  const { SeriesInstanceUID: series } = first.facts(0) as DicomFacts & { readonly SeriesInstanceUID?: string };
  if (series === undefined || (await stat(absolutePath)).isDirectory()) return first;
  const stack = await openDicomFolder(dirname(absolutePath), series);
  return stack.depth > 1 ? { ...stack, close: () => first.close() } : first;
}
