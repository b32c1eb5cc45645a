/** Cases of a run's evaluation, the most wrong first. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scoredClasses } from '@mammoscope/systems/scored-classes';
import { parse } from 'csv-parse/sync';
import type { RunCase } from './api-types.ts';
import type { Database } from './database/database.ts';
import type { LoadedModel } from './models.ts';
import { visible } from './studies/access.ts';

/** Reads predictions.csv of a run; a case whose file is called after an image of this server (by its SOPInstanceUID) leads to it. */
export async function runCases(
  database: Database,
  groups: readonly string[],
  { folder, model }: LoadedModel,
): Promise<RunCase[]> {
  const text = await readFile(join(folder, 'predictions.csv'), 'utf8').catch(() => '');
  const rows = parse(text, { columns: true, skip_empty_lines: true, relax_column_count: true }) as Readonly<
    Record<string, string>
  >[];
  const found = await imagesByUid(
    database,
    groups,
    rows.map(({ path = '' }) => uidIn(path)),
  );
  const positive = scoredClasses(model.system, model.classes);
  const cases = rows.map(
    ({ path = '', patient_id: patientId = '', label = '', score = '', decision = '' }): RunCase => {
      const value = Number(score);
      const image = found.get(uidIn(path));
      return {
        ...{ path, patientId, label, score: value, decision },
        error: positive.includes(label) ? 1 - value : value,
        ...{ study: image?.study ?? null, instance: image ? uidIn(path) : null },
      };
    },
  );
  return cases.filter(({ score }) => Number.isFinite(score)).sort((a, b) => b.error - a.error);
}

/** The UID in a file's name, or nothing. */
const uidIn = (path: string): string =>
  /(?:^|\/)([0-9][0-9.]{8,63}?)(?:-[0-9a-f]{12})?(?:\.dcm)?$/i.exec(path)?.[1] ?? '';

async function imagesByUid(database: Database, groups: readonly string[], uids: readonly string[]) {
  const rows = await database.query(
    `select i.sop_uid, i.study_uid from instances i join studies s using (study_uid) where ${visible(1)} and i.sop_uid = any($2)`,
    [groups, uids.filter((uid) => uid !== '')],
  );
  return new Map(rows.map(({ sop_uid, study_uid }) => [sop_uid as string, { study: study_uid as string }]));
}
