/** Which files of a folder are images. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDicom } from './open-image.ts';

/** Endings that images have, whatever the case; what a file holds is told by its bytes. */
const IMAGE = /\.(dcm|dicom|png|jpe?g|tiff?|pgm|nii|nii\.gz|npy|avi)$/i;

/** Any other ending of a name: the numbers of a UID are none. */
const ENDING = /\.[a-z]{2,5}$/i;

/** Files that stand beside images and are none: hidden ones, and the directory of a medium (PS3.10, 8.6). */
const NO_IMAGE = /^(\.|DICOMDIR$)/;

/** The paths that are images by their ending; those without one may be DICOM. */
export function imagesAmong(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => IMAGE.test(path) || !ENDING.test(path));
}

/** The images in a folder and, unless told otherwise, the folders in it, sorted: by their ending, and DICOM by its bytes where a name has none. */
export async function imagesBelow(folder: string, { recursive = true } = {}): Promise<string[]> {
  const entries = await readdir(folder, { recursive, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() && !NO_IMAGE.test(entry.name));
  const images: string[] = [];
  for (const path of imagesAmong(files.map(({ parentPath, name }) => join(parentPath, name)).sort()))
    if (IMAGE.test(path) || (await isDicom(path))) images.push(path);
  return images;
}
