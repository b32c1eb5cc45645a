import type { ReaderCovarianceMethod, ReaderGeneralisation } from '@mammoscope/stats';
import { analysisFigures, figureFiles, type ReaderStudy, readerStudy, readTable } from '@mammoscope/systems';
import { Command, Option } from 'commander';
import { listOption, positiveNumber } from '../options.ts';
import type { ResultTable } from '../result-table.ts';
import { finiteNumber, openShare } from './stats-options.ts';
import { type OutputFlags, outputOptions, printResult, type StatsResult } from './stats-output.ts';
import { column, estimate, percentOf } from './stats-tables.ts';

interface ReadersFlags extends OutputFlags {
  readonly reader: string;
  readonly modality: string;
  readonly case: string;
  readonly label: string;
  readonly positive?: readonly string[];
  readonly score: string;
  readonly generalise: ReaderGeneralisation;
  readonly covariance: ReaderCovarianceMethod;
  readonly confidence: number;
  readonly difference?: number;
  readonly planReaders?: number;
  readonly power: number;
  readonly alpha: number;
}

/** `stats readers <table>` */
export function readersCommand(): Command {
  const command = new Command('readers')
    .description('multi-reader multi-case study (Obuchowski and Rockette), and the sample size of the next one')
    .argument('<table>', 'CSV in long form, one row a reading: reader, modality, case, truth, score')
    .option('--reader <column>', 'the reader', 'reader')
    .option('--modality <column>', 'the modality', 'modality')
    .option('--case <column>', 'the case', 'case')
    .option('--label <column>', 'the truth: 0 and 1, or names (see --positive)', 'label')
    .option('--positive <names>', 'names in the column of the truth that mean positive', listOption)
    .option('--score <column>', 'the rating; higher is more suspicious', 'score')
    .addOption(
      new Option('--generalise <to>', 'to what the result applies')
        .choices(['readers-and-cases', 'cases', 'readers'])
        .default('readers-and-cases'),
    )
    .addOption(
      new Option('--covariance <method>', 'of AUCs over cases').choices(['jackknife', 'delong']).default('jackknife'),
    )
    .option('--confidence <share>', 'of the intervals', openShare, 0.95)
    .option('--difference <auc>', 'plan a study that finds this difference, with this one as its pilot', finiteNumber)
    .option('--plan-readers <n>', 'readers of the planned study (default: as many as here)', positiveNumber)
    .option('--power <share>', 'of the planned study', openShare, 0.8)
    .option('--alpha <share>', 'of the planned study', openShare, 0.05);
  return outputOptions(command)
    .addHelpText('after', '\nExample:\n  ./mammoscope stats readers readings.csv --label truth --difference 0.05')
    .action(async (path: string, flags: ReadersFlags) => {
      const { reader, modality, label, positive, score, generalise, covariance, confidence } = flags;
      const { difference, planReaders, power, alpha } = flags;
      const result = readerStudy(
        await readTable(path),
        { reader, modality, case: flags.case, label, score, ...(positive && { positive }) },
        {
          generalise,
          covariance,
          confidence,
          ...(difference !== undefined && {
            plan: { difference, power, alpha, ...(planReaders !== undefined && { readers: planReaders }) },
          }),
        },
      );
      await printResult(resultOf(result), flags);
    });
}

function resultOf(data: ReaderStudy): StatsResult {
  const { file, modalities, readers, cases, positives, analysis, confidence, plan, notes } = data;
  const level = percentOf(confidence);
  const aucs: ResultTable = {
    name: 'readers-auc',
    title: `Reader study: ${file}, ${readers.length} readers, ${cases} cases, ${positives} positive`,
    columns: [
      column('modality', 'text'),
      column('auc', 'auc', `mean AUC (${level} CI)`),
      column('degrees_of_freedom', 'statistic', 'df'),
      ...readers.map((reader) => column(`auc_${reader}`, 'auc', reader)),
    ],
    rows: analysis.modalities.map(({ auc, interval, degreesOfFreedom }, i) => [
      modalities[i] as string,
      estimate(auc, interval),
      degreesOfFreedom,
      ...(analysis.aucs[i] ?? []),
    ]),
  };
  const { f, numeratorDegrees, denominatorDegrees, p } = analysis.overall;
  const differences: ResultTable = {
    name: 'readers-differences',
    title: `Differences; all modalities equal: F = ${f.toFixed(2)} on ${numeratorDegrees} and ${Number.isFinite(denominatorDegrees) ? denominatorDegrees.toFixed(2) : 'infinite'} degrees of freedom, p = ${p.toFixed(4)}`,
    columns: [
      column('a', 'text'),
      column('b', 'text'),
      column('difference', 'auc', `a - b (${level} CI)`),
      column('t', 'statistic'),
      column('degrees_of_freedom', 'statistic', 'df'),
      column('p', 'p'),
    ],
    rows: analysis.differences.map(({ a, b, difference, interval, t, degreesOfFreedom, p: own }) => [
      modalities[a] as string,
      modalities[b] as string,
      estimate(difference, interval),
      t,
      degreesOfFreedom,
      own,
    ]),
  };
  const { variance } = analysis;
  const components: ResultTable = {
    name: 'readers-variance',
    title: 'Variance components of an AUC',
    columns: [column('component', 'text'), column('value', 'score')],
    rows: [
      ['reader', variance.reader],
      ['modality x reader', variance.modalityReader],
      ['error', variance.error],
      ['cov1 (one reader, two modalities)', variance.cov1],
      ['cov2 (two readers, one modality)', variance.cov2],
      ['cov3 (two readers, two modalities)', variance.cov3],
    ],
  };
  const planned: ResultTable[] = plan
    ? [
        {
          name: 'readers-plan',
          title: 'Sample size',
          columns: [
            column('readers', 'count'),
            column('cases', 'count'),
            column('power', 'auc'),
            column('degrees_of_freedom', 'statistic', 'df'),
          ],
          rows: [[plan.readers, plan.cases, plan.power, plan.denominatorDegrees]],
        },
      ]
    : [];
  const figures = async () => figureFiles((await analysisFigures()).readersFigures(data));
  return { name: 'readers', data, tables: [aucs, differences, components, ...planned], notes, figures };
}
