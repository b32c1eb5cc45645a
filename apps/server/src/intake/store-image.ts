/** A DICOM file that came in, filed: checked, moved to its study's folder, and a row in the database. */
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Database } from '../database/database.ts';
import { ServerError } from '../errors.ts';
import type { UploadLimits } from '../settings.ts';
import type { Storage } from '../storage/study-files.ts';
import { type ImageFacts, imageFacts } from './image-facts.ts';
import type { IncomingFile } from './incoming-file.ts';

/** Where studies come from. */
export type StudySource = 'upload' | 'stow' | 'folder' | 'dimse' | 'pacs';

/** Who sends, and the group that a new study will be of. */
export interface Sender {
  readonly source: StudySource;
  readonly group: string;
  /** Groups whose studies may be added to; '*' for all. */
  readonly groups: readonly string[];
}

/** What intake needs of the server. */
export interface IntakePlace {
  readonly database: Database;
  readonly storage: Storage;
  readonly limits: UploadLimits;
}

/** An image that is here. */
export interface FiledImage {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  readonly sopClass: string;
  readonly isNew: boolean;
}

/**
 * Files an image. A study that gets a new image is no longer complete: it is analysed again once no more come. DicomError for what cannot be read; ServerError
 * 'image-not-accepted', 'instance-differs', 'patient-differs', 'study-elsewhere'.
 */
export async function storeImage(place: IntakePlace, sender: Sender, file: IncomingFile): Promise<FiledImage> {
  const facts = await imageFacts(file.path, place.limits);
  const { study, series, instance, sopClass } = facts;
  const filed = { study, series, instance, sopClass };
  if (await isHere(place.database, sender, facts, file.sha256)) return { ...filed, isNew: false };
  const path = place.storage.image({ study, instance, sha256: file.sha256 });
  await mkdir(dirname(path), { recursive: true });
  await rename(file.path, path);
  const isNew = await insert(place.database, sender, facts, file);
  // somebody else was faster, or may not see the study
  if (!isNew && !(await isHere(place.database, sender, facts, file.sha256)))
    throw await elsewhere(place.database, sender, facts);
  return { ...filed, isNew };
}

async function isHere(
  database: Database,
  { groups }: Sender,
  { instance, study }: ImageFacts,
  sha256: string,
): Promise<boolean> {
  const [row] = await database.query(
    `select i.sha256, i.study_uid, ('*' = any($2) or s.group_name = any($2)) as visible
       from instances i join studies s using (study_uid) where i.sop_uid = $1`,
    [instance, groups],
  );
  if (!row) return false;
  if (!row.visible) throw notYours();
  if (row.sha256 === sha256 && row.study_uid === study) return true;
  throw new ServerError(
    'instance-differs',
    `the image ${instance} is here with other content: an image that was changed needs an identifier of its own`,
  );
}

const notYours = () =>
  new ServerError('study-elsewhere', 'the study belongs to a group that you are not of: ask an operator of that group');

/** Why nothing was inserted: the study is another group's, or another patient's. */
async function elsewhere(database: Database, { groups }: Sender, { study }: ImageFacts): Promise<ServerError> {
  const [row] = await database.query(
    `select ('*' = any($2) or group_name = any($2)) as visible from studies where study_uid = $1`,
    [study, groups],
  );
  if (!row) return new ServerError('unavailable', 'the study was removed while the image came in: send it again');
  if (!row.visible) return notYours();
  return new ServerError(
    'patient-differs',
    'the image is of a study whose other images are of another patient: correct its PatientID or its StudyInstanceUID',
  );
}

async function insert(database: Database, sender: Sender, facts: ImageFacts, file: IncomingFile): Promise<boolean> {
  const rows = await database.query(
    `with study as (
       insert into studies (study_uid, group_name, source, patient_name, patient_id, patient_birth_date, study_date,
                            study_time, description, accession_number)
       values ($1, $2, $3, $5, $6, $7, $8, $9, $10, $11)
       on conflict (study_uid) do update set changed_at = now(), is_complete = false
         where ('*' = any($4) or studies.group_name = any($4)) and studies.patient_id is not distinct from $6
       returning study_uid)
     insert into instances (sop_uid, study_uid, series_uid, series_number, series_description, number, sop_class,
                            transfer_syntax, modality, dicom_modality, laterality, view, frames, height, width, bytes, sha256)
     select $12, study_uid, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27 from study
     on conflict (sop_uid) do nothing returning sop_uid`,
    [
      ...[facts.study, sender.group, sender.source, sender.groups],
      ...[facts.patientName, facts.patientId, facts.patientBirthDate, facts.studyDate, facts.studyTime],
      ...[facts.description, facts.accessionNumber, facts.instance, facts.series, facts.seriesNumber],
      ...[facts.seriesDescription, facts.number, facts.sopClass, facts.transferSyntax, facts.modality],
      ...[facts.dicomModality, facts.laterality, facts.view, facts.frames, facts.rows, facts.columns],
      ...[file.bytes, file.sha256],
    ],
  );
  return rows.length > 0;
}
