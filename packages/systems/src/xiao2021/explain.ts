/** Grad-CAM of lesions by one member of a run. */
import type { ManifestRow } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { type GradCamOverlay, gradCamOverlays } from '../classifier/grad-cam-overlays.ts';
import { type RunRecord, runFiles } from '../run/run-record.ts';
import { recordedSpec } from './evaluate.ts';
import { focusIn, type LesionRois, lesionInputs } from './lesion-inputs.ts';
import { focusPlane } from './lesion-roi.ts';
import { type MemberName, memberOf } from './members.ts';
import type { Recipe } from './recipe.ts';

/**
 * Explains each row's score for the positive class by one member, over the focus slice: its map of the focus slice or of the
 * projection, of a member that sees slices the part of its map that lies over the focus slice.
 */
export function explain(
  engine: Engine,
  run: string,
  record: RunRecord,
  recipe: Recipe,
  rois: LesionRois,
  member: string,
  rows: readonly ManifestRow[],
): AsyncGenerator<GradCamOverlay, void, void> {
  const spec = recordedSpec(record, recipe, member);
  const { input } = memberOf(member as MemberName);
  const inputs = lesionInputs(rois, input, { recipe, seed: record.seed, channels: spec.channels });
  const lowerings = new Map(Object.entries(record.lowerings));
  return gradCamOverlays(engine, { spec, best: runFiles(run).member(member).best, lowerings }, rows, async (row) => {
    const roi = await rois.of(row);
    const slice = focusIn(input, roi);
    const seen = { input: await inputs.batch([row], 1), plane: focusPlane(roi), place: roi.place };
    return slice === undefined ? seen : { ...seen, slice };
  });
}
