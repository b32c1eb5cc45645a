/** Images scored by the ensembles of a run: varied copies averaged (section V-D3), and of the image as it is saliency and patches. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BoxPx, type Manifest, type ManifestRow, type Plane, writeNifti } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import type { Engine } from '@mammoscope/runtime';
import { loadBest } from '../classifier/scores.ts';
import { SystemError } from '../errors.ts';
import { type GmicPrediction, type GmicSessions, loadGmic, predictVolume } from '../gmic/gmic.ts';
import { gmicDeclarations } from '../gmic/graphs.ts';
import type { GmicSpec } from '../gmic/spec.ts';
import { makeFolder } from '../run/make-folder.ts';
import { type RunRecord, readRunRecord, runFiles } from '../run/run-record.ts';
import { requireClasses, unseenRows } from '../run/unseen-rows.ts';
import { type ParkImage, parkImages } from './cohort.ts';
import type { KnownLies } from './image-lie.ts';
import { ImageWindows } from './image-window.ts';
import { readLies } from './known-lies.ts';
import type { Recipe } from './recipe.ts';
import { saliencyPlanes } from './saliency-planes.ts';
import {
  type ArchitectureScores,
  FINDINGS,
  type Finding,
  type MemberScores,
  meanScores,
  type ParkModality,
  type PerFinding,
  type SaliencyGrid,
  type ScoredCases,
  type ScoredImage,
  type ScoredPatch,
} from './scored-cases.ts';
import { recipeOf } from './settings.ts';
import { architectureScores, type ValidatedImage, validationPath } from './trial.ts';
import { ensembleOf, trialSpec, windowOf } from './trials.ts';
import { drawWindow, STILL } from './window-draw.ts';

/** A trained run, open. */
export interface OpenedRun {
  readonly engine: Engine;
  /** Its folder. */
  readonly run: string;
  readonly record: RunRecord;
  readonly recipe: Recipe;
}

/** Reads a run's record. */
export async function openRun(engine: Engine, run: string): Promise<OpenedRun> {
  const record = await readRunRecord(run);
  return { engine, run, record, recipe: recipeOf(record.recipe) };
}

/** What is scored, and what is written of it. */
export interface ScoreRequest {
  /** Where each member's saliency maps are written; none unless given. */
  readonly saliency?: string;
  /** How images lie that were looked at before. */
  readonly known?: KnownLies;
  /** Called after each image of a member. */
  readonly onImage?: (member: string, done: number, total: number) => void;
}

/** What a run makes of an image. */
export type ImageScores = Pick<ScoredImage, 'widthPx' | 'heightPx' | 'grid' | 'members' | 'ensemble'>;

/**
 * Scores the images of a manifest that training did not see: of the run's own manifest its test split. Images of modalities that the
 * run does not know are left out. Throws as `evaluate` does.
 */
export async function scoreRun(
  opened: OpenedRun,
  manifest: Manifest,
  request: ScoreRequest = {},
): Promise<ScoredCases> {
  const { record, recipe } = opened;
  requireClasses(record, manifest);
  const { rows, exclusions, dataset } = unseenRows(record, {
    ...manifest,
    rows: manifest.rows.filter(({ modality }) => recipe.modalities.some((each) => each === modality)),
  });
  const split = dataset === 'test split' ? ('test' as const) : undefined;
  const images = parkImages({ path: manifest.path, classes: record.classes }, rows);
  if (images.length === 0)
    throw new SystemError(
      'data-unusable',
      `${manifest.path} has no image of ${recipe.modalities.join(', ')} that training did not see: give other images`,
    );
  const scores = new Map<ParkImage, ImageScores>();
  const known = split ? await readLies(opened.run) : {};
  for (const modality of recipe.modalities) {
    const own = images.filter((image) => image.modality === modality);
    const found = await scoreRows(
      opened,
      modality,
      own.map(({ row }) => row),
      { ...request, known },
    );
    for (const [i, image] of own.entries()) scores.set(image, found[i] as ImageScores);
  }
  return {
    dataset,
    exclusions,
    images: images.map((image): ScoredImage => {
      const { row, birads: _, split: __, ...rest } = image;
      const { path, absolutePath } = row;
      const own = scores.get(image) as ImageScores;
      return { ...rest, path, absolutePath, ...(split ? { split } : {}), ...own };
    }),
  };
}

