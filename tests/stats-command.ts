/** The commands of stats as a user calls them, with tables and reference numbers, for the tests alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertDone, workplace } from './cli-process.ts';

const references = new URL('../references/', import.meta.url);

/** A record of other tools' numbers. */
export const golden = (path: string) => JSON.parse(readFileSync(new URL(path, references), 'utf8'));

/** The path of a reference table of scores. */
export const scores = (name: string) => fileURLToPath(new URL(`stats/${name}.csv`, references));

/** Rows of a reference table: patient, label, a, b, c. */
export const rowsOf = (name: string) =>
  readFileSync(scores(name), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(',').map(Number) as [number, number, number, number, number]);

/** Asserts |actual - expected| <= tolerance. */
export const close = (actual: number, expected: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`);

/** A workplace whose commands read tables written into it. */
export async function statsWorkplace() {
  const { folder, mammoscope } = await workplace();
  return {
    folder,
    mammoscope,
    /** The JSON of a command of stats. */
    json: async (...args: readonly string[]) => {
      const outcome = await mammoscope(['stats', ...args, '--json']);
      assertDone(outcome);
      return JSON.parse(outcome.stdout);
    },
    /** Writes a table into the folder and returns its name. */
    table: async (name: string, columns: readonly string[], rows: readonly (readonly (string | number)[])[]) => {
      await writeFile(join(folder, name), `${[columns, ...rows].map((row) => row.join(',')).join('\n')}\n`);
      return name;
    },
  };
}
