/** Where in an image a prediction is about: what a system says, joined with the manifest or the boxes that say where. */
import type { Task } from '@mammoscope/dicom';
import type { BoxPx, ManifestRow } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import { SYSTEM as KANG2021 } from '../kang2021/recipe.ts';
import { SYSTEM as LIN2023 } from '../lin2023/recipe.ts';
import type { PredictionSummary } from '../system.ts';
import { SYSTEM as XIAO2021 } from '../xiao2021/recipe.ts';
import { saysSaliency } from './saliency-results.ts';

/** A place in one frame of an image, in its stored pixels, and what was said of it. */
export interface JudgedPlace {
  readonly row: ManifestRow;
  /** Slice that was judged, counted from 0; undefined for the middle one of the row's. */
  readonly frame: number | undefined;
  readonly box: BoxPx;
  /** Probability of the positive class. */
  readonly probability: number;
  /** Name of the lesion, where its views were judged together. */
  readonly lesion: string | undefined;
}

/** What the predictions of the systems below have in common, and what each adds. */
interface PlacedPrediction {
  readonly path: string;
  readonly score: number;
  readonly lesionId?: string | null;
  /** The views that were judged as one. */
  readonly views?: readonly { readonly path: string; readonly focusSlice: number }[];
  /** What was found in a film. */
  readonly boxes?: readonly { readonly box: readonly number[]; readonly class: string; readonly confidence: number }[];
}

/** How the systems come to places: two judge lesions that a manifest gives, one finds them. All three papers are about calcifications. */
const TASKS: Readonly<Record<string, Task>> = {
  [KANG2021.name]: 'classification',
  [XIAO2021.name]: 'classification',
  [LIN2023.name]: 'detection',
};

/** What a system does with places. Throws SystemError 'option-invalid' for one whose predictions are of no place in an image. */
export function taskOf(system: string): Task {
  const task = TASKS[system];
  if (task) return task;
  throw new SystemError(
    'option-invalid',
    `--dicom writes findings, and predictions of ${system} do not say where in an image they are: use it with a run of ${Object.keys(TASKS).join(', ')}`,
  );
}

/** What is read before predictions are written as objects: manifests with boxes of systems that judge them, of others images too. Throws as taskOf. */
export const sourceTask = (system: string): Task => (saysSaliency(system) ? 'detection' : taskOf(system));

/** The paths of the images that were predicted on, as the predictions name them. */
export function predictedPaths(summary: PredictionSummary): ReadonlySet<string> {
  const predictions = summary.predictions as readonly PlacedPrediction[];
  return new Set(predictions.flatMap(({ path, views }) => [path, ...(views ?? []).map((view) => view.path)]));
}

/**
 * The places of all predictions. The rows are those that were predicted on. Of found boxes those of the positive class: what probability of cancer a box of the
 * negative class has, nobody said.
 */
export function judgedPlaces(summary: PredictionSummary, rows: readonly ManifestRow[]): readonly JudgedPlace[] {
  const keyOf = (path: string, lesionId: string | null | undefined) => JSON.stringify([path, lesionId ?? null]);
  const byLesion = new Map(rows.map((row) => [keyOf(row.path, row.lesionId), row]));
  const byPath = new Map(rows.map((row) => [row.path, row]));
  const [, ...positive] = summary.classes;
  return (summary.predictions as readonly PlacedPrediction[]).flatMap(
    ({ path, score, lesionId, views, boxes }): readonly JudgedPlace[] => {
      if (boxes) {
        const row = byPath.get(path);
        const found = boxes.filter((each) => row && positive.includes(each.class));
        return found.map(({ box, confidence: probability }) => ({
          ...{
            row: row as ManifestRow,
            frame: undefined,
            box: box as unknown as BoxPx,
            probability,
            lesion: undefined,
          },
        }));
      }
      return (views ?? [{ path, focusSlice: undefined }]).flatMap((view) => {
        const row = byLesion.get(keyOf(view.path, lesionId));
        const lesion = views && views.length > 1 ? (lesionId ?? undefined) : undefined;
        return row?.box ? [{ row, frame: view.focusSlice, box: row.box, probability: score, lesion }] : [];
      });
    },
  );
}
