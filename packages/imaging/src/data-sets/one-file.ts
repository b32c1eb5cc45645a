import { imagesAmong } from '../formats/image-files.ts';
import type { ImportContext } from './data-set.ts';

/** The one image among these, absolute, or a sentence that says why there is none. */
export function oneFile(paths: readonly string[], name: string, { files }: ImportContext): { path: string } | string {
  const images = imagesAmong(paths);
  const [first] = images;
  if (first === undefined) return `no image ${name} is in the folder`;
  if (images.length === 1) return { path: files.absolute(first) };
  return `${images.length} files may be image ${name}: ${images.slice(0, 3).join(', ')}; keep one`;
}
