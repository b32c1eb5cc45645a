import { basename, dirname, join } from 'node:path';
import { ImagingError } from './errors.ts';
import { type ImageStack, requireSlice } from './formats/image-stack.ts';
import { openImage } from './formats/open-image.ts';
import type { ManifestRow } from './manifest-row.ts';

/**
 * A tomosynthesis of one plain image a slice, such as slice-00.png to slice-14.png: the row names the first, and its column `slices`
 * says how many follow each other by the number at the end of their names. Without that column a file stays one image. Throws option-invalid
 * for a name without a number, image-corrupt where sizes differ, and what openImage throws for a slice that is missing.
 * @param first the row's own file, open; the stack closes it
 */
export function openSlices({ path, absolutePath, other }: ManifestRow, first: ImageStack): ImageStack {
  const depth = Number(other.slices || 1);
  if (!(Number.isInteger(depth) && depth > 1)) return first;
  const [, prefix = '', digits, extension = ''] = /^(.*?)(\d+)(\.[^.]*)?$/.exec(basename(absolutePath)) ?? [];
  if (digits === undefined) {
    throw new ImagingError(
      'option-invalid',
      `image ${path} is the first of ${depth} slices by its row, and its name has no number: number the slices`,
    );
  }
  const pathOf = (slice: number) => {
    const number = String(Number(digits) + slice).padStart(digits.length, '0');
    return join(dirname(absolutePath), `${prefix}${number}${extension}`);
  };
  return {
    ...first,
    depth,
    slice: async (slice) => {
      requireSlice(slice, depth, path);
      const stack = await openImage(pathOf(slice));
      try {
        if (stack.width === first.width && stack.height === first.height) return await stack.slice(0);
        const sizes = `${stack.width} x ${stack.height} after ${first.width} x ${first.height}`;
        throw new ImagingError('image-corrupt', `${pathOf(slice)} is ${sizes}: slices must be of one size`);
      } finally {
        await stack.close();
      }
    },
  };
}
