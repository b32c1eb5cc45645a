/** What a comparison came to: its tables with ours beside the published figures, its claims tested, and the page that shows both. */
import { join, relative } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import type {
  ComparedRow,
  ComparedTable,
  FigureTable,
  Note,
  ReproductionData,
  RocCurve,
  TestedClaim,
} from '@mammoscope/report';
import { rocCurve } from '@mammoscope/stats';
import { fewPatientsNote } from '../classifier/report-parts.ts';
import { formatJson, readRunRecord, runFiles } from '../run/run-record.ts';
import { aucDifference, modelFigures, ONE_REPETITION, type Repetition, SEVERAL_REPETITIONS } from './figures.ts';
import type {
  ComparedCases,
  ComparedModel,
  EvaluatedRepetition,
  ModelReference,
  Reproduction,
} from './reproduction.ts';

/** What the page says of how it was made. */
export interface ComparisonOptions {
  readonly system: string;
  readonly preset: string;
  readonly data?: { readonly path: string };
  readonly folds?: number;
  readonly out: string;
  readonly command: string;
  readonly seeds: readonly number[];
}

/** Cases by run and level of one repetition, and how far its patients are those of the others. */
interface ReadRepetition {
  readonly cases: ReadonlyMap<string, Readonly<Record<string, ComparedCases>>>;
  readonly overlap: number;
}

/** Writes reproduction.html, tables.csv and tables.json. */
export async function writeComparison(
  reproduction: Reproduction,
  options: ComparisonOptions,
  evaluated: readonly EvaluatedRepetition[],
) {
  const repetitions = await Promise.all(evaluated.map((each) => readRepetition(reproduction, each, options)));
  const tables = reproduction.tables.map((table) => tableOf(table, repetitions));
  const claims = reproduction.claims.flatMap((claim): TestedClaim[] => {
    const found = repetitions.flatMap(({ cases, overlap }) => {
      const [first, second] = [claim.first, claim.second].map((model) => modelOf(cases, model, claim.level));
      return first && second ? [{ cases: first.cases, overlap, first: first.model, second: second.model }] : [];
    });
    const text = remarked(claim.text, ...found.flatMap(({ first, second }) => [first, second]));
    return found.length > 0 ? [{ text, level: claim.level, ...aucDifference(found) }] : [];
  });
  const runs = evaluated.flatMap(({ name, runs: folders }) =>
    Object.entries(folders).map(([run, folder]) => ({
      name: `${name} ${run}`,
      report: relative(options.out, runFiles(folder).report).replaceAll('\\', '/'),
    })),
  );
  const overlap = Math.max(...repetitions.map((repetition) => repetition.overlap));
  const data: ReproductionData = {
    title: `${reproduction.title}: the paper's comparison, ${options.data ? 'on images of the user' : 'on a phantom'}`,
    system: { name: options.system, citation: reproduction.citation, doi: reproduction.doi },
    notes: [...remarksOf(reproduction, repetitions), ...notesOf(reproduction, options, repetitions)],
    intervals: tables.length === 0 ? OWN_INTERVALS : evaluated.length > 1 ? SEVERAL_REPETITIONS : ONE_REPETITION,
    tables,
    ...(reproduction.figureTables ? { figureTables: await reproduction.figureTables(evaluated, overlap) } : {}),
    claims,
    runs,
    command: options.command,
  };
  const { renderReproduction } = await import('@mammoscope/report'); // see writeReport
  const files = { report: join(options.out, 'reproduction.html'), tables: join(options.out, 'tables.csv') };
  const withoutCurves = tables.map(({ curves: _, ...table }) => table);
  await writeAside(join(options.out, 'tables.json'), formatJson({ ...data, tables: withoutCurves, notice: NOTICE }));
  await writeAside(
    files.tables,
    formatCsv([...tables.flatMap(cellsOf), ...(data.figureTables ?? []).flatMap(cellsOfFigures)]),
  );
  await writeAside(files.report, renderReproduction(data));
  return { ...files, runs: evaluated.flatMap(({ runs: folders }) => Object.values(folders)) };
}

