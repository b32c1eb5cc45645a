/** Lesions that cannot be cut out are told all at once, before anything is computed. */
import { isBadImage, ManifestError, type ManifestProblem, type ManifestRow } from '@mammoscope/imaging';
import type { LesionRois } from './lesion-inputs.ts';

/**
 * Cuts every lesion of a manifest out once; how many have the centre slice for want of a calcification. ManifestError with
 * the lesions that cannot be cut out, each with its line, and their number. `onLesion` is called before each and may throw.
 */
export async function requireLesions(
  manifest: string,
  rows: readonly ManifestRow[],
  rois: LesionRois,
  onLesion?: () => void,
): Promise<{ readonly centred: number }> {
  const problems: ManifestProblem[] = [];
  let centred = 0;
  for (const row of rows) {
    onLesion?.();
    try {
      if ((await rois.of(row)).focusFrom === 'centre') centred++;
    } catch (error) {
      if (!isBadImage(error)) throw error;
      problems.push({ line: row.line, message: error.message });
    }
  }
  if (problems.length > 0) throw new ManifestError(manifest, problems);
  return { centred };
}
