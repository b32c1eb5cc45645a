/** The folder of a run as the user dropped it: its report, and the cases of its evaluation with how wrong the model was. */
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
      const classes = await classesOf(beside('metrics.json') ?? beside('run.json'));
      const parts = folder.split('/').filter(Boolean);
      return {
        name: parts.at(-1) ?? 'run',
        report: beside('report.html') ?? null,
        cases: wrongestFirst(await file.text(), classes, path),
      };
    }),
  );
}

/** The classes, the negative one first; without them a label that is not the decision is an error. */
async function classesOf(file: File | undefined): Promise<readonly string[]> {
  if (!file) return [];
  const { classes } = JSON.parse(await file.text()) as { readonly classes?: readonly string[] };
  return classes ?? [];
}

/** Cases by how wrong the model was: the probability that it gave to what was not the case, the largest first. */
export function wrongestFirst(text: string, classes: readonly string[], path: string): readonly RunCase[] {
  const rows = parse(text, { columns: true, skip_empty_lines: true, bom: true }) as readonly Readonly<
    Record<string, string>
  >[];
  const [first] = rows;
  const score = scoreColumn(Object.keys(first ?? {}));
  if (first && score === undefined)
    throw new RangeError(`${path} has no column "score": it is no table of an evaluation`);
  return rows
    .map((row) => {
      const value = Number(row[score ?? '']);
      const label = row.label ?? '';
      const isPositive = classes.length > 0 ? label !== classes[0] : label === row.decision;
      return {
        path: row.path ?? '',
        patientId: row.patient_id ?? '',
        label,
        score: value,
        decision: row.decision ?? '',
        error: isPositive ? 1 - value : value,
      };
    })
    .sort((a, b) => b.error - a.error);
}

/** One model has one score; of several the average of all comes first, or the first of them. */
function scoreColumn(columns: readonly string[]): string | undefined {
  return columns.find((name) => name === 'score') ?? columns.find((name) => /^score[_ ]|[_ ]score$/.test(name));
}
