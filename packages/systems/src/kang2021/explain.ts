/** Grad-CAM overlays of single images by one network of a run. */
import type { ManifestRow } from '@mammoscope/imaging';
import { type LoweredGraph, lower, sizeOf, type TensorData } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import { greyPng, overlayPng } from '../classifier/colour-map.ts';
import { declarationsOf, gradCamGraph, PORTS } from '../classifier/graphs.ts';
import { loadBest } from '../classifier/scores.ts';
import { ImageSource } from '../data/image-source.ts';
import { type RunRecord, runFiles } from '../run/run-record.ts';
import { memberSpec } from './evaluate.ts';
import type { Recipe } from './recipe.ts';

/** An image and the same with its map over it, as PNG data URIs. */
export interface Explanation {
  readonly image: string;
  readonly overlay: string;
  /** True where the map is zero everywhere: nothing in the image raised the score. */
  readonly empty: boolean;
}

/** Explains each row's score for the positive class (the class with index 1). */
export async function explain(
  engine: Engine,
  run: string,
  record: RunRecord,
  recipe: Recipe,
  member: string,
  rows: readonly ManifestRow[],
): Promise<Explanation[]> {
  const spec = memberSpec(record, recipe, member);
  const source = new ImageSource({ ...recipe, channels: spec.channels });
  const lowered = lower(gradCamGraph(spec), engine.target, new Map(Object.entries(record.lowerings)));
  const session = await engine.load(lowered);
  const [output] = lowered.outputs as readonly [LoweredGraph['outputs'][number]];
  const [, rowsOfMap, columns] = output.shape as readonly [number, number, number];
  await loadBest(engine, runFiles(run).member(member).best, declarationsOf(spec));
  const seed = new Float32Array(spec.outputs);
  seed[1] = 1;
  const explanations: Explanation[] = [];
  for (const row of rows) {
    const inputs = new Map<string, TensorData>([
      [PORTS.image, await source.batch([row], 1)],
      [PORTS.classSeed, seed],
    ]);
    const map = (await session.run(inputs)).get(`out:${PORTS.cam}`) as Float32Array;
    if (map.length !== sizeOf([rowsOfMap, columns]))
      throw new RangeError(`Grad-CAM gave ${map.length} values for ${rowsOfMap} x ${columns}`);
    const plane = await source.plane(row);
    explanations.push({
      image: await greyPng(plane, spec.sizePx),
      overlay: await overlayPng(plane, spec.sizePx, map, rowsOfMap, columns),
      empty: map.every((value) => value === 0),
    });
  }
  await session.release();
  return explanations;
}
