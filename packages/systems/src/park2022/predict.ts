import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, type ManifestRow, openImage, readManifest, writeNifti } from '@mammoscope/imaging';
import { cutoffOf } from '../classifier/validation.ts';
import { SystemError } from '../errors.ts';
import { makeFolder } from '../run/make-folder.ts';
import { partsDone } from '../run/progress.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import type { PredictionSummary, PredictRequest } from '../system.ts';
import { drawnFigure, highestSlice } from './figure-6.ts';
import { memberSaliency } from './saliency-planes.ts';
import { type ImageScores, type OpenedRun, openRun, scoreRows, validationImages } from './score-run.ts';
import {
  averagedModalities,
  breastUnits,
  FINDINGS,
  type MemberScores,
  PARK_MODALITIES,
  type ParkModality,
  type PerFinding,
  type ScoredImage,
  type ScoredPatch,
} from './scored-cases.ts';
import { ensembleOf } from './trials.ts';

/** What images and breasts are called. */
const CALLS = ['not malignant', 'malignant'] as const;

/** What is said of an image. */
export interface ParkPrediction {
  /** As the user named it, or as the manifest does. */
  readonly path: string;
  readonly modality: ParkModality;
  /** Of a manifest's row. */
  readonly patientId?: string;
  readonly laterality?: string;
  readonly view?: string;
  /** Probability of malignant findings. */
  readonly score: number;
  readonly decision: string;
  /** Of both labels, by the ensemble and by each of its networks. */
  readonly probabilities: PerFinding<number>;
  readonly members: Readonly<Record<string, PerFinding<number>>>;
  readonly slices: number;
  /** Where malignant saliency is highest, counted from 0; null where there is none anywhere. */
  readonly mostSuspiciousSlice: number | null;
  /** The patches of every network, most attended first; boxes in pixels of the stored image, slices from 0. */
  readonly patches: readonly (ScoredPatch & { readonly member: string })[];
  /** Files in the folder saliency/: the ensemble's maps, as the image is stored, and pictures of them. */
  readonly saliency: PerFinding<string>;
  readonly picture: string;
  /** The part of the stored image that the maps divide evenly. */
  readonly saliencyBox: readonly number[];
}

/** What is said of a breast whose views a manifest names: the mean over views, and over modalities. */
export interface BreastPrediction {
  readonly patientId: string;
  readonly laterality: string;
  readonly modalities: readonly ParkModality[];
  readonly images: number;
  readonly probabilities: PerFinding<number>;
}

/** What predictions.json holds. */
export interface ParkPredictions extends PredictionSummary {
  readonly system: string;
  readonly notice: string;
  readonly predictions: readonly ParkPrediction[];
  /** Empty where files say nothing of breasts. */
  readonly breasts: readonly BreastPrediction[];
}

const FOLDER = 'saliency';

/**
 * Scores images with a run's ensembles and writes predictions.json, predictions.csv, patches.csv, breasts.csv for a manifest, and for each
 * image the saliency volume as NIfTI and a picture. A file with several slices is taken for a tomosynthesis, one with a single slice for a
 * mammogram; a manifest (CSV) names modalities, and its labels are not looked at. Slices are read one at a time.
 */