/** Of a comparison whose tables are all of a form of their own. */
const OWN_INTERVALS = 'what their intervals are is said below each table';

const NOTICE = 'Not a medical device. For research only.';

async function readRepetition(
  reproduction: Reproduction,
  { runs }: EvaluatedRepetition,
  { data }: ComparisonOptions,
): Promise<ReadRepetition> {
  const cases = new Map<string, Readonly<Record<string, ComparedCases>>>();
  let overlap = 0;
  for (const [name, folder] of Object.entries(runs)) {
    cases.set(name, await reproduction.cases(folder));
    const { rows } = await readRunRecord(folder);
    const test = rows.filter(({ split }) => split === 'test').length;
    if (data) overlap = test / (rows.length - test);
  }
  return { cases, overlap };
}

/** A text with the remarks of the models that it is of. */
function remarked(text: string, ...models: readonly ComparedModel[]): string {
  const remarks = [...new Set(models.flatMap(({ remark }) => (remark === undefined ? [] : [remark])))];
  return remarks.length > 0 ? `${text} (${remarks.join(', ')})` : text;
}

/** What the remarks of the models at hand mean. */
function remarksOf({ remarks = {} }: Reproduction, repetitions: readonly ReadRepetition[]): Note[] {
  const found = repetitions
    .flatMap(({ cases }) => [...cases.values()])
    .flatMap((levels) => Object.values(levels))
    .flatMap(({ models }) => [...models.values()].map(({ remark }) => remark));
  return Object.entries(remarks)
    .filter(([remark]) => found.includes(remark))
    .map(([, text]) => ({ kind: 'warning', text }));
}

/** A model that a repetition has. */
function modelOf(
  cases: ReadRepetition['cases'],
  { run, models }: ModelReference,
  level: string,
): { readonly cases: ComparedCases; readonly name: string; readonly model: ComparedModel } | undefined {
  const found = cases.get(run)?.[level];
  const name = models.find((each) => found?.models.has(each));
  const model = name === undefined ? undefined : found?.models.get(name);
  return found && name !== undefined && model ? { cases: found, name, model } : undefined;
}

function tableOf(
  { number, caption, level, rows, curves }: Reproduction['tables'][number],
  repetitions: readonly ReadRepetition[],
): ComparedTable {
  const found = rows.map((row): ComparedRow => {
    const each = repetitions.flatMap(({ cases, overlap }) => {
      const own = modelOf(cases, row, level);
      return own ? [{ ...own, overlap }] : [];
    });
    const [first] = each;
    return {
      label: row.label,
      published: row.published,
      ...(first
        ? {
            model: remarked(first.name, ...each.map(({ model }) => model)),
            here: modelFigures(each satisfies readonly Repetition[]),
          }
        : {}),
    };
  });
  const counted = repetitions.map(({ cases }) => [...cases.values()][0]?.[level]);
  const sum = (of: (cases: ComparedCases) => number) =>
    counted.reduce((total, cases) => total + (cases ? of(cases) : 0), 0);
  return {
    ...{ number, caption, rows: found, case: counted[0]?.case ?? 'image' },
    curves: curvesOf(rows, repetitions[0], curves),
    cases: sum(({ positive }) => positive.length),
    positives: sum(({ positive }) => positive.filter(Boolean).length),
    repetitions: repetitions.length,
  };
}

