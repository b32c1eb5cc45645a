/** The last two columns of each part of Table IV: average precision, and the mean confidence of right calls. */
import { readFile } from 'node:fs/promises';
import type { FigureTable } from '@mammoscope/report';
import * as z from 'zod';
import { meanEstimate, SEVERAL_REPETITIONS } from '../reproduce/figures.ts';
import type { EvaluatedRepetition } from '../reproduce/reproduction.ts';
import { runFiles } from '../run/run-record.ts';
import { CLASSIFIERS, type Classifier } from './recipe.ts';

/** AP and AC as published, of the DM, the DBT and the DM-DBT classifier, by the runs of the comparison. */
export const PUBLISHED: Readonly<Record<string, Readonly<Record<Classifier, readonly [ap: number, ac: number]>>>> = {
  alexnet: { dm: [0.7, 0.78], dbt: [0.76, 0.83], 'dm-dbt': [0.86, 0.83] },
  resnet: { dm: [0.71, 0.96], dbt: [0.73, 0.97], 'dm-dbt': [0.8, 0.96] },
  densenet: { dm: [0.72, 0.79], dbt: [0.8, 0.97], 'dm-dbt': [0.88, 0.96] },
  squeezenet: { dm: [0.71, 0.8], dbt: [0.75, 0.79], 'dm-dbt': [0.88, 0.97] },
};

const estimate = z.object({ value: z.number().nullable(), interval: z.tuple([z.number(), z.number()]).nullable() });
const tabledMetrics = z.object({
  models: z.array(
    z.object({
      model: z.string(),
      randomFeatures: z.boolean(),
      averagePrecision: estimate,
      averageCorrectConfidence: estimate,
    }),
  ),
});

/** AP and AC of each run's classifiers: of one repetition with their own intervals, of several as every figure of a comparison. */
export async function precisionAndConfidence(
  repetitions: readonly EvaluatedRepetition[],
  overlap: number,
): Promise<FigureTable> {
  const several = repetitions.length > 1;
  const rows = Object.entries(PUBLISHED).map(async ([run, published]) => {
    const all = await Promise.all(repetitions.flatMap(({ runs }) => (runs[run] ? [metricsOf(runs[run])] : [])));
    return CLASSIFIERS.map((classifier) => {
      const found = all.flatMap(({ models }) => models.filter(({ model }) => model === classifier));
      const cell = (name: 'averagePrecision' | 'averageCorrectConfidence', printed: number) => {
        const each = found.map((model) => model[name]);
        const mean = meanEstimate(
          each.map(({ value }) => value),
          overlap,
        );
        const interval = several ? mean.interval : (each[0]?.interval ?? undefined);
        return {
          ...(found.length > 0 ? { here: { value: mean.value, ...(interval ? { interval } : {}) } } : {}),
          published: { value: printed },
        };
      };
      const [ap, ac] = published[classifier];
      const isRandom = found.some(({ randomFeatures }) => randomFeatures);
      return {
        label: `${run}, ${classifier}${isRandom ? ' (random)' : ''}`,
        cells: [cell('averagePrecision', ap), cell('averageCorrectConfidence', ac)],
      };
    });
  });
  return {
    number: 'Table IV, AP and AC',
    caption: 'Average precision (AP) and average correct predict confidence (AC)',
    columns: ['AP', 'AC'],
    rows: (await Promise.all(rows)).flat(),
    remark: several
      ? `Intervals: ${SEVERAL_REPETITIONS}.`
      : 'AP with an interval by the infinitesimal jackknife on the logit scale, AC with Student’s, patients as clusters.',
  };
}

async function metricsOf(run: string) {
  return tabledMetrics.parse(JSON.parse(await readFile(runFiles(run).metrics, 'utf8')));
}
