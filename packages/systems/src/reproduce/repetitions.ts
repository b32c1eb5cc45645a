/** The repetitions of a comparison: phantom cohorts of their own, splits of one cohort by several seeds, or its folds. */
import { join } from 'node:path';
import { foldsByPatient, type Manifest, type ManifestRow, writeManifest } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import { makeFolder } from '../run/make-folder.ts';
import { holdsFile } from '../run/run-record.ts';

/** One repetition: what its runs are trained on. */
export interface PlannedRepetition {
  /** 'seed-0' or 'fold-0' */
  readonly name: string;
  readonly seed: number;
  /** Absent where a phantom is to be drawn. */
  readonly manifest?: string;
}

/** Folds that are dealt and not written. */
export type FoldManifests = readonly (Pick<PlannedRepetition, 'name' | 'seed'> & {
  readonly rows: readonly ManifestRow[];
})[];

/** Each seed's own split of the images, or its own phantom. */
export const bySeed = (seeds: readonly number[], manifest?: string): PlannedRepetition[] =>
  seeds.map((seed) => ({ name: `seed-${seed}`, seed, ...(manifest === undefined ? {} : { manifest }) }));

/**
 * Folds of a manifest's patients, each with a manifest of its own: a fold is the test split of that, and its validation images
 * are drawn from the others in training. A column `fold` is taken as it is. ImagingError 'split-impossible' where a class has
 * fewer patients than folds.
 */
export function byFold(manifest: Manifest, folds: number, seed: number): FoldManifests {
  const bare = manifest.rows.map(({ split: _, ...row }): ManifestRow => row);
  const dealt = foldsByPatient(bare, { seed, folds }).map(({ fold, ...row }) => ({
    fold: givenFold(row) ?? fold,
    row,
  }));
  const found = new Set(dealt.map(({ fold }) => fold));
  if (found.size !== folds)
    throw new SystemError(
      'data-unusable',
      `${manifest.path} has a column fold with ${found.size} folds: say --folds ${found.size}`,
    );
  const inOrder = [...found].sort((a = 0, b = 0) => a - b);
  return inOrder.map((fold) => ({
    ...{ name: `fold-${fold}`, seed },
    rows: dealt.map(({ row, fold: own }): ManifestRow => ({ ...row, split: own === fold ? 'test' : 'train' })),
  }));
}

/** Writes the manifests of folds beside each other into `out`, but for those that are there. */
export async function writeFolds(folds: FoldManifests, out: string): Promise<PlannedRepetition[]> {
  await makeFolder(out);
  return Promise.all(
    folds.map(async ({ name, seed, rows }) => {
      const manifest = join(out, `${name}.csv`);
      if (!(await holdsFile(manifest))) await writeManifest(manifest, rows);
      return { name, seed, manifest };
    }),
  );
}

function givenFold({ other, line }: ManifestRow): number | undefined {
  if (!other.fold) return undefined;
  const fold = Number(other.fold);
  if (Number.isInteger(fold) && fold >= 0) return fold;
  throw new SystemError(
    'data-unusable',
    `line ${line} of the manifest: fold is "${other.fold}": write a whole number from 0, or nothing`,
  );
}
