import { basename } from 'node:path';
import type { Manifest, Split } from '@mammoscope/imaging';
import type { NetworkName } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import {
  initialise,
  loadWeights,
  readCheckpoint,
  readWeights,
  type StateDict,
  TrainingError,
} from '@mammoscope/runtime';
import { hashWeights } from '../classifier/starting-weights.ts';
import { type SplitRow, splitRows } from '../data/training-images.ts';
import { SystemError } from '../errors.ts';
import { gmicDeclarations } from '../gmic/graphs.ts';
import { damagedRun } from '../run/damaged-run.ts';
import { makeFolder } from '../run/make-folder.ts';
import { newRecord } from '../run/new-record.ts';
import { holdsFile, type RunRecord, runFiles } from '../run/run-record.ts';
import type { TrainRequest } from '../system.ts';
import { batchesOf } from '../training/train-network.ts';
import { beginRun, runToResume, stopWhenAborted } from '../training/train-run.ts';
import { type BiradsSpec, biradsDeclarations } from './birads-network.ts';
import { type ParkImage, parkImages } from './cohort.ts';
import { ImageWindows } from './image-window.ts';
import { readLies, writeLies } from './known-lies.ts';
import { biradsGraphs, biradsSpec, pretrain, pretrainingOf } from './pretrain.ts';
import { type Recipe, SYSTEM } from './recipe.ts';
import { PARK_MODALITIES, type ParkModality } from './scored-cases.ts';
import { recipeOf, trainingOf } from './settings.ts';
import { examplesOf, type MemberPlace, trainTrial, trialGraphs } from './trial.ts';
import { readOutcome, type Trial, trialSpec, trialsOf, windowOf, writeOutcome, writeSearch } from './trials.ts';

/** How a run of the system is made. */
export interface TrainOptions extends TrainRequest {
  readonly preset: string;
  readonly recipe: Recipe;
}

/** Networks that may start from a file: the global one before any pretraining, and the local one. */
const NETWORKS: readonly NetworkName[] = ['resnet22_gn', 'resnet18'];

/** A member of a run, in the order in which they are trained: pretraining first. */
type Member =
  | { readonly kind: 'pretraining'; readonly name: string; readonly modality: ParkModality }
  | { readonly kind: 'trial'; readonly name: string; readonly trial: Trial };

/**
 * Makes a run: pretraining on BI-RADS where the manifest has categories, then for each modality the trials of the search. A trial that
 * fails is recorded with its reason and the search goes on. Images are opened, and what is wrong with one is told by its line, before the
 * first network is trained.
 */
export async function trainPark2022(options: TrainOptions): Promise<RunRecord> {
  const { engine, out, recipe, seed, resume, weights, signal, events, only } = options;
  const { onNote, onTiming } = events ?? {};
  const runOptions = { engine, out, resume, only, signal, onNote, onTiming };
  const begun = await runToResume(runOptions, recipeOf);
  const manifest = usedRows(options.manifest);
  const rows = splitRows(manifest, recipe, seed);
  const all = parkImages(manifest, rows);
  const members = membersOf(recipe, all, seed);
  const needed = new Set([
    ...recipe.modalities,
    ...members.flatMap((member) => (member.kind === 'pretraining' ? [member.modality] : [])),
  ]);
  const images = all.filter(({ modality }) => needed.has(modality));
  const of = (modality: ParkModality, split: Split) =>
    images.filter((image) => image.modality === modality && image.split === split);
  for (const modality of recipe.modalities) requireBothSides(manifest.path, modality, recipe, seed, of);
  if (recipe.pretrainEpochs > 0 && !members.some(({ kind }) => kind === 'pretraining'))
    onNote?.('no training and validation images have BI-RADS categories of both kinds: there is no pretraining');
  const record = newRecord({
    ...options,
    manifest,
    system: SYSTEM.name,
    rows,
    weights: await hashWeights(weights, NETWORKS),
    members: members.map(({ name }) => name),
  });
  const known = begun ? await readLies(out) : {};
  const windows = new Map(
    PARK_MODALITIES.map((modality) => [modality, new ImageWindows(windowOf(recipe, modality), known)] as const),
  );
  const windowsOf = (modality: ParkModality) => windows.get(modality) as ImageWindows;
  try {
    // Images are looked at before a run is begun; one that is gone on with opens what its members need.
    const slices = new Map<ParkModality, number>();
    const open = async (own: readonly ParkImage[]) => {
      for (const { row, modality } of own) {
        stopWhenAborted(signal, 'before training began');
        const size = await windowsOf(modality).size(row);
        slices.set(modality, Math.max(slices.get(modality) ?? 1, size.slices));
      }
    };
    const wanted = members.filter(({ name }) => only?.includes(name) !== false);
    const pretrained = wanted.flatMap((member) => (member.kind === 'pretraining' ? [member.modality] : []));
    const specOf = (modality: ParkModality) => biradsSpec(recipe, modality, slices.get(modality) ?? 1);
    const { record: complete, lowerings } = await beginRun(runOptions, begun, {
      record,
      check: () => open(begun ? images.filter(({ modality }) => pretrained.includes(modality)) : images),
      graphs: () => distinctGraphs(recipe, begun ? wanted : members, specOf, engine.device),
    });
    if (!begun) await writeLies(out, images, windowsOf);
    for (const member of wanted) {
      stopWhenAborted(signal, `before ${member.name}`);
      const modality = member.kind === 'trial' ? member.trial.modality : member.modality;
      for (const [other, each] of windows) if (other !== modality) await each.close(); // one modality's slices in memory
      const place: MemberPlace = {
        ...{ engine, recipe, seed, lowerings, resume, signal },
        files: runFiles(out).member(member.name),
        events: events?.fit,
        windows: windowsOf(modality),
        train: of(modality, 'train'),
        val: of(modality, 'val'),
      };
      const starting = { out, members, files: weights, signal };
      if (member.kind === 'pretraining') await pretraining(member, specOf(modality), place, starting, options);
      else await trial(member.trial, place, starting, options);
    }
    if (members.some(({ kind }) => kind === 'trial')) await writeSearch(out, recipe, seed);
    return complete;
  } finally {
    for (const each of windows.values()) await each.close();
  }
}

