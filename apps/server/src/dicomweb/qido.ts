/** QIDO-RS (PS3.18 10.6): studies, series and images as rows of DICOM JSON, by the attributes that PACS are asked for. */
import type { Database, Row } from '../database/database.ts';
import { visible } from '../studies/access.ts';
import { type JsonDataSet, type JsonElement, jsonText } from './dicom-json.ts';

/** A level of the hierarchy. */
export type QidoLevel = 'study' | 'series' | 'instance';

/** What is asked: parameters by keyword or tag, and the study or series that it is about. */
export interface QidoQuery {
  readonly level: QidoLevel;
  readonly groups: readonly string[];
  readonly study?: string | undefined;
  readonly series?: string | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly limit: number;
  readonly offset: number;
}

type Match = 'text' | 'date' | 'uid';

/** What can be asked for: keyword, tag, column, and how it is compared. */
const MATCHES: readonly (readonly [keyword: string, tag: string, column: string, match: Match])[] = [
  ['StudyInstanceUID', '0020000D', 's.study_uid', 'uid'],
  ['SeriesInstanceUID', '0020000E', 'i.series_uid', 'uid'],
  ['SOPInstanceUID', '00080018', 'i.sop_uid', 'uid'],
  ['SOPClassUID', '00080016', 'i.sop_class', 'uid'],
  ['PatientID', '00100020', 's.patient_id', 'text'],
  ['PatientName', '00100010', 's.patient_name', 'text'],
  ['PatientBirthDate', '00100030', 's.patient_birth_date', 'date'],
  ['StudyDate', '00080020', 's.study_date', 'date'],
  ['AccessionNumber', '00080050', 's.accession_number', 'text'],
  ['StudyDescription', '00081030', 's.description', 'text'],
  ['Modality', '00080060', 'i.dicom_modality', 'text'],
  ['ModalitiesInStudy', '00080061', 'i.dicom_modality', 'text'],
];

const STUDY_COLUMNS = `s.study_uid, s.patient_name, s.patient_id, s.patient_birth_date, s.study_date, s.study_time, s.description, s.accession_number`;
const SERIES_COLUMNS = `${STUDY_COLUMNS}, i.series_uid, i.series_number, i.series_description, i.dicom_modality`;

/** Rows that match, in a steady order. */
export async function qido(database: Database, query: QidoQuery): Promise<readonly JsonDataSet[]> {
  const values: unknown[] = [query.groups];
  const condition = (column: string, operator: string, value: unknown) =>
    `${column} ${operator} $${values.push(value)}`;
  const where = [
    visible(1),
    ...(query.study === undefined ? [] : [condition('s.study_uid', '=', query.study)]),
    ...(query.series === undefined ? [] : [condition('i.series_uid', '=', query.series)]),
    ...MATCHES.flatMap(([keyword, tag, column, match]) => {
      const asked = query.parameters[keyword] ?? query.parameters[tag];
      return typeof asked === 'string' && asked !== '' ? conditionsOf(column, match, asked, condition) : [];
    }),
  ].join(' and ');
  const columns = { study: STUDY_COLUMNS, series: SERIES_COLUMNS, instance: '' }[query.level];
  const page = `limit $${values.push(query.limit)} offset $${values.push(query.offset)}`;
  const from = `from studies s join instances i using (study_uid) where ${where}`;
  const text =
    query.level === 'instance'
      ? `select s.*, i.* ${from} order by s.study_uid, i.series_number nulls last, i.series_uid, i.number nulls last, i.sop_uid ${page}`
      : `select ${columns}, count(*)::int as images, count(distinct i.series_uid)::int as series_count,
                array_agg(distinct i.dicom_modality) filter (where i.dicom_modality is not null) as modalities
           ${from} group by ${columns} order by s.study_date desc nulls last, s.study_uid${query.level === 'series' ? ', i.series_number nulls last, i.series_uid' : ''} ${page}`;
  return (await database.query(text, values)).map((row) => rowOf(row, query.level));
}

type Condition = (column: string, operator: string, value: unknown) => string;

/** PS3.4 C.2.2.2: a list of UIDs, a range of dates, text with * and ?. */
function conditionsOf(column: string, match: Match, asked: string, condition: Condition): readonly string[] {
  if (match === 'uid') return [condition(column, '= any', asked.split(/[,\\]/)).replace(/any (\$\d+)$/, 'any($1)')];
  const range = match === 'date' ? /^(\d{8})?-(\d{8})?$/.exec(asked) : null;
  if (range) {
    const [, from, to] = range;
    return [...(from ? [condition(column, '>=', from)] : []), ...(to ? [condition(column, '<=', to)] : [])];
  }
  return [
    condition(
      column,
      'ilike',
      asked
        .replaceAll(/[\\%_]/g, '\\$&')
        .replaceAll('*', '%')
        .replaceAll('?', '_'),
    ),
  ];
}

function rowOf(row: Row, level: QidoLevel): JsonDataSet {
  const text = (column: string) => (row[column] ?? null) as string | number | null;
  const study: Record<string, JsonElement> = {
    '00080005': jsonText('CS', 'ISO_IR 192'),
    '00080020': jsonText('DA', text('study_date')),
    '00080030': jsonText('TM', text('study_time')),
    '00080050': jsonText('SH', text('accession_number')),
    '00081030': jsonText('LO', text('description')),
    '00100010': jsonText('PN', text('patient_name')),
    '00100020': jsonText('LO', text('patient_id')),
    '00100030': jsonText('DA', text('patient_birth_date')),
    '0020000D': jsonText('UI', text('study_uid')),
  };
  if (level === 'study')
    return {
      ...study,
      '00080061': { vr: 'CS', Value: (row.modalities as readonly string[] | null) ?? [] },
      '00201206': jsonText('IS', text('series_count')),
      '00201208': jsonText('IS', text('images')),
    };
  const series = {
    ...study,
    '00080060': jsonText('CS', text('dicom_modality')),
    '0008103E': jsonText('LO', text('series_description')),
    '0020000E': jsonText('UI', text('series_uid')),
    '00200011': jsonText('IS', text('series_number')),
  };
  if (level === 'series') return { ...series, '00201209': jsonText('IS', text('images')) };
  return {
    ...series,
    '00080016': jsonText('UI', text('sop_class')),
    '00080018': jsonText('UI', text('sop_uid')),
    '00083002': jsonText('UI', text('transfer_syntax')),
    '00200013': jsonText('IS', text('number')),
    '00280008': jsonText('IS', text('frames')),
    '00280010': jsonText('US', text('height')),
    '00280011': jsonText('US', text('width')),
  };
}
