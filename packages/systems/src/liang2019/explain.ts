/** Where the joint classifier of a run looked: Grad-CAM at the last map of the frozen backbone, on both images of a pair. */
import type { Plane } from '@mammoscope/imaging';
import { lower, type TensorData } from '@mammoscope/nn';
import { greyPng, overlayPng } from '../classifier/colour-map.ts';
import { loadBest } from '../classifier/scores.ts';
import { runFiles } from '../run/run-record.ts';
import { type RunPlace, runFeatures } from './evaluate.ts';
import { headDeclarations, headGradCam, headSpec, PORTS } from './head-graphs.ts';
import { planeOf, SIDES, type Side } from './pair-images.ts';
import type { PairRow } from './pairs.ts';

/** An image of a pair and the same with its map over it, as PNG. */
export interface Explanation {
  readonly image: Buffer;
  readonly overlay: Buffer;
  /** True where the map is zero everywhere: nothing in the image raised the score. */
  readonly empty: boolean;
  /** The map by itself, over the whole image as it is stored. */
  readonly map: Plane;
}

/** Explains the joint classifier's score for the positive class (the class with index 1) by both images of each pair. */
export async function explainPairs(
  place: RunPlace,
  pairs: readonly PairRow[],
  onPair?: () => void,
): Promise<Readonly<Record<Side, Explanation>>[]> {
  const { engine, run, record, recipe } = place;
  const spec = headSpec(recipe, 'dm-dbt', record.classes.length);
  const [, rows, columns] = spec.map as readonly [number, number, number];
  const features = await runFeatures(place, ['dm-dbt']);
  const source = features.of('dm-dbt');
  const session = await engine.load(lower(headGradCam(spec), engine.target, new Map(Object.entries(record.lowerings))));
  try {
    await loadBest(engine, runFiles(run).member('dm-dbt').best, headDeclarations(spec));
    const classSeed = new Float32Array(record.classes.length);
    classSeed[1] = 1;
    const explained: Readonly<Record<Side, Explanation>>[] = [];
    for (const pair of pairs) {
      const inputs = new Map<string, TensorData>([[PORTS.classSeed, classSeed]]);
      for (const side of SIDES) inputs.set(side, await source.of(pair, side, 0));
      const outputs = await session.run(inputs);
      const of = async (side: Side): Promise<Explanation> => {
        const map = outputs.get(`out:cam-${side}`) as Float32Array;
        const { data } = await planeOf(pair, side, recipe);
        return {
          image: await greyPng(data, recipe.sizePx),
          overlay: await overlayPng(data, recipe.sizePx, map, rows, columns),
          empty: map.every((value) => value === 0),
          map: { width: columns, height: rows, data: map },
        };
      };
      explained.push({ dm: await of('dm'), dbt: await of('dbt') });
      onPair?.();
    }
    return explained;
  } finally {
    await session.release();
    await features.release();
  }
}
