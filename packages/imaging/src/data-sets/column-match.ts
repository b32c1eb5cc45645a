import { ImagingError } from '../errors.ts';
import { columnKey } from './label-table.ts';

/** What a manifest may take from a table of one's own, and the names that people give it, the manifest's own first. */
export const FIELD_NAMES = {
  patient_id: ['patient_id', 'patientid', 'patient', 'pid', 'case_id', 'case', 'subject_id', 'subject', 'mrn'],
  path: [
    ...['path', 'file', 'filename', 'file_name', 'file_path', 'filepath', 'image', 'image_path', 'image_file'],
    ...['image_id', 'imageid', 'dicom', 'dicom_path', 'dicom_file', 'sop_instance_uid', 'sopinstanceuid'],
  ],
  label: ['label', 'class', 'diagnosis', 'pathology', 'outcome', 'cancer', 'target', 'ground_truth', 'malignancy'],
  laterality: ['laterality', 'side', 'breast', 'image_laterality', 'imagelaterality', 'left_right', 'leftright'],
  view: ['view', 'view_position', 'viewposition', 'projection', 'image_view'],
  study_id: ['study_id', 'studyid', 'study', 'exam', 'exam_id', 'accession_number', 'study_instance_uid'],
  lesion_id: ['lesion_id', 'lesion', 'finding_id', 'abnormality_id'],
  birads: ['birads', 'bi_rads', 'assessment'],
  modality: ['modality'],
  split: ['split', 'subset'],
  x1: ['x1', 'xmin', 'x_min'],
  y1: ['y1', 'ymin', 'y_min'],
  x2: ['x2', 'xmax', 'x_max'],
  y2: ['y2', 'ymax', 'y_max'],
  slice_first: ['slice_first', 'first_slice'],
  slice_last: ['slice_last', 'last_slice'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A column of a manifest that a table may fill. */
export type Field = keyof typeof FIELD_NAMES;

const REQUIRED: readonly Field[] = ['patient_id', 'path', 'label'];

/**
 * The column of the table for each field. A column of the field's own name is taken, else the only one with a name in use for it.
 * Several, or none where one is needed, are column-unclear with the candidates: nothing is guessed.
 * @param chosen columns that the user names; an empty one leaves a field out
 */
export function matchColumns(
  columns: readonly string[],
  chosen: Readonly<Record<string, string>>,
  table: string,
): ReadonlyMap<Field, string> {
  const unknown = Object.keys(chosen).find((field) => !(field in FIELD_NAMES));
  if (unknown !== undefined) {
    const known = Object.keys(FIELD_NAMES).join(', ');
    throw new ImagingError('column-unclear', `a manifest has no field ${unknown} to fill: name one of ${known}`);
  }
  const matched = new Map<Field, string>();
  for (const field of Object.keys(FIELD_NAMES) as Field[]) {
    const column = columnOf(field, columns, chosen[field], table);
    if (column !== undefined) matched.set(field, column);
  }
  return matched;
}

function columnOf(
  field: Field,
  columns: readonly string[],
  chosen: string | undefined,
  table: string,
): string | undefined {
  const called = (name: string) => columns.filter((column) => columnKey(column) === columnKey(name));
  const ask = (what: string) => new ImagingError('column-unclear', `${table}: ${what}; say --column ${field}=NAME`);
  if (chosen === '' && !REQUIRED.includes(field)) return undefined;
  if (chosen !== undefined) {
    const [column] = called(chosen);
    if (column !== undefined) return column;
    throw ask(`there is no column ${JSON.stringify(chosen)} for ${field}, but ${columns.join(', ')}`);
  }
  const [own, ...others] = FIELD_NAMES[field];
  const exact = called(own);
  const candidates = exact.length > 0 ? exact : [...new Set(others.flatMap(called))];
  if (candidates.length > 1) throw ask(`${field} may be ${candidates.join(' or ')}`);
  const [column] = candidates;
  if (column === undefined && REQUIRED.includes(field))
    throw ask(`no column is named as ${field} is; there are ${columns.join(', ')}`);
  return column;
}