/**
 * The run's validation images with the scores of its ensembles, for cut-offs: as they are, without augmentation, lesions and maps, read from
 * what training wrote. SystemError 'run-missing' where that is not complete.
 */
export async function validationImages({ run, record, recipe }: Omit<OpenedRun, 'engine'>): Promise<ScoredImage[]> {
  const images: ScoredImage[] = [];
  for (const modality of recipe.modalities) {
    const members = await Promise.all(
      (await ensembleOf(run, recipe, modality, record.seed)).map(async ({ name }) => ({
        name,
        images: await readValidated(validationPath(runFiles(run).member(name))),
      })),
    );
    for (const [i, { scores: _, ...image }] of (members[0]?.images ?? []).entries()) {
      const own = members.map(({ name, images: each }): MemberScores => {
        return { member: name, scores: (each[i] as ValidatedImage).scores, patches: [] };
      });
      images.push({ ...image, absolutePath: image.path, lesions: [], ...NO_MAPS, ...withMean(own) });
    }
  }
  return images;
}

const NO_MAPS = { widthPx: 1, heightPx: 1, grid: { box: [0, 0, 1, 1], rows: 1, columns: 1, slices: 1 } } as const;

const withMean = (members: readonly MemberScores[]): Pick<ScoredImage, 'members' | 'ensemble'> => ({
  members,
  ensemble: { member: 'ensemble', scores: meanScores(members.map(({ scores }) => scores)), patches: [] },
});

async function readValidated(path: string): Promise<readonly ValidatedImage[]> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as readonly ValidatedImage[];
  } catch (error) {
    throw new SystemError('run-missing', `${path} cannot be read: training did not finish; train anew`, {
      cause: error,
    });
  }
}

/** Slices that must be decoded and may be kept for the varied copies of an image, in bytes. */
const KEPT_BYTES = 200 * 2 ** 20;

/** Scores images of one modality by its ensemble, in their order. Throws what reading throws, and SystemError for a run that is not complete. */
export async function scoreRows(
  { engine, run, record, recipe }: OpenedRun,
  modality: ParkModality,
  rows: readonly ManifestRow[],
  { saliency: folder, known = {}, onImage }: ScoreRequest = {},
): Promise<ImageScores[]> {
  if (rows.length === 0) return [];
  const windows = new ImageWindows(windowOf(recipe, modality), known, KEPT_BYTES);
  const byMember: { readonly scores: MemberScores; readonly grid: SaliencyGrid }[][] = rows.map(() => []);
  const lowerings = new Map(Object.entries(record.lowerings));
  const [first] = rows as readonly [ManifestRow];
  windows.lie(first).catch(() => undefined); // found while the network is loaded; what is wrong is thrown where it is asked for
  try {
    for (const trial of await ensembleOf(run, recipe, modality, record.seed)) {
      const spec = trialSpec(recipe, trial);
      await loadBest(engine, runFiles(run).member(trial.name).best, gmicDeclarations(spec));
      const sessions = await loadGmic(engine, spec, lowerings);
      try {
        for (const [i, row] of rows.entries()) {
          const { still, scores } = await scoresOf(sessions, spec, windows, row, recipe, record.seed);
          const file = folder === undefined ? undefined : fileOf(folder, trial.name, i, row);
          const { files, grid } = await saliencyOf(windows, row, spec, still, file);
          const patches = await patchesOf(windows, row, spec, still);
          byMember[i]?.push({
            scores: { member: trial.name, scores, patches, ...(files ? { saliency: files } : {}) },
            grid,
          });
          onImage?.(trial.name, i + 1, rows.length);
        }
      } finally {
        await sessions.saliency.release();
        await sessions.local.release();
      }
    }
    return await Promise.all(
      rows.map(async (row, i): Promise<ImageScores> => {
        const own = byMember[i] as (typeof byMember)[number];
        const { width, height } = await windows.size(row);
        return {
          ...{ widthPx: width, heightPx: height, grid: own[0]?.grid as SaliencyGrid },
          ...withMean(own.map(({ scores }) => scores)),
        };
      }),
    );
  } finally {
    await windows.close();
  }
}

