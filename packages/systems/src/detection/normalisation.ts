/** Running statistics for a backbone that starts from random weights. */
import type { Plane } from '@mammoscope/imaging';
import { type Choices, DETECTION_PORTS, type DetectorSpec, Graph, lower, resnetFeatures, Scope } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import { packImages } from './image-batch.ts';

/** A backbone to be measured. */
export interface Measured {
  readonly engine: Engine;
  readonly spec: DetectorSpec;
  readonly lowerings: Choices;
  /** First values of every parameter and buffer. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

/**
 * The values with the running means and variances that each normalisation has on tiles, one tile at a time. A detector is trained
 * with normalisation by statistics that stand still, which must then fit its weights: by those of the start, mean 0 and variance
 * 1, values grow with every residual block. Without tiles the values as they are.
 */
export async function measuredNormalisation(
  { engine, spec, lowerings, values }: Measured,
  tiles: readonly Plane[],
): Promise<ReadonlyMap<string, Float32Array>> {
  if (tiles.length === 0) return values;
  const graph = new Graph();
  const scope = new Scope(graph, true);
  const image = graph.input(DETECTION_PORTS.image, [1, 3, spec.heightPx, spec.widthPx]);
  resnetFeatures(scope.child('backbone', 'body'), image, 'resnet50', spec.width ? { width: spec.width } : {});
  const lowered = lower(graph, engine.target, lowerings);
  for (const { name, shape } of lowered.parameters) {
    const data = values.get(name);
    if (data) await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data }]]));
  }
  const session = await engine.load(lowered);
  for (const tile of tiles) await session.run(new Map([[DETECTION_PORTS.image, packImages([tile], spec)]]));
  const measured = await engine.get([...graph.updates.keys()]);
  await session.release();
  return new Map([...values, ...[...measured].map(([name, { data }]) => [name, data as Float32Array] as const)]);
}
