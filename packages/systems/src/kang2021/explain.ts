/** Grad-CAM of single images by one network of a run. */
import type { ManifestRow } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { type GradCamOverlay, gradCamOverlays } from '../classifier/grad-cam-overlays.ts';
import { ImageSource } from '../data/image-source.ts';
import { type RunRecord, runFiles } from '../run/run-record.ts';
import { memberSpec } from './evaluate.ts';
import type { Recipe } from './recipe.ts';

/** Explains each row's score for the positive class (the class with index 1) by one member, over the image as it sees it. */
export function explain(
  engine: Engine,
  run: string,
  record: RunRecord,
  recipe: Recipe,
  member: string,
  rows: readonly ManifestRow[],
): AsyncGenerator<GradCamOverlay, void, void> {
  const spec = memberSpec(record, recipe, member);
  const source = new ImageSource({ ...recipe, sizePx: spec.sizePx, channels: spec.channels });
  const lowerings = new Map(Object.entries(record.lowerings));
  return gradCamOverlays(engine, { spec, best: runFiles(run).member(member).best, lowerings }, rows, async (row) => ({
    input: await source.batch([row], 1),
    plane: await source.plane(row),
    place: await source.place(row),
  }));
}
