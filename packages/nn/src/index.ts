export { type CutGraph, cutGraph } from './graph/cut.ts';
export { differentiate } from './graph/differentiate.ts';
export { GraphError, type GraphErrorCode } from './graph/errors.ts';
export {
  type FoldedConvolution,
  type FoldedGraph,
  foldedWeights,
  foldNormalisation,
} from './graph/fold-normalisation.ts';
export * as functions from './graph/functions.ts';
export { Graph } from './graph/graph.ts';
export { bytesAlive, stored } from './graph/live-memory.ts';
export type { Attributes, OpName } from './graph/ops/index.ts';
export { ops } from './graph/ops/index.ts';
export { cutInPhases, type GraphPhases, KEPT_PREFIX } from './graph/phases.ts';
export { type Segment, segmentsByBlock } from './graph/recomputation.ts';
export { type ScaledKernelOptions, scaleKernels } from './graph/scaled-kernels.ts';
export {
  type DType,
  type GraphNode,
  type Shape,
  showShape,
  sizeOf,
  type Tensor,
  type TensorData,
  toTensorData,
} from './graph/tensor.ts';
export { acrossSlices, withinSlices } from './layers/anisotropic.ts';
export {
  batchNorm,
  convolution,
  dropout,
  groupNorm,
  type Layer,
  layerNorm,
  linear,
  RANDOM_INPUT_PREFIX,
  sequence,
} from './layers/layers.ts';
export { type Declaration, type Initialiser, Scope } from './layers/scope.ts';
export { blockable, filterable, type Layout, PORTABLE_TARGET, permuteFilter, type Target } from './lowering/layout.ts';
export {
  applicableWays,
  type Choices,
  encode,
  type LoweredGraph,
  liveNodes,
  lower,
  type OutsideLayouts,
  type Port,
  signature,
} from './lowering/lower.ts';
export { type LoweredPhases, lowerPhases } from './lowering/lower-phases.ts';
export { ways } from './lowering/ways/index.ts';
export type { Classification, FeatureMap, Features, Network, NetworkOptions } from './models/backbone.ts';
export {
  DETECTION_PORTS,
  type DetectorSpec,
  type DetectorTensors,
  fasterRcnn,
  ROI_BINS,
  ROI_ENTRIES,
  roiInputs,
  roiTransposedShapes,
} from './models/faster-rcnn/faster-rcnn.ts';
export { type PyramidLevel, pyramidLevels } from './models/faster-rcnn/pyramid-levels.ts';
export {
  PIXEL_ENTRIES,
  type RoiTensors,
  roiAlign,
  rowsOfLevels,
  TRANSPOSED_ENTRIES,
  transposedShapes,
} from './models/faster-rcnn/roi-align.ts';
export { featurePyramid, resnet50Fpn } from './models/feature-pyramid.ts';
export {
  GMIC_CLASSES,
  type GmicLocal,
  type GmicNetworks,
  gmicLocal,
  gmicSaliency,
  gmicTopPooling,
  type SaliencyOptions,
} from './models/gmic.ts';
export { gradCam } from './models/grad-cam.ts';
export {
  type ClassifierName,
  classifiers,
  isClassifierName,
  isNetworkName,
  type NetworkName,
  networks,
  volumeNetworks,
} from './models/index.ts';
export { type LiangHead, type LiangHeadOptions, liangJointHead, liangSingleHead } from './models/liang2019.ts';
export { RESNET_WIDTH, resnetFeatures } from './models/resnet.ts';
export { type Resnet22Options, resnet22Features } from './models/resnet22.ts';
export { globalGroupMaxPool, regionGroupMaxPool } from './models/shu2020.ts';
export { spatialPyramidPool } from './models/sppnet.ts';
export { type ZhangHead, type ZhangHeadOptions, zhangImageHead, zhangVolumeHead } from './models/zhang2018.ts';
export {
  type ExternalData,
  InitialiserError,
  listInitialisers,
  type OnnxInitialiser,
  type OnnxTensor,
  type OnnxTensorType,
  readInitialisers,
} from './onnx/initialisers.ts';
export { encodeModel, type OnnxModel } from './onnx/model.ts';
export { type AdamOptions, adam, adamW } from './train/adam.ts';
export { clipByGlobalNorm, globalNorm } from './train/clipping.ts';
export {
  boxHeadLoss,
  type DetectionLosses,
  type DetectionLossOptions,
  detectionLosses,
  rpnLoss,
} from './train/detection-losses.ts';
export { gmicGlobalLoss, gmicLocalLoss } from './train/gmic-losses.ts';
export { binaryCrossEntropy, binaryCrossEntropyWithLogits, crossEntropy, l1, smoothL1 } from './train/losses.ts';
export {
  type Gradients,
  type HostStep,
  type HostValues,
  hostStateNames,
  type Optimiser,
  type OptimiserDescription,
  type ParameterGroup,
  scalarName,
} from './train/optimiser.ts';
export { optimiserFrom } from './train/optimisers.ts';
export {
  constantSchedule,
  cosineSchedule,
  type PlateauOptions,
  type PlateauState,
  plateauSchedule,
  type Schedule,
  type ScheduleState,
  stepSchedule,
  type WarmUpState,
  warmUp,
} from './train/schedules.ts';
export { type SgdOptions, sgd } from './train/sgd.ts';
export {
  ACCUMULATOR_PREFIX,
  type Accumulation,
  buildAccumulation,
  buildTrainingStep,
  GRADIENT_NORM_OUTPUT,
  GRADIENT_PREFIX,
  hostStepOf,
  LOSS_OUTPUT,
  type UpdateOptions,
} from './train/training-step.ts';
