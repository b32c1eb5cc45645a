import { join, resolve } from 'node:path';
import { readManifest } from '@mammoscope/imaging';
import type { Device } from '@mammoscope/runtime';
import {
  type EvaluationSummary,
  type Figure,
  makeFolder,
  readRunRecord,
  SystemError,
  systemOf,
} from '@mammoscope/systems';
import { Command, Option } from 'commander';
import { deviceOption, jsonOption, openEngine, print, threadsOption } from '../options.ts';
import { formatTable } from '../table.ts';
import { byOption, subgroupColumns } from './stats-options.ts';

interface EvaluateFlags {
  readonly data: string;
  readonly out?: string;
  readonly cutoff: 'validation' | 'test';
  readonly by?: readonly string[];
  readonly explain?: string;
  readonly json?: boolean;
  readonly device: Device | 'auto';
  readonly threads?: number;
}

/** `evaluate <run> --data manifest.csv` */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description(
      'measure a run on images that it never saw: metrics.json, predictions.csv, report.html and its figures/ as SVG, PNG and CSV',
    )
    .argument('<run>', 'run folder that train wrote')
    .requiredOption('--data <manifest>', "the run's own manifest (its test split is used) or another one")
    .option('--out <folder>', 'where to write the results (the run folder unless given)')
    .addOption(
      new Option(
        '--cutoff <images>',
        'images on which the cut-off is chosen; on test images it flatters, and the report says so',
      )
        .choices(['validation', 'test'])
        .default('validation'),
    )
    .addOption(byOption('subgroups by a column of the manifest, numbers in bands: --by view --by age:40,50,60'))
    .option(
      '--explain <network>',
      'whose Grad-CAM the report shows (kang2021; inceptionresnetv2 as in the paper where the run has it, else the first)',
    )
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope evaluate run --data manifest.csv --json')
    .action((run: string, flags: EvaluateFlags) => evaluate(resolve(run), flags));
}

async function evaluate(run: string, flags: EvaluateFlags): Promise<void> {
  const record = await readRunRecord(run);
  const system = systemOf(record);
  if (flags.explain !== undefined && !system.explains)
    throw new SystemError(
      'option-invalid',
      `--explain ${flags.explain}: reports of ${record.system} have no heat maps of one network; leave it out`,
    );
  const manifest = await readManifest(flags.data, { classes: record.classes });
  const out = resolve(flags.out ?? run);
  await makeFolder(out);
  const engine = await openEngine(
    flags.device,
    flags.threads ?? (record.device === 'cpu' ? record.threads : undefined),
  );
  try {
    const evaluation = await system.evaluate({
      engine,
      run,
      manifest,
      out,
      cutoffFrom: flags.cutoff,
      by: subgroupColumns(flags.by ?? []),
      explain: flags.explain,
      onImages: (model, images) => process.stderr.write(`${model}: ${images} images\n`),
    });
    print(flags.json, evaluation.metrics, evaluationTable(evaluation));
    process.stderr.write(`report: ${join(out, 'report.html')}, figures: ${join(out, 'figures')}\n`);
  } finally {
    await engine.close();
  }
}

/** The performance table as text: a line a model. */
export function evaluationTable({
  models,
  rows,
  cases = 'images',
  dataset,
}: Omit<EvaluationSummary, 'metrics'>): string {
  const percent = ({ value, interval }: Figure) =>
    value === null || interval === null
      ? '-'
      : `${(100 * value).toFixed(1)} (${(100 * interval.lower).toFixed(1)}-${(100 * interval.upper).toFixed(1)})`;
  const lines = models.map(({ model, auc, atCutoff: at, cutoff }) => [
    model,
    `${auc.auc.toFixed(3)} (${auc.logitInterval.lower.toFixed(3)}-${auc.logitInterval.upper.toFixed(3)})`,
    Number.isFinite(cutoff) ? `>= ${cutoff.toFixed(3)}` : 'none',
    percent(at.sensitivity),
    percent(at.specificity),
    percent(at.accuracy),
    percent(at.ppv),
    percent(at.npv),
  ]);
  const table = formatTable(
    ['model', 'AUC (95 % CI)', 'cut-off', 'sensitivity %', 'specificity %', 'accuracy %', 'PPV %', 'NPV %'],
    lines,
  );
  return `${table}\n${rows.length} ${cases} of ${new Set(rows.map(({ patientId }) => patientId)).size} patients, ${dataset}`;
}
