/** Predictions of any system as the one form that viewers read. */
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type {
  AnalysisResult,
  BreastReading,
  Finding,
  Lesion,
  Model,
  Patch,
  Picture,
  Reading,
  ResultFile,
  SaliencyMap,
  Vote,
} from '../api-types.ts';
import type { PlacedMap, PredictionEntry, PredictionFile } from './prediction-form.ts';
import type { StudyImage, StudyManifest } from './study-manifest.ts';

/** What a result is made of. */
export interface ResultParts {
  readonly analysis: string;
  readonly study: string;
  readonly model: Model;
  readonly version: string;
  readonly file: PredictionFile;
  readonly manifest: StudyManifest;
  readonly lesions: readonly Lesion[];
  /** Folder of the attempt, with everything that was written. */
  readonly folder: string;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.csv': 'text/csv',
  '.png': 'image/png',
  '.dcm': 'application/dicom',
  '.gz': 'application/gzip',
};

/** The media type of a result's file by its ending. */
export const mediaTypeOf = (path: string): string => MEDIA_TYPES[extname(path)] ?? 'application/octet-stream';

/** The result; its score is the highest of its readings, and the decision that one's. */
export async function resultOf(parts: ResultParts): Promise<AnalysisResult> {
  const { analysis, study, model, version, file, manifest } = parts;
  const readings = file.predictions.map((entry) => readingOf(parts, entry));
  const [worst] = [...readings].sort((a, b) => b.probability - a.probability);
  const breasts = (file.breasts ?? []).map(
    ({ laterality, views = [], score, decision = '', probabilities }): BreastReading => ({
      ...{ laterality, views, decision },
      probability: score ?? probabilities?.malignant ?? 0,
    }),
  );
  return {
    ...{ analysis, study, model: model.id, system: model.system, version },
    notice: 'Not a medical device. For research only.',
    warning: file.warning ?? null,
    classes: [...(file.classes ?? model.classes)],
    ...{ cutoff: file.cutoff ?? null, rule: file.rule ?? null },
    calibration: 'not calibrated: scores rank, and are no probabilities of cancer',
    ...{ score: worst?.probability ?? 0, decision: worst?.decision ?? '' },
    ...{ readings, breasts, findings: findingsOf(parts), leftOut: [...manifest.leftOut, ...passedOver(parts)] },
    files: await filesOf(analysis, parts.folder),
  };
}

/** Images that the model was shown and passed over, such as a mammogram without its tomosynthesis. */
const passedOver = ({ file, manifest }: ResultParts) =>
  (file.exclusions ?? []).flatMap(({ path, reason }) =>
    manifest.images.filter((image) => image.path === path).map(({ instance }) => ({ instance, reason })),
  );

const urlOf = (analysis: string, path: string): string =>
  `/api/analyses/${analysis}/files/${path.split('/').map(encodeURIComponent).join('/')}`;

/** The images that a prediction is of: views of a lesion, a pair, or one. */
function imagesOf({ manifest }: ResultParts, { path, dbtPath, views }: PredictionEntry): readonly StudyImage[] {
  const paths = views?.map((view) => view.path) ?? [path, ...(dbtPath === undefined ? [] : [dbtPath])];
  return paths.flatMap((each) => manifest.images.filter((image) => image.path === each));
}

function readingOf(parts: ResultParts, entry: PredictionEntry): Reading {
  const images = imagesOf(parts, entry);
  return {
    instances: images.map(({ instance }) => instance),
    lesion: entry.lesionId ?? null,
    ...{ probability: entry.score, decision: entry.decision },
    focusSlices: images.map(
      ({ path }) => entry.views?.find((view) => view.path === path)?.focusSlice ?? entry.mostSuspiciousSlice ?? null,
    ),
    votes: votesOf(parts, entry),
    pictures: picturesOf(parts, entry),
    patches: patchesOf(images[0], entry),
    maps: mapsOf(parts, entry, images),
  };
}

function patchesOf(image: StudyImage | undefined, { patches = [] }: PredictionEntry): Patch[] {
  if (!image) return [];
  return patches.map(({ member, slice, box, attention }) => ({
    ...{ instance: image.instance, frame: slice, box, attention, of: member },
  }));
}

