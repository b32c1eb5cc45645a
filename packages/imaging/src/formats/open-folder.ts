import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ImagingError } from '../errors.ts';
import { type ImageStack, requireSlice } from './image-stack.ts';
import { openImage } from './open-image.ts';

/** Endings of the files that are taken as slices. */
const SLICES = /\.(png|jpe?g|tiff?|pgm|dcm)$/i;

/**
 * The images of a folder as the slices of one stack, in the order of the numbers in their names: frames that were saved one by
 * one, as those of Liang et al. 2019 and of `phantom --format png`. One is read at a time.
 * Throws ImagingError file-missing where it holds none, format-unsupported where one is a stack itself.
 */
export async function openImageFolder(folder: string): Promise<ImageStack> {
  const order = new Intl.Collator('en', { numeric: true });
  const names = (await readdir(folder)).filter((name) => SLICES.test(name)).sort(order.compare);
  const [first] = names;
  if (first === undefined)
    throw new ImagingError(
      'file-missing',
      `${folder} holds no image: give a folder with a PNG, JPEG, TIFF, PGM or DICOM file a slice`,
    );
  const opened = await openImage(join(folder, first));
  const { format, width, height, facts } = opened;
  await opened.close();
  return {
    format: `${names.length} files, ${format}`,
    width,
    height,
    depth: names.length,
    facts: () => facts(0),
    slice: async (slice) => {
      requireSlice(slice, names.length, folder);
      const path = join(folder, names[slice] as string);
      const stack = await openImage(path);
      try {
        if (stack.depth > 1)
          throw new ImagingError(
            'format-unsupported',
            `${path} has ${stack.depth} slices, and a folder of slices has one a file: give the file`,
          );
        return await stack.slice(0);
      } finally {
        await stack.close();
      }
    },
    close: async () => undefined,
  };
}
