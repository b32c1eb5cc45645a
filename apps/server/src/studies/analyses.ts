/** Analyses as the contract has them. */
import type { Analysis, AnalysisState } from '../api-types.ts';
import type { Database, Row } from '../database/database.ts';
import { ServerError } from '../errors.ts';
import { UUID } from '../storage/study-files.ts';
import { visible } from './access.ts';

const isoTime = (value: unknown): string => (value as Date).toISOString();
const isoTimeOrNull = (value: unknown): string | null => (value === null ? null : isoTime(value));

/** A row of the table. */
export function analysisOf(row: Row): Analysis {
  const isDone = row.state === 'done';
  return {
    ...{
      id: row.id as string,
      study: row.study_uid as string,
      model: row.model as string,
      system: row.system as string,
    },
    ...{ state: row.state as AnalysisState, step: row.step as string, progress: row.progress as number },
    attempts: row.attempts as number,
    error: row.error_code === null ? null : { code: row.error_code as string, message: row.error_message as string },
    worker: row.worker as string | null,
    ...{
      queuedAt: isoTime(row.queued_at),
      startedAt: isoTimeOrNull(row.started_at),
      endedAt: isoTimeOrNull(row.ended_at),
    },
    ...{ score: row.score as number | null, decision: row.decision as string | null },
    result: isDone ? `/api/analyses/${row.id as string}/result` : null,
  };
}

/** Which analyses, of those that a user sees. */
export interface AnalysisFilter {
  readonly study?: string;
  readonly state?: AnalysisState | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Analyses, the latest first. */
export async function listAnalyses(
  database: Database,
  groups: readonly string[],
  filter: AnalysisFilter,
): Promise<Analysis[]> {
  const rows = await database.query(
    `select a.* from analyses a join studies s using (study_uid)
      where ${visible(1)} and ($2::text is null or a.study_uid = $2) and ($3::text is null or a.state = $3)
      order by a.queued_at desc, a.id limit $4 offset $5`,
    [groups, filter.study ?? null, filter.state ?? null, filter.limit, filter.offset],
  );
  return rows.map(analysisOf);
}

/** An analysis; ServerError 'not-found'. */
export async function findAnalysis(database: Database, groups: readonly string[], id: string): Promise<Analysis> {
  const rows = UUID.test(id)
    ? await database.query(
        `select a.* from analyses a join studies s using (study_uid) where a.id = $2 and ${visible(1)}`,
        [groups, id],
      )
    : [];
  const [row] = rows;
  if (row) return analysisOf(row);
  throw new ServerError(
    'not-found',
    `there is no analysis ${UUID.test(id) ? id : 'of that name'}: /api/analyses lists them`,
  );
}