/** The rows of a manifest that this system reads. SystemError 'data-unusable' where there are none. */
export function usedRows(manifest: Manifest): Manifest {
  const rows = manifest.rows.filter(({ modality }) => PARK_MODALITIES.some((each) => each === modality));
  if (rows.length === 0)
    throw new SystemError(
      'data-unusable',
      `${manifest.path} has no row of modality ${PARK_MODALITIES.join(', ')}: ${SYSTEM.name} reads mammograms, synthetic 2D views and tomosyntheses`,
    );
  return { ...manifest, rows };
}

/** Whether a modality has training images of more than one group, and validation images that are suspicious and others. */
function canPretrain(images: readonly ParkImage[], modality: ParkModality): boolean {
  const groups = (split: Split) =>
    new Set(
      images.flatMap((image) =>
        image.modality === modality && image.split === split && image.birads !== undefined ? [image.birads] : [],
      ),
    );
  return groups('train').size > 1 && groups('val').has(0) && groups('val').size > 1;
}

/** Mammograms are pretrained on wherever there are any, also where they are not trained on. */
function membersOf(recipe: Recipe, images: readonly ParkImage[], seed: number): Member[] {
  const pretrained = PARK_MODALITIES.filter(
    (modality) =>
      recipe.pretrainEpochs > 0 &&
      (modality === 'DM' || recipe.modalities.includes(modality)) &&
      canPretrain(images, modality),
  );
  return [
    ...pretrained.map((modality): Member => ({ kind: 'pretraining', name: pretrainingOf(modality), modality })),
    ...PARK_MODALITIES.filter((modality) => recipe.modalities.includes(modality)).flatMap((modality) =>
      trialsOf(recipe, modality, seed).map((trial): Member => ({ kind: 'trial', name: trial.name, trial })),
    ),
  ];
}

/** A modality needs a batch of training images, and validation images with and without malignant findings. */
function requireBothSides(
  path: string,
  modality: ParkModality,
  recipe: Recipe,
  seed: number,
  of: (modality: ParkModality, split: Split) => readonly ParkImage[],
): void {
  const val = of(modality, 'val');
  const malignant = val.filter(({ labels }) => labels.malignant).length;
  const choose = `choose others with --set modalities=...`;
  if (malignant === 0 || malignant === val.length)
    throw new SystemError(
      'data-unusable',
      `${path}: ${malignant} of ${val.length} validation images of ${modality} have malignant findings, and models are chosen by telling them apart: add images, or ${choose}`,
    );
  const examples = examplesOf(of(modality, 'train'), recipe, [seed, modality, 0]).length;
  if (batchesOf(examples, trainingOf(recipe, 1)) === 0)
    throw new SystemError(
      'data-unusable',
      `${path}: an epoch of ${modality} has ${examples} training images, which do not fill one batch of ${recipe.batch}: add images, or ${choose}`,
    );
}

