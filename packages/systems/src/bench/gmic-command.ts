/** What `predict park2022` is timed on: a trained run that never was, with weights that learnt nothing, and a tomosynthesis that is not compressed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dicomBytes, uidOf } from '@mammoscope/dicom';
import { writeAside } from '@mammoscope/files';
import { chooseWays, type Engine, probeParameter, writeCheckpoint } from '@mammoscope/runtime';
import { gmicDeclarations, localGraph, saliencyGraph } from '../gmic/graphs.ts';
import type { GmicSpec } from '../gmic/spec.ts';
import { PRESETS, type Recipe, SYSTEM } from '../park2022/recipe.ts';
import { type ValidatedImage, validationPath } from '../park2022/trial.ts';
import { trialSpec, trialsOf, writeOutcome } from '../park2022/trials.ts';
import { makeFolder } from '../run/make-folder.ts';
import { formatJson, runFiles, writeRunRecord } from '../run/run-record.ts';
import { versions } from '../run/versions.ts';
import { attributesOf, breastLike } from './dicom-bench.ts';

/** Files to predict with. */
export interface PredictPlace {
  readonly folder: string;
  readonly run: string;
  readonly volume: string;
  readonly spec: GmicSpec;
}

/** How many slices of which size. */
export interface PredictSize {
  readonly slices: number;
  readonly patches: number;
  /** Of the window; what is stored is as much larger as a tomosynthesis of 2457 x 1890 is than the paper's. */
  readonly heightPx: number;
  readonly widthPx: number;
}

const SEED = 0;
/** Of what is stored by the window, rows and columns. */
const STORED = [2457 / 2116, 1890 / 1339] as const;
/** Slices that differ; the others repeat them. */
const DIFFERENT_SLICES = 4;

/**
 * Writes a run of one network and a volume into a new folder, which the caller removes. The image is predicted as it is: each of the paper's
 * ten varied copies would be read and computed like it.
 */
export async function writePredictPlace(engine: Engine, size: PredictSize): Promise<PredictPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-bench-'));
  try {
    const run = join(folder, 'run');
    const volume = join(folder, 'volume.dcm');
    const spec = await writeRun(engine, run, size);
    await writeAside(volume, volumeBytes(size));
    return { folder, run, volume, spec };
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

async function writeRun(engine: Engine, run: string, { heightPx, widthPx, patches }: PredictSize): Promise<GmicSpec> {
  const recipe: Recipe = {
    ...PRESETS.paper,
    ...{ modalities: ['DBT'], sliceWindowPx: [heightPx, widthPx], trials: 1, ensemble: 1, testAugmentations: 0 },
    volumePatches: [patches],
  };
  const [trial] = trialsOf(recipe, 'DBT', SEED);
  if (!trial) throw new RangeError('a search has at least one trial');
  const files = runFiles(run).member(trial.name);
  const spec = trialSpec(recipe, trial);
  await makeFolder(files.folder);
  const tensors = [...gmicDeclarations(spec)].map(([name, { tensor }]) => {
    const { shape } = tensor;
    return [name, { dtype: 'F32' as const, shape, data: probeParameter(name, shape, '') }] as const;
  });
  await writeCheckpoint(files.best, { tensors: new Map(tensors), state: null });
  await writeAside(validationPath(files), formatJson([false, true].map(validated)));
  await writeOutcome(run, trial.name, { state: 'done', valAuc: 0.5, valLoss: 1 });
  const lowerings = await chooseWays(engine, [saliencyGraph(spec), localGraph(spec)]);
  await writeRunRecord(run, {
    ...{ format: 'mammoscope-run-1', system: SYSTEM.name, preset: 'paper', command: 'mammoscope bench gmic' },
    ...{ classes: ['normal', 'benign', 'malignant'], seed: SEED, recipe: { ...recipe }, members: [trial.name] },
    ...{ device: engine.device, threads: engine.threads, versions: versions(), weights: {}, rows: [], exclusions: [] },
    ...{ manifest: { name: 'none', sha256: '' }, lowerings: Object.fromEntries(lowerings) },
  });
  return spec;
}

/** An image that a cut-off is chosen by: there must be one of either kind. */
function validated(malignant: boolean): ValidatedImage {
  const score = { benign: 0.5, malignant: malignant ? 1 : 0 };
  return {
    ...{ path: 'none', patientId: 'none', laterality: 'L', view: 'CC', modality: 'DBT' },
    labels: { benign: false, malignant },
    scores: { full: score, global: score, local: score },
  };
}

function volumeBytes({ slices, heightPx, widthPx }: PredictSize): Generator<Uint8Array, void> {
  const [rows, columns] = [Math.round(STORED[0] * heightPx), Math.round(STORED[1] * widthPx)];
  const different = Array.from({ length: Math.min(slices, DIFFERENT_SLICES) }, (_, i) => breastLike(rows, columns, i));
  const frames = Array.from({ length: slices }, (_, i) => different[i % different.length] as Uint16Array);
  return dicomBytes({ ...attributesOf(rows, columns, slices), SOPInstanceUID: uidOf('mammoscope bench gmic') }, frames);
}
