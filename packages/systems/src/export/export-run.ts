import { readCheckpoint } from '@mammoscope/runtime';
import {
  exportClassifiers,
  imageInputs,
  type PreprocessingPlace,
  type TrainedClassifier,
} from '../classifier/export.ts';
import { declarationsOf } from '../classifier/graphs.ts';
import { cutoffOf, readValidationScores } from '../classifier/validation.ts';
import { SystemError } from '../errors.ts';
import { averageValidation, memberSpec } from '../kang2021/evaluate.ts';
import { SYSTEM } from '../kang2021/recipe.ts';
import { recipeOf } from '../kang2021/settings.ts';
import { damagedRun } from '../run/damaged-run.ts';
import { readRunRecord, runFiles } from '../run/run-record.ts';

/** What of a run is exported, and how. */
export interface ExportOptions {
  /** One of the run's networks; all of them, averaged as the run averages them, unless given. */
  readonly network?: string;
  readonly preprocessing: PreprocessingPlace;
  readonly licence?: string;
}

/** An ONNX file, and what is in it. */
export interface ExportedRun {
  readonly bytes: Uint8Array;
  readonly networks: readonly string[];
  readonly classes: readonly string[];
  /** Side of the image that each input takes, pixels; one input, `image`, where all networks see images of one size. */
  readonly inputs: Readonly<Record<string, number>>;
  /** Of the validation images; Infinity where none beats chance. */
  readonly cutoff: number;
}

/**
 * A finished run as one ONNX file that gives its scores, with the cut-off that `predict` uses. SystemError where a
 * network is not the run's, or its training has not ended.
 */
export async function exportRun(run: string, { network, preprocessing, licence }: ExportOptions): Promise<ExportedRun> {
  const record = await readRunRecord(run);
  if (record.system !== SYSTEM.name)
    throw new SystemError(
      'option-invalid',
      `${run} is a run of ${record.system}, and one model is made of runs of ${SYSTEM.name} only: each of its networks is in the run's folder already, as model.onnx`,
    );
  if (network !== undefined && !record.members.includes(network))
    throw new SystemError(
      'option-invalid',
      `--network ${network}: the run has ${record.members.join(', ')}; name one of these, or leave it out for all`,
    );
  const recipe = recipeOf(record.recipe);
  const names = network === undefined ? record.members : [network];
  const validation = await Promise.all(
    names.map((name) => readValidationScores(runFiles(run).member(name).validation)),
  );
  const cutoff = cutoffOf(averageValidation(validation));
  const members: TrainedClassifier[] = [];
  for (const name of names) {
    const spec = memberSpec(record, recipe, name);
    const path = runFiles(run).member(name).best;
    const shapes = new Map([...declarationsOf(spec)].map(([weight, { tensor }]) => [weight, tensor.shape]));
    const { tensors } = await readCheckpoint(path, shapes).catch((error) => {
      throw damagedRun(path, error);
    });
    members.push({ spec, weights: tensors });
  }
  const { classes, versions, system } = record;
  const bytes = exportClassifiers(members, {
    system,
    classes,
    normalisation: recipe.normalisation,
    roiPx: recipe.roiPx,
    preprocessing,
    cutoff,
    versions,
    ...(licence === undefined ? {} : { licence }),
  });
  const inputs = Object.fromEntries([...imageInputs(members)].map(([sizePx, name]) => [name, sizePx]));
  return { bytes, networks: names, classes, inputs, cutoff };
}
