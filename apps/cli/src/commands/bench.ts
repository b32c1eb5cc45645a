import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  type BenchResult,
  backboneName,
  classifierName,
  DETECTION_CASES,
  type DetectionResult,
  detectionCase,
  FEATURE_BACKBONES,
  type FeaturesResult,
  GMIC_CASES,
  type GmicBenchResult,
  gmicCase,
  HEADS,
  type HeadResult,
  INFERENCE_MODELS,
  type InferenceResult,
  inferenceModel,
  type RankPoolingResult,
  runDetectionCase,
  runFeaturesCase,
  runGmicCase,
  runHeadCase,
  runInferenceCase,
  runRadiomicsBench,
  runRankPoolingCase,
  runStatsBench,
  runTrainCase,
  SystemError,
  TRAIN_CASES,
  timeFilm,
  timeVolume,
} from '@mammoscope/systems';
import { Argument, Command } from 'commander';
import { jsonOption, listOption, positiveNumber, print, threadsOption, wholeNumber } from '../options.ts';
import { formatTable } from '../table.ts';

interface BenchFlags {
  readonly case?: string;
  readonly model?: readonly string[];
  readonly size?: number;
  readonly slices: number;
  readonly grid: number;
  readonly film?: string;
  readonly steps: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** `bench train`, `bench inference`, `bench detection`, `bench gmic`, `bench features`, `bench heads`, `bench rank-pooling`, `bench radiomics`, `bench stats` and `bench dicom` */
export function benchCommand(): Command {
  return new Command('bench')
    .description(
      'speed of whole training steps, or of exported networks on single images, on the CPU as a share of the MatMul ceiling of the same process, and their memory; or of radiomic features or statistics, in seconds; or of reading DICOM',
    )
    .addArgument(
      new Argument('[name]', 'what to time')
        .choices([
          'train',
          'inference',
          'rank-pooling',
          'radiomics',
          'stats',
          'dicom',
          'detection',
          'gmic',
          'features',
          'heads',
        ])
        .default('train'),
    )
    .option(
      '--case <name>',
      `only one case: ${Object.keys(TRAIN_CASES).join(', ')}; detection: ${DETECTION_CASES.join(', ')}; gmic: ${GMIC_CASES.join(', ')}; heads: ${HEADS.join(', ')}`,
    )
    .option(
      '--model <names>',
      `inference: networks (default: ${INFERENCE_MODELS.join(',')}); features and heads: backbones of liang2019 (default: ${FEATURE_BACKBONES.join(',')}, the first)`,
      listOption,
    )
    .option(
      '--size <px>',
      'side of the image (default: 224, features and heads 832, rank-pooling 1024; detection 1024 and gmic 2116, the height of a film or slice)',
      positiveNumber,
    )
    .option('--slices <n>', 'rank-pooling: slices of the volume', positiveNumber, 82)
    .option(
      '--grid <px>',
      'heads: cells a side that maps are averaged to before FC1; 0, as in the paper, for none',
      wholeNumber,
      6,
    )
    .option('--film <file>', 'dicom: a JPEG 2000 image, decoded by turns here and by opj_decompress')
    .option(
      '--steps <n>',
      'steps of each case, ten times as many images, or runs of the features or of each statistic',
      wholeNumber,
      10,
    )
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope bench train')
    .action((what: string, flags: BenchFlags) => benches[what]?.(flags));
}

const benches: Readonly<Record<string, (flags: BenchFlags) => Promise<void>>> = {
  train: bench,
  inference: benchInference,
  'rank-pooling': benchRankPooling,
  radiomics: benchRadiomics,
  stats: benchStats,
  dicom: benchDicom,
  detection: benchDetection,
  gmic: benchGmic,
  features: benchFeatures,
  heads: benchHeads,
};

/** A film against native OpenJPEG, where one is named, and a tomosynthesis of 60 frames. */
async function benchDicom({ film: path, steps, json }: BenchFlags): Promise<void> {
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  const film = path === undefined ? undefined : await timeFilm(path, steps);
  const { digests: _, ...volume } = await timeVolume();
  const { rows, columns, frames, seconds, coresUsed, workers, peakMiB } = volume;
  const figures = [seconds.toFixed(1), (frames / seconds).toFixed(2), coresUsed.toFixed(2), `${workers}`];
  const volumeTable = formatTable(
    ['tomosynthesis, JPEG 2000 lossless', 'seconds', 'frames/s', 'cores used', 'of', 'peak MiB'],
    [[`${columns} x ${rows} x ${frames}`, ...figures, peakMiB.toFixed(0)]],
  );
  const filmTable = film && [
    formatTable(
      ['film, JPEG 2000', 'least ms', 'processor ms', 'opj_decompress ms', 'ratio'],
      [
        [
          `${film.columns} x ${film.rows}`,
          ...[film.leastMs, film.processorMs, film.nativeMs].map((ms) => ms.toFixed(0)),
          film.ratio.toFixed(2),
        ],
      ],
    ),
  ];
  print(json, { ...(film && { film }), volume }, [...(filmTable ?? []), volumeTable].join('\n\n'));
}

/** Every feature of a region of the size of Xiao 2021. */
async function benchRadiomics({ steps, json }: BenchFlags): Promise<void> {
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  const result = await runRadiomicsBench(steps);
  const { width, height, depth, features, firstSeconds, leastSeconds, medianSeconds, processorSeconds } = result;
  const seconds = [firstSeconds, leastSeconds, medianSeconds, processorSeconds].map((value) => value.toFixed(2));
  const head = ['region', 'features', 'first s', 'least s', 'median s', 'processor s'];
  print(json, result, formatTable(head, [[`${width} x ${height} x ${depth}`, `${features}`, ...seconds]]));
}

/** The statistics of a large study. */
async function benchStats({ steps, json }: BenchFlags): Promise<void> {
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  const results = runStatsBench(steps);
  const lines = results.map((r) => [r.title, r.leastSeconds.toFixed(2), r.medianSeconds.toFixed(2)]);
  print(json, results, formatTable(['statistic', 'least s', 'median s'], lines));
}

async function bench(flags: BenchFlags): Promise<void> {
  if (flags.steps < 1) throw new SystemError('option-invalid', `--steps ${flags.steps}: give at least 1`);
  if (flags.case !== undefined) {
    const result = await runTrainCase(flags.case, flags.steps, flags.threads);
    print(flags.json, [result], benchTable([result]));
    return;
  }
  const results: BenchResult[] = [];
  for (const [name, { title }] of Object.entries(TRAIN_CASES)) {
    process.stderr.write(`${title} ...\n`);
    results.push(await inOwnProcess<BenchResult>(['train', '--case', name], flags));
  }
  print(flags.json, results, benchTable(results));
}

/** The exported networks named, each in a process of its own where there are several. */
async function benchInference(flags: BenchFlags): Promise<void> {
  const { model = INFERENCE_MODELS, size: sizePx = 224, steps, threads } = flags;
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  const models = model.map(inferenceModel);
  const [only, ...others] = models;
  const results: InferenceResult[] = [];
  if (only !== undefined && others.length === 0)
    results.push(await runInferenceCase(only, { sizePx, runs: 10 * steps, ...(threads ? { threads } : {}) }));
  else
    for (const name of models) {
      process.stderr.write(`${name} ...\n`);
      const part = ['inference', '--model', name, '--size', String(sizePx)];
      results.push(await inOwnProcess<InferenceResult>(part, flags));
    }
  const lines = results.map((r) => [
    `${r.model}, 1 x 3 x ${r.sizePx} x ${r.sizePx}`,
    r.leastMs.toFixed(1),
    r.medianMs.toFixed(1),
    r.gflopPerSecond.toFixed(0),
    r.ceilingGflopPerSecond.toFixed(0),
    r.shareOfCeiling.toFixed(2),
    r.peakMiB.toFixed(0),
  ]);
  const head = ['exported network', 'least ms', 'median ms', 'GFLOP/s', 'MatMul GFLOP/s', 'share', 'peak MiB'];
  print(flags.json, results, formatTable(head, lines));
}

/** Exact rank pooling of a volume in memory. */
async function benchRankPooling({ size = 1024, slices, steps, threads, json }: BenchFlags): Promise<void> {
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  const result = await runRankPoolingCase({ sizePx: size, slices, runs: steps, ...(threads ? { threads } : {}) });
  print(json, [result], rankPoolingTable(result));
}

function rankPoolingTable(result: RankPoolingResult): string {
  const { sizePx, slices, leastMs, medianMs, approximateMs, objective, dualityGap } = result;
  const head = [
    'volume',
    'least ms',
    'median ms',
    'approximate ms',
    'objective',
    'duality gap',
    'volume MiB',
    'peak MiB',
    'added MiB',
  ];
  const figures = [leastMs, medianMs, approximateMs].map((ms) => ms.toFixed(0));
  const memory = [result.volumeMiB, result.peakMiB, result.addedMiB].map((mib) => mib.toFixed(0));
  const solved = [objective.toPrecision(6), dualityGap.toPrecision(2)];
  return formatTable(head, [[`${sizePx} x ${sizePx} x ${slices}`, ...figures, ...solved, ...memory]]);
}

/** A film's training step and inference, each in a process of its own unless one is named. */
async function benchDetection(flags: BenchFlags): Promise<void> {
  const { case: name, size: heightPx = 1024, steps, threads } = flags;
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  const results: DetectionResult[] = [];
  if (name !== undefined)
    results.push(
      await runDetectionCase(detectionCase(name), { heightPx, runs: steps, ...(threads ? { threads } : {}) }),
    );
  else
    for (const each of DETECTION_CASES) {
      process.stderr.write(`${each} ...\n`);
      results.push(
        await inOwnProcess<DetectionResult>(['detection', '--case', each, '--size', String(heightPx)], flags),
      );
    }
  const lines = results.map((r) => [
    r.title,
    r.leastMs.toFixed(0),
    r.medianMs.toFixed(0),
    r.gflopPerSecond.toFixed(0),
    r.ceilingGflopPerSecond.toFixed(0),
    r.shareOfCeiling.toFixed(2),
    r.peakMiB.toFixed(0),
  ]);
  const head = ['detector', 'least ms', 'median ms', 'GFLOP/s', 'MatMul GFLOP/s', 'share', 'peak MiB'];
  print(flags.json, results, formatTable(head, lines));
}

/** A slice through the global network of 3D-GMIC and back, each in a process of its own unless one is named. */
async function benchGmic(flags: BenchFlags): Promise<void> {
  const { case: name, size: heightPx = 2116, steps, threads } = flags;
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  const results: GmicBenchResult[] = [];
  if (name !== undefined)
    results.push(await runGmicCase(gmicCase(name), { heightPx, runs: steps, ...(threads ? { threads } : {}) }));
  else
    for (const each of GMIC_CASES) {
      process.stderr.write(`${each} ...\n`);
      results.push(await inOwnProcess<GmicBenchResult>(['gmic', '--case', each, '--size', String(heightPx)], flags));
    }
  const lines = results.map((r) => [
    r.title,
    r.leastMs.toFixed(0),
    r.medianMs.toFixed(0),
    r.gflopPerSecond.toFixed(0),
    r.ceilingGflopPerSecond.toFixed(0),
    r.shareOfCeiling.toFixed(2),
    r.peakMiB.toFixed(0),
    r.volumeGmacs.toFixed(0),
  ]);
  const head = ['slice of 3D-GMIC', 'least ms', 'median ms', 'GFLOP/s', 'MatMul GFLOP/s', 'share', 'peak MiB'];
  print(flags.json, results, formatTable([...head, 'GMACs of a volume'], lines));
}

/** Backbones of Liang 2019 on single images, each in a process of its own where there are several. */
async function benchFeatures(flags: BenchFlags): Promise<void> {
  const { model = FEATURE_BACKBONES, size: sizePx = 832, steps, threads } = flags;
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  const [only, ...others] = model.map(backboneName);
  const results: FeaturesResult[] = [];
  if (only !== undefined && others.length === 0)
    results.push(await runFeaturesCase(only, { sizePx, runs: steps, ...(threads ? { threads } : {}) }));
  else
    for (const name of model)
      results.push(await inOwnProcess<FeaturesResult>(['features', '--model', name, '--size', `${sizePx}`], flags));
  const lines = results.map((r) => [`${r.backbone}, ${r.sizePx} px, to ${r.map.join(' x ')}`, ...speedCells(r)]);
  print(flags.json, results, formatTable(['features', ...SPEED], lines));
}

/** Training steps of the classifiers of Liang 2019, each in a process of its own unless one is named. */
async function benchHeads(flags: BenchFlags): Promise<void> {
  const { case: name, model = FEATURE_BACKBONES.slice(0, 1), size: sizePx = 832, grid: gridPx, steps, threads } = flags;
  if (steps < 1) throw new SystemError('option-invalid', `--steps ${steps}: give at least 1`);
  const backbone = backboneName(model[0] as string);
  const options = { backbone, gridPx, sizePx, runs: steps, ...(threads ? { threads } : {}) };
  const results: HeadResult[] = [];
  if (name !== undefined) results.push(await runHeadCase(classifierName(name), options));
  else {
    const part = ['--model', backbone, '--size', `${sizePx}`, '--grid', `${gridPx}`];
    for (const each of HEADS) results.push(await inOwnProcess<HeadResult>(['heads', '--case', each, ...part], flags));
  }
  const lines = results.map((r) => [
    `${r.classifier}, ${r.backbone} at ${r.sizePx} px, ${(r.weights / 1e6).toFixed(1)} M weights`,
    ...speedCells(r),
    (r.trainingSeconds / 60).toFixed(1),
  ]);
  print(flags.json, results, formatTable(['step of 32 pairs', ...SPEED, 'minutes for 300 pairs, 100 epochs'], lines));
}

const SPEED = [
  ...['least ms', 'median ms', 'processor ms', 'GFLOP/s', 'MatMul GFLOP/s'],
  ...['share', 'by processor time', 'peak MiB'],
];
const speedCells = (r: Omit<FeaturesResult, 'backbone' | 'sizePx' | 'map'>): string[] => [
  ...[r.leastMs, r.medianMs, r.processorMs, r.gflopPerSecond, r.ceilingGflopPerSecond].map((value) => value.toFixed(0)),
  ...[r.shareOfCeiling.toFixed(2), r.processorShare.toFixed(2), r.peakMiB.toFixed(0)],
];

/** A part of a benchmark in a process of its own, so that its memory is its own. */
async function inOwnProcess<Result>(part: readonly string[], { steps, threads }: BenchFlags): Promise<Result> {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const flags = ['--json', '--steps', String(steps), ...(threads ? ['--threads', String(threads)] : [])];
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    main,
    'bench',
    ...part,
    ...flags,
  ]);
  return (JSON.parse(stdout) as Result[])[0] as Result;
}

function benchTable(results: readonly BenchResult[]): string {
  const lines = results.map((r) => [
    r.title,
    r.leastMs.toFixed(0),
    r.medianMs.toFixed(0),
    r.imagesPerSecond.toFixed(1),
    r.gflopPerSecond.toFixed(0),
    r.ceilingGflopPerSecond.toFixed(0),
    r.shareOfCeiling.toFixed(2),
    r.peakMiB.toFixed(0),
    r.stepMiB.toFixed(0),
  ]);
  return formatTable(
    [
      'training step',
      'least ms',
      'median ms',
      'images/s',
      'GFLOP/s',
      'MatMul GFLOP/s',
      'share',
      'peak MiB',
      'step MiB',
    ],
    lines,
  );
}