export async function predictPark2022({
  engine,
  run,
  files,
  out,
  onProgress,
}: PredictRequest): Promise<ParkPredictions> {
  const opened = await openRun(engine, run);
  const cutoffs = await cutoffsOf(opened);
  const rows = (await Promise.all(files.map((file) => rowsOf(file, opened)))).flat();
  const done = partsDone(await partsOf(opened, rows), onProgress);
  const scored = new Map<ManifestRow, ImageScores>();
  const folder = join(out, FOLDER);
  for (const modality of opened.recipe.modalities) {
    const own = rows.filter((row) => row.modality === modality);
    const scores = await scoreRows(opened, modality, own, {
      saliency: join(folder, 'networks'),
      onImage: () => done(),
    });
    for (const [i, row] of own.entries()) scored.set(row, scores[i] as ImageScores);
  }
  await makeFolder(folder); // not before every image was read: one that is refused leaves no folder of results behind
  const predictions: ParkPrediction[] = [];
  for (const [i, row] of rows.entries()) {
    const image = asScored(row, scored.get(row) as ImageScores);
    predictions.push(await predictionOf(image, row, { index: i, out, cutoff: cutoffs.get(image.modality) }));
    done();
  }
  const named = rows.filter(({ laterality, view }) => laterality && view);
  const result: ParkPredictions = {
    system: opened.record.system,
    classes: CALLS,
    cutoff: null,
    rule: [...cutoffs]
      .map(([modality, cutoff]) =>
        Number.isFinite(cutoff)
          ? `malignant from ${cutoff.toFixed(4)} on (${modality})`
          : `never malignant (${modality}): no cut-off beats chance on the validation images`,
      )
      .join(', '),
    notice: 'Not a medical device. For research only.',
    predictions,
    breasts: breastsOf(named.map((row) => asScored(row, scored.get(row) as ImageScores))),
  };
  await writeTables(result, out);
  await writeAside(join(out, 'predictions.json'), formatJson(result));
  return result;
}

/** Images by each network of their ensembles, and once more to be drawn. */
async function partsOf({ run, record, recipe }: OpenedRun, rows: readonly ManifestRow[]): Promise<number> {
  let parts = rows.length;
  for (const modality of recipe.modalities) {
    const own = rows.filter((row) => row.modality === modality).length;
    if (own > 0) parts += own * (await ensembleOf(run, recipe, modality, record.seed)).length;
  }
  return parts;
}

/** Largest Youden index of each modality's ensemble on the run's validation images. */
async function cutoffsOf(opened: OpenedRun): Promise<Map<ParkModality, number>> {
  const images = await validationImages(opened);
  return new Map(
    opened.recipe.modalities.map((modality) => [
      modality,
      cutoffOf(
        images
          .filter((image) => image.modality === modality)
          .map(({ labels, ensemble }) => ({ score: ensemble.scores.full.malignant, positive: labels.malignant })),
      ),
    ]),
  );
}

/** The rows of a manifest, or a file as one. SystemError 'option-invalid' for a modality that the run was not trained on. */
async function rowsOf(file: string, { recipe, run }: OpenedRun): Promise<readonly ManifestRow[]> {
  const known = recipe.modalities.join(', ');
  if (/\.csv$/i.test(file)) {
    const { path, rows } = await readManifest(file, { unlabelled: true });
    const own = rows.filter(({ modality }) => recipe.modalities.some((each) => each === modality));
    if (own.length > 0) return [...new Map(own.map((row) => [row.absolutePath, row])).values()];
    throw new SystemError('option-invalid', `${path} has no image of ${known}, which ${run} was trained on`);
  }
  const image = await openImage(file);
  const modality = image.depth > 1 ? 'DBT' : flatModality(recipe.modalities);
  await image.close();
  if (modality && recipe.modalities.includes(modality))
    return [{ path: file, absolutePath: file, modality, line: 0, patientId: '', label: '', other: {} }];
  const what = image.depth > 1 ? `a stack of ${image.depth} slices` : 'one image';
  throw new SystemError('option-invalid', `${file} is ${what}, and ${run} was trained on ${known}: give such images`);
}

/** What a file of one slice is: a mammogram where the run knows them, else a synthetic view, else a tomosynthesis of one slice. */
const flatModality = (modalities: readonly ParkModality[]): ParkModality | undefined =>
  PARK_MODALITIES.find((each) => modalities.includes(each));

/** Side and view of a file that nobody named matter to nothing here and are not told. */
function asScored(row: ManifestRow, scores: ImageScores): ScoredImage {
  const { path, absolutePath, patientId, studyId, laterality = 'L', view = 'CC' } = row;
  return {
    ...{ path, absolutePath, patientId, laterality, view, modality: row.modality as ParkModality },
    ...(studyId === undefined ? {} : { studyId }),
    labels: { benign: false, malignant: false },
    lesions: [],
    ...scores,
  };
}

