/** Where in an image a prediction is about: what a system says of a lesion, joined with the manifest that says where it lies. */
import type { ManifestRow } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import { SYSTEM as KANG2021 } from '../kang2021/recipe.ts';
import type { PredictionSummary } from '../system.ts';
import { SYSTEM as XIAO2021 } from '../xiao2021/recipe.ts';

/** A place in one frame of an image, and what was said of it. */
export interface JudgedPlace {
  readonly row: ManifestRow;
  /** Slice that was judged, counted from 0; undefined for the middle one of the row's. */
  readonly frame: number | undefined;
  /** Probability of the positive class. */
  readonly probability: number;
  /** Name of the lesion, where its views were judged together. */
  readonly lesion: string | undefined;
}

/** What the predictions of the systems below have in common. */
interface LesionPrediction {
  readonly path: string;
  readonly score: number;
  readonly patientId?: string;
  readonly lesionId?: string | null;
  /** The views that were judged as one. */
  readonly views?: readonly { readonly path: string; readonly focusSlice: number }[];
}

/** Systems that judge lesions whose places a manifest gives; both papers are about clusters of calcifications. */
export const JUDGES: readonly string[] = [KANG2021.name, XIAO2021.name];

/** Throws SystemError 'option-invalid' for a system whose predictions are of no place in an image. */
export function requireJudge(system: string): void {
  if (JUDGES.includes(system)) return;
  throw new SystemError(
    'option-invalid',
    `--dicom writes findings, and predictions of ${system} do not say where in an image they are: use it with a run of ${JUDGES.join(' or ')}`,
  );
}

/** The places of all predictions. The rows are those of the manifests that were predicted on. */
export function judgedPlaces(summary: PredictionSummary, rows: readonly ManifestRow[]): readonly JudgedPlace[] {
  const keyOf = (path: string, lesionId: string | null | undefined) => JSON.stringify([path, lesionId ?? null]);
  const byKey = new Map(rows.map((row) => [keyOf(row.path, row.lesionId), row]));
  return (summary.predictions as readonly LesionPrediction[]).flatMap(({ path, score, lesionId, views }) =>
    (views ?? [{ path, focusSlice: undefined }]).flatMap((view) => {
      const row = byKey.get(keyOf(view.path, lesionId));
      const lesion = views && views.length > 1 ? (lesionId ?? undefined) : undefined;
      return row ? [{ row, frame: view.focusSlice, probability: score, lesion }] : [];
    }),
  );
}
