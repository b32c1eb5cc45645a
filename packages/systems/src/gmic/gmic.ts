/** 3D-GMIC in an engine: what it makes of a volume. */
import { type Choices, GMIC_CLASSES, lower } from '@mammoscope/nn';
import type { Engine, Session } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';
import { GMIC_PORTS, localGraph, saliencyGraph } from './graphs.ts';
import { type Patch, patchOf, readPatches, roiOptions } from './patches.ts';
import { retrieveRois } from './retrieve-roi.ts';
import { type GmicSpec, mapSize, type SaliencyVolume } from './spec.ts';
import { poolTop } from './top-pooling.ts';
import { type GmicVolume, requireSlices, sliceRuns } from './volume.ts';

/** The sessions of the two modules. */
export interface GmicSessions {
  readonly saliency: Session;
  readonly local: Session;
}

/** Loads both modules with the ways chosen for them. Weights must be put into the engine by the caller. */
export async function loadGmic(engine: Engine, spec: GmicSpec, choices?: Choices): Promise<GmicSessions> {
  return {
    saliency: await engine.load(lower(saliencyGraph(spec), engine.target, choices)),
    local: await engine.load(lower(localGraph(spec), engine.target, choices)),
  };
}

/** What 3D-GMIC makes of a volume; pairs are benign and malignant. */
export interface GmicPrediction {
  readonly saliency: SaliencyVolume;
  /** In the order in which they were chosen. */
  readonly patches: readonly (Patch & { readonly attention: number })[];
  readonly global: readonly number[];
  readonly local: readonly number[];
  /** p_final, the mean of both. */
  readonly final: readonly number[];
}

/** Figure 1. Holds two slices, the patches and the saliency maps. SystemError 'data-unusable' for slices that do not fit. */
export async function predictVolume(
  sessions: GmicSessions,
  spec: GmicSpec,
  volume: GmicVolume,
): Promise<GmicPrediction> {
  const saliency = await saliencyOf(sessions.saliency, spec, volume); // [D, 2, h, w]
  const { probabilities: global } = poolTop(saliency, spec); // [2]
  const cells = retrieveRois(saliency, roiOptions(spec, saliency)); // K
  const patches = cells.map((cell) => patchOf(cell, spec, saliency));
  const pixels = await readPatches(spec, volume, patches); // [K, 1, s, s]
  const { attention, probabilities: local } = await runLocal(sessions.local, pixels); // [K], [2]
  return {
    saliency,
    patches: patches.map((patch, k) => ({ ...patch, attention: attention[k] as number })),
    global,
    local,
    final: global.map((p, index) => (p + (local[index] as number)) / 2),
  };
}

/** Equation 1 over the slices of a volume, a run at a time. */
export async function saliencyOf(session: Session, spec: GmicSpec, volume: GmicVolume): Promise<SaliencyVolume> {
  requireSlices(volume);
  const { rows, columns } = mapSize(spec);
  const size = GMIC_CLASSES * rows * columns;
  const values = new Float32Array(volume.slices * size);
  for await (const { first, count, pixels } of sliceRuns(spec, volume)) {
    const outputs = await session.run(new Map([[GMIC_PORTS.slices, pixels]]), { given: volume.isFresh ?? false });
    const maps = outputs.get(`out:${GMIC_PORTS.saliency}`) as Float32Array;
    values.set(maps.subarray(0, count * size), first * size);
  }
  return saliencyVolume(values, spec, volume);
}

/** Saliency maps [D, 2, h, w] as a volume. SystemError 'data-unusable' where one is no number: nothing can be pooled or chosen then. */
export function saliencyVolume(values: Float32Array, spec: GmicSpec, { name, slices }: GmicVolume): SaliencyVolume {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new SystemError(
      'data-unusable',
      `${name}: the saliency of slice ${Math.floor((at * slices) / values.length) + 1} is ${values[at]}: its pixels must be finite numbers, and so must the weights, which a large learning rate can overflow`,
    );
  return { values, slices, ...mapSize(spec) };
}

async function runLocal(session: Session, pixels: Float32Array) {
  const outputs = await session.run(new Map([[GMIC_PORTS.patches, pixels]]));
  const output = (port: string) => Array.from(outputs.get(`out:${port}`) as Float32Array);
  return { attention: output(GMIC_PORTS.attention), probabilities: output(GMIC_PORTS.probabilities) };
}
