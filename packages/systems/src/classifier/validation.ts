/** Scores on the validation images, kept with each network so that a cut-off can be chosen without the images. */
import { readFile } from 'node:fs/promises';
import { writeAside } from '@mammoscope/files';
import { formatCsv } from '@mammoscope/imaging';
import { youden } from '@mammoscope/stats';
import { parse } from 'csv-parse/sync';
import { SystemError } from '../errors.ts';

/** One validation image. */
export interface ValidationScore {
  readonly path: string;
  readonly positive: boolean;
  readonly score: number;
}

/** The cut-off with the largest Youden index; an image is called positive from it on; Infinity where none beats chance. */
export function cutoffOf(scores: readonly Omit<ValidationScore, 'path'>[]): number {
  return youden(
    scores.map(({ score }) => score),
    scores.map(({ positive }) => positive),
  ).threshold;
}

export async function writeValidationScores(path: string, scores: readonly ValidationScore[]): Promise<void> {
  await writeAside(
    path,
    formatCsv(scores.map(({ path: image, positive, score }) => ({ path: image, positive: positive ? 1 : 0, score }))),
  );
}

export async function readValidationScores(path: string): Promise<ValidationScore[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new SystemError('run-missing', `${path} is missing: training did not finish; go on with train ... --resume`, {
      cause: error,
    });
  }
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  return rows.map((row) => ({
    path: row.path ?? '',
    positive: row.positive === '1',
    score: Number(row.score),
  }));
}