async function predictionOf(
  image: ScoredImage,
  row: ManifestRow,
  { index, out, cutoff = Number.POSITIVE_INFINITY }: { index: number; out: string; cutoff: number | undefined },
): Promise<ParkPrediction> {
  const { grid, members, ensemble, modality, path } = image;
  const name = path.replace(/\.[a-z]+$/i, '').replaceAll(/[^A-Za-z0-9-]+/g, '-');
  const stem = `${FOLDER}/${String(index + 1).padStart(4, '0')}-${name.slice(-60)}`;
  const files = { benign: `${stem}-benign.nii.gz`, malignant: `${stem}-malignant.nii.gz` };
  let slice: number | null = null;
  for (const finding of FINDINGS) {
    const maps = (await memberSaliency(image, finding)).get(ensemble.member) as Float32Array;
    const { columns, rows, slices } = grid;
    const description = `saliency, ${finding}, of ${members.length} networks`;
    await writeNifti(join(out, files[finding]), { data: maps, columns, rows, slices, description });
    if (finding === 'malignant' && maps.some((value) => value > 0)) slice = highestSlice(maps, image);
  }
  const figure = await drawnFigure(image, row);
  if (figure) await writeAside(join(out, `${stem}.png`), figure);
  const score = ensemble.scores.full.malignant;
  const { patientId, laterality, view } = row;
  return {
    path,
    modality,
    ...(patientId && { patientId }),
    ...(laterality && { laterality }),
    ...(view && { view }),
    score,
    decision: CALLS[score >= cutoff ? 1 : 0],
    probabilities: ensemble.scores.full,
    members: Object.fromEntries(members.map(({ member, scores }) => [member, scores.full])),
    slices: grid.slices,
    mostSuspiciousSlice: slice,
    patches: members
      .flatMap(({ member, patches }: MemberScores) => patches.map((patch) => ({ member, ...patch })))
      .sort((a, b) => b.attention - a.attention),
    saliency: files,
    picture: `${stem}.png`,
    saliencyBox: grid.box,
  };
}

/** Breasts by all modalities that show them. */
function breastsOf(images: readonly ScoredImage[]): BreastPrediction[] {
  const present = PARK_MODALITIES.filter((modality) => images.some((image) => image.modality === modality));
  const units = present.map((modality) => breastUnits(images.filter((image) => image.modality === modality)));
  return averagedModalities(units).map(({ patientId, laterality, images: own, scores }) => ({
    ...{ patientId, laterality, modalities: present, images: own.length },
    probabilities: (scores.at(-1) as (typeof scores)[number]).scores.full,
  }));
}

async function writeTables({ predictions, breasts }: ParkPredictions, out: string): Promise<void> {
  await writeAside(
    runFiles(out).predictions,
    formatCsv(
      predictions.map(({ path, modality, patientId, laterality, view, decision, probabilities, ...more }) => ({
        ...(patientId === undefined ? {} : { patient_id: patientId, laterality: laterality ?? '', view: view ?? '' }),
        ...{ path, modality, p_benign: probabilities.benign, p_malignant: probabilities.malignant, decision },
        slices: more.slices,
        most_suspicious_slice: more.mostSuspiciousSlice ?? '',
        ...Object.fromEntries(Object.entries(more.members).map(([name, p]) => [`p_malignant_${name}`, p.malignant])),
      })),
    ),
  );
  await writeAside(
    join(out, 'patches.csv'),
    formatCsv(
      predictions.flatMap(({ path, patches }) =>
        patches.map(({ member, slice, box: [x1, y1, x2, y2], attention }) => ({
          ...{ path, member, slice, x1, y1, x2, y2, attention },
        })),
      ),
    ),
  );
  if (breasts.length === 0) return;
  await writeAside(
    join(out, 'breasts.csv'),
    formatCsv(
      breasts.map(({ patientId, laterality, modalities, images, probabilities }) => ({
        ...{ patient_id: patientId, laterality, modalities: modalities.join('+'), images },
        ...{ p_benign: probabilities.benign, p_malignant: probabilities.malignant },
      })),
    ),
  );
}
