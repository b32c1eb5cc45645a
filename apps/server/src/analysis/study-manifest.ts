/** A study as the manifest that a system predicts on: a row an image, or a row a lesion. */
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv, manifestPath } from '@mammoscope/imaging';
import type { Lesion } from '../api-types.ts';
import type { Database } from '../database/database.ts';
import type { LoadedModel } from '../models.ts';
import type { Storage } from '../storage/study-files.ts';

/** An image that a model is shown, and by which path the manifest calls it. */
export interface StudyImage {
  readonly instance: string;
  readonly series: string;
  readonly modality: string;
  readonly laterality: string | null;
  readonly view: string | null;
  readonly file: string;
  /** As the manifest has it. */
  readonly path: string;
}

/** A manifest that was written. */
export interface StudyManifest {
  readonly path: string;
  readonly images: readonly StudyImage[];
  readonly leftOut: readonly { readonly instance: string; readonly reason: string }[];
}

/** Writes the manifest of a study into a folder. Nothing in it names the patient: the study stands for her. */
export async function writeStudyManifest(
  place: { readonly database: Database; readonly storage: Storage; readonly folder: string },
  study: string,
  { model, modalities }: LoadedModel,
  lesions: readonly Lesion[],
): Promise<StudyManifest> {
  const rows = await place.database.query(
    'select * from instances where study_uid = $1 order by series_uid, number nulls last, sop_uid',
    [study],
  );
  const all = rows.map((row): StudyImage => {
    const instance = row.sop_uid as string;
    const file = place.storage.image({ study, instance, sha256: row.sha256 as string });
    return {
      ...{ instance, series: row.series_uid as string, modality: row.modality as string },
      ...{ laterality: row.laterality as string | null, view: row.view as string | null },
      ...{ file, path: manifestPath(place.folder, file) },
    };
  });
  const reasonAgainst = ({ instance, modality }: StudyImage): string | undefined => {
    if (!modalities.some((each) => each === modality))
      return modality === 'OTHER'
        ? 'its tags do not say that it is a mammogram'
        : `${model.system} does not read ${modality}`;
    const isMarked = model.input !== 'lesions' || lesions.some((lesion) => lesion.instance === instance);
    return isMarked ? undefined : 'no lesion was marked in it';
  };
  const images = all.filter((image) => reasonAgainst(image) === undefined);
  const lines = images.flatMap((image) => {
    const marked =
      model.input === 'lesions' ? lesions.filter(({ instance }) => instance === image.instance) : [undefined];
    return marked.map((lesion) => line(study, image, lesion));
  });
  const path = join(place.folder, 'study.csv');
  await writeAside(path, formatCsv(lines));
  return {
    path,
    images,
    leftOut: all.flatMap((image) => {
      const reason = reasonAgainst(image);
      return reason === undefined ? [] : [{ instance: image.instance, reason }];
    }),
  };
}

function line(study: string, { path, modality, laterality, view }: StudyImage, lesion: Lesion | undefined): CsvCells {
  const [x1, y1, x2, y2] = lesion?.box ?? [];
  const [first, last] = lesion?.slices ?? [];
  return {
    ...{ patient_id: study, path, modality, laterality: laterality ?? '', view: view ?? '', study_id: study },
    ...{ lesion_id: lesion?.id, x1, y1, x2, y2, slice_first: first, slice_last: last },
  };
}
