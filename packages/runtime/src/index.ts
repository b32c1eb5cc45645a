export { type Checkpoint, type JsonValue, readCheckpoint, writeCheckpoint } from './checkpoint/checkpoint.ts';
export { type ProbeOptions, type ProbeRecord, probeNetwork } from './probe/probe.ts';
export { probeInput, probeParameter, unit } from './probe/probe-tensors.ts';
export { detectBlockSize } from './session/block-size.ts';
export { chooseDevice, type DeviceChoice } from './session/choose-device.ts';
export { DEVICES, type Device, ortVersion } from './session/device.ts';
export { Engine, EngineError, type EngineOptions, type Session } from './session/engine.ts';
export { evaluateGraph } from './session/evaluate.ts';
export { openExportedModel } from './session/exported-model.ts';
export type { FloatModel } from './session/float-model.ts';
export { TRAINING_ERROR_CODES, TrainingError, type TrainingErrorCode } from './training/errors.ts';
export {
  bestOf,
  type EpochRecord,
  epochsWithoutImprovement,
  type FitEvents,
  type FitOptions,
  type FitState,
  fit,
  residentShapes,
} from './training/fit.ts';
export { type ChoiceOptions, choicesFile, chooseWays } from './tuning/choices.ts';
export { type TimedChoice, timeWays, undecidedNodes } from './tuning/timing.ts';
export { WEIGHTS_ERROR_CODES, WeightsError, type WeightsErrorCode } from './weights/errors.ts';
export { type ImportedWeights, type ImportOptions, importWeights } from './weights/import-weights.ts';
export { initialise } from './weights/initialise.ts';
export { type LoadedWeights, type LoadOptions, type LoadReport, loadWeights } from './weights/load-weights.ts';
export {
  type Downloaded,
  type DownloadOptions,
  download,
  publishedFolder,
} from './weights/published/download.ts';
export { PUBLISHED_FILES, PUBLISHED_INPUTS, type PublishedFile } from './weights/published/published-files.ts';
export { openWeights, readWeights } from './weights/read-weights.ts';
export { readSafetensors, type Safetensors, writeSafetensors } from './weights/safetensors.ts';
export { float32Tensor, type StateDict, type StateTensor } from './weights/state-dict.ts';
export type { TensorEntry, WeightsFile } from './weights/weights-file.ts';
