/** What every command of stats prints and writes. */
import { resolve } from 'node:path';
import { writeResultFiles } from '@mammoscope/systems';
import { type Command, Option } from 'commander';
import { jsonOption } from '../options.ts';
import { csvTable, latexTable, type ResultTable, textTable } from '../result-table.ts';

/** The forms of a result. */
export const FORMATS = ['text', 'json', 'csv', 'latex'] as const;

/** Flags of the output. */
export interface OutputFlags {
  readonly format: (typeof FORMATS)[number];
  readonly json?: boolean;
  readonly out?: string;
}

/** A result: its record, its tables for people, and what was done in sentences. */
export interface StatsResult {
  readonly name: string;
  readonly data: object;
  readonly tables: readonly ResultTable[];
  readonly notes: readonly string[];
  /** Files of figures by name; made only where they are written. */
  readonly figures?: () => Promise<ReadonlyMap<string, string | Uint8Array>>;
}

/** Adds --format, --json and --out. */
export function outputOptions(command: Command): Command {
  return command
    .addOption(new Option('--format <format>', 'what to print').choices([...FORMATS]).default('text'))
    .addOption(jsonOption())
    .option(
      '--out <folder>',
      'also write the result there: JSON, each table as CSV and LaTeX, figures as SVG, PNG and CSV',
    );
}

const formatters: Readonly<Record<OutputFlags['format'], (result: StatsResult) => string>> = {
  text: ({ tables, notes }) => `${[...tables.map(textTable), notes.join('\n')].join('\n\n')}\n`,
  json: ({ data }) => jsonText(data),
  csv: ({ tables }) => tables.map(csvTable).join('\n'),
  latex: ({ tables, notes }) => tables.map((table) => latexTable(table, notes)).join('\n'),
};

/** JSON of a record; an infinite number (degrees of freedom of a normal test) is null. */
function jsonText(data: object): string {
  return `${JSON.stringify(data, (_, value: unknown) => (ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value), 2)}\n`;
}

/** Prints a result as asked and writes its files where asked. */
export async function printResult(result: StatsResult, { format, json, out }: OutputFlags): Promise<void> {
  process.stdout.write(formatters[json ? 'json' : format](result));
  if (out === undefined) return;
  const folder = resolve(out);
  const files = new Map<string, string | Uint8Array>([[`${result.name}.json`, jsonText(result.data)]]);
  for (const table of result.tables) {
    files.set(`${table.name}.csv`, csvTable(table));
    files.set(`${table.name}.tex`, latexTable(table, result.notes));
  }
  for (const [name, content] of (await result.figures?.()) ?? []) files.set(`${result.name}-${name}`, content);
  const paths = await writeResultFiles(folder, files);
  process.stderr.write(`${paths.length} files in ${folder}\n`);
}
