import { join } from 'node:path';
import { ImagingError } from '../errors.ts';
import { type ImageStack, requireSlice } from './image-stack.ts';

/** Endings of the files that are taken as slices. */
const SLICES = /\.(png|jpe?g|tiff?|pgm|dcm)$/i;

/**
 * The images of a folder as the slices of one stack, in the order of the numbers in their names: frames that were saved one by
 * one, as those of Liang et al. 2019 and of `phantom --format png`. One is read at a time. Other files are left aside.
 * Throws ImagingError file-missing where it holds none, and when a slice is read format-unsupported where it is a stack itself,
 * image-corrupt where its size or bit depth is another than that of the first.
 * @param files names in the folder; @param open reads one of them
 */
export async function openImageFolder(
  folder: string,
  files: readonly string[],
  open: (path: string) => Promise<ImageStack>,
): Promise<ImageStack> {
  const order = new Intl.Collator('en', { numeric: true });
  const names = files.filter((name) => SLICES.test(name)).sort(order.compare);
  const [first] = names;
  if (first === undefined)
    throw new ImagingError(
      'file-missing',
      `${folder} holds no image: give a folder with a PNG, JPEG, TIFF, PGM or DICOM file a slice`,
    );
  const opened = await open(join(folder, first));
  const { format, width, height, facts } = opened;
  await opened.close();
  const kind = kindOf(opened);
  return {
    format: `${names.length} files, ${format}`,
    width,
    height,
    depth: names.length,
    facts: () => facts(0),
    slice: async (slice) => {
      requireSlice(slice, names.length, folder);
      const path = join(folder, names[slice] as string);
      const stack = await open(path);
      try {
        if (stack.depth > 1)
          throw new ImagingError(
            'format-unsupported',
            `${path} has ${stack.depth} slices, and a folder of slices has one a file: give the file`,
          );
        if (kindOf(stack) === kind) return await stack.slice(0);
        const message = `${path} is ${kindOf(stack)} and ${first} beside it ${kind}: slices must be of one kind, export them again`;
        throw new ImagingError('image-corrupt', message);
      } finally {
        await stack.close();
      }
    },
    close: async () => undefined,
  };
}

const kindOf = ({ width, height, facts }: ImageStack): string =>
  `${width} x ${height} of ${facts(0).BitsStored ?? 'any'} bits`;
