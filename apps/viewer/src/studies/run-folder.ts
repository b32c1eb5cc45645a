/** The folder of a run as the user dropped it: its report, and the cases of its evaluation with how wrong the model was. */
import { scoredClasses } from '@mammoscope/systems/scored-classes';
import { parse } from 'csv-parse/browser/esm/sync';
import type { DroppedFile } from './dropped-files.ts';

/** A case of an evaluation. */
export interface RunCase {
  readonly path: string;
  readonly patientId: string;
  readonly label: string;
  readonly score: number;
  readonly decision: string;
  /** The probability that the model gave to what was not the case. */
  readonly error: number;
}

/** What a page for a run shows. */
export interface RunFolder {
  readonly name: string;
  readonly report: Blob | null;
  readonly cases: readonly RunCase[];
}

/** The runs among dropped files: every folder with predictions.csv. Error that names the file where it cannot be read. */
export async function runFolders(files: readonly DroppedFile[]): Promise<readonly RunFolder[]> {
  const tables = files.filter(({ path }) => /(^|\/)predictions\.csv$/.test(path));
  return Promise.all(
    tables.map(async ({ path, file }) => {
      const folder = path.slice(0, -'predictions.csv'.length);
      const beside = (name: string) => files.find((each) => each.path === `${folder}${name}`)?.file;
      const positive = positiveClasses(await said(beside('run.json')), await said(beside('metrics.json')));
      const parts = folder.split('/').filter(Boolean);
      return {
        name: parts.at(-1) ?? 'run',
        report: beside('report.html') ?? null,
        cases: wrongestFirst(await file.text(), positive, path),
      };
    }),
  );
}

/** What run.json and metrics.json have in common. */
interface Said {
  readonly system?: unknown;
  readonly classes?: unknown;
}

async function said(file: File | undefined): Promise<Said> {
  if (!file) return {};
  try {
    return JSON.parse(await file.text()) as Said;
  } catch {
    throw new Error(`${file.name} is no JSON: it was cut or changed, so nobody can say which class a score is of`);
  }
}

/** The classes that a score speaks for; null where neither file says. */
function positiveClasses(run: Said, metrics: Said): readonly string[] | null {
  const classes = [run.classes, metrics.classes].find(Array.isArray) as readonly string[] | undefined;
  const found = scoredClasses(String(run.system ?? metrics.system), classes ?? []);
  return classes || found.length > 0 ? found : null;
}

/** Cases by how wrong the model was: the probability that it gave to what was not the case, the largest first. */
export function wrongestFirst(text: string, positive: readonly string[] | null, path: string): readonly RunCase[] {
  const rows = parse(text, { columns: true, skip_empty_lines: true, bom: true }) as readonly Readonly<
    Record<string, string>
  >[];
  const [first] = rows;
  const score = scoreColumn(Object.keys(first ?? {}));
  if (first && score === undefined)
    throw new RangeError(`${path} has no column "score": it is no table of an evaluation`);
  const isPositive = positive ? (label: string) => positive.includes(label) : byDecisions(rows, score ?? '');
  return rows
    .map((row) => {
      const value = Number(row[score ?? '']);
      const label = row.label ?? '';
      return {
        path: row.path ?? '',
        patientId: row.patient_id ?? '',
        label,
        score: value,
        decision: row.decision ?? '',
        error: isPositive(label) ? 1 - value : value,
      };
    })
    .sort((a, b) => b.error - a.error);
}

/** Where nobody says which class is positive, the call of the highest score is, or, where all are called alike, what the lowest is not called. */
function byDecisions(rows: readonly Readonly<Record<string, string>>[], score: string): (label: string) => boolean {
  const sorted = [...rows].sort((a, b) => Number(a[score]) - Number(b[score]));
  const [lowest, highest] = [sorted[0]?.decision, sorted.at(-1)?.decision];
  return lowest === highest ? (label) => label !== lowest : (label) => label === highest;
}

/** One model has one score; of several the average of all comes first, or the first of them. */
function scoreColumn(columns: readonly string[]): string | undefined {
  return columns.find((name) => name === 'score') ?? columns.find((name) => /^score[_ ]|[_ ]score$/.test(name));
}