/** The ROC curves of a table's models in one repetition, a plot a level: of those wanted, or else of all that have more than one. */
function curvesOf(
  rows: Reproduction['tables'][number]['rows'],
  repetition: ReadRepetition | undefined,
  wanted: readonly string[] | undefined,
): RocCurve[][] {
  const levels = Object.keys([...(repetition?.cases.values() ?? [])][0] ?? {});
  return levels
    .filter((level) => wanted?.includes(level) ?? true)
    .map((level) =>
      rows.slice(0, MOST_CURVES).flatMap((row): RocCurve[] => {
        const own = repetition && modelOf(repetition.cases, row, level);
        if (!own) return [];
        const { scores } = own.model;
        const { positive } = own.cases;
        const positives = positive.filter(Boolean).length;
        const { auc } = modelFigures([{ ...own, overlap: 0 }]);
        const points = rocCurve(scores, positive).points.map(({ fpr, tpr }) => ({ fpr, tpr }));
        const dataset = `${level} level`;
        return [
          {
            model: remarked(row.label, own.model),
            dataset,
            positives,
            negatives: positive.length - positives,
            points,
            auc,
          },
        ];
      }),
    )
    .filter(({ length }) => length > (wanted ? 0 : 1));
}

/** As many as a plot can tell apart. */
const MOST_CURVES = 7;

function notesOf(
  reproduction: Reproduction,
  { preset, data, folds, seeds }: ComparisonOptions,
  repetitions: readonly ReadRepetition[],
): Note[] {
  const [only, ...others] = repetitions.map(({ cases }) => Object.values([...cases.values()][0] ?? {})[0]);
  const cohort = data ? undefined : reproduction.cohort(preset, seeds[0] ?? 0).description;
  return [
    ...(cohort === undefined
      ? []
      : [
          {
            kind: 'warning' as const,
            text: `These are drawn images (${cohort}), made so that the networks have something to learn. A phantom says nothing about patients: that a figure lies near a published one, or above it, means nothing.`,
          },
        ]),
    ...(preset === 'paper'
      ? []
      : [
          {
            kind: 'warning' as const,
            text: `Preset "${preset}": networks, images and training are smaller than the paper's (the recipe of each run lists every difference), so the published figures are no yardstick for these.`,
          },
        ]),
    ...(only && others.length === 0 ? fewPatientsNote(new Set(only.patients).size, only.case, 'by patient') : []),
    {
      kind: 'note',
      text:
        folds !== undefined
          ? `Cross-validation by patient in ${folds} folds, seed ${seeds[0] ?? 0}.`
          : repetitions.length === 1
            ? `One repetition, seed ${seeds[0] ?? 0}.`
            : `${repetitions.length} repetitions, seeds ${seeds.join(', ')}, each with ${cohort === undefined ? 'a split' : 'women'} of its own.`,
    },
  ];
}

/** A table as rows of CSV: a line a model and measure. */
function cellsOf({ number, rows }: ComparedTable): CsvCells[] {
  return rows.flatMap(({ label, model, here, published }) =>
    [...new Set([...Object.keys(here ?? {}), ...Object.keys(published)])].map((measure): CsvCells => {
      const [ours, theirs] = [here?.[measure as 'auc'], published[measure as 'auc']];
      return {
        ...{ table: number, row: label, model: model ?? '', measure },
        ...{ here: ours?.value ?? '', here_lower: ours?.interval?.[0] ?? '', here_upper: ours?.interval?.[1] ?? '' },
        published: theirs?.value ?? '',
        ...{ published_lower: theirs?.interval?.[0] ?? '', published_upper: theirs?.interval?.[1] ?? '' },
      };
    }),
  );
}

/** A table of figures as rows of CSV: a line a cell. */
function cellsOfFigures({ number, columns, rows }: FigureTable): CsvCells[] {
  return rows.flatMap(({ label, cells }) =>
    cells.map(
      ({ here, published }, i): CsvCells => ({
        ...{ table: number, row: label, model: '', measure: columns[i] ?? '' },
        ...{ here: here?.value ?? '', here_lower: here?.interval?.[0] ?? '', here_upper: here?.interval?.[1] ?? '' },
        here_deviation: here?.deviation ?? '',
        published: published?.value ?? '',
        ...{ published_lower: published?.interval?.[0] ?? '', published_upper: published?.interval?.[1] ?? '' },
        published_deviation: published?.deviation ?? '',
      }),
    ),
  );
}
