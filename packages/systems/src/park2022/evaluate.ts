import { join } from 'node:path';
import type { EvaluateRequest, EvaluationSummary } from '../system.ts';
import { evaluation } from './evaluation.ts';
import { metricsOf, writeResults } from './results.ts';
import { openRun, scoreRun, validationImages } from './score-run.ts';

/** Scores the images of a manifest that training did not see, and writes figures, tables and pictures into `out`. */
export async function evaluatePark2022(request: EvaluateRequest): Promise<EvaluationSummary> {
  const { engine, run, manifest, out, cutoffFrom, by, onImages } = request;
  const opened = await openRun(engine, run);
  const { record, recipe } = opened;
  const validation = await validationImages(opened);
  const scored = await scoreRun(opened, manifest, {
    saliency: join(out, 'saliency'),
    onImage: (member, done, total) => {
      if (done === total) onImages?.(member, total);
    },
  });
  const found = await evaluation({
    ...{ record, recipe, manifest, scored, validation, cutoffFrom },
    ...(by ? { by } : {}),
  });
  await writeResults(run, found, out);
  const { models, units } = found.judged;
  return { models, rows: units, cases: 'breasts', dataset: scored.dataset, metrics: metricsOf(found) };
}
