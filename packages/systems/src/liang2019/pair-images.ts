/** The two images of a pair as the backbone sees them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  dynamicImage,
  ImagingError,
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
import type { PairRow } from './pairs.ts';
import type { Recipe } from './recipe.ts';

/** Mammogram or dynamic image. */
export type Side = 'dm' | 'dbt';

export const SIDES: readonly Side[] = ['dm', 'dbt'];

/** The row that a side of a pair is read from. */
export const rowOf = (pair: PairRow, side: Side): ManifestRow => (side === 'dm' ? pair : pair.dbt);

/** What decides how an image is made, for the key of its features. */
export const imageRecipe = ({ sizePx, framePx, pooling, lambda }: Recipe, side: Side): string =>
  [
    `${sizePx} px, z score`,
    ...(side === 'dm' ? [] : [`dynamic image of ${framePx} px, ${pooling}, lambda ${lambda}`]),
  ].join(', ');

/** A side of a pair, [sizePx, sizePx], not normalised. An error names the row's line. */
export async function planeOf(pair: PairRow, side: Side, recipe: Recipe): Promise<Plane> {
  const row = rowOf(pair, side);
  try {
    const { data, width, height } = side === 'dm' ? await mammogram(row) : await dynamicImageOf(row, recipe);
    const { sizePx } = recipe;
    return { width: sizePx, height: sizePx, data: resizeBilinear(data, width, height, sizePx, sizePx) };
  } catch (error) {
    if (!(error instanceof ImagingError) || row.line === 0) throw error;
    throw new ImagingError(error.code, `line ${row.line} of the manifest, ${row.path}: ${error.message}`, {
      cause: error,
    });
  }
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

/** The dynamic image of a tomosynthesis: a file of slices, or a folder of them, which a row may name by one of its files. */
export async function dynamicImageOf(row: ManifestRow, { framePx, pooling, lambda }: Recipe): Promise<Plane> {
  const image = await openManifestImage(row);
  try {
    const stack =
      image.depth > 1
        ? { depth: image.depth, facts: image.facts, slice: image.stored }
        : await openImage(dirname(row.absolutePath));
    const frames = stackFrames(stack, { maxSidePx: framePx });
    const { width, height, data } = await dynamicImage(frames, { method: pooling, lambda });
    return { width, height, data: Float32Array.from(data) };
  } finally {
    await image.close();
  }
}

/** SHA-256 of the files that a row's image is in. */
export async function imageDigest(row: ManifestRow): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await filesOf(row)) for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

/** A tomosynthesis of one slice a file is all of its folder. */
async function filesOf({ modality, absolutePath }: ManifestRow): Promise<string[]> {
  if (modality !== 'DBT') return [absolutePath];
  const isFolder = (await stat(absolutePath)).isDirectory();
  const image = await openImage(absolutePath);
  await image.close();
  if (!isFolder && image.depth > 1) return [absolutePath];
  const folder = isFolder ? absolutePath : dirname(absolutePath);
  return (await readdir(folder)).sort().map((name) => join(folder, name));
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
