export {
  type CohenKappa,
  type CohenKappaOptions,
  cohenKappa,
  type KappaWeights,
  type Rating,
} from './agreement/cohen-kappa.ts';
export { type FleissKappa, type FleissKappaOptions, fleissKappa } from './agreement/fleiss-kappa.ts';
export { type Matthews, type MatthewsOptions, matthews } from './agreement/matthews.ts';
export {
  type Mcnemar,
  type McnemarMethod,
  type McnemarOptions,
  mcnemar,
  type PairedCounts,
  pairedCounts,
} from './agreement/mcnemar.ts';
export { type AverageCorrectConfidence, averageCorrectConfidence } from './calibration/average-correct-confidence.ts';
export { type Brier, brier } from './calibration/brier.ts';
export { type Isotonic, isotonic, isotonicProbability } from './calibration/isotonic.ts';
export { type Platt, platt, plattProbability } from './calibration/platt.ts';
export {
  type Binning,
  type Reliability,
  type ReliabilityBin,
  type ReliabilityOptions,
  reliability,
} from './calibration/reliability.ts';
export type { Labels, Scores } from './cases.ts';
export { groupFolds } from './cross-validation/group-folds.ts';
export { type DecisionCurve, type DecisionPoint, decisionCurve } from './decision/decision-curve.ts';
export { type Afroc, type AfrocPoint, afroc } from './detection/afroc.ts';
export {
  type DetectionAveragePrecision,
  type DetectionPrecisionMethod,
  type DetectionPrecisionOptions,
  detectionAveragePrecision,
} from './detection/detection-average-precision.ts';
export { dice } from './detection/dice.ts';
export { type Box, type Detection, intersectionOverUnion, type Lesion, type Volume } from './detection/findings.ts';
export {
  type DbtexScore,
  dbtexScore,
  type FrocCurve,
  type FrocOptions,
  type FrocPoint,
  froc,
  sensitivityAt,
} from './detection/froc.ts';
export { dbtexHit, findHits, type HitRule, type Hits, overlapHit } from './detection/hits.ts';
export { type PixelAveragePrecisionOptions, pixelAveragePrecision } from './detection/pixel-average-precision.ts';
export { betaCdf, betaQuantile } from './distributions/beta.ts';
export { chiSquareTail } from './distributions/chi-square.ts';
export { fTail, fTailQuantile, noncentralFTail } from './distributions/f-distribution.ts';
export { erf, erfc, normalCdf, normalQuantile, twoSidedP } from './distributions/normal.ts';
export { studentQuantile, studentTwoSidedP } from './distributions/student.ts';
export { StatsError, type StatsErrorCode, statsErrors } from './errors.ts';
export type { FeatureColumns } from './feature-columns.ts';
export { DEFAULT_LEVEL, type Interval, tailProbability, twoSidedDeviate } from './interval.ts';
export {
  type ImageRow,
  type Level,
  type LevelOptions,
  type LevelRow,
  type LevelRule,
  toLevel,
} from './levels/levels.ts';
export { bands, MISSING, rowsOf, type Subgroup, type SubgroupValue, subgroups } from './levels/subgroups.ts';
export { benjaminiHochberg } from './multiplicity/benjamini-hochberg.ts';
export { holm } from './multiplicity/holm.ts';
export type { AdjustedP } from './multiplicity/p-values.ts';
export { type ClusteredProportion, clusteredProportion } from './proportions/clustered-proportion.ts';
export {
  type ConfusionCounts,
  type ConfusionMetrics,
  type ConfusionOptions,
  confusion,
  confusionCounts,
  confusionMetrics,
} from './proportions/confusion.ts';
export { type F1Method, type F1Options, type F1Score, f1Score } from './proportions/f1.ts';
export {
  type MeasuredProportion,
  measuredProportion,
  type Proportion,
  type ProportionInterval,
  type ProportionMethod,
  type ProportionOptions,
  proportion,
  proportionInterval,
} from './proportions/proportion.ts';
export type { RandomSource } from './random-source.ts';
export {
  type ModalityAuc,
  type ModalityDifference,
  type ObuchowskiRockette,
  type ObuchowskiRocketteOptions,
  obuchowskiRockette,
  type ReaderGeneralisation,
  type ReaderVariance,
} from './readers/obuchowski-rockette.ts';
export { type ReaderAucs, type ReaderCovarianceMethod, readerAucs } from './readers/reader-covariance.ts';
export {
  type ReaderStudyPlan,
  type ReaderStudyPower,
  readerStudyCases,
  readerStudyPower,
} from './readers/reader-study-size.ts';
export {
  type GeeCoefficient,
  type GeeCorrelation,
  type GeeEstimates,
  type GeeFit,
  type GeeLink,
  type GeeOptions,
  gee,
  geeEstimates,
} from './regression/gee.ts';
export {
  type GeeComparison,
  type GeeComparisonOptions,
  type GeeMeasure,
  geeComparison,
  type ModelCalls,
  type ModelDifference,
  type ModelProportion,
} from './regression/gee-comparison.ts';
export { type LassoOptions, lassoLogits, lassoPath } from './regression/lasso.ts';
export { type CrossValidatedLasso, crossValidatedLasso } from './regression/lasso-cross-validation.ts';
export type { LassoFit } from './regression/lasso-problem.ts';
export { type Line, leastSquaresLine } from './regression/least-squares-line.ts';
export { type WaldTest, waldTest } from './regression/wald.ts';
export {
  type BootstrapEstimate,
  type BootstrapMethod,
  type BootstrapOptions,
  bootstrap,
} from './resampling/bootstrap.ts';
export type { BandOptions } from './resampling/pointwise-band.ts';
export { quantile } from './resampling/quantile.ts';
export { resampledAuc } from './resampling/resampled-auc.ts';
export {
  type ResampledOperatingPointOptions,
  resampledOperatingPoint,
} from './resampling/resampled-operating-point.ts';
export { resampledSensitivity } from './resampling/resampled-sensitivity.ts';
export { clusterClasses, type Groups, type ResampledStatistic } from './resampling/units.ts';
export { auc } from './roc/auc.ts';
export {
  type AveragePrecision,
  type AveragePrecisionOptions,
  averagePrecision,
} from './roc/average-precision.ts';
export {
  type DelongAuc,
  type DelongCovariance,
  type DelongOptions,
  delong,
  delongCovariance,
  type LogitInterval,
  type PlacementClusters,
  type Placements,
  placementClusters,
  placementCovariance,
  placements,
  placementVariance,
} from './roc/delong.ts';
export { type DelongOverall, delongOverall } from './roc/delong-overall.ts';
export { type DelongPaired, delongPaired } from './roc/delong-paired.ts';
export { type DelongUnpaired, delongUnpaired, type ScoredSample } from './roc/delong-unpaired.ts';
export { midranks } from './roc/midranks.ts';
export {
  type FixedRate,
  fixedSensitivity,
  fixedSpecificity,
  type OperatingPoint,
  pointAtSensitivity,
  type TargetRule,
} from './roc/operating-point.ts';
export { type PartialAuc, type PartialAucOptions, partialAuc } from './roc/partial-auc.ts';
export { type PrecisionRecallCurve, type PrecisionRecallPoint, precisionRecall } from './roc/precision-recall.ts';
export {
  type PrecisionRecallBand,
  type PrecisionRecallBandPoint,
  precisionRecallBand,
} from './roc/precision-recall-band.ts';
export { type RocCurve, type RocPoint, rocCurve } from './roc/roc.ts';
export { type RocBand, type RocBandOptions, type RocBandPoint, rocBand } from './roc/roc-band.ts';
export { type YoudenPoint, youden } from './roc/youden.ts';
export { type Coverage, type CoverageOptions, coverage } from './simulation/coverage.ts';
export type { CoverageQuantity } from './simulation/scenarios.ts';
export {
  decisionTree,
  type TreeLeaf,
  type TreeLimits,
  type TreeNode,
  type TreeOptions,
  type TreeSplit,
  treeProbability,
} from './trees/decision-tree.ts';
export {
  forestProbabilities,
  type RandomForest,
  type RandomForestOptions,
  randomForest,
} from './trees/random-forest.ts';