/** Saliency of the classes, and Grad-CAM of the networks for the positive class; a map that is zero everywhere is left out. */
function mapsOf(
  { analysis, model, file, manifest }: ResultParts,
  entry: PredictionEntry,
  images: readonly StudyImage[],
) {
  const [first, second] = images;
  const [, positive = ''] = file.classes ?? model.classes;
  const found = (
    image: StudyImage | undefined,
    map: Pick<SaliencyMap, 'kind' | 'of' | 'frame'> & Partial<Pick<SaliencyMap, 'finding'>>,
    placed: PlacedMap | undefined,
  ): SaliencyMap[] => {
    if (!image || !placed) return [];
    const { volume, box } = placed;
    const url = urlOf(analysis, `predictions/${volume}`);
    return [{ finding: positive, ...map, instance: image.instance, url, box }];
  };
  const ofNetworks = (of: Pick<PredictionEntry, 'gradCam'>, image: StudyImage | undefined, frame: number | null) =>
    Object.entries(of.gradCam ?? {}).flatMap(([name, { empty, map }]) =>
      found(image, { kind: 'grad-cam', of: name, frame }, empty ? undefined : map),
    );
  const { saliency = {}, saliencyBox, maps = {}, withoutEvidence = [], views = [] } = entry;
  return [
    ...Object.entries(saliency).flatMap(([finding, volume]) =>
      found(first, { kind: 'saliency', finding, of: null, frame: null }, saliencyBox && { volume, box: saliencyBox }),
    ),
    ...ofNetworks(entry, first, null),
    ...views.flatMap((view) =>
      ofNetworks(
        view,
        manifest.images.find(({ path }) => path === view.path),
        view.focusSlice,
      ),
    ),
    ...Object.entries(maps).flatMap(([side, map]) =>
      withoutEvidence.includes(side)
        ? []
        : found(side === 'dbt' ? second : first, { kind: 'grad-cam', of: 'dm-dbt', frame: null }, map),
    ),
  ];
}

/** Of a system that says how likely each kind of finding is, the malignant one. */
const probabilityOf = (of: number | { readonly malignant: number } | undefined): number =>
  typeof of === 'number' ? of : (of?.malignant ?? 0);

function votesOf({ file }: ResultParts, { votes, members = {} }: PredictionEntry): Vote[] {
  if (!votes)
    return Object.entries(members).map(([name, of]) => ({
      name,
      probability: probabilityOf(of),
      decision: '',
      cutoff: null,
    }));
  return Object.entries(votes).map(([name, vote]) => {
    const cutoff = file.memberCutoffs?.[name] ?? null;
    return typeof vote === 'string'
      ? { name, probability: probabilityOf(members[name]), decision: vote, cutoff }
      : { name, probability: vote.score, decision: vote.vote, cutoff };
  });
}

function picturesOf({ analysis }: ResultParts, entry: PredictionEntry): Picture[] {
  const picture = (
    kind: Picture['kind'],
    of: string | null,
    path: string | undefined,
    frame: number | null = null,
  ): Picture[] => (path === undefined ? [] : [{ kind, of, url: urlOf(analysis, `predictions/${path}`), frame }]);
  const maps = (of: Pick<PredictionEntry, 'image' | 'gradCam'>, frame: number | null) => [
    ...picture('image', null, of.image, frame),
    ...Object.entries(of.gradCam ?? {}).flatMap(([name, { overlay }]) => picture('grad-cam', name, overlay, frame)),
  ];
  return [
    ...maps(entry, null),
    ...(entry.views ?? []).flatMap((view) => maps(view, view.focusSlice)),
    ...picture('dynamic-image', 'dbt', entry.dynamicImage && `images/${entry.dynamicImage}`),
    ...Object.entries(entry.overlays ?? {}).flatMap(([side, path]) => picture('grad-cam', side, `images/${path}`)),
    ...picture('detections', null, entry.overlay && `overlays/${entry.overlay}`),
    ...picture('saliency', null, entry.picture, entry.mostSuspiciousSlice ?? null),
  ];
}

/** A finding before it has a name. */
interface Place extends Omit<Finding, 'id' | 'instance' | 'series' | 'box'> {
  readonly image: StudyImage;
  readonly box: readonly number[];
}

/** Places in images: boxes that a detector drew, or lesions that were judged, in each of their views. */
function findingsOf(parts: ResultParts): Finding[] {
  const { file, lesions, model } = parts;
  const from = file.cutoff ?? Infinity;
  const positive = (file.classes ?? model.classes).slice(1);
  const found = file.predictions.flatMap((entry): Place[] => {
    const images = imagesOf(parts, entry);
    const [image] = images;
    if (entry.boxes && image)
      return entry.boxes.map(({ box, class: name, confidence }) => ({
        ...{ image, frame: 0, box, class: name, probability: confidence, lesion: null },
        isShown: positive.includes(name) && confidence >= from,
      }));
    return images.flatMap((view) =>
      lesions
        .filter(({ instance, id }) => instance === view.instance && id === entry.lesionId)
        .map(({ box, slices, id }) => ({
          ...{
            image: view,
            box,
            class: entry.decision,
            probability: entry.score,
            lesion: images.length > 1 ? id : null,
          },
          frame:
            entry.views?.find(({ path }) => path === view.path)?.focusSlice ??
            Math.floor(((slices?.[0] ?? 0) + (slices?.[1] ?? 0)) / 2),
          isShown: entry.score >= from,
        })),
    );
  });
  return found.map(({ image, box, ...place }, i): Finding => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box;
    return { ...place, id: `finding-${i + 1}`, instance: image.instance, series: image.series, box: [x1, y1, x2, y2] };
  });
}

async function filesOf(analysis: string, folder: string): Promise<ResultFile[]> {
  const files: ResultFile[] = [];
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    const entry = await stat(join(folder, path));
    if (entry.isFile())
      files.push({ path, url: urlOf(analysis, path), bytes: entry.size, mediaType: mediaTypeOf(path) });
  }
  return files;
}
