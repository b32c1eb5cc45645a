/** What the detector starts from, and its weights in a run. */
import { basename } from 'node:path';
import type { Plane } from '@mammoscope/imaging';
import type { Choices, DetectorSpec } from '@mammoscope/nn';
import { type Engine, initialise, readCheckpoint, readWeights } from '@mammoscope/runtime';
import { detectorDeclarations } from '../detection/graphs.ts';
import { measuredNormalisation } from '../detection/normalisation.ts';
import { detectorWeights } from '../detection/torchvision-weights.ts';
import { damagedRun } from '../run/damaged-run.ts';

/** The network whose name stands for the detector's weights in --weights: a ResNet-50, or a torchvision detector on one. */
export const BACKBONE = 'resnet50';

/** Where the first values come from. */
export interface StartingDetector {
  readonly engine: Engine;
  readonly spec: DetectorSpec;
  readonly seed: number;
  readonly file: string | undefined;
  readonly lowerings: Choices;
}

/**
 * First values of every parameter and buffer, and in words what was taken from a file. Without a file weights are drawn from the
 * seed, and the running statistics of normalisation, which training leaves alone, are measured on tiles of films.
 * WeightsError for a file of another network.
 */
export async function startingDetector(
  { engine, spec, seed, file, lowerings }: StartingDetector,
  tiles: () => Promise<readonly Plane[]>,
): Promise<{ readonly values: ReadonlyMap<string, Float32Array>; readonly note?: string }> {
  const declarations = detectorDeclarations(spec);
  if (file === undefined) {
    const drawn = initialise(declarations, seed);
    return { values: await measuredNormalisation({ engine, spec, lowerings, values: drawn }, await tiles()) };
  }
  const { values, report } = detectorWeights(declarations, await readWeights(file, BACKBONE), { seed, file });
  const counts = Object.entries(report).flatMap(([what, names]) =>
    names.length > 0 ? [`${names.length} ${what}`] : [],
  );
  return { values, note: `weights of the detector from ${basename(file)}: ${counts.join(', ')}` };
}

/** Puts the best weights of a run into the engine. SystemError 'run-missing' or 'run-mismatch' for a checkpoint that is missing or another's. */
export async function loadDetector(engine: Engine, best: string, spec: DetectorSpec): Promise<void> {
  const shapes = new Map([...detectorDeclarations(spec)].map(([name, { tensor }]) => [name, tensor.shape]));
  const { tensors } = await readCheckpoint(best, shapes).catch((error) => {
    throw damagedRun(best, error);
  });
  for (const [name, { shape, data }] of tensors)
    await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data: data as Float32Array }]]));
}
