import type { Manifest, Split } from '@mammoscope/imaging';
import { isNetworkName } from '@mammoscope/nn';
import type { ClassifierSpec } from '../classifier/graphs.ts';
import { hashWeights, startingWeights } from '../classifier/starting-weights.ts';
import { recipeStep, trainClassifier } from '../classifier/train-classifier.ts';
import { splitRows } from '../data/training-images.ts';
import { SystemError } from '../errors.ts';
import { newRecord } from '../run/new-record.ts';
import { type RunRecord, runFiles } from '../run/run-record.ts';
import type { TrainRequest } from '../system.ts';
import { batchesOf } from '../training/train-network.ts';
import { runToResume, stopWhenAborted, trainRun } from '../training/train-run.ts';
import { requireLesions } from './lesion-check.ts';
import { LesionRois, lesionInputs, planesOf } from './lesion-inputs.ts';
import { inputWords, type MemberName, memberOf, seesSlices } from './members.ts';
import { copiesOf, type Recipe, recipeOfMember, SYSTEM } from './recipe.ts';
import { recipeOf } from './settings.ts';

/** How a run of the system is made. */
export interface TrainOptions extends TrainRequest {
  readonly preset: string;
  readonly recipe: Recipe;
}

/** The network of a member; `pretrained` weights were trained on colour images. */
export function memberSpec(recipe: Recipe, name: MemberName, outputs: number, pretrained: boolean): ClassifierSpec {
  const { network, input } = memberOf(name);
  return {
    network,
    outputs,
    stem: recipe.stem,
    width: recipe.width,
    ...(recipe.volumeBlocks.length > 0 ? { volumeBlocks: recipe.volumeBlocks } : {}),
    dropout: recipe.dropout,
    sizePx: recipe.sizePx,
    channels: pretrained ? 3 : 1,
    ...(seesSlices(name) ? { slices: planesOf(input) } : {}),
  };
}

/** The rows of a manifest that show a lesion of a tomosynthesis; SystemError 'data-unusable' where there are none. */
export function lesionRows(manifest: Manifest): Manifest {
  const rows = manifest.rows.filter(({ modality }) => modality === 'DBT');
  if (rows.length === 0)
    throw new SystemError(
      'data-unusable',
      `${manifest.path} has no row of modality DBT: ${SYSTEM.name} reads lesions of tomosyntheses, with their boxes and slices`,
    );
  return { ...manifest, rows };
}

/**
 * Trains each member of the recipe and writes the run folder as every system does. Lesions are cut out of their stacks, and
 * what is wrong with one is told by its line, before the first network is trained.
 */
export async function trainXiao2021(options: TrainOptions): Promise<RunRecord> {
  const { engine, out, recipe, seed, resume, weights, signal, events } = options;
  const { onNote, onTiming } = events ?? {};
  const manifest = lesionRows(options.manifest);
  const runOptions = { engine, out, resume, only: options.only, signal, onNote, onTiming };
  const begun = await runToResume(runOptions, recipeOf);
  const largest = Math.max(...recipe.members.map((name) => recipeOfMember(recipe, name).batch));
  const rows = splitRows(manifest, { ...recipe, batch: largest }, seed);
  const of = (split: Split) => rows.filter((row) => row.split === split);
  const networks = recipe.members.map((name) => memberOf(name).network).filter(isNetworkName);
  const fileOf = (name: MemberName) => {
    const { network } = memberOf(name);
    return isNetworkName(network) ? weights.get(network) : undefined;
  };
  const specOf = (name: MemberName) => memberSpec(recipe, name, manifest.classes.length, fileOf(name) !== undefined);
  const rois = new LesionRois(recipe);
  const copies = copiesOf(
    recipe,
    manifest.classes.map((label) => of('train').filter((row) => row.label === label).length),
  );
  const record = newRecord({
    ...options,
    manifest,
    system: SYSTEM.name,
    rows,
    weights: await hashWeights(weights, networks),
    members: recipe.members,
  });
  return trainRun(runOptions, begun, {
    record,
    members: recipe.members,
    check: async () => {
      for (const name of recipe.members) {
        const file = fileOf(name);
        if (file !== undefined) await startingWeights(specOf(name), seed, file);
      }
      const { centred } = await requireLesions(manifest.path, rows, rois, () =>
        stopWhenAborted(signal, 'before training began'),
      );
      if (centred > 0)
        onNote?.(
          `${centred} of ${rows.length} lesions have no calcification that is found: their centre slice is taken`,
        );
    },
    step: (name) => recipeStep(specOf(name), recipeOfMember(recipe, name), engine.device),
    train: async (name, step, lowerings) => {
      const own = recipeOfMember(recipe, name);
      const [train, val, test] = [of('train'), of('val').length, of('test').length];
      const examples = train.reduce((sum, { label }) => sum + (copies[manifest.classes.indexOf(label)] ?? 1), 0);
      const { batch, epochs } = own;
      events?.onMember?.(name, { train: train.length, val, test, batch, batches: batchesOf(examples, own), epochs });
      const spec = specOf(name);
      const { values, note } = await startingWeights(spec, seed, fileOf(name));
      if (note) onNote?.(note);
      const inputs = lesionInputs(rois, memberOf(name).input, { recipe, seed, channels: spec.channels });
      const { classes } = manifest;
      await trainClassifier(
        {
          name,
          spec,
          step,
          values,
          rows,
          classes,
          inputs,
          copies,
          normalisation: 'minMax',
          content: contentOf(recipe, name),
        },
        {
          ...{ engine, recipe: own, seed, files: runFiles(out).member(name), lowerings, resume, signal, onNote },
          events: events?.fit,
        },
      );
    },
  });
}

/** What a member sees, for whoever uses its model.onnx. */
const contentOf = ({ roiPx, roiSlices }: Recipe, name: MemberName) =>
  `${inputWords(name)}, of a region of ${roiPx} x ${roiPx} pixels and ${roiSlices} slices around a lesion; smallest and largest are the region's`;
