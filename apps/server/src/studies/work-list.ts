/** Studies as the contract has them: the work list, one study, its images. */
import type { Analysis, AnalysisState, ImageSummary, Study, StudySummary } from '../api-types.ts';
import type { Database, Row } from '../database/database.ts';
import { ServerError } from '../errors.ts';
import { isUid } from '../storage/study-files.ts';
import { visible } from './access.ts';
import { analysisOf } from './analyses.ts';

/** Views of a screening examination. */
const SCREENING_VIEWS = ['R CC', 'L CC', 'R MLO', 'L MLO'];
/** Of several analyses the state of the study: the first of these that one of them has. */
const LEADING_STATES: readonly AnalysisState[] = ['running', 'queued', 'failed', 'cancelled', 'done'];

/** Which studies, of those that a user sees. */
export interface StudyFilter {
  readonly search?: string | undefined;
  readonly state?: AnalysisState | 'none' | undefined;
  readonly order: 'priority' | 'received' | 'date';
  readonly limit: number;
  readonly offset: number;
}

const ORDERS: Readonly<Record<StudyFilter['order'], string>> = {
  priority: 'priority desc nulls last, s.received_at desc',
  received: 's.received_at desc',
  date: 's.study_date desc nulls last, s.study_time desc nulls last',
};

/** Of each model the analysis that was queued last: a study that got more images is read again, and the old reading is history. */
const LATEST = 'select distinct on (study_uid, model) * from analyses order by study_uid, model, queued_at desc, id';

const SUMMARY = `
  select s.*, m.priority, m.states, i.images, i.bytes::float8 as bytes, i.views, count(*) over () as total
    from studies s
    left join lateral (select max(score) filter (where state = 'done') as priority, array_agg(state) as states
                         from (${LATEST}) latest where latest.study_uid = s.study_uid) m on true
    left join lateral (select count(*)::int as images, coalesce(sum(bytes), 0) as bytes,
                              array_agg(distinct laterality || ' ' || view) filter (where modality <> 'OTHER') as views
                         from instances where instances.study_uid = s.study_uid) i on true`;

/** A page of the work list, and how many studies there are. */
export async function listStudies(database: Database, groups: readonly string[], filter: StudyFilter) {
  const words = `%${(filter.search ?? '').replaceAll(/[\\%_]/g, '\\$&')}%`;
  const rows = await database.query(
    `${SUMMARY}
      where ${visible(1)}
        and ($2 = '%%' or concat_ws(' ', s.patient_name, s.patient_id, s.description, s.accession_number, s.study_uid) ilike $2)
        and ($3::text is null or ($3 = 'none' and m.states is null) or $3 = any(m.states))
      order by ${ORDERS[filter.order]}, s.study_uid limit $4 offset $5`,
    [groups, words, filter.state ?? null, filter.limit, filter.offset],
  );
  const analyses = await latestAnalyses(
    database,
    rows.map(({ study_uid }) => study_uid as string),
  );
  return { studies: rows.map((row) => summaryOf(row, analyses)), total: Number(rows[0]?.total ?? 0) };
}

/** A study with its images and the patient's others; ServerError 'not-found'. */
export async function findStudy(database: Database, groups: readonly string[], study: string): Promise<Study> {
  const [row] = isUid(study)
    ? await database.query(`${SUMMARY} where s.study_uid = $2 and ${visible(1)}`, [groups, study])
    : [];
  if (!row) throw noStudy(study);
  const analyses = await latestAnalyses(database, [study]);
  const priors = await database.query(
    `select s.study_uid, s.study_date, s.description from studies s
      where ${visible(1)} and s.patient_id = $2 and s.study_uid <> $3 and coalesce(s.study_date, '') <= $4
      order by s.study_date desc nulls last limit 50`,
    [groups, row.patient_id, study, row.study_date ?? '99999999'],
  );
  return {
    ...summaryOf(row, analyses),
    instances: await listImages(database, study),
    priors: priors.map((prior) => ({
      study: prior.study_uid as string,
      date: prior.study_date as string | null,
      description: prior.description as string | null,
    })),
  };
}

/** ServerError 'not-found', the same for a study that is not here and for one of another group. */
export const noStudy = (study: string) =>
  new ServerError('not-found', `there is no study ${isUid(study) ? study : 'of that name'}: /api/studies lists them`);

/** ServerError 'not-found' for a study that the user does not see. */
export async function requireStudy(database: Database, groups: readonly string[], study: string): Promise<void> {
  const rows = isUid(study)
    ? await database.query(`select 1 from studies s where s.study_uid = $2 and ${visible(1)}`, [groups, study])
    : [];
  if (rows.length === 0) throw noStudy(study);
}

async function latestAnalyses(
  database: Database,
  studies: readonly string[],
): Promise<ReadonlyMap<string, readonly Analysis[]>> {
  const rows = await database.query(`select * from (${LATEST}) latest where study_uid = any($1) order by model`, [
    studies,
  ]);
  return Map.groupBy(rows.map(analysisOf), ({ study }) => study);
}

function summaryOf(row: Row, analyses: ReadonlyMap<string, readonly Analysis[]>): StudySummary {
  const study = row.study_uid as string;
  const views = (row.views as string[] | null) ?? [];
  const own = analyses.get(study) ?? [];
  return {
    study,
    ...{ patientName: row.patient_name as string | null, patientId: row.patient_id as string | null },
    patientBirthDate: row.patient_birth_date as string | null,
    ...{ date: row.study_date as string | null, time: row.study_time as string | null },
    ...{ description: row.description as string | null, accessionNumber: row.accession_number as string | null },
    ...{ group: row.group_name as string, source: row.source as string },
    receivedAt: (row.received_at as Date).toISOString(),
    isComplete: row.is_complete as boolean,
    ...{ images: row.images as number, bytes: row.bytes as number, views },
    missingViews: SCREENING_VIEWS.filter((view) => !views.includes(view)),
    priority: row.priority as number | null,
    state: LEADING_STATES.find((state) => own.some((each) => each.state === state)) ?? null,
    analyses: [...own],
  };
}

/** The images of a study in the order of their series and numbers. */
export async function listImages(database: Database, study: string): Promise<ImageSummary[]> {
  const rows = await database.query(
    'select *, bytes::float8 as size from instances where study_uid = $1 order by series_number nulls last, series_uid, number nulls last, sop_uid',
    [study],
  );
  return rows.map((row) => {
    const at = `/dicomweb/studies/${study}/series/${row.series_uid as string}/instances/${row.sop_uid as string}`;
    return {
      ...{ instance: row.sop_uid as string, series: row.series_uid as string, number: row.number as number | null },
      ...{ sopClass: row.sop_class as string, transferSyntax: row.transfer_syntax as string },
      modality: row.modality as ImageSummary['modality'],
      ...{ laterality: row.laterality as string | null, view: row.view as string | null },
      ...{
        frames: row.frames as number,
        rows: row.height as number,
        columns: row.width as number,
        bytes: row.size as number,
      },
      ...{ metadata: `${at}/metadata`, framesAt: `${at}/frames`, rendered: `${at}/rendered` },
    };
  });
}