/** What a member makes of an image as it is, and its scores: "10 random augmentations to get 10 predictions for each image and average them", the same ten for every image. */
async function scoresOf(
  sessions: GmicSessions,
  spec: GmicSpec,
  windows: ImageWindows,
  row: ManifestRow,
  recipe: Recipe,
  seed: number,
): Promise<{ readonly still: GmicPrediction; readonly scores: ArchitectureScores }> {
  const still = await predictVolume(sessions, spec, await windows.volume(row, STILL));
  const varied: ArchitectureScores[] = [];
  for (let i = 0; i < recipe.testAugmentations; i++) {
    const draw = drawWindow(recipe, new RandomStream(seed, 'test augmentation', i));
    varied.push(architectureScores(await predictVolume(sessions, spec, await windows.volume(row, draw))));
  }
  return { still, scores: meanScores(varied.length > 0 ? varied : [architectureScores(still)]) };
}

/** Path of an image's saliency file of a label. */
function fileOf(folder: string, member: string, index: number, { path, modality }: ManifestRow) {
  const name = path.replace(/\.[a-z]+$/i, '').replaceAll(/[^A-Za-z0-9-]+/g, '-');
  const stem = `${modality.toLowerCase()}-${String(index + 1).padStart(4, '0')}-${name.slice(-60)}`;
  return (finding: Finding) => join(folder, member, `${stem}-${finding}.nii.gz`);
}

/** How the maps lie on the stored image; with `file` they are written. */
async function saliencyOf(
  windows: ImageWindows,
  row: ManifestRow,
  { heightPx, widthPx }: GmicSpec,
  { saliency }: GmicPrediction,
  file: ((finding: Finding) => string) | undefined,
): Promise<{ readonly grid: SaliencyGrid; readonly files?: PerFinding<string> }> {
  const maps: Plane[][] = [];
  for (const index of FINDINGS.keys()) maps.push(await windows.mapsOnStored(row, saliencyPlanes(saliency, index)));
  const [first] = maps[0] as [Plane];
  const { slices } = saliency;
  const window: BoxPx = [0, 0, widthPx, heightPx];
  const box = await windows.boxOnStored(row, window);
  const grid = { box, rows: first.height, columns: first.width, slices };
  if (!file) return { grid };
  const files: PerFinding<string> = { benign: file('benign'), malignant: file('malignant') };
  await makeFolder(join(files.benign, '..'));
  for (const [index, finding] of FINDINGS.entries()) {
    const data = new Float32Array(slices * first.data.length);
    for (const [slice, map] of (maps[index] as Plane[]).entries()) data.set(map.data, slice * map.data.length);
    await writeNifti(files[finding], {
      ...{ data, columns: grid.columns, rows: grid.rows, slices },
      description: `saliency, ${finding}`,
    });
  }
  return { grid, files };
}

async function patchesOf(
  windows: ImageWindows,
  row: ManifestRow,
  { cropPx }: GmicSpec,
  { patches }: GmicPrediction,
): Promise<ScoredPatch[]> {
  return Promise.all(
    patches.map(async ({ slice, topPx, leftPx, attention }) => ({
      slice,
      attention,
      box: await windows.boxOnStored(row, [leftPx, topPx, leftPx + cropPx, topPx + cropPx]),
    })),
  );
}
