/** The images of a run: split by patient, decoded once and checked before anything is computed. */
import {
  checkManifest,
  type Manifest,
  ManifestError,
  type ManifestRow,
  type Split,
  splitByPatient,
} from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';

/** What a recipe says of the split. */
export interface SplitRecipe {
  readonly batch: number;
  readonly valFraction: number;
  readonly testFraction: number;
}

/** A row with the split that it was given. */
export type SplitRow = ManifestRow & { readonly split: Split };

/**
 * Rows with their splits. SystemError 'data-unusable' where training cannot use them: fewer images than one batch, a
 * class missing from the training images, or validation images without both sides of the decision.
 */
export function splitRows(manifest: Manifest, recipe: SplitRecipe, seed: number): SplitRow[] {
  const { valFraction, testFraction, batch } = recipe;
  const fractions = { train: 1 - valFraction - testFraction, val: valFraction, test: testFraction };
  const rows = splitByPatient(manifest.rows, { seed, fractions });
  const of = (split: Split) => rows.filter((row) => row.split === split);
  const [train, val] = [of('train'), of('val')];
  const refuse = (what: string) => {
    throw new SystemError('data-unusable', `${manifest.path}: ${what}`);
  };
  if (train.length < batch) {
    const smaller = train.length > 1 ? `, or use a smaller batch with --set batch=${train.length}` : '';
    refuse(`${train.length} training images do not fill one batch of ${batch}: add images${smaller}`);
  }
  const absent = manifest.classes.find((name) => !train.some(({ label }) => label === name));
  if (absent !== undefined)
    refuse(`the ${train.length} training images have none of class ${absent}: add some, or change the split column`);
  const positives = val.filter(({ label }) => label !== manifest.classes[0]).length;
  if (positives === 0 || positives === val.length)
    refuse(
      `${positives} of ${val.length} validation images are positive: validation needs images of ${manifest.classes[0]} and others; add some, or change the split column`,
    );
  return rows;
}

/**
 * Decodes every image and holds it against its row and the others (checkManifest). ManifestError lists what is wrong,
 * each with its line: images that do not decode, boxes outside their image, the same pixels in two splits.
 */
export async function checkImages(
  manifest: Manifest,
  rows: readonly SplitRow[],
  { onImage, onNote }: { readonly onImage: () => void; readonly onNote?: ((note: string) => void) | undefined },
): Promise<void> {
  const { problems, notes } = await checkManifest({ ...manifest, rows }, { onImage });
  if (problems.length > 0) throw new ManifestError(manifest.path, problems);
  if (notes.length > 0) onNote?.(`${notes.length} images are copies of others and count twice (see data check)`);
}
