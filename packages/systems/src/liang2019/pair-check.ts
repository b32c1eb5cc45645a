/** Whether the two images of a pair can be of one breast that lies the same way, as what reads both takes for granted. */
import {
  type BreastMask,
  breastMask,
  chestWallByMask,
  ImagingError,
  isBadImage,
  type Manifest,
  ManifestError,
  type ManifestProblem,
  type ManifestRow,
  openManifestImage,
  type Plane,
} from '@mammoscope/imaging';
import { SIDES, stackOf } from './pair-images.ts';
import { type PairRow, rowOf } from './pairs.ts';

/**
 * Looks at every pair. ManifestError lists what is wrong, with the line: a tomosynthesis of one slice, a side or view that a file
 * contradicts, and a chest wall that is on the left of one image and on the right of the other.
 */
export async function requirePairs(
  { path }: Pick<Manifest, 'path'>,
  pairs: readonly PairRow[],
  onPair: () => void = () => undefined,
): Promise<void> {
  const problems: ManifestProblem[] = [];
  for (const pair of pairs) {
    onPair();
    const walls = [];
    const believed = pair.prefer?.laterality === 'user';
    for (const side of SIDES) {
      const row = rowOf(pair, side);
      try {
        walls.push(await chestWallOf(row, believed));
      } catch (error) {
        if (!isBadImage(error)) throw error;
        problems.push({ line: row.line, message: `${row.path}: ${error.message}` });
      }
    }
    const [dm, dbt] = walls;
    if (dm !== undefined && dbt !== undefined && dm !== dbt)
      problems.push({
        line: pair.line,
        message: `${pair.path} shows the chest wall on the ${dm} and ${pair.dbt.path}, its tomosynthesis, on the ${dbt}: both must be of the ${pair.laterality} breast and lie the same way; correct the row or turn one image, or, where the row is right, give it laterality=user in the column prefer`,
      });
  }
  if (problems.length > 0) throw new ManifestError(path, problems);
}

/**
 * Left or right, where the chest wall is on a mammogram, or on the middle slice of a tomosynthesis, as stored; undefined where no air is
 * beside the breast or neither edge is the straight one, and where the row is believed whatever the pixels show.
 */
async function chestWallOf(row: ManifestRow, believed: boolean): Promise<'left' | 'right' | undefined> {
  const image = await openManifestImage(row);
  try {
    const { depth } = row.modality === 'DBT' ? stackOf(row, image) : image;
    if (believed) return undefined;
    const plane = await image.seen(Math.floor((depth - 1) / 2), { crop: 'none', chestWall: 'stored' });
    const mask = maskOf(plane);
    const says = mask?.hasAir ? chestWallByMask(mask)?.says : undefined;
    return says === 'left' || says === 'right' ? says : undefined;
  } finally {
    await image.close();
  }
}

/** Undefined where nothing is brighter than its background. */
function maskOf(plane: Plane): BreastMask | undefined {
  try {
    return breastMask(plane);
  } catch (error) {
    if (error instanceof ImagingError && error.code === 'mask-empty') return undefined;
    throw error;
  }
}
