/** scores.csv: a line a case and network at every level, from which a comparison is read back. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import type { Case } from '@mammoscope/report';
import { parse } from 'csv-parse/sync';
import { SystemError } from '../errors.ts';
import type { ComparedCases, ComparedModel } from '../reproduce/reproduction.ts';
import type { Evaluation } from './evaluate.ts';
import { LEVELS } from './levels.ts';

export const SCORES_FILE = 'scores.csv';

/** The text of scores.csv: levels and tasks in their order, of each its networks, of each its cases. */
export function scoresCsv({ levels, tasks }: Pick<Evaluation, 'levels' | 'tasks'>): string {
  const rows = [...levels, ...tasks].flatMap(({ level, positive, patientIds, models }) =>
    models.flatMap(({ model, scores, called }) =>
      scores.map(
        (score, i): CsvCells => ({
          ...{ level, model, patient_id: patientIds[i] as string },
          ...{ positive: positive[i] ? 1 : 0, score, called: called[i] ? 1 : 0 },
        }),
      ),
    ),
  );
  return formatCsv(rows);
}

/** What a level's cases are called. */
const caseOf = (level: string): Case => LEVELS.find((name) => name === level) ?? 'lesion';

/** The cases of an evaluation's scores.csv by level or task, with the calls that the rules made. SystemError 'run-missing' where there is none. */
export async function readScores(evaluation: string): Promise<Readonly<Record<string, ComparedCases>>> {
  const path = join(evaluation, SCORES_FILE);
  const text = await readFile(path, 'utf8').catch((error) => {
    throw new SystemError('run-missing', `${path} is missing: remove report.html beside it and repeat the command`, {
      cause: error,
    });
  });
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  const levels = [...Map.groupBy(rows, ({ level = '' }) => level)].map(([level, own]): [string, ComparedCases] => {
    const models = Map.groupBy(own, ({ model = '' }) => model);
    const [first = []] = models.values();
    return [
      level,
      {
        case: caseOf(level),
        patients: first.map(({ patient_id = '' }) => patient_id),
        positive: first.map(({ positive }) => positive === '1'),
        models: new Map([...models].map(([model, cases]) => [model, modelOf(cases)])),
      },
    ];
  });
  return Object.fromEntries(levels);
}

const modelOf = (cases: readonly Record<string, string>[]): ComparedModel => ({
  scores: cases.map(({ score }) => Number(score)),
  cutoff: Number.POSITIVE_INFINITY, // rules call
  called: cases.map(({ called }) => called === '1'),
});