/** Graphs of all members; trials whose graphs differ in constants alone count once. */
function distinctGraphs(
  recipe: Recipe,
  members: readonly Member[],
  specOf: (modality: ParkModality) => BiradsSpec,
  device: MemberPlace['engine']['device'],
) {
  const seen = new Set<string>();
  return members.flatMap((member) => {
    if (member.kind === 'pretraining') return biradsGraphs(recipe, specOf(member.modality), device);
    const key = `${member.trial.modality} ${member.trial.patches}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return trialGraphs(recipe, member.trial, device);
  });
}

/** What members start from. */
interface Starting {
  readonly out: string;
  readonly members: readonly Member[];
  readonly files: TrainRequest['weights'];
  readonly signal: AbortSignal | undefined;
}

/** "first pretrain ... using the FFDM images, and transfer to further BI-RADS pretraining on other modalities" */
async function pretraining(
  { name, modality }: Member & { readonly kind: 'pretraining' },
  spec: BiradsSpec,
  place: MemberPlace,
  starting: Starting,
  { events, seed }: TrainOptions,
): Promise<void> {
  const withCategory = (images: readonly ParkImage[]) => images.filter(({ birads }) => birads !== undefined);
  const own = { ...place, train: withCategory(place.train), val: withCategory(place.val) };
  const { batch, pretrainEpochs: epochs } = place.recipe;
  const batches = batchesOf(own.train.length, trainingOf(place.recipe, 1));
  events?.onMember?.(name, { train: own.train.length, val: own.val.length, test: 0, batch, batches, epochs });
  const first = await pretrainedBy(starting, modality === 'DM' ? undefined : pretrainingOf('DM'));
  const given = starting.files.get('resnet22_gn');
  const declarations = biradsDeclarations(spec);
  const file = first ? undefined : given;
  const from = first ?? (file ? prefixed(await readWeights(file, 'resnet22_gn'), 'global') : undefined);
  const values = from
    ? loadWeights(declarations, from, { seed, file: file ? basename(file) : pretrainingOf('DM'), classifier: null })
        .values
    : initialise(declarations, seed);
  await pretrain(name, spec, values, own);
}

/** Trains a trial, unless it has ended; its failure is written down. */
async function trial(own: Trial, place: MemberPlace, starting: Starting, options: TrainOptions): Promise<void> {
  const { out, events, seed } = options;
  if (await readOutcome(out, own.name)) return;
  const { recipe, train, val } = place;
  const examples = examplesOf(train, recipe, [seed, own.name, 0]).length;
  const batches = batchesOf(examples, trainingOf(recipe, 1));
  const { batch, epochs } = recipe;
  events?.onMember?.(own.name, { train: train.length, val: val.length, test: 0, batch, batches, epochs });
  await makeFolder(place.files.folder);
  const declarations = gmicDeclarations(trialSpec(recipe, own));
  // Each trial draws its first values anew, as a random search does.
  const first = new RandomStream(seed, 'first values', own.name).integer(0, 2 ** 31 - 1);
  const values = new Map(initialise(declarations, first));
  const take = (tensors: StateDict, prefix: string, file: string) => {
    const wanted = new Map([...declarations].filter(([name]) => name.startsWith(`${prefix}.`)));
    for (const [name, data] of loadWeights(wanted, tensors, { seed, file, classifier: null }).values)
      values.set(name, data);
  };
  const pretrained =
    (await pretrainedBy(starting, pretrainingOf(own.modality))) ?? (await pretrainedBy(starting, pretrainingOf('DM')));
  const [globalFile, localFile] = [starting.files.get('resnet22_gn'), starting.files.get('resnet18')];
  if (pretrained) take(pretrained, 'global', 'the pretraining');
  else if (globalFile) take(prefixed(await readWeights(globalFile, 'resnet22_gn'), 'global'), 'global', globalFile);
  if (localFile) take(prefixed(await readWeights(localFile, 'resnet18'), 'local'), 'local', localFile);
  try {
    await writeOutcome(out, own.name, await trainTrial(own, values, place));
  } catch (error) {
    const reason = trialFailure(error);
    if (reason === undefined) throw error;
    await recordFailure(out, own.name, reason);
    events?.onNote?.(`${own.name} failed and the search goes on: ${reason}`);
  }
}

/** Writes down that a trial failed; the search goes on without it. */
export async function recordFailure(run: string, name: string, reason: string): Promise<void> {
  await makeFolder(runFiles(run).member(name).folder);
  await writeOutcome(run, name, { state: 'failed', reason });
}

/** Why a trial failed, where its values are to blame: its numbers overflowed. Undefined of what would stop every trial: a full disk, images, the user. */
function trialFailure(error: unknown): string | undefined {
  if (error instanceof TrainingError && error.code === 'loss-not-finite') return error.message;
  if (error instanceof SystemError && error.code === 'data-unusable' && /the saliency of slice/.test(error.message))
    return error.message;
  return undefined;
}

/** How often a member that waits for another looks. */
const WAIT_MS = 500;

/** The weights of a pretraining, once it has ended: another process may be at it. Undefined where the run has none of that name. */
async function pretrainedBy(
  { out, members, signal }: Starting,
  name: string | undefined,
): Promise<StateDict | undefined> {
  if (name === undefined || !members.some((member) => member.name === name)) return undefined;
  const { history, best } = runFiles(out).member(name); // the history is written when training has ended
  while (!(await holdsFile(history))) {
    stopWhenAborted(signal, `while waiting for ${name}`);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  const { tensors } = await readCheckpoint(best).catch((error) => {
    throw damagedRun(best, error);
  });
  return tensors;
}

const prefixed = (tensors: StateDict, prefix: string): StateDict =>
  new Map([...tensors].map(([name, tensor]) => [`${prefix}.${name}`, tensor]));

/** The rows of a run with their splits, as training had them. */
export const trainedRows = (manifest: Manifest, recipe: Recipe, seed: number): SplitRow[] =>
  splitRows(usedRows(manifest), recipe, seed);
