export {
  DETECTION_CASES,
  type DetectionResult,
  detectionCase,
  runDetectionCase,
} from './bench/detection-bench.ts';
export { type FilmDecoding, timeFilm, timeVolume } from './bench/dicom-bench.ts';
export type { VolumeReading } from './bench/dicom-volume.ts';
export { GMIC_CASES, type GmicBenchResult, gmicCase, runGmicCase } from './bench/gmic-bench.ts';
export {
  INFERENCE_MODELS,
  type InferenceResult,
  inferenceModel,
  runInferenceCase,
} from './bench/inference-bench.ts';
export {
  backboneName,
  classifierName,
  FEATURE_BACKBONES,
  type FeaturesResult,
  HEADS,
  type HeadResult,
  runFeaturesCase,
  runHeadCase,
} from './bench/joint-bench.ts';
export { type RadiomicsBenchResult, runRadiomicsBench } from './bench/radiomics-bench.ts';
export { type RankPoolingResult, runRankPoolingCase } from './bench/rank-pooling-bench.ts';
export type { Speed } from './bench/speed.ts';
export { runStatsBench, type StatsBenchResult } from './bench/stats-bench.ts';
export { type BenchResult, runTrainCase, TRAIN_CASES } from './bench/train-bench.ts';
export {
  MEASURED_SLICES,
  type MeasuredStep,
  measureStep,
  TABLE_ROWS,
  TABLE_SLICES,
  WHOLE_VOLUME_CASES,
  type WholeVolumeCase,
  type WholeVolumeCost,
  wholeVolumeCase,
  wholeVolumeCost,
} from './bench/whole-volumes.ts';
export { PREPROCESSING_PLACES, type PreprocessingPlace } from './classifier/export.ts';
export { type DemoData, demoData } from './demo-data.ts';
export { sourceTask, taskOf } from './dicom-results/judged-places.ts';
export { type ResultSources, readResultSources } from './dicom-results/result-sources.ts';
export { type DicomResultsRequest, writeDicomResults } from './dicom-results/write-dicom-results.ts';
export { SYSTEM_ERROR_CODES, SystemError, type SystemErrorCode } from './errors.ts';
export { type ExportedRun, type ExportOptions, exportRun } from './export/export-run.ts';
export { type Evaluation, evaluateKang2021, headline, type ModelMetrics } from './kang2021/evaluate.ts';
export { metricsOf } from './kang2021/metrics.ts';
export { type Prediction, type Predictions, predictKang2021 } from './kang2021/predict.ts';
export { PRESETS, type PresetName, type Recipe, SYSTEM as KANG2021 } from './kang2021/recipe.ts';
export { writeResults } from './kang2021/results.ts';
export { recipeWith } from './kang2021/settings.ts';
export { type TrainOptions, trainKang2021 } from './kang2021/train.ts';
export * from './reader-study/index.ts';
export { reproductionOf, systemOf, systems } from './registry.ts';
export type { PartEvent } from './reproduce/job.ts';
export { type ReproduceOptions, type ReproduceSummary, reproduce } from './reproduce/reproduce.ts';
export { type TrainInProcessesOptions, trainInProcesses } from './reproduce/train-members.ts';
export { makeFolder } from './run/make-folder.ts';
export { type RunRecord, readRunRecord } from './run/run-record.ts';
export { versions } from './run/versions.ts';
export type {
  EvaluateRequest,
  EvaluationSummary,
  PredictionSummary,
  PredictRequest,
  System,
  TrainEvents,
  TrainRequest,
} from './system.ts';
export { type TrainingSummary, trainingSummary } from './training/history.ts';
export { type ClusterCohort, type ClusterCohortOptions, writeClusterCohort } from './virtual-cohort/clusters.ts';
export {
  type ScreeningCohort,
  type ScreeningCohortOptions,
  writeScreeningCohort,
} from './virtual-cohort/screening.ts';
export {
  type BreastDensity,
  DENSITIES,
  PHANTOM_FORMATS,
  PHANTOM_PRESETS,
  type PhantomCohortOptions,
  type PhantomCohortSummary,
  type PhantomFormat,
  type PhantomPresetName,
  writePhantomCohort,
} from './virtual-cohort/women.ts';
