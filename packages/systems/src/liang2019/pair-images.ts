/** The two images of a pair as the backbone sees them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  dynamicImage,
  type ImageStack,
  ImagingError,
  isBadImage,
  type ManifestImage,
  type ManifestRow,
  ORIENTATIONS,
  type Orientation,
  openImage,
  openManifestImage,
  orientPlane,
  type Plane,
  resizeBilinear,
  stackFrames,
  zScoreNormalise,
} from '@mammoscope/imaging';
import { type StoredPlace, storedPlace } from '../data/stored-place.ts';
import { SystemError } from '../errors.ts';
import type { MapSide } from './head-graphs.ts';
import { type PairRow, rowOf } from './pairs.ts';
import type { Recipe } from './recipe.ts';

/** Mammogram or dynamic image. */
export type Side = 'dm' | 'dbt';

export const SIDES: readonly Side[] = ['dm', 'dbt'];

/** What decides how an image is made, for the key of its features. */
export function imageRecipe({ sizePx, framePx, pooling, lambda, slices }: Recipe, side: MapSide): string {
  const made: Readonly<Record<MapSide, readonly string[]>> = {
    dm: [],
    dbt: [`dynamic image of ${framePx} px, ${pooling}, lambda ${lambda}`],
    slices: [`${slices} slices of ${framePx} px`],
  };
  return [`${sizePx} px, z score`, ...made[side]].join(', ');
}

/** A side of a pair, [sizePx, sizePx], not normalised. An error names the row's line. */
export async function planeOf(pair: PairRow, side: Side, recipe: Recipe): Promise<Plane> {
  const row = rowOf(pair, side);
  try {
    return squared(side === 'dm' ? await mammogram(row) : await dynamicImageOf(row, recipe), recipe);
  } catch (error) {
    throw ofRow(row, error);
  }
}

/** Evenly spaced slices of a tomosynthesis, each [sizePx, sizePx], not normalised; some come twice, as the same object, where it has fewer. */
export async function* slicePlanes(row: ManifestRow, recipe: Recipe): AsyncGenerator<Plane> {
  const { framePx, slices } = recipe;
  try {
    const image = await openManifestImage(row);
    try {
      const stack = stackOf(row, image);
      const frames = stackFrames(stack, { maxSidePx: framePx });
      let [at, plane]: [number, Plane | undefined] = [-1, undefined];
      for (let k = 0; k < slices; k++) {
        const slice = Math.floor(((k + 0.5) * stack.depth) / slices);
        if (!plane || slice !== at) [at, plane] = [slice, squared(await frames.slice(slice), recipe)];
        yield plane;
      }
    } finally {
      await image.close();
    }
  } catch (error) {
    throw ofRow(row, error);
  }
}

/** The place of an image of a pair, which is seen whole and as it is stored. */
export async function wholeImage(pair: PairRow, side: Side): Promise<StoredPlace> {
  const { width, height, close } = await openManifestImage(rowOf(pair, side));
  await close();
  return storedPlace({}, [0, 0, width, height]);
}

const squared = ({ data, width, height }: Plane, { sizePx }: Recipe): Plane => ({
  width: sizePx,
  height: sizePx,
  data: resizeBilinear(data, width, height, sizePx, sizePx),
});

/** An error of an image with the line of its row; any other as it is. */
export function ofRow({ line, path }: ManifestRow, error: unknown): unknown {
  if (!isBadImage(error) || line === 0) return error;
  const message = `line ${line} of the manifest, ${path}: ${error.message}`;
  return error instanceof ImagingError
    ? new ImagingError(error.code, message, { cause: error })
    : new SystemError('data-unusable', message, { cause: error });
}

/** The slices of a tomosynthesis; ImagingError slices-unusable for a single image: what lies beside it may be of anyone. */
export function stackOf(
  { path }: Pick<ManifestRow, 'path'>,
  { depth, facts, stored }: ManifestImage,
): Pick<ImageStack, 'depth' | 'facts' | 'slice'> {
  if (depth > 1) return { depth, facts, slice: stored };
  throw new ImagingError(
    'slices-unusable',
    `${path} has one slice, and a tomosynthesis two or more: name the file that has all of them, or the folder of its slices`,
  );
}

/** As stored: a mammogram is neither cropped nor turned, since its partner is not. */
async function mammogram(row: ManifestRow): Promise<Plane> {
  const image = await openManifestImage(row);
  try {
    return await image.seen(image.slice ?? 0, { crop: 'none', chestWall: 'stored' });
  } finally {
    await image.close();
  }
}

/** The dynamic image of a tomosynthesis: of a file with its slices, a folder of them, or the series of one of them (DICOM). */
export async function dynamicImageOf(row: ManifestRow, { framePx, pooling, lambda }: Recipe): Promise<Plane> {
  const image = await openManifestImage(row);
  try {
    const frames = stackFrames(stackOf(row, image), { maxSidePx: framePx });
    const { width, height, data } = await dynamicImage(frames, { method: pooling, lambda });
    return { width, height, data: Float32Array.from(data) };
  } finally {
    await image.close();
  }
}

/** SHA-256 of the files that a row's image is in. ImagingError file-missing where one cannot be read. */
export async function imageDigest(row: ManifestRow): Promise<string> {
  const hash = createHash('sha256');
  try {
    for (const path of await filesOf(row))
      for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || isBadImage(error)) throw ofRow(row, error);
    throw ofRow(row, new ImagingError('file-missing', `${row.path} cannot be read (${code}): correct the path`));
  }
  return hash.digest('hex');
}

/** A tomosynthesis of one slice a file is some of its folder: which of them, its reader knows. */
async function filesOf({ modality, absolutePath }: ManifestRow): Promise<string[]> {
  if (modality !== 'DBT') return [absolutePath];
  const isFolder = (await stat(absolutePath)).isDirectory();
  const folder = isFolder ? absolutePath : dirname(absolutePath);
  if (!isFolder) {
    const image = await openImage(absolutePath);
    await image.close();
    if (image.depth > 1) return [absolutePath];
  }
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name))
    .sort();
}

const find = (wanted: Partial<Orientation>) =>
  ORIENTATIONS.find((each) =>
    (['transpose', 'flipHorizontal', 'flipVertical'] as const).every((key) => each[key] === (wanted[key] ?? false)),
  ) as Orientation;

/** Itself, its reflection and the rotations by 90, 180 and 270 degrees, then the reflections of the rotations. */
export const VARIANTS: readonly Orientation[] = [
  find({}),
  find({ flipHorizontal: true }),
  find({ transpose: true, flipVertical: true }),
  find({ flipHorizontal: true, flipVertical: true }),
  find({ transpose: true, flipHorizontal: true }),
  find({ transpose: true, flipHorizontal: true, flipVertical: true }),
  find({ flipVertical: true }),
  find({ transpose: true }),
];

/** What the backbone gets of a plane in one of its variants: normalised, repeated for three channels, [3, sizePx, sizePx]. */
export function backboneInput(plane: Plane, variant: number): Float32Array {
  const { data } = orientPlane(plane, VARIANTS[variant] as Orientation);
  const normalised = zScoreNormalise(data);
  const input = new Float32Array(3 * normalised.length);
  for (let channel = 0; channel < 3; channel++) input.set(normalised, channel * normalised.length);
  return input;
}
