import type { ImportContext } from './data-set.ts';

/** Endings that images of a public data set have, as distributed or converted. */
const IMAGE = /\.(dcm|dicom|png|jpe?g|tiff?|pgm|nii|nii\.gz|npy|avi)$/i;

/** The paths that are images by their ending; DICOM files without one count too. */
export function imagesAmong(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => IMAGE.test(path) || !/\.[a-z]{2,5}$/i.test(path));
}

/** The one image among these, absolute, or a sentence that says why there is none. */
export function oneFile(paths: readonly string[], name: string, { files }: ImportContext): { path: string } | string {
  const images = imagesAmong(paths);
  const [first] = images;
  if (first === undefined) return `no image ${name} is in the folder`;
  if (images.length === 1) return { path: files.absolute(first) };
  return `${images.length} files may be image ${name}: ${images.slice(0, 3).join(', ')}; keep one`;
}
